#include "server/domain/range_list.h"

#include <stdlib.h>
#include <string.h>

#include "common/base/assert.h"
#include "server/net/networks.h"

#define PACKED_VERSION 1
#define V4_KEYS_END    (UINT64_C(1) << 32)

/* ---- keys ------------------------------------------------------------------------------------ */

static uint64_t big_endian(const uint8_t *bytes, size_t len)
{
    uint64_t v = 0;
    for (size_t i = 0; i < len; i++)
        v = v << 8 | bytes[i];
    return v;
}

uint64_t range_key(const uint8_t address[static 16])
{
    return address_is_v4(address) ? big_endian(address + 12, 4) : big_endian(address, 8);
}

bool range_is_v4(uint64_t key)
{
    return key < V4_KEYS_END;
}

static uint64_t host_bits(uint64_t first, unsigned prefix)
{
    unsigned bits = (range_is_v4(first) ? 32 : 64) - prefix;
    return (UINT64_C(1) << bits) - 1; /* bits is at most 48: see the least prefixes */
}

uint64_t range_last(const struct range *r)
{
    return r->first | host_bits(r->first, r->prefix);
}

/* What both a line of text and a packed entry must keep to. */
static bool is_range(uint64_t first, unsigned prefix)
{
    bool is_v4 = range_is_v4(first);
    return prefix >= (is_v4 ? RANGE_PREFIX_V4_LEAST : RANGE_PREFIX_V6_LEAST) &&
           prefix <= (is_v4 ? 32 : 64) && (first & host_bits(first, prefix)) == 0;
}

/* ---- text ------------------------------------------------------------------------------------ */

enum err range_list_init(struct range_list *list)
{
    list->count = 0;
    list->provider_count = 1;
    list->providers[0].len = 0;
    list->ranges = calloc(RANGE_LINES_MAX, sizeof *list->ranges);
    return list->ranges == NULL ? ERR_NO_MEMORY : OK;
}

void range_list_done(struct range_list *list)
{
    free(list->ranges);
    list->ranges = NULL;
}

static bool is_name(struct str s)
{
    for (size_t i = 0; i < s.len; i++) {
        if (s.ptr[i] <= 0x20 || s.ptr[i] >= 0x7F || s.ptr[i] == '"' || s.ptr[i] == '\\')
            return false;
    }
    return s.len > 0 && s.len <= RANGE_PROVIDER_MAX;
}

/* Its number, a new one if need be; RANGE_PROVIDERS_MAX when there is no room. Lists name one
 * provider many lines in a row: the newest is looked at first. */
static size_t provider_number(struct range_list *list, struct str name)
{
    for (size_t i = list->provider_count; i-- > 1;) {
        if (str_eq(str_from(list->providers[i].text, list->providers[i].len), name))
            return i;
    }
    if (list->provider_count == RANGE_PROVIDERS_MAX)
        return RANGE_PROVIDERS_MAX;
    struct range_provider *p = &list->providers[list->provider_count];
    memcpy(p->text, name.ptr, name.len);
    p->len = (uint8_t)name.len;
    return list->provider_count++;
}

/* What is smaller than a /64 counts as one: nobody has less. */
static const char *read_network(struct str text, struct range *out)
{
    struct network n;
    unsigned prefix;
    bool is_v6;
    if (network_read(text, &n, &prefix, &is_v6) != OK)
        return "is no network such as 192.0.2.0/24 or 2001:db8::/32, alone or behind the name of "
               "its provider";
    if (is_v6 && prefix > 64) {
        prefix = 64;
        memset(n.first + 8, 0, 8);
    }
    out->first = range_key(n.first);
    out->prefix = (uint8_t)prefix;
    if (prefix < (is_v6 ? RANGE_PREFIX_V6_LEAST : RANGE_PREFIX_V4_LEAST) ||
        range_is_v4(out->first) == is_v6)
        return "is too large a network, or one that nobody comes from";
    return NULL;
}

static const char *read_words(struct range_list *list, struct str words)
{
    struct str name, network;
    struct range r = {0};
    for (size_t i = 0; i < words.len; i++) {
        if (words.ptr[i] == '\t')
            return "has a tab; put a space between provider and network";
    }
    if (str_cut(words, ' ', &name, &network)) {
        if (!is_name(name))
            return "names a provider in more than 32 characters, or in ones that are not plain";
        size_t number = provider_number(list, name);
        if (number == RANGE_PROVIDERS_MAX)
            return "names one provider too many: a list has at most 511";
        r.provider = (uint16_t)number;
    } else {
        network = words;
    }
    const char *why = read_network(str_trim(network), &r);
    if (why == NULL)
        list->ranges[list->count++] = r;
    return why;
}

static const char *read_line(struct range_list *list, struct str line)
{
    struct str words, remark;
    line = str_ends(line, STR("\r")) ? str_slice(line, 0, line.len - 1) : line;
    str_cut(line, '#', &words, &remark);
    str_cut(words, ';', &words, &remark);
    words = str_trim(words);
    return words.len == 0 ? NULL : read_words(list, words);
}

/* Wider before narrower, a named provider after none: what comes later knows more. */
static int by_place(const void *a, const void *b)
{
    const struct range *x = a, *y = b;
    if (x->first != y->first)
        return x->first < y->first ? -1 : 1;
    if (x->prefix != y->prefix)
        return x->prefix < y->prefix ? -1 : 1;
    return (x->provider > y->provider) - (x->provider < y->provider);
}

/* Of lines about one network the last in this order counts. */
static void sort_and_merge(struct range_list *list)
{
    size_t kept = 0;
    qsort(list->ranges, list->count, sizeof *list->ranges, by_place);
    for (size_t i = 0; i < list->count; i++) {
        const struct range *r = &list->ranges[i];
        if (kept > 0 && list->ranges[kept - 1].first == r->first &&
            list->ranges[kept - 1].prefix == r->prefix)
            kept--;
        list->ranges[kept++] = *r;
    }
    list->count = kept;
}

enum err range_list_read(struct range_list *out, struct str text, unsigned *line, const char **why)
{
    struct str row;
    bool more = text.len > 0;
    *why = NULL;
    for (*line = 1; more && *why == NULL; ++*line) {
        more = str_cut(text, '\n', &row, &text);
        *why = *line > RANGE_LINES_MAX && row.len > 0 ? "is one too many: a list has at most 200000"
                                                      : read_line(out, row);
    }
    --*line;
    if (*why == NULL && out->count == 0)
        *why = "is the last, and there is no network in any";
    if (*why != NULL)
        return ERR_PEER;
    sort_and_merge(out);
    return OK;
}

/* ---- packed ---------------------------------------------------------------------------------- */

void range_list_pack(const struct range_list *list, struct writer *out)
{
    writer_u8(out, PACKED_VERSION);
    writer_u16(out, (uint16_t)list->provider_count);
    for (size_t i = 1; i < list->provider_count; i++) {
        writer_u8(out, list->providers[i].len);
        writer_bytes(out, list->providers[i].text, list->providers[i].len);
    }
    writer_u32(out, (uint32_t)list->count);
    for (size_t i = 0; i < list->count; i++) {
        writer_u64(out, list->ranges[i].first);
        writer_u8(out, list->ranges[i].prefix);
        writer_u16(out, list->ranges[i].provider);
    }
    ASSERT(!out->overflow);
}

struct packed_ranges packed_ranges_of(struct str packed)
{
    struct packed_ranges p = {.reader = reader_of(packed)};
    if (reader_u8(&p.reader) != PACKED_VERSION)
        reader_fail(&p.reader);
    p.provider_count = reader_u16(&p.reader);
    if (p.provider_count == 0 || p.provider_count > RANGE_PROVIDERS_MAX)
        reader_fail(&p.reader);
    if (p.reader.failed)
        p.provider_count = 1;
    return p;
}

struct str packed_ranges_provider(struct packed_ranges *p)
{
    struct str name = reader_bytes(&p->reader, reader_u8(&p->reader));
    if (!is_name(name))
        reader_fail(&p->reader);
    return p->reader.failed ? STR_NONE : name;
}

void packed_ranges_begin(struct packed_ranges *p)
{
    p->left = reader_u32(&p->reader);
    if (p->left > RANGE_LINES_MAX)
        reader_fail(&p->reader);
}

bool packed_ranges_next(struct packed_ranges *p, struct range *out)
{
    if (p->left == 0 || p->reader.failed)
        return false;
    struct range r = {0};
    r.first = reader_u64(&p->reader);
    r.prefix = reader_u8(&p->reader);
    r.provider = reader_u16(&p->reader);
    bool follows = p->before.prefix == 0 || p->before.first < r.first ||
                   (p->before.first == r.first && p->before.prefix < r.prefix);
    if (!is_range(r.first, r.prefix) || r.provider >= p->provider_count || !follows)
        reader_fail(&p->reader);
    if (p->reader.failed)
        return false;
    p->left--;
    *out = p->before = r;
    return true;
}

enum err packed_ranges_end(const struct packed_ranges *p)
{
    return p->left == 0 && reader_end(&p->reader) == OK ? OK : ERR_CORRUPT;
}
