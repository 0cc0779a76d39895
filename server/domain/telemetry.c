#include "server/domain/telemetry.h"

#include <stdlib.h>
#include <string.h>

#include "common/base/assert.h"
#include "queries.h"
#include "server/domain/chunk.h"
#include "server/domain/telemetry_internal.h"

#define CHUNK_SIZE_MAX   (1024 * 1024)
#define READING_SIZE_MAX 64    /* packed, at worst */
#define RECORD_SIZE_MAX  32    /* head of a record, at worst */
#define FOLD_MINUTES     8192  /* as many minutes are written in about 25 ms */
#define FOLD_AFTER_MS    10000 /* and not more often than this */

enum err telemetry_new(struct telemetry **out)
{
    struct telemetry *t = calloc(1, sizeof *t);
    if (t == NULL)
        return ERR_NO_MEMORY;
    t->buffer = malloc(CHUNK_SIZE_MAX);
    if (t->buffer == NULL || minutes_init(&t->minutes) != OK) {
        free(t->buffer);
        free(t);
        return ERR_NO_MEMORY;
    }
    t->chunk = writer_into(t->buffer, CHUNK_SIZE_MAX);
    *out = t;
    return OK;
}

void telemetry_free(struct telemetry *t)
{
    if (t == NULL)
        return;
    minutes_done(&t->minutes);
    free(t->buffer);
    free(t);
}

enum err telemetry_load(struct domain *d)
{
    struct telemetry *t = d->telemetry;
    struct sql_chunk_newest_row newest;
    struct sql_watermark_get_row mark;
    TRY(sql_chunk_newest(d->store, &newest));
    TRY(sql_watermark_get(d->store, STR("rollup"), &mark));
    minutes_clear(&t->minutes);
    t->counted_up_to = t->watermark = mark.chunk_id;
    t->chunk.len = 0;
    t->newest_id = newest.id;
    t->saving_up_to = 0; /* the pass under way has lost its place */
    return OK;
}

void telemetry_begin(struct telemetry *t, int64_t now_us)
{
    ASSERT(t->chunk.len == 0);
    /* Ids rise even when the wall clock steps back. */
    t->chunk_id = now_us > t->newest_id ? now_us : t->newest_id + 1;
}

/* Every chunk there is has been counted, so readings are counted as they are taken. */
static bool counts_as_it_comes(const struct telemetry *t)
{
    return t->counted_up_to >= t->newest_id;
}

enum err telemetry_flush(struct domain *d)
{
    struct telemetry *t = d->telemetry;
    if (t->chunk.len == 0)
        return OK;
    struct str data;
    TRY(writer_end(&t->chunk, &data));
    enum err e = sql_chunk_add(d->store, t->chunk_id, data);
    t->chunk.len = 0;
    TRY(e);
    if (counts_as_it_comes(t))
        t->counted_up_to = t->chunk_id;
    t->newest_id = t->chunk_id++;
    return OK;
}

/* FNV-1a, 64 bit: only a device's own last ids are compared, so a collision harms its maker. A
 * device registered anew may count its batches from the start again: its ids are others. */
static uint64_t batch_hash(const struct live *live, struct str batch)
{
    uint64_t hash = UINT64_C(0xCBF29CE484222325) ^ (uint64_t)live->registered_at_ms;
    for (size_t i = 0; i < batch.len; i++)
        hash = (hash ^ batch.ptr[i]) * UINT64_C(0x100000001B3);
    return hash;
}

static bool times_are_plausible(const struct readings_request *batch, int64_t now_ms)
{
    for (size_t i = 0; i < batch->count; i++) {
        int64_t t = batch->readings[i].time_ms;
        if (t > now_ms + CLOCK_AHEAD_MS || t < now_ms - READING_AGE_MAX_MS)
            return false;
    }
    return true;
}

static bool named_before(const struct readings_request *batch, size_t at)
{
    for (size_t i = 0; i < at; i++) {
        if (str_eq(batch->readings[i].metric, batch->readings[at].metric))
            return true;
    }
    return false;
}

/* How many metrics of the batch are new. */
static size_t new_metrics(struct live *live, const struct readings_request *batch)
{
    size_t count = 0;
    for (size_t i = 0; i < batch->count; i++)
        count += live_latest(live, batch->readings[i].metric, i) == NULL && !named_before(batch, i);
    return count;
}

static enum err add_new_metrics(struct domain *d, struct live *live,
                                const struct readings_request *batch)
{
    for (size_t i = 0; i < batch->count; i++) {
        struct str metric = batch->readings[i].metric;
        struct latest *l;
        if (live_latest(live, metric, i) != NULL)
            continue;
        TRY(sql_series_add(d->store, live->device_id, metric));
        TRY(live_latest_add(live, store_last_id(d->store), metric, &l));
    }
    return OK;
}

static enum err note_first_reading(struct domain *d, struct live *live)
{
    if (live->has_readings)
        return OK;
    TRY(sql_device_set_first_reading(d->store, live->device_id, d->now_ms));
    live->has_readings = true;
    return OK;
}

static void count_reading(struct telemetry *t, const struct chunk_reading *r, int64_t now_ms)
{
    if (!counts_as_it_comes(t) || r->error.len > 0)
        return;
    if (t->minutes.count == 0)
        t->oldest_minute_ms = now_ms;
    minutes_add(&t->minutes, r->series_id, r->time_ms / MINUTE_MS, decimal_to_double(r->value));
}

enum err telemetry_take(struct domain *d, struct live *live, const struct readings_request *batch,
                        enum taken *out)
{
    struct telemetry *t = d->telemetry;
    uint64_t id = batch_hash(live, batch->batch);
    *out = TAKEN_BEFORE;
    if (live_knows_batch(live, id))
        return OK;
    *out = REFUSED_CLOCK;
    if (!times_are_plausible(batch, d->now_ms))
        return OK;
    size_t fresh = new_metrics(live, batch);
    *out = REFUSED_METRICS;
    if (live->latest_count + fresh > METRICS_PER_DEVICE)
        return OK;
    if (writer_left(&t->chunk) < RECORD_SIZE_MAX + batch->count * READING_SIZE_MAX)
        TRY(telemetry_flush(d));
    if (t->minutes.count + batch->count > MINUTES_MAX)
        TRY(telemetry_fold(d, 1, &(bool){false}));
    if (fresh > 0)
        TRY(add_new_metrics(d, live, batch));
    TRY(note_first_reading(d, live));

    struct chunk_record record =
        chunk_record_begin(&t->chunk, t->chunk_id, live->device_id, id, batch->count);
    for (size_t i = 0; i < batch->count; i++) {
        const struct reading *r = &batch->readings[i];
        struct latest *l = live_latest(live, r->metric, i);
        struct chunk_reading packed = {l->series_id, r->time_ms, r->value, r->error};
        chunk_record_put(&t->chunk, &record, &packed);
        count_reading(t, &packed, d->now_ms);
        latest_update(l, r->time_ms, r->value, r->error);
    }
    chunk_record_end(&t->chunk, &record);
    ASSERT(!t->chunk.overflow);
    live_remember_batch(live, id);
    live->is_dirty = true;
    *out = TAKEN;
    return OK;
}

bool telemetry_wants_fold(const struct telemetry *t, int64_t now_ms)
{
    if (!counts_as_it_comes(t) || t->minutes.count >= FOLD_MINUTES)
        return true;
    return t->minutes.count > 0 && (now_ms - t->oldest_minute_ms >= FOLD_AFTER_MS ||
                                    now_ms < t->oldest_minute_ms); /* the clock was set back */
}

void telemetry_note_damage(struct telemetry *t)
{
    t->damaged_chunks++;
}

int64_t telemetry_damaged_chunks(const struct telemetry *t)
{
    return t->damaged_chunks;
}

enum err telemetry_save_live(struct domain *d, size_t at_most, bool *more)
{
    struct telemetry *t = d->telemetry;
    if (t->saving_up_to == 0)
        t->saving_up_to = t->newest_id;
    TRY(live_save(d, at_most, more));
    if (*more)
        return OK;
    TRY(sql_watermark_set(d->store, STR("live"), t->saving_up_to));
    t->saving_up_to = 0;
    return OK;
}
