/* Readings into minutes.
 *
 * Owns:     nothing between calls but the watermark "rollup".
 * Promise:  each chunk is counted exactly once: its minutes and the watermark move in one
 *           transaction.
 * Source:   ARCHITECTURE.md, one reading, point 8.
 * Watch:    usually readings are counted as they are taken (struct minutes), and only written here;
 *           chunks are read again after a start or a failed commit. Errors are not counted: a
 *           minute holds values only. */
#include "queries.h"
#include "server/domain/chunk.h"
#include "server/domain/telemetry.h"
#include "server/domain/telemetry_internal.h"

/* Into the table; the caller moves the watermark in the same transaction. */
static enum err write_minutes(struct domain *d)
{
    struct minutes *m = &d->telemetry->minutes;
    const struct minute *at;
    for (size_t position = 0; (at = minutes_next(m, &position)) != NULL;)
        TRY(sql_rollup_minute_merge(d->store, at->series_id, at->minute, at->min, at->max, at->sum,
                                    at->count));
    minutes_clear(m);
    return OK;
}

static enum err count_chunk(struct domain *d, int64_t chunk_id, struct str data)
{
    struct chunk_cursor c = chunk_open(chunk_id, data);
    struct chunk_reading r;
    while (chunk_next_record(&c)) {
        while (chunk_next_reading(&c, &r)) {
            if (r.error.len > 0 || r.series_id == 0)
                continue;
            if (d->telemetry->minutes.count == MINUTES_MAX)
                TRY(write_minutes(d));
            minutes_add(&d->telemetry->minutes, r.series_id, r.time_ms / MINUTE_MS,
                        decimal_to_double(r.value));
        }
    }
    if (chunk_end(&c) != OK)
        telemetry_note_damage(d->telemetry);
    return OK;
}

/* Count up to at_most chunks that have not been counted as they came. */
static enum err catch_up(struct domain *d, int64_t at_most)
{
    struct telemetry *t = d->telemetry;
    struct cursor c;
    struct sql_chunk_range_row row;
    int64_t seen = 0;
    enum err e = OK;
    TRY(sql_chunk_range(d->store, t->counted_up_to, t->newest_id, at_most, &c));
    while (e == OK && sql_chunk_range_next(&c, &row)) {
        e = count_chunk(d, row.id, row.data);
        t->counted_up_to = row.id;
        seen++;
    }
    if (seen < at_most)
        t->counted_up_to = t->newest_id;
    enum err end = cursor_end(&c);
    return e != OK ? e : end;
}

enum err telemetry_fold(struct domain *d, int64_t at_most, bool *more)
{
    struct telemetry *t = d->telemetry;
    TRY(telemetry_flush(d)); /* so that what was counted is in chunks up to the watermark */
    if (t->counted_up_to < t->newest_id)
        TRY(catch_up(d, at_most));
    if (t->watermark != t->counted_up_to) {
        TRY(write_minutes(d));
        TRY(sql_watermark_set(d->store, STR("rollup"), t->counted_up_to));
        t->watermark = t->counted_up_to;
    }
    *more = t->counted_up_to < t->newest_id;
    return OK;
}
