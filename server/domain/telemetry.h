/* Readings: taken in, kept, rolled up, asked for.
 *
 * Owns:     the chunk and rollup_minute tables; the chunk of the current batch until it is written.
 * Promise:  a batch is checked whole before any of it is taken; the same batch id again is taken
 *           once; late readings join the minute they belong to.
 * Source:   docs/protocol/device.md section 3; measured: chunks, decimals.
 * Watch:    everything that comes in goes through telemetry_take(), everything that moves on goes
 *           through telemetry_fold(): compaction into blocks will stand behind these two doors. */
#ifndef OC_DOMAIN_TELEMETRY_H
#define OC_DOMAIN_TELEMETRY_H

#include "common/proto/device_messages.h"
#include "server/domain/domain.h"
#include "server/domain/live.h"

MUST_CHECK enum err telemetry_new(struct telemetry **out);
void telemetry_free(struct telemetry *t);

/* Learn where the stored chunks end; after opening the store and after a failed commit. */
MUST_CHECK enum err telemetry_load(struct domain *d);

/* A new batch of the core begins: wall time in microseconds. */
void telemetry_begin(struct telemetry *t, int64_t now_us);

enum taken {
    TAKEN,           /* durable once the transaction is */
    TAKEN_BEFORE,    /* the same batch id: nothing to do */
    REFUSED_CLOCK,   /* a time too far ahead or too old: nothing was taken */
    REFUSED_METRICS, /* more than METRICS_PER_DEVICE different metrics: nothing was taken */
};
MUST_CHECK enum err telemetry_take(struct domain *d, struct live *live,
                                   const struct readings_request *batch, enum taken *out);

/* Write the chunk of this batch, if there is anything in it. Before every commit. */
MUST_CHECK enum err telemetry_flush(struct domain *d);

/* Write what readings add to their minutes, in the open transaction; after a start, at_most chunks
 * of before are counted first. *more: some are left. */
MUST_CHECK enum err telemetry_fold(struct domain *d, int64_t at_most, bool *more);

/* Is there enough to fold, or has it waited long enough? */
bool telemetry_wants_fold(const struct telemetry *t, int64_t now_ms);

/* Save dirty live values in slices of at_most; call again while *more. */
MUST_CHECK enum err telemetry_save_live(struct domain *d, size_t at_most, bool *more);

/* A chunk did not read back: what could be read of it was used, and this counts it. */
void telemetry_note_damage(struct telemetry *t);
int64_t telemetry_damaged_chunks(const struct telemetry *t);

struct point {
    int64_t time_ms;
    struct decimal value; /* raw only */
    double mean, min, max;
    int64_t count;     /* 0 in a raw point */
    uint8_t error_len; /* raw only: no value, this is why */
    char error[READING_ERROR_MAX];
};

struct points {
    struct point *at; /* free()d by points_done() */
    size_t count;
    int64_t step_s; /* 0: raw */
};

/* Points of one metric with from_ms <= time < to_ms, oldest first, at most POINTS_MAX.
 * step_s: 0 raw if the window allows it, else rounded up to minutes and until the points fit. */
MUST_CHECK enum err telemetry_query(struct domain *d, int64_t account_id, int64_t device_id,
                                    struct str metric, int64_t from_ms, int64_t to_ms,
                                    int64_t step_s, struct points *out);
void points_done(struct points *p);

#endif
