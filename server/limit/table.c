#include "server/limit/table.h"

#include <fcntl.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <openssl/evp.h>

#include "common/base/assert.h"
#include "server/os/entropy.h"

#define WAYS        8U /* entries that a key may stand in */
#define SETS        (LIMIT_ENTRIES / WAYS)
#define TRIES       16 /* others may win the same entry a few times, not often */
#define MAGIC       UINT32_C(0x0C11313D)
#define HELD_LOCKED UINT32_MAX /* the entry is changing hands */
#define KEY_LEN     16

struct entry {
    _Atomic uint64_t key;  /* 0: nobody's */
    _Atomic uint32_t held; /* connections */
    _Atomic uint32_t banned_until_s;
    _Atomic int64_t arrival_us[LIMIT_BUCKETS];
};
_Static_assert(sizeof(struct entry) == 64, "one cache line");
_Static_assert(ATOMIC_LLONG_LOCK_FREE == 2 && ATOMIC_INT_LOCK_FREE == 2,
               "shared between processes");

/* The mapping: this, then a ledger for each edge: where each of its connections counts. */
struct shared {
    uint32_t magic, edges, connections;
    uint8_t hash_key[KEY_LEN];
    uint8_t filler[36];
    struct entry entries[LIMIT_ENTRIES];
};

struct limit_table {
    struct shared *shared;
    size_t size;
    _Atomic uint32_t *ledger; /* ours: entry + 1, 0 for none */
    /* copies: another edge may have been taken over, and all can write what is shared */
    uint32_t connections;
    uint8_t hash_key[KEY_LEN];
    EVP_MAC *mac;
    EVP_MAC_CTX *hash;
};

/* ---- the mapping ----------------------------------------------------------------------------- */

static size_t mapping_size(uint64_t edges, uint64_t connections)
{
    return sizeof(struct shared) + edges * connections * sizeof(uint32_t);
}

static struct shared *map(int fd, size_t size)
{
    void *at = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    return at == MAP_FAILED ? NULL : at;
}

enum err limit_table_create(uint32_t edges, uint32_t connections, int *fd)
{
    size_t size = mapping_size(edges, connections);
    int made = memfd_create("oceanremote-limits", MFD_CLOEXEC | MFD_ALLOW_SEALING);
    if (made < 0)
        return ERR_IO;
    struct shared *s = NULL;
    if (ftruncate(made, (off_t)size) == 0)
        s = map(made, size);
    if (s == NULL) {
        close(made);
        return ERR_NO_MEMORY;
    }
    /* Nobody who gets it can take it away from under the others. */
    (void)fcntl(made, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL);
    s->magic = MAGIC;
    s->edges = edges;
    s->connections = connections;
    entropy_fill(s->hash_key, sizeof s->hash_key);
    munmap(s, size);
    *fd = made;
    return OK;
}

/* What the edge of this number held when it died. */
static void give_back(struct limit_table *t)
{
    for (uint32_t i = 0; i < t->connections; i++)
        limit_leave(t, i);
}

static bool start_hash(struct limit_table *t)
{
    t->mac = EVP_MAC_fetch(NULL, "SIPHASH", NULL);
    t->hash = t->mac == NULL ? NULL : EVP_MAC_CTX_new(t->mac);
    size_t size = 8;
    OSSL_PARAM params[] = {OSSL_PARAM_construct_size_t("size", &size), OSSL_PARAM_construct_end()};
    return t->hash != NULL && EVP_MAC_CTX_set_params(t->hash, params) == 1;
}

enum err limit_table_map(int fd, uint32_t edge, struct limit_table **out)
{
    struct stat st;
    if (fstat(fd, &st) != 0 || (size_t)st.st_size < sizeof(struct shared))
        return ERR_PEER;
    struct limit_table *t = calloc(1, sizeof *t);
    if (t == NULL)
        return ERR_NO_MEMORY;
    t->size = (size_t)st.st_size;
    t->shared = map(fd, t->size);
    if (t->shared == NULL || !start_hash(t)) {
        limit_table_unmap(t);
        return ERR_NO_MEMORY;
    }
    const struct shared *s = t->shared;
    uint32_t edges = s->edges;
    t->connections = s->connections;
    memcpy(t->hash_key, s->hash_key, sizeof t->hash_key);
    if (s->magic != MAGIC || edge >= edges || mapping_size(edges, t->connections) != t->size) {
        limit_table_unmap(t);
        return ERR_PEER;
    }
    t->ledger = (_Atomic uint32_t *)(void *)(t->shared + 1) + (size_t)edge * t->connections;
    give_back(t);
    *out = t;
    return OK;
}

void limit_table_unmap(struct limit_table *t)
{
    if (t == NULL)
        return;
    if (t->shared != NULL)
        munmap(t->shared, t->size);
    EVP_MAC_CTX_free(t->hash);
    EVP_MAC_free(t->mac);
    free(t);
}

/* ---- names ----------------------------------------------------------------------------------- */

static uint64_t key_of(struct limit_table *t, uint8_t kind, const uint8_t *bytes, size_t len)
{
    uint8_t digest[8];
    size_t digest_len;
    uint64_t key;
    if (EVP_MAC_init(t->hash, t->hash_key, KEY_LEN, NULL) != 1 ||
        EVP_MAC_update(t->hash, &kind, 1) != 1 || EVP_MAC_update(t->hash, bytes, len) != 1 ||
        EVP_MAC_final(t->hash, digest, &digest_len, sizeof digest) != 1)
        memset(digest, 0xFF, sizeof digest); /* everybody shares one entry: too strict, never lax */
    memcpy(&key, digest, sizeof key);
    return key == 0 ? 1 : key;
}

uint64_t limit_key_of_address(struct limit_table *t, const uint8_t address[static 16])
{
    static const uint8_t v4_mapped[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF};
    bool is_v4 = memcmp(address, v4_mapped, sizeof v4_mapped) == 0;
    return key_of(t, is_v4 ? 4 : 6, address, is_v4 ? 16 : 8);
}

uint64_t limit_key_of_principal(struct limit_table *t, uint64_t principal)
{
    uint8_t bytes[8];
    memcpy(bytes, &principal, sizeof bytes);
    return key_of(t, 1, bytes, sizeof bytes);
}

uint64_t limit_key_of_name(struct limit_table *t, struct str name)
{
    return key_of(t, 2, name.ptr, name.len);
}

/* ---- entries --------------------------------------------------------------------------------- */

static struct entry *set_of(const struct limit_table *t, uint64_t key)
{
    return &t->shared->entries[key % SETS * WAYS];
}

static struct entry *find(const struct limit_table *t, uint64_t key)
{
    struct entry *set = set_of(t, key);
    for (size_t i = 0; i < WAYS; i++) {
        if (atomic_load(&set[i].key) == key)
            return &set[i];
    }
    return NULL;
}

/* Until when this entry means something; 0: nobody's. INT64_MAX: it cannot give way. */
static int64_t worth_us(struct entry *e)
{
    if (atomic_load(&e->key) == 0)
        return 0;
    if (atomic_load(&e->held) != 0)
        return INT64_MAX;
    int64_t until_us = (int64_t)atomic_load(&e->banned_until_s) * 1000000;
    for (size_t i = 0; i < LIMIT_BUCKETS; i++) {
        int64_t arrival_us = atomic_load(&e->arrival_us[i]);
        until_us = arrival_us > until_us ? arrival_us : until_us;
    }
    return until_us;
}

/* The entry that gives way: one of nobody, else the one nearest to meaning nothing. A ban gives way
 * to nobody before its time. */
static struct entry *choose_victim(struct entry *set, int64_t now_us)
{
    struct entry *victim = NULL;
    int64_t least_us = INT64_MAX;
    for (size_t i = 0; i < WAYS; i++) {
        int64_t us = worth_us(&set[i]);
        bool is_banned = (int64_t)atomic_load(&set[i].banned_until_s) * 1000000 > now_us;
        if (us < least_us && !is_banned) {
            least_us = us;
            victim = &set[i];
        }
    }
    return victim;
}

static bool take_over(struct entry *e, uint64_t key)
{
    uint32_t free = 0;
    if (!atomic_compare_exchange_strong(&e->held, &free, HELD_LOCKED))
        return false;
    atomic_store(&e->banned_until_s, 0);
    for (size_t i = 0; i < LIMIT_BUCKETS; i++)
        atomic_store(&e->arrival_us[i], 0);
    atomic_store(&e->key, key);
    atomic_store(&e->held, 0);
    return true;
}

/* Two edges may make an entry for the same key at once: at least one of them sees the other here.
 */
static bool has_twin(struct entry *set, const struct entry *own, uint64_t key)
{
    for (size_t i = 0; i < WAYS; i++) {
        if (&set[i] != own && atomic_load(&set[i].key) == key)
            return true;
    }
    return false;
}

/* NULL when all that could give way are held or banned. */
static struct entry *find_or_make(struct limit_table *t, uint64_t key, int64_t now_us)
{
    struct entry *set = set_of(t, key);
    for (int i = 0; i < TRIES; i++) {
        struct entry *e = find(t, key);
        if (e != NULL)
            return e;
        e = choose_victim(set, now_us);
        if (e == NULL)
            return NULL;
        if (!take_over(e, key))
            continue;
        if (!has_twin(set, e, key))
            return e;
        (void)take_over(e, 0);
    }
    return find(t, key);
}

/* ---- connections ----------------------------------------------------------------------------- */

static void drop_one(struct entry *e)
{
    uint32_t held = atomic_load(&e->held);
    while (held > 0 && held != HELD_LOCKED &&
           !atomic_compare_exchange_weak(&e->held, &held, held - 1))
        ;
}

/* ERR_AGAIN: it has changed hands. ERR_LIMIT: full. */
static enum err add_one(struct entry *e, uint64_t key, int64_t max)
{
    uint32_t held = atomic_load(&e->held);
    do {
        if (held == HELD_LOCKED)
            return ERR_AGAIN;
        if ((int64_t)held >= max)
            return ERR_LIMIT;
    } while (!atomic_compare_exchange_weak(&e->held, &held, held + 1));
    if (atomic_load(&e->key) == key)
        return OK; /* and as long as it is held, it stays so */
    drop_one(e);
    return ERR_AGAIN;
}

bool limit_enter(struct limit_table *t, uint64_t key, int64_t max, uint32_t conn, int64_t now_us)
{
    ASSERT(conn < t->connections);
    limit_leave(t, conn);
    for (int i = 0; i < TRIES; i++) {
        struct entry *e = find_or_make(t, key, now_us);
        if (e == NULL)
            return false;
        /* Noted first: a death in between costs one too few for a moment, never one for ever. */
        atomic_store(&t->ledger[conn], (uint32_t)(e - t->shared->entries) + 1);
        enum err added = add_one(e, key, max);
        if (added == OK)
            return true;
        atomic_store(&t->ledger[conn], 0);
        if (added == ERR_LIMIT)
            return false;
    }
    return false;
}

void limit_leave(struct limit_table *t, uint32_t conn)
{
    ASSERT(conn < t->connections);
    uint32_t at = atomic_exchange(&t->ledger[conn], 0);
    if (at != 0 && at <= LIMIT_ENTRIES)
        drop_one(&t->shared->entries[at - 1]);
}

uint32_t limit_held(const struct limit_table *t, uint64_t key)
{
    struct entry *e = find(t, key);
    uint32_t held = e == NULL ? 0 : atomic_load(&e->held);
    return held == HELD_LOCKED ? 0 : held;
}

/* ---- requests -------------------------------------------------------------------------------- */

struct gcra_verdict limit_take(struct limit_table *t, uint64_t key, enum limit_bucket bucket,
                               struct gcra_rate rate, int64_t now_us)
{
    struct entry *e = find_or_make(t, key, now_us);
    if (e == NULL)
        return (struct gcra_verdict){.wait_us = rate.interval_us};
    int64_t arrival_us = atomic_load(&e->arrival_us[bucket]);
    for (;;) {
        struct gcra_verdict v = gcra(arrival_us, rate, now_us);
        if (!v.is_allowed ||
            atomic_compare_exchange_weak(&e->arrival_us[bucket], &arrival_us, v.arrival_us))
            return v;
    }
}

void limit_give_back(struct limit_table *t, uint64_t key, enum limit_bucket bucket,
                     struct gcra_rate rate)
{
    struct entry *e = find(t, key);
    if (e != NULL)
        atomic_fetch_sub(&e->arrival_us[bucket], rate.interval_us);
}

void limit_forget(struct limit_table *t, uint64_t key, enum limit_bucket bucket)
{
    struct entry *e = find(t, key);
    if (e != NULL)
        atomic_store(&e->arrival_us[bucket], 0);
}

void limit_forget_requests(struct limit_table *t)
{
    for (size_t i = 0; i < LIMIT_ENTRIES; i++) {
        for (size_t bucket = 0; bucket < LIMIT_BUCKETS; bucket++)
            atomic_store(&t->shared->entries[i].arrival_us[bucket], 0);
    }
}

/* ---- bans ------------------------------------------------------------------------------------ */

void limit_ban(struct limit_table *t, uint64_t key, int64_t until_us, int64_t now_us)
{
    struct entry *e = until_us == 0 ? find(t, key) : find_or_make(t, key, now_us);
    if (e != NULL)
        atomic_store(&e->banned_until_s, (uint32_t)((until_us + 999999) / 1000000));
}

bool limit_is_banned(const struct limit_table *t, uint64_t key, int64_t now_us)
{
    struct entry *e = find(t, key);
    return e != NULL && (int64_t)atomic_load(&e->banned_until_s) * 1000000 > now_us;
}
