#include "server/domain/ranges.h"

#include <stdlib.h>
#include <string.h>

#include "common/base/assert.h"
#include "queries.h"
#include "server/domain/audit.h"
#include "server/net/known_networks.h"

#define NESTING_MAX 64   /* each network inside another has a longer prefix */
#define KNOWN_MAX   1000 /* networks of our own */

/* ---- the table -------------------------------------------------------------------------------
 *
 * Flat: the keys at which the answer changes, sorted, and the answer from there on. n networks,
 * however they lie in each other, make at most 2n + 1 of them, at 12 bytes. */

struct answer {
    uint16_t label; /* 0: nobody's */
    uint8_t prefix; /* of the network that answers */
};

struct label {
    uint8_t list;
    struct range_provider provider;
};

struct ranges {
    uint64_t *starts; /* owned, count of them */
    struct answer *answers;
    size_t count;
    size_t damaged;
    struct {
        char name[RANGE_LIST_NAME_MAX];
        size_t name_len;
        enum range_kind kind;
        int64_t loaded_at_ms;
    } lists[RANGE_LISTS_MAX + 2]; /* two are ours */
    size_t list_count;
    struct label labels[RANGE_LABELS_MAX]; /* the first is nobody's */
    size_t label_count;
    bool is_loaded;
    struct sql_range_list_stamp_row stamp; /* of what was loaded */
};

enum err ranges_new(struct ranges **out)
{
    *out = calloc(1, sizeof **out);
    return *out == NULL ? ERR_NO_MEMORY : OK;
}

void ranges_free(struct ranges *r)
{
    if (r == NULL)
        return;
    free(r->starts);
    free(r->answers);
    free(r);
}

size_t ranges_damaged(const struct ranges *r)
{
    return r->damaged;
}

size_t ranges_count(const struct ranges *r)
{
    return r->count;
}

size_t ranges_memory(const struct ranges *r)
{
    return sizeof *r + r->count * (sizeof *r->starts + sizeof *r->answers);
}

/* ---- making it ------------------------------------------------------------------------------- */

/* A network of some list, on its way into the table. */
struct entry {
    uint64_t first;
    uint32_t rank; /* of entries about one network the highest counts */
    struct answer answer;
};

struct making {
    struct ranges *r;
    struct entry *entries; /* owned */
    size_t count, cap;
};

static enum err entry_add(struct making *m, const struct range *range, uint16_t label)
{
    if (m->count == m->cap) {
        size_t cap = m->cap == 0 ? 1024 : 2 * m->cap;
        struct entry *more = realloc(m->entries, cap * sizeof *more);
        if (more == NULL)
            return ERR_NO_MEMORY;
        m->entries = more;
        m->cap = cap;
    }
    /* Lists come oldest first; whoever names the provider goes before all that do not. */
    uint32_t is_named = range->provider != 0;
    m->entries[m->count++] = (struct entry){.first = range->first,
                                            .rank = is_named << 16 | label,
                                            .answer = {.label = label, .prefix = range->prefix}};
    return OK;
}

static int by_place(const void *a, const void *b)
{
    const struct entry *x = a, *y = b;
    if (x->first != y->first)
        return x->first < y->first ? -1 : 1;
    if (x->answer.prefix != y->answer.prefix)
        return x->answer.prefix < y->answer.prefix ? -1 : 1;
    return (x->rank > y->rank) - (x->rank < y->rank);
}

static uint64_t entry_last(const struct entry *e)
{
    struct range r = {.first = e->first, .prefix = e->answer.prefix};
    return range_last(&r);
}

static bool same_answer(struct answer a, struct answer b)
{
    return a.label == b.label && (a.label == 0 || a.prefix == b.prefix);
}

/* From this key on it is another answer. */
static void turn(struct ranges *r, uint64_t start, struct answer answer)
{
    if (r->count > 0 && r->starts[r->count - 1] == start)
        r->count--;
    struct answer before = r->count == 0 ? (struct answer){0} : r->answers[r->count - 1];
    if (same_answer(before, answer))
        return;
    r->starts[r->count] = start;
    r->answers[r->count++] = answer;
}

/* Networks lie in each other or apart, never across: those around the current key are a stack. */
struct nest {
    const struct entry *open[NESTING_MAX];
    size_t depth;
};

/* Leave every network that ends before this key. */
static void leave(struct ranges *r, struct nest *n, uint64_t key)
{
    while (n->depth > 0 && entry_last(n->open[n->depth - 1]) < key) {
        uint64_t last = entry_last(n->open[--n->depth]);
        turn(r, last + 1, n->depth == 0 ? (struct answer){0} : n->open[n->depth - 1]->answer);
    }
}

static void flatten(struct ranges *r, const struct entry *entries, size_t count)
{
    struct nest n = {.depth = 0};
    r->count = 0;
    for (size_t i = 0; i < count; i++) {
        const struct entry *e = &entries[i];
        leave(r, &n, e->first);
        const struct entry *around = n.depth == 0 ? NULL : n.open[n.depth - 1];
        if (around != NULL && around->answer.label == e->answer.label)
            continue; /* the wider network says the same */
        if (around != NULL && around->first == e->first &&
            around->answer.prefix == e->answer.prefix)
            n.depth--;
        ASSERT(n.depth < NESTING_MAX);
        n.open[n.depth++] = e;
        turn(r, e->first, e->answer);
    }
    while (n.depth > 0) {
        uint64_t last = entry_last(n.open[--n.depth]);
        if (last < UINT64_MAX)
            turn(r, last + 1, n.depth == 0 ? (struct answer){0} : n.open[n.depth - 1]->answer);
    }
}

/* ---- lists into it --------------------------------------------------------------------------- */

static void list_begin(struct ranges *r, const struct range_list_info *info, int64_t loaded_at_ms)
{
    size_t at = r->list_count++;
    r->lists[at].name_len =
        info->name.len < RANGE_LIST_NAME_MAX ? info->name.len : RANGE_LIST_NAME_MAX;
    memcpy(r->lists[at].name, info->name.ptr, r->lists[at].name_len);
    r->lists[at].kind = info->kind;
    r->lists[at].loaded_at_ms = loaded_at_ms;
}

static void label_add(struct ranges *r, struct str provider)
{
    struct label *l = &r->labels[r->label_count++];
    l->list = (uint8_t)(r->list_count - 1);
    l->provider.len = (uint8_t)(provider.len < RANGE_PROVIDER_MAX ? provider.len : 0);
    memcpy(l->provider.text, provider.ptr == NULL ? (const uint8_t *)"" : provider.ptr,
           l->provider.len);
}

/* ERR_CORRUPT: it does not read back; ERR_LIMIT: no room. Then it has left no entry. */
static enum err packed_add(struct making *m, struct str packed)
{
    struct ranges *r = m->r;
    struct packed_ranges p = packed_ranges_of(packed);
    struct range range;
    size_t count = m->count, base = r->label_count;
    if (base + p.provider_count > RANGE_LABELS_MAX)
        return ERR_LIMIT;
    label_add(r, STR_NONE);
    for (size_t i = 1; i < p.provider_count; i++)
        label_add(r, packed_ranges_provider(&p));
    packed_ranges_begin(&p);
    if (m->count + p.left > RANGES_STORED_MAX + KNOWN_MAX)
        return ERR_LIMIT;
    while (packed_ranges_next(&p, &range))
        TRY(entry_add(m, &range, (uint16_t)(base + range.provider)));
    enum err e = packed_ranges_end(&p);
    if (e != OK)
        m->count = count;
    return e;
}

static enum err list_add(struct making *m, const struct range_list_info *info, int64_t loaded_at_ms,
                         struct str packed)
{
    if (m->r->list_count == RANGE_LISTS_MAX + 2) {
        m->r->damaged++;
        return OK;
    }
    list_begin(m->r, info, loaded_at_ms);
    enum err e = packed_add(m, packed);
    if (e != ERR_CORRUPT && e != ERR_LIMIT)
        return e;
    m->r->damaged++;
    return OK;
}

/* What we know ourselves, read as anybody's list is. */
static enum err known_add(struct making *m, const char *text, enum range_kind kind, struct str name)
{
    struct range_list list;
    struct range_list_info info = {.name = STR("built-in"), .kind = kind};
    unsigned line;
    const char *why;
    TRY(range_list_init(&list));
    enum err e = range_list_read(&list, str_from_cstr(text), &line, &why);
    ASSERT(e == OK);
    list_begin(m->r, &info, KNOWN_NETWORKS_ON_MS);
    size_t base = m->r->label_count;
    label_add(m->r, name);
    for (size_t i = 1; i < list.provider_count; i++)
        label_add(m->r, str_from(list.providers[i].text, list.providers[i].len));
    for (size_t i = 0; i < list.count && e == OK; i++)
        e = entry_add(m, &list.ranges[i], (uint16_t)(base + list.ranges[i].provider));
    range_list_done(&list);
    return e;
}

static enum err stored_add(struct making *m, struct domain *d)
{
    struct cursor cursor;
    struct sql_range_list_all_row row;
    enum err e = OK;
    TRY(sql_range_list_all(d->store, &cursor));
    while (e == OK && sql_range_list_all_next(&cursor, &row)) {
        struct range_list_info info = {.name = row.name, .source = row.source};
        if (range_kind_read(row.kind, &info.kind) != OK)
            info.kind = RANGE_DATACENTRE;
        e = list_add(m, &info, row.loaded_at_ms, row.ranges);
    }
    enum err ended = cursor_end(&cursor);
    return e == OK ? ended : e;
}

static enum err collect(struct making *m, struct domain *d)
{
    m->r->label_count = 1;
    TRY(known_add(m, cloudflare_networks, RANGE_PROXY, STR("cloudflare")));
    TRY(known_add(m, hosting_networks, RANGE_DATACENTRE, STR_NONE));
    return stored_add(m, d);
}

static enum err make(struct making *m)
{
    struct ranges *r = m->r;
    qsort(m->entries, m->count, sizeof *m->entries, by_place);
    r->starts = malloc((2 * m->count + 1) * sizeof *r->starts);
    r->answers = malloc((2 * m->count + 1) * sizeof *r->answers);
    if (r->starts == NULL || r->answers == NULL)
        return ERR_NO_MEMORY;
    flatten(r, m->entries, m->count);
    /* Give back what neighbours and nesting have saved; a smaller block cannot fail us. */
    void *starts = realloc(r->starts, (r->count + 1) * sizeof *r->starts);
    void *answers = realloc(r->answers, (r->count + 1) * sizeof *r->answers);
    r->starts = starts == NULL ? r->starts : starts;
    r->answers = answers == NULL ? r->answers : answers;
    return OK;
}

/* A table is made beside the old one and takes its place when it is whole. */
enum err ranges_load(struct domain *d)
{
    struct sql_range_list_stamp_row stamp;
    struct making m = {0};
    TRY(sql_range_list_stamp(d->store, &stamp));
    if (d->ranges->is_loaded && memcmp(&stamp, &d->ranges->stamp, sizeof stamp) == 0)
        return OK;
    TRY(ranges_new(&m.r));
    enum err e = collect(&m, d);
    if (e == OK)
        e = make(&m);
    free(m.entries);
    if (e != OK) {
        ranges_free(m.r);
        return e;
    }
    m.r->stamp = stamp;
    m.r->is_loaded = true;
    struct ranges before = *d->ranges;
    *d->ranges = *m.r;
    *m.r = before;
    ranges_free(m.r);
    return OK;
}

/* ---- the question ---------------------------------------------------------------------------- */

static void address_of(uint64_t key, uint8_t out[static PEER_LEN])
{
    bool is_v4 = range_is_v4(key);
    memset(out, 0, PEER_LEN);
    if (is_v4)
        out[10] = out[11] = 0xFF;
    for (unsigned i = 0; i < (is_v4 ? 4U : 8U); i++)
        out[(is_v4 ? 15 : 7) - i] = (uint8_t)(key >> 8 * i);
}

bool ranges_find(const struct ranges *r, const uint8_t address[static PEER_LEN],
                 struct range_hit *out)
{
    if (r == NULL || r->count == 0)
        return false;
    uint64_t key = range_key(address);
    size_t low = 0, high = r->count; /* the last one that begins no later is below high */
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (r->starts[middle] <= key)
            low = middle + 1;
        else
            high = middle;
    }
    if (low == 0 || r->answers[low - 1].label == 0)
        return false;
    struct answer a = r->answers[low - 1];
    const struct label *l = &r->labels[a.label];
    unsigned bits = (range_is_v4(key) ? 32U : 64U) - a.prefix;
    address_of(key >> bits << bits, out->first);
    out->prefix = a.prefix;
    out->provider = str_from(l->provider.text, l->provider.len);
    out->list = str_from(r->lists[l->list].name, r->lists[l->list].name_len);
    out->kind = r->lists[l->list].kind;
    out->loaded_at_ms = r->lists[l->list].loaded_at_ms;
    return true;
}

/* ---- names ----------------------------------------------------------------------------------- */

static const char *const kind_names[] = {[RANGE_DATACENTRE] = "datacentre",
                                         [RANGE_VPN] = "vpn",
                                         [RANGE_PROXY] = "proxy",
                                         [RANGE_TOR] = "tor",
                                         [RANGE_BOT] = "bot"};

struct str range_kind_name(enum range_kind kind)
{
    return str_from_cstr(kind_names[kind]);
}

enum err range_kind_read(struct str name, enum range_kind *out)
{
    for (enum range_kind k = 0; k < RANGE_KIND_COUNT; k++) {
        if (str_eq(name, range_kind_name(k))) {
            *out = k;
            return OK;
        }
    }
    return ERR_PEER;
}

bool range_list_name_is_valid(struct str name)
{
    for (size_t i = 0; i < name.len; i++) {
        uint8_t c = name.ptr[i];
        if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_' || c == '.'))
            return false;
    }
    return name.len > 0 && name.len <= RANGE_LIST_NAME_MAX && !str_eq(name, STR("built-in"));
}

/* ---- changes --------------------------------------------------------------------------------- */

enum err range_list_store(struct domain *d, const struct range_list_info *info,
                          const struct range_list *list)
{
    struct sql_range_list_stamp_row lists;
    ASSERT(range_list_name_is_valid(info->name) && info->source.len <= RANGE_SOURCE_MAX);
    uint8_t *packed = malloc(RANGE_PACKED_MAX);
    if (packed == NULL)
        return ERR_NO_MEMORY;
    struct writer w = writer_into(packed, RANGE_PACKED_MAX);
    range_list_pack(list, &w);
    enum err e = sql_range_list_set(d->store, info->name, range_kind_name(info->kind), info->source,
                                    d->now_ms, (int64_t)list->count,
                                    (int64_t)list->provider_count - 1, str_from(packed, w.len));
    free(packed);
    TRY(e);
    TRY(sql_range_list_stamp(d->store, &lists));
    if (lists.count > RANGE_LISTS_MAX || lists.networks > RANGES_STORED_MAX ||
        lists.labels > RANGE_LABELS_MAX - KNOWN_MAX)
        return ERR_LIMIT;
    return audit_add(d, 0, STR("ranges.updated"), info->name, info->source);
}

enum err range_list_drop(struct domain *d, struct str name)
{
    TRY(sql_range_list_drop(d->store, name));
    if (store_changes(d->store) == 0)
        return ERR_NOT_FOUND;
    return audit_add(d, 0, STR("ranges.dropped"), name, STR_NONE);
}
