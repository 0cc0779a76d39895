#include "server/domain/ban.h"

#include <string.h>

#include "common/base/assert.h"
#include "queries.h"
#include "server/domain/audit.h"

/* ---- addresses ------------------------------------------------------------------------------- */

static const uint8_t v4_prefix[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF};

void ban_normalise(uint8_t address[static PEER_LEN])
{
    if (memcmp(address, v4_prefix, sizeof v4_prefix) != 0)
        memset(address + 8, 0, 8);
}

/* ---- in memory ------------------------------------------------------------------------------- */

/* Where it stands, or would. */
static size_t place_of(const struct bans *b, const uint8_t address[static PEER_LEN])
{
    size_t low = 0, high = b->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (memcmp(b->list[middle].address, address, PEER_LEN) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static void remove_at(struct bans *b, size_t at)
{
    b->count--;
    memmove(&b->list[at], &b->list[at + 1], (b->count - at) * sizeof b->list[0]);
}

struct ban *ban_find(struct bans *b, const uint8_t address[static PEER_LEN])
{
    size_t at = place_of(b, address);
    bool is_here = at < b->count && memcmp(b->list[at].address, address, PEER_LEN) == 0;
    return is_here ? &b->list[at] : NULL;
}

static struct ban *insert(struct bans *b, const uint8_t address[static PEER_LEN], int64_t until_ms)
{
    ASSERT(b->count < BANS_MAX);
    size_t at = place_of(b, address);
    memmove(&b->list[at + 1], &b->list[at], (b->count - at) * sizeof b->list[0]);
    b->count++;
    memcpy(b->list[at].address, address, PEER_LEN);
    b->list[at].until_ms = until_ms;
    return &b->list[at];
}

static size_t nearest_to_its_end(const struct bans *b)
{
    size_t nearest = 0;
    for (size_t i = 1; i < b->count; i++) {
        if (b->list[i].until_ms < b->list[nearest].until_ms)
            nearest = i;
    }
    return nearest;
}

static bool is_exempt(const struct bans *b, const uint8_t address[static PEER_LEN])
{
    for (size_t i = 0; i < b->exempt_count; i++) {
        if (memcmp(b->exempt[i].first, address, PEER_LEN) <= 0 &&
            memcmp(address, b->exempt[i].last, PEER_LEN) <= 0)
            return true;
    }
    return false;
}

/* ---- in the store ---------------------------------------------------------------------------- */

/* Bans count by the /64, so a part of one exempts it whole. */
static void widen(struct ban_exemption *n)
{
    ban_normalise(n->first);
    if (memcmp(n->last, v4_prefix, sizeof v4_prefix) != 0)
        memset(n->last + 8, 0xFF, 8);
}

static enum err load_exemptions(struct domain *d, struct bans *b)
{
    struct cursor cursor;
    struct sql_ban_exemption_all_row row;
    TRY(sql_ban_exemption_all(d->store, &cursor));
    while (sql_ban_exemption_all_next(&cursor, &row)) {
        if (row.first.len != PEER_LEN || row.last.len != PEER_LEN ||
            b->exempt_count == EXEMPTIONS_MAX)
            continue;
        struct ban_exemption *n = &b->exempt[b->exempt_count++];
        memcpy(n->first, row.first.ptr, PEER_LEN);
        memcpy(n->last, row.last.ptr, PEER_LEN);
        widen(n);
    }
    return cursor_end(&cursor);
}

enum err bans_load(struct domain *d, struct bans *b)
{
    struct cursor cursor;
    struct sql_ban_all_row row;
    b->count = b->exempt_count = 0;
    TRY(load_exemptions(d, b));
    TRY(sql_ban_all(d->store, d->now_ms, &cursor));
    while (sql_ban_all_next(&cursor, &row)) {
        /* Exempted since: the ban counts no more. */
        if (row.address.len == PEER_LEN && b->count < BANS_MAX && !is_exempt(b, row.address.ptr))
            (void)insert(b, row.address.ptr, row.until_ms);
    }
    return cursor_end(&cursor);
}

static enum err make_room(struct domain *d, struct bans *b)
{
    if (b->count < BANS_MAX)
        return OK;
    size_t at = nearest_to_its_end(b);
    TRY(sql_ban_lift(d->store, str_from(b->list[at].address, PEER_LEN)));
    remove_at(b, at);
    return OK;
}

enum err ban_add(struct domain *d, struct bans *b, struct str path, int64_t for_ms, bool is_audited,
                 const struct ban **out)
{
    uint8_t address[PEER_LEN];
    struct str asked = str_slice(path, 0, BAN_PATH_MAX);
    memcpy(address, d->peer, PEER_LEN);
    ban_normalise(address);
    *out = NULL;
    if (ban_find(b, address) != NULL)
        return OK;
    bool is_free = is_exempt(b, address);
    if (is_audited)
        TRY(audit_add(d, 0, STR("honeypot.hit"), asked,
                      is_free       ? STR("exempt")
                      : for_ms == 0 ? STR("bans are off")
                                    : STR("address banned")));
    if (is_free || for_ms == 0)
        return OK;
    TRY(make_room(d, b));
    TRY(sql_ban_set(d->store, str_from(address, PEER_LEN), d->now_ms, d->now_ms + for_ms, asked));
    *out = insert(b, address, d->now_ms + for_ms);
    return OK;
}

enum err bans_expire(struct domain *d, struct bans *b)
{
    size_t kept = 0;
    for (size_t i = 0; i < b->count; i++) {
        if (b->list[i].until_ms > d->now_ms)
            b->list[kept++] = b->list[i];
    }
    if (kept == b->count)
        return OK;
    b->count = kept;
    return sql_ban_expire(d->store, d->now_ms);
}
