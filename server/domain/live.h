/* What the core remembers of every registered device between requests.
 *
 * Owns:     one struct live a device, its latest values, its sessions; all on the heap, about 1 KB
 *           a device, bounded by the devices there are.
 * Promise:  nothing here is the only copy: live_load() rebuilds all of it from the store.
 * Source:   measured: latest values and batch ids in memory make a durable reading one row.
 * Watch:    changed only after the store calls of a request have succeeded; when a commit fails the
 *           whole table is thrown away and loaded again. */
#ifndef OC_DOMAIN_LIVE_H
#define OC_DOMAIN_LIVE_H

#include "common/base/decimal.h"
#include "common/crypto/crypto.h"
#include "common/proto/device_messages.h"
#include "server/domain/domain.h"
#include "server/domain/limits.h"

struct latest {
    int64_t series_id;
    int64_t time_ms; /* 0: nothing yet */
    int64_t good_ms; /* when there was last a value; 0: never */
    struct decimal good;
    uint8_t metric_len;
    uint8_t error_len; /* 0: the latest reading is the good one */
    char metric[METRIC_NAME_MAX];
    char error[READING_ERROR_MAX];
};

enum presence {
    PRESENCE_OFFLINE,
    PRESENCE_LATE,
    PRESENCE_ONLINE,
};

struct hold;

struct live {
    int64_t device_id;
    int64_t account_id;
    uint8_t public_id[24];
    uint8_t public_id_len;
    uint8_t mac[MAC_LEN];
    uint8_t latest_count;
    uint8_t session_count;
    uint8_t batch_next; /* where in batch_ids the next one goes */
    uint8_t batch_count;
    bool has_readings;      /* first_reading_at_ms is set in the store */
    bool is_dirty;          /* changed since its snapshot in the live table */
    bool is_saved;          /* by the pass under way: what changes behind it waits for the next */
    enum presence presence; /* as last announced */
    int64_t interval_s;
    int64_t desired_version;
    int64_t registered_at_ms; /* tells the batch ids of this identity from those of one before */
    int64_t last_seen_ms;
    int64_t rate_arrival_us;  /* its bucket of requests (server/limit/gcra.h), */
    int64_t quota_arrival_us; /* and of a whole day; both of the wall clock */
    int64_t limited_at_ms;    /* when it last asked too often; 0: never since the start */
    struct hold *hold;        /* a request of the device waits for new desired state; the api's */
    struct latest *latest;    /* latest_count of them, in the order they first came */
    struct device_session *sessions[DEVICE_SESSIONS_MAX];
    uint64_t batch_ids[BATCH_IDS_KEPT];
};

struct device_session {
    uint8_t digest[SHA256_LEN];
    struct live *live;
    int64_t expires_at_ms;
};

MUST_CHECK enum err live_table_new(struct live_table **out);
void live_table_free(struct live_table *t);

/* Fill the table from the store: devices, series, snapshots, the chunks after them, sessions. */
MUST_CHECK enum err live_load(struct domain *d);

/* NULL when it is not registered. */
struct live *live_find(struct live_table *t, int64_t device_id);

/* A newly registered device, or one registered again (then its sessions end). */
MUST_CHECK enum err live_add(struct domain *d, int64_t device_id, int64_t account_id,
                             struct str public_id, const uint8_t mac[static MAC_LEN],
                             int64_t interval_s, struct live **out);
void live_remove(struct live_table *t, int64_t device_id);

/* Walk over all: start with *position = 0; NULL at the end. */
struct live *live_next(struct live_table *t, size_t *position);

/* The session with this digest, NULL when there is none. Expiry is the caller's to judge. */
struct device_session *live_session_find(struct live_table *t,
                                         const uint8_t digest[static SHA256_LEN]);
/* Remember a session; beyond DEVICE_SESSIONS_MAX the oldest is forgotten. */
MUST_CHECK enum err live_session_add(struct live_table *t, struct live *live,
                                     const uint8_t digest[static SHA256_LEN],
                                     int64_t expires_at_ms);
void live_session_remove(struct live_table *t, struct device_session *s);
void live_sessions_remove_all(struct live_table *t, struct live *live);

/* The slot of a metric, or NULL. hint: where to look first. */
struct latest *live_latest(struct live *live, struct str metric, size_t hint);
MUST_CHECK enum err live_latest_add(struct live *live, int64_t series_id, struct str metric,
                                    struct latest **out);
/* Take over a reading unless a newer one is known. */
void latest_update(struct latest *l, int64_t time_ms, struct decimal value, struct str error);

bool live_knows_batch(const struct live *live, uint64_t batch);
void live_remember_batch(struct live *live, uint64_t batch);

/* Relative to the interval the device itself declared: late after 1.5, offline after 3. */
enum presence live_presence(const struct live *live, int64_t now_ms);

/* Write snapshots of up to at_most dirty devices; *more says whether this pass has some left. A
 * pass saves each device at most once, or busy devices would keep it from ever ending. */
MUST_CHECK enum err live_save(struct domain *d, size_t at_most, bool *more);

#endif
