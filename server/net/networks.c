#include "server/net/networks.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

/* ---- text ------------------------------------------------------------------------------------ */

bool address_is_v4(const uint8_t address[static ADDRESS_LEN])
{
    static const uint8_t mapped[12] = {[10] = 0xFF, 0xFF};
    return memcmp(address, mapped, sizeof mapped) == 0;
}

static void map_v4(const uint8_t v4[static 4], uint8_t out[static ADDRESS_LEN])
{
    memset(out, 0, 10);
    memset(out + 10, 0xFF, 2);
    memcpy(out + 12, v4, 4);
}

static enum err read_either(struct str text, uint8_t out[static ADDRESS_LEN], bool *is_v6)
{
    char line[NETWORK_TEXT_MAX];
    uint8_t v4[4];
    if (str_to_cstr(text, line, sizeof line) != OK)
        return ERR_PEER;
    *is_v6 = str_find(text, ':') < text.len;
    if (*is_v6)
        return inet_pton(AF_INET6, line, out) == 1 ? OK : ERR_PEER;
    if (inet_pton(AF_INET, line, v4) != 1)
        return ERR_PEER;
    map_v4(v4, out);
    return OK;
}

enum err address_read(struct str text, uint8_t out[static ADDRESS_LEN])
{
    bool is_v6;
    return read_either(text, out, &is_v6);
}

/* All bits from this one on become ones in last; ERR_PEER when one of them is set already. */
static enum err spread(struct network *n, unsigned prefix)
{
    for (unsigned bit = prefix; bit < 8 * ADDRESS_LEN; bit++) {
        uint8_t mask = (uint8_t)(0x80 >> bit % 8);
        if ((n->first[bit / 8] & mask) != 0)
            return ERR_PEER;
        n->last[bit / 8] |= mask;
    }
    return OK;
}

enum err network_read(struct str text, struct network *out, unsigned *prefix, bool *is_v6)
{
    struct str address, length;
    struct network n;
    bool has_length = str_cut(text, '/', &address, &length);
    TRY(read_either(address, n.first, is_v6));
    uint64_t most = *is_v6 ? 128 : 32, bits = most;
    if (has_length)
        TRY(str_u64(length, most, &bits));
    memcpy(n.last, n.first, sizeof n.last);
    TRY(spread(&n, (unsigned)(bits + 128 - most)));
    *prefix = (unsigned)bits;
    *out = n;
    return OK;
}

void network_write(struct writer *w, const uint8_t first[static ADDRESS_LEN], unsigned prefix)
{
    char text[INET6_ADDRSTRLEN];
    bool is_v4 = address_is_v4(first);
    unsigned most = is_v4 ? 32 : 128;
    /* Cannot fail: the family is known and the room is large enough. */
    (void)inet_ntop(is_v4 ? AF_INET : AF_INET6, is_v4 ? first + 12 : first, text, sizeof text);
    writer_str(w, str_from_cstr(text));
    if (prefix < most) {
        writer_u8(w, '/');
        writer_decimal(w, prefix);
    }
}

/* ---- the table ------------------------------------------------------------------------------- */

enum err networks_add(struct networks *n, const struct network *one)
{
    if (n->count == NETWORKS_MAX)
        return ERR_LIMIT;
    n->list[n->count++] = *one;
    return OK;
}

static int by_first(const void *a, const void *b)
{
    const struct network *x = a, *y = b;
    return memcmp(x->first, y->first, ADDRESS_LEN);
}

/* Does b begin in a, or right behind it? a begins no later than b. */
static bool touches(const struct network *a, const struct network *b)
{
    uint8_t next[ADDRESS_LEN];
    size_t at = ADDRESS_LEN;
    if (memcmp(b->first, a->last, ADDRESS_LEN) <= 0)
        return true;
    memcpy(next, a->last, sizeof next);
    while (at > 0 && ++next[at - 1] == 0)
        at--;
    return at > 0 && memcmp(b->first, next, ADDRESS_LEN) == 0;
}

void networks_seal(struct networks *n)
{
    size_t kept = 0;
    if (n->count == 0)
        return;
    qsort(n->list, n->count, sizeof n->list[0], by_first);
    for (size_t i = 1; i < n->count; i++) {
        struct network *last = &n->list[kept];
        if (!touches(last, &n->list[i]))
            n->list[++kept] = n->list[i];
        else if (memcmp(n->list[i].last, last->last, ADDRESS_LEN) > 0)
            memcpy(last->last, n->list[i].last, ADDRESS_LEN);
    }
    n->count = kept + 1;
}

bool networks_have(const struct networks *n, const uint8_t address[static ADDRESS_LEN])
{
    size_t low = 0, high = n->count; /* the last one that begins no later is below high */
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (memcmp(n->list[middle].first, address, ADDRESS_LEN) <= 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low > 0 && memcmp(address, n->list[low - 1].last, ADDRESS_LEN) <= 0;
}
