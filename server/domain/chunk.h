/* Chunks: all readings of one transaction, packed into one row.
 *
 * Owns:     the format.
 * Promise:  what was written reads back digit for digit; a damaged chunk is ERR_CORRUPT, never a
 *           wrong value.
 * Source:   measured: one row a transaction costs a third of a row a reading.
 * Watch:    chunk ids are commit times in microseconds; first times are relative to them.
 *
 *   chunk   = record …
 *   record  = varint device_id, u32 length of the body, body
 *   body    = u64 batch id (hashed), varint number of readings, reading …
 *   reading = varint series_id * 2 + (1 if error)
 *             varint zigzag(time_ms - time_ms of the reading before; the first: - chunk id / 1000)
 *             value: u8 exponent + 128, varint zigzag(mantissa)   |   error: u8 length, text */
#ifndef OC_DOMAIN_CHUNK_H
#define OC_DOMAIN_CHUNK_H

#include "common/base/decimal.h"
#include "common/base/reader.h"
#include "common/base/writer.h"

struct chunk_reading {
    int64_t series_id;
    int64_t time_ms;
    struct decimal value;
    struct str error; /* empty: there is a value */
};

/* Writing: begin, one put a reading, end. The writer's overflow is the caller's to check. */
struct chunk_record {
    size_t length_at;
    int64_t time_ms;
};
struct chunk_record chunk_record_begin(struct writer *w, int64_t chunk_id, int64_t device_id,
                                       uint64_t batch, size_t count);
void chunk_record_put(struct writer *w, struct chunk_record *c, const struct chunk_reading *r);
void chunk_record_end(struct writer *w, const struct chunk_record *c);

/* Reading: while (chunk_next_record(&r, ...)) while (chunk_next_reading(...)). */
struct chunk_cursor {
    struct reader bytes; /* of the whole chunk */
    struct reader body;  /* of the current record */
    int64_t chunk_id;
    int64_t device_id;
    uint64_t batch;
    uint64_t readings_left;
    int64_t time_ms;
};
struct chunk_cursor chunk_open(int64_t chunk_id, struct str data);

/* False at the end or when damaged. Skips what is left of the record before. */
bool chunk_next_record(struct chunk_cursor *c);
bool chunk_next_reading(struct chunk_cursor *c, struct chunk_reading *out);

/* OK after the last record, ERR_CORRUPT when something did not read. */
MUST_CHECK enum err chunk_end(const struct chunk_cursor *c);

#endif
