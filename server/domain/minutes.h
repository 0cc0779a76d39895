/* Minutes under way: what readings of the last seconds add to each series, until it is written.
 *
 * Owns:     one table on the heap, at most MINUTES_MAX entries of 48 bytes.
 * Promise:  adding costs one look-up; nothing is lost but with the process, which counts again.
 * Source:   ARCHITECTURE.md, one reading, point 8. Measured: sorting samples instead stalled the
 * core for 70 ms at 512 busy devices. Watch:    not the only copy: telemetry_load() forgets it and
 * the chunks are read again. */
#ifndef OC_DOMAIN_MINUTES_H
#define OC_DOMAIN_MINUTES_H

#include <stddef.h>
#include <stdint.h>

#include "common/base/err.h"

#define MINUTES_MAX 16384

struct minute {
    int64_t series_id; /* 0: free */
    int64_t minute;    /* since 1970-01-01 UTC */
    int64_t count;
    double min, max, sum;
};

struct minutes {
    struct minute *slot; /* 2 * MINUTES_MAX of them, open addressing */
    size_t count;
};

MUST_CHECK enum err minutes_init(struct minutes *m);
void minutes_done(struct minutes *m);
void minutes_clear(struct minutes *m);

/* There must be room: count < MINUTES_MAX. */
void minutes_add(struct minutes *m, int64_t series_id, int64_t minute, double value);

/* Walk over all in the order of the table: start with *position = 0; NULL at the end. */
const struct minute *minutes_next(const struct minutes *m, size_t *position);

#endif
