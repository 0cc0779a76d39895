/* Readings asked for: raw ones from the chunks, longer stretches from the minutes.
 *
 * Owns:     nothing; answers are the caller's.
 * Promise:  at most POINTS_MAX points, oldest first; gaps stay gaps.
 * Source:   api/openapi.yaml, GET /api/v1/devices/{id}/readings.
 * Watch:    a raw question reads every chunk of its time, other devices' too, so its window is
 *           bounded until chunks are compacted into blocks by device. */
#include <stdlib.h>
#include <string.h>

#include "queries.h"
#include "server/domain/chunk.h"
#include "server/domain/telemetry.h"

#define MINUTE_S 60

struct question {
    int64_t device_id;
    int64_t series_id;
    int64_t from_ms, to_ms;
};

void points_done(struct points *p)
{
    free(p->at);
    *p = (struct points){0};
}

static struct point *next_point(struct points *p)
{
    if (p->count == POINTS_MAX)
        return NULL;
    struct point *at = &p->at[p->count++];
    *at = (struct point){0};
    return at;
}

static int by_time(const void *a, const void *b)
{
    const struct point *x = a, *y = b;
    return x->time_ms < y->time_ms ? -1 : x->time_ms > y->time_ms;
}

static enum err search_chunk(struct domain *d, const struct question *q, int64_t chunk_id,
                             struct str data, struct points *out)
{
    struct chunk_cursor c = chunk_open(chunk_id, data);
    struct chunk_reading r;
    while (chunk_next_record(&c)) {
        if (c.device_id != q->device_id)
            continue;
        while (chunk_next_reading(&c, &r)) {
            if (r.series_id != q->series_id || r.time_ms < q->from_ms || r.time_ms >= q->to_ms)
                continue;
            struct point *p = next_point(out);
            if (p == NULL)
                return ERR_LIMIT;
            p->time_ms = r.time_ms;
            p->value = r.value;
            p->error_len = (uint8_t)(r.error.len < sizeof p->error ? r.error.len : 0);
            if (p->error_len > 0)
                memcpy(p->error, r.error.ptr, p->error_len);
        }
    }
    if (chunk_end(&c) != OK)
        telemetry_note_damage(d->telemetry);
    return OK;
}

/* ERR_LIMIT: more points than fit. */
static enum err raw_points(struct domain *d, const struct question *q, struct points *out)
{
    /* A reading is never committed more than CLOCK_AHEAD_MS before its time; late ones may come
     * any time after. */
    int64_t after_id = (q->from_ms - CLOCK_AHEAD_MS) * 1000 - 1;
    struct cursor c;
    struct sql_chunk_range_row row;
    enum err e = OK;
    TRY(sql_chunk_range(d->store, after_id, INT64_MAX, INT64_MAX, &c));
    while (e == OK && sql_chunk_range_next(&c, &row))
        e = search_chunk(d, q, row.id, row.data, out);
    enum err end = cursor_end(&c);
    if (e != OK)
        return e;
    qsort(out->at, out->count, sizeof out->at[0], by_time);
    return end;
}

static void merge_minute(struct point *p, const struct sql_rollup_minute_range_row *m)
{
    double sum = p->mean * (double)p->count + m->sum;
    p->min = p->count == 0 || m->min < p->min ? m->min : p->min;
    p->max = p->count == 0 || m->max > p->max ? m->max : p->max;
    p->count += m->count;
    p->mean = sum / (double)p->count;
}

static enum err rolled_points(struct domain *d, int64_t account_id, const struct question *q,
                              struct str metric, struct points *out)
{
    struct cursor c;
    struct sql_rollup_minute_range_row row;
    int64_t step_ms = out->step_s * 1000;
    struct point *p = NULL;
    enum err e = OK;
    TRY(sql_rollup_minute_range(d->store, account_id, q->device_id, metric, q->from_ms / MINUTE_MS,
                                (q->to_ms + MINUTE_MS - 1) / MINUTE_MS, &c));
    while (e == OK && sql_rollup_minute_range_next(&c, &row)) {
        int64_t step_start = row.minute * MINUTE_MS / step_ms * step_ms;
        if (p == NULL || p->time_ms != step_start) {
            p = next_point(out);
            if (p == NULL) {
                e = ERR_LIMIT;
                break;
            }
            p->time_ms = step_start;
        }
        merge_minute(p, &row);
    }
    enum err end = cursor_end(&c);
    return e != OK ? e : end;
}

/* The minutes up to now; those of before will do while nothing can be written. */
static enum err fold_all(struct domain *d)
{
    bool more = !d->storage_is_in_trouble;
    while (more)
        TRY(telemetry_fold(d, 1024, &more));
    return OK;
}

static int64_t round_up(int64_t v, int64_t unit)
{
    return (v + unit - 1) / unit * unit;
}

/* The smallest whole-minute step, not below asked_s, whose points fit. */
static int64_t step_that_fits(int64_t asked_s, int64_t window_ms)
{
    int64_t least_s = window_ms / 1000 / (POINTS_MAX - 2) + 1;
    return round_up(asked_s > least_s ? asked_s : least_s, MINUTE_S);
}

enum err telemetry_query(struct domain *d, int64_t account_id, int64_t device_id, struct str metric,
                         int64_t from_ms, int64_t to_ms, int64_t step_s, struct points *out)
{
    struct live *live = live_find(d->live, device_id);
    struct latest *l = live == NULL ? NULL : live_latest(live, metric, 0);
    struct points p = {.at = NULL};
    *out = p;
    if (l == NULL || live->account_id != account_id)
        return OK; /* nothing yet */
    p.at = malloc(POINTS_MAX * sizeof *p.at);
    if (p.at == NULL)
        return ERR_NO_MEMORY;
    struct question q = {device_id, l->series_id, from_ms, to_ms};
    enum err e = telemetry_flush(d); /* what this batch has brought is part of the answer */
    bool raw = step_s == 0 && to_ms - from_ms <= RAW_WINDOW_MS && from_ms >= d->now_ms - RAW_AGE_MS;
    enum err too_many = OK;
    if (e == OK && raw)
        too_many = e = raw_points(d, &q, &p);
    if ((e == OK && !raw) || too_many == ERR_LIMIT) {
        p.count = 0;
        p.step_s = step_that_fits(step_s, to_ms - from_ms);
        e = fold_all(d);
        if (e == OK)
            e = rolled_points(d, account_id, &q, metric, &p);
    }
    if (e != OK) {
        points_done(&p);
        return e;
    }
    *out = p;
    return OK;
}
