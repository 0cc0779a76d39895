/* Chunks into minutes.
 *
 * Owns:     nothing between calls but the watermark "rollup".
 * Promise:  each chunk is counted exactly once: its minutes and the watermark move in one
 *           transaction.
 * Source:   design: roll-ups serve charts.
 * Watch:    errors are not counted: a minute holds values only. */
#include <stdlib.h>

#include "queries.h"
#include "server/domain/chunk.h"
#include "server/domain/telemetry.h"
#include "server/domain/telemetry_internal.h"

#define SAMPLES_MAX 8192

struct sample {
    int64_t series_id;
    int64_t minute;
    double value;
};

struct fold {
    struct domain *d;
    size_t count;
    struct sample samples[SAMPLES_MAX];
};

static int by_series_and_minute(const void *a, const void *b)
{
    const struct sample *x = a, *y = b;
    if (x->series_id != y->series_id)
        return x->series_id < y->series_id ? -1 : 1;
    return x->minute < y->minute ? -1 : x->minute > y->minute;
}

/* Merge what has been collected into the table, one statement for each series and minute. */
static enum err merge(struct fold *f)
{
    qsort(f->samples, f->count, sizeof f->samples[0], by_series_and_minute);
    for (size_t i = 0; i < f->count;) {
        struct sample first = f->samples[i];
        double min = first.value, max = first.value, sum = 0;
        size_t start = i;
        for (; i < f->count && by_series_and_minute(&first, &f->samples[i]) == 0; i++) {
            double v = f->samples[i].value;
            min = v < min ? v : min;
            max = v > max ? v : max;
            sum += v;
        }
        TRY(sql_rollup_minute_merge(f->d->store, first.series_id, first.minute, min, max, sum,
                                    (int64_t)(i - start)));
    }
    f->count = 0;
    return OK;
}

static enum err collect(struct fold *f, int64_t chunk_id, struct str data)
{
    struct chunk_cursor c = chunk_open(chunk_id, data);
    struct chunk_reading r;
    while (chunk_next_record(&c)) {
        while (chunk_next_reading(&c, &r)) {
            if (r.error.len > 0)
                continue;
            if (f->count == SAMPLES_MAX)
                TRY(merge(f));
            f->samples[f->count++] =
                (struct sample){r.series_id, r.time_ms / MINUTE_MS, decimal_to_double(r.value)};
        }
    }
    if (chunk_end(&c) != OK)
        telemetry_note_damage(f->d->telemetry);
    return OK;
}

static enum err fold_range(struct fold *f, int64_t after_id, int64_t at_most, int64_t *seen,
                           int64_t *last_id)
{
    struct cursor c;
    struct sql_chunk_range_row row;
    enum err e = OK;
    TRY(sql_chunk_range(f->d->store, after_id, INT64_MAX, at_most, &c));
    while (e == OK && sql_chunk_range_next(&c, &row)) {
        e = collect(f, row.id, row.data);
        *last_id = row.id;
        (*seen)++;
    }
    enum err end = cursor_end(&c);
    return e != OK ? e : end;
}

enum err telemetry_fold(struct domain *d, int64_t at_most, bool *more)
{
    struct telemetry *t = d->telemetry;
    struct sql_watermark_get_row mark;
    int64_t seen = 0, last_id = 0;
    TRY(sql_watermark_get(d->store, STR("rollup"), &mark));
    struct fold *f = malloc(sizeof *f);
    if (f == NULL)
        return ERR_NO_MEMORY;
    f->d = d;
    f->count = 0;
    enum err e = fold_range(f, mark.chunk_id, at_most, &seen, &last_id);
    if (e == OK)
        e = merge(f);
    free(f);
    TRY(e);
    if (seen > 0)
        TRY(sql_watermark_set(d->store, STR("rollup"), last_id));
    *more = seen == at_most;
    t->chunks_to_fold = *more ? t->chunks_to_fold : 0;
    t->oldest_to_fold_ms = d->now_ms;
    return OK;
}
