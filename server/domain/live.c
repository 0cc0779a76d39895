#include "server/domain/live.h"

#include <stdlib.h>
#include <string.h>

#include "common/base/assert.h"
#include "queries.h"
#include "server/domain/chunk.h"
#include "server/domain/slots.h"
#include "server/domain/telemetry.h"

struct live_table {
    struct slots devices;  /* struct live by number */
    struct slots sessions; /* struct device_session by digest */
};

static uint64_t device_key(const void *entry)
{
    return slots_spread((uint64_t)((const struct live *)entry)->device_id);
}

static uint64_t digest_key(const uint8_t digest[static SHA256_LEN])
{
    uint64_t key;
    memcpy(&key, digest, sizeof key); /* a SHA-256 is as good as random */
    return key;
}

static uint64_t session_key(const void *entry)
{
    return digest_key(((const struct device_session *)entry)->digest);
}

enum err live_table_new(struct live_table **out)
{
    struct live_table *t = calloc(1, sizeof *t);
    if (t == NULL)
        return ERR_NO_MEMORY;
    slots_init(&t->devices, device_key);
    slots_init(&t->sessions, session_key);
    *out = t;
    return OK;
}

static void live_free(struct live *live)
{
    for (size_t i = 0; i < live->session_count; i++) {
        wipe(live->sessions[i], sizeof *live->sessions[i]);
        free(live->sessions[i]);
    }
    free(live->latest);
    free(live);
}

static void live_table_clear(struct live_table *t)
{
    size_t position = 0;
    for (struct live *l; (l = live_next(t, &position)) != NULL;)
        live_free(l);
    slots_done(&t->devices);
    slots_done(&t->sessions);
}

void live_table_free(struct live_table *t)
{
    if (t == NULL)
        return;
    live_table_clear(t);
    free(t);
}

static bool is_device(const void *entry, const void *device_id)
{
    return ((const struct live *)entry)->device_id == *(const int64_t *)device_id;
}

struct live *live_find(struct live_table *t, int64_t device_id)
{
    return slots_find(&t->devices, slots_spread((uint64_t)device_id), is_device, &device_id);
}

struct live *live_next(struct live_table *t, size_t *position)
{
    return slots_next(&t->devices, position);
}

enum err live_add(struct domain *d, int64_t device_id, int64_t account_id, struct str public_id,
                  const uint8_t mac[static MAC_LEN], int64_t interval_s, struct live **out)
{
    struct live *live = live_find(d->live, device_id);
    ASSERT(public_id.len <= sizeof live->public_id);
    if (live == NULL) {
        live = calloc(1, sizeof *live);
        if (live == NULL)
            return ERR_NO_MEMORY;
        live->device_id = device_id;
        if (slots_add(&d->live->devices, live) != OK) {
            free(live);
            return ERR_NO_MEMORY;
        }
    }
    live_sessions_remove_all(d->live, live);
    live->account_id = account_id;
    memcpy(live->public_id, public_id.ptr, public_id.len);
    live->public_id_len = (uint8_t)public_id.len;
    memcpy(live->mac, mac, MAC_LEN);
    live->interval_s = interval_s;
    *out = live;
    return OK;
}

void live_remove(struct live_table *t, int64_t device_id)
{
    struct live *live = live_find(t, device_id);
    if (live == NULL)
        return;
    live_sessions_remove_all(t, live);
    slots_remove(&t->devices, live);
    live_free(live);
}

/* ---- sessions -------------------------------------------------------------------------------- */

static bool is_session(const void *entry, const void *digest)
{
    /* A digest is no secret that timing could give away. */
    return memcmp(((const struct device_session *)entry)->digest, digest, SHA256_LEN) == 0;
}

struct device_session *live_session_find(struct live_table *t,
                                         const uint8_t digest[static SHA256_LEN])
{
    return slots_find(&t->sessions, digest_key(digest), is_session, digest);
}

enum err live_session_add(struct live_table *t, struct live *live,
                          const uint8_t digest[static SHA256_LEN], int64_t expires_at_ms)
{
    if (live->session_count == DEVICE_SESSIONS_MAX)
        live_session_remove(t, live->sessions[0]);
    struct device_session *s = calloc(1, sizeof *s);
    if (s == NULL)
        return ERR_NO_MEMORY;
    memcpy(s->digest, digest, SHA256_LEN);
    s->live = live;
    s->expires_at_ms = expires_at_ms;
    if (slots_add(&t->sessions, s) != OK) {
        free(s);
        return ERR_NO_MEMORY;
    }
    live->sessions[live->session_count++] = s;
    return OK;
}

void live_session_remove(struct live_table *t, struct device_session *s)
{
    struct live *live = s->live;
    size_t at = 0;
    while (live->sessions[at] != s)
        at++;
    for (; at + 1 < live->session_count; at++)
        live->sessions[at] = live->sessions[at + 1]; /* oldest first */
    live->session_count--;
    slots_remove(&t->sessions, s);
    wipe(s, sizeof *s);
    free(s);
}

void live_sessions_remove_all(struct live_table *t, struct live *live)
{
    while (live->session_count > 0)
        live_session_remove(t, live->sessions[live->session_count - 1]);
}

/* ---- latest values --------------------------------------------------------------------------- */

static bool is_metric(const struct latest *l, struct str metric)
{
    return l->metric_len == metric.len && memcmp(l->metric, metric.ptr, metric.len) == 0;
}

struct latest *live_latest(struct live *live, struct str metric, size_t hint)
{
    /* Batches repeat their order, so the hint is nearly always right. */
    if (hint < live->latest_count && is_metric(&live->latest[hint], metric))
        return &live->latest[hint];
    for (size_t i = 0; i < live->latest_count; i++) {
        if (is_metric(&live->latest[i], metric))
            return &live->latest[i];
    }
    return NULL;
}

enum err live_latest_add(struct live *live, int64_t series_id, struct str metric,
                         struct latest **out)
{
    ASSERT(metric.len <= METRIC_NAME_MAX);
    if (live->latest_count >= METRICS_PER_DEVICE)
        return ERR_LIMIT;
    struct latest *more = realloc(live->latest, (live->latest_count + 1U) * sizeof *more);
    if (more == NULL)
        return ERR_NO_MEMORY;
    live->latest = more;
    struct latest *l = &more[live->latest_count++];
    *l = (struct latest){.series_id = series_id, .metric_len = (uint8_t)metric.len};
    memcpy(l->metric, metric.ptr, metric.len);
    *out = l;
    return OK;
}

void latest_update(struct latest *l, int64_t time_ms, struct decimal value, struct str error)
{
    ASSERT(error.len <= READING_ERROR_MAX);
    if (error.len == 0 && time_ms >= l->good_ms) {
        l->good_ms = time_ms;
        l->good = value;
    }
    if (time_ms < l->time_ms)
        return;
    l->time_ms = time_ms;
    l->error_len = (uint8_t)error.len;
    if (error.len > 0)
        memcpy(l->error, error.ptr, error.len);
}

bool live_knows_batch(const struct live *live, uint64_t batch)
{
    for (size_t i = 0; i < live->batch_count; i++) {
        if (live->batch_ids[i] == batch)
            return true;
    }
    return false;
}

void live_remember_batch(struct live *live, uint64_t batch)
{
    live->batch_ids[live->batch_next] = batch;
    live->batch_next = (uint8_t)((live->batch_next + 1U) % BATCH_IDS_KEPT);
    if (live->batch_count < BATCH_IDS_KEPT)
        live->batch_count++;
}

enum presence live_presence(const struct live *live, int64_t now_ms)
{
    if (live->hold != NULL)
        return PRESENCE_ONLINE;
    int64_t silent_ms = now_ms - live->last_seen_ms;
    if (silent_ms <= live->interval_s * 1500 + 1000)
        return PRESENCE_ONLINE;
    return silent_ms <= live->interval_s * 3000 + 1000 ? PRESENCE_LATE : PRESENCE_OFFLINE;
}

/* ---- snapshots ------------------------------------------------------------------------------- */

#define SNAPSHOT_VERSION 1
#define SNAPSHOT_MAX     (64 + BATCH_IDS_KEPT * 8 + METRICS_PER_DEVICE * 96)

/* version, last_seen, batch ids oldest first, then per metric: series, times, value, error */
static struct str snapshot_write(const struct live *live, uint8_t buf[static SNAPSHOT_MAX])
{
    struct writer w = writer_into(buf, SNAPSHOT_MAX);
    writer_u8(&w, SNAPSHOT_VERSION);
    writer_u64(&w, (uint64_t)live->last_seen_ms);
    writer_u8(&w, live->batch_count);
    for (size_t i = 0; i < live->batch_count; i++) {
        size_t oldest =
            ((size_t)live->batch_next + BATCH_IDS_KEPT - live->batch_count) % BATCH_IDS_KEPT;
        writer_u64(&w, live->batch_ids[(oldest + i) % BATCH_IDS_KEPT]);
    }
    writer_u8(&w, live->latest_count);
    for (size_t i = 0; i < live->latest_count; i++) {
        const struct latest *l = &live->latest[i];
        writer_u64(&w, (uint64_t)l->series_id);
        writer_u64(&w, (uint64_t)l->time_ms);
        writer_u64(&w, (uint64_t)l->good_ms);
        writer_u64(&w, (uint64_t)l->good.mantissa);
        writer_u8(&w, (uint8_t)(l->good.exponent + 128));
        writer_str16(&w, str_from(l->error, l->error_len));
    }
    ASSERT(!w.overflow);
    return str_from(buf, w.len);
}

static struct latest *latest_by_series(struct live *live, int64_t series_id)
{
    for (size_t i = 0; i < live->latest_count; i++) {
        if (live->latest[i].series_id == series_id)
            return &live->latest[i];
    }
    return NULL;
}

static enum err snapshot_read(struct live *live, struct str data)
{
    struct reader r = reader_of(data);
    if (reader_u8(&r) != SNAPSHOT_VERSION)
        return ERR_CORRUPT;
    int64_t last_seen_ms = (int64_t)reader_u64(&r);
    size_t batches = reader_u8(&r);
    for (size_t i = 0; i < batches && !r.failed; i++)
        live_remember_batch(live, reader_u64(&r));
    size_t metrics = reader_u8(&r);
    for (size_t i = 0; i < metrics && !r.failed; i++) {
        struct latest *l = latest_by_series(live, (int64_t)reader_u64(&r));
        int64_t time_ms = (int64_t)reader_u64(&r);
        int64_t good_ms = (int64_t)reader_u64(&r);
        int64_t mantissa = (int64_t)reader_u64(&r);
        int exponent = reader_u8(&r) - 128;
        struct str error = reader_str16(&r);
        if (l == NULL || error.len > READING_ERROR_MAX)
            return ERR_CORRUPT;
        if (good_ms > 0)
            latest_update(l, good_ms, (struct decimal){mantissa, (int8_t)exponent}, STR_NONE);
        if (error.len > 0)
            latest_update(l, time_ms, (struct decimal){0, 0}, error);
    }
    live->last_seen_ms = last_seen_ms;
    return reader_end(&r) == OK ? OK : ERR_CORRUPT;
}

static void end_pass(struct live_table *t)
{
    size_t position = 0;
    for (struct live *l; (l = live_next(t, &position)) != NULL;)
        l->is_saved = false;
}

enum err live_save(struct domain *d, size_t at_most, bool *more)
{
    uint8_t buf[SNAPSHOT_MAX];
    size_t position = 0, saved = 0;
    struct live *live;
    while ((live = live_next(d->live, &position)) != NULL) {
        if (!live->is_dirty || live->is_saved)
            continue;
        if (saved++ == at_most)
            break;
        TRY(sql_live_set(d->store, live->device_id, snapshot_write(live, buf)));
        live->is_dirty = false;
        live->is_saved = true;
    }
    *more = live != NULL;
    if (!*more)
        end_pass(d->live);
    return OK;
}

/* ---- loading --------------------------------------------------------------------------------- */

static enum err load_devices(struct domain *d)
{
    struct cursor c;
    struct sql_device_all_row row;
    enum err e = OK;
    TRY(sql_device_all(d->store, &c));
    while (e == OK && sql_device_all_next(&c, &row)) {
        struct live *live = NULL;
        if (row.mac.len != MAC_LEN || row.public_id.len > sizeof live->public_id)
            e = ERR_CORRUPT;
        if (e == OK)
            e = live_add(d, row.id, row.account_id, row.public_id, row.mac.ptr, row.interval_s,
                         &live);
        if (e == OK) {
            live->desired_version = row.desired_version;
            live->registered_at_ms = row.registered_at_ms;
            live->has_readings = row.first_reading_at_ms > 0;
        }
    }
    enum err end = cursor_end(&c);
    return e != OK ? e : end;
}

static enum err load_series(struct domain *d)
{
    struct cursor c;
    struct sql_series_all_row row;
    enum err e = OK;
    TRY(sql_series_all(d->store, &c));
    while (e == OK && sql_series_all_next(&c, &row)) {
        struct live *live = live_find(d->live, row.device_id);
        struct latest *l;
        if (live != NULL && row.metric.len <= METRIC_NAME_MAX)
            e = live_latest_add(live, row.id, row.metric, &l);
    }
    enum err end = cursor_end(&c);
    return e != OK ? e : end;
}

static enum err load_snapshots(struct domain *d)
{
    struct cursor c;
    struct sql_live_all_row row;
    TRY(sql_live_all(d->store, &c));
    while (sql_live_all_next(&c, &row)) {
        struct live *live = live_find(d->live, row.device_id);
        if (live != NULL && snapshot_read(live, row.data) != OK)
            telemetry_note_damage(d->telemetry); /* its newest readings will fill it again */
    }
    return cursor_end(&c);
}

static void replay(struct domain *d, int64_t chunk_id, struct str data)
{
    struct chunk_cursor c = chunk_open(chunk_id, data);
    struct chunk_reading r;
    while (chunk_next_record(&c)) {
        struct live *live = live_find(d->live, c.device_id);
        if (live == NULL)
            continue; /* deleted since */
        if (!live_knows_batch(live, c.batch))
            live_remember_batch(live, c.batch);
        if (live->last_seen_ms < chunk_id / 1000)
            live->last_seen_ms = chunk_id / 1000;
        live->is_dirty = true;
        while (chunk_next_reading(&c, &r)) {
            struct latest *l = latest_by_series(live, r.series_id);
            if (l != NULL && r.error.len <= READING_ERROR_MAX)
                latest_update(l, r.time_ms, r.value, r.error);
        }
    }
    if (chunk_end(&c) != OK)
        telemetry_note_damage(d->telemetry);
}

static enum err replay_chunks(struct domain *d)
{
    struct sql_watermark_get_row mark;
    struct cursor c;
    struct sql_chunk_range_row row;
    TRY(sql_watermark_get(d->store, STR("live"), &mark));
    TRY(sql_chunk_range(d->store, mark.chunk_id, INT64_MAX, INT64_MAX, &c));
    while (sql_chunk_range_next(&c, &row))
        replay(d, row.id, row.data);
    return cursor_end(&c);
}

static enum err load_sessions(struct domain *d)
{
    struct cursor c;
    struct sql_device_session_all_row row;
    enum err e = OK;
    TRY(sql_device_session_all(d->store, d->now_ms, &c));
    while (e == OK && sql_device_session_all_next(&c, &row)) {
        struct live *live = live_find(d->live, row.device_id);
        if (live != NULL && row.digest.len == SHA256_LEN)
            e = live_session_add(d->live, live, row.digest.ptr, row.expires_at_ms);
    }
    enum err end = cursor_end(&c);
    return e != OK ? e : end;
}

enum err live_load(struct domain *d)
{
    live_table_clear(d->live);
    TRY(load_devices(d));
    TRY(load_series(d));
    TRY(load_snapshots(d));
    TRY(replay_chunks(d));
    TRY(load_sessions(d));
    size_t position = 0;
    for (struct live *l; (l = live_next(d->live, &position)) != NULL;)
        l->presence = live_presence(l, d->now_ms);
    return OK;
}
