/* Readings on their way to the server: a bounded ring that outlives power cuts.
 *
 * Owns:     the bytes of its port_storage, laid out as below; nothing in memory but the cursors.
 * Promise:  what was appended is sent at least once, and stored once: a batch keeps its id and its
 *           records until it is acknowledged, through restarts, and the server knows its last ids.
 *           When the ring is full the oldest record goes, and is counted.
 * Source:   docs/protocol/device.md section 3: idempotent batches.
 * Watch:    records are synced only when asked (while offline); online they are sent at once.
 *
 *   sector 0, 1   marks: what is acknowledged and which batch is under way, written in turn
 *   sector 2...   one record each, number n in sector 2 + n % count; 512 bytes a sector
 */
#ifndef OC_FIRMWARE_JOURNAL_H
#define OC_FIRMWARE_JOURNAL_H

#include "common/proto/device_messages.h"
#include "firmware/port/contract.h"

#define JOURNAL_SECTOR      512
#define JOURNAL_SECTORS_MIN 4

struct journal {
    const struct port_storage *storage;
    uint32_t capacity;     /* records */
    uint32_t id;           /* drawn when the ring was made; part of every batch id */
    uint64_t next;         /* number of the next record; the first is 1 */
    uint64_t acknowledged; /* this one and all before it are done */
    uint64_t batch_first;  /* the batch under way; 0 for none */
    uint64_t batch_last;
    uint32_t batch_boot;    /* when its first record was taken; part of its id */
    uint64_t mark_sequence; /* rises with every mark */
    uint64_t lost;          /* records overwritten unsent since start */
    uint32_t alone_left;    /* batches that must still be a single record, see journal.c */
};

/* When a record was taken, as far as was known then. */
struct journal_time {
    uint32_t boot_id;
    int64_t monotonic_ms;
    int64_t time_ms;     /* best knowledge at that moment, 0 for none */
    bool is_server_time; /* time_ms came from the server */
};

/* Find where the ring stands. fresh_id is used when there is none yet. ERR_IO: unreadable. */
MUST_CHECK enum err journal_open(struct journal *j, const struct port_storage *storage,
                                 uint32_t fresh_id);

/* Add readings that belong to one moment; more than one record when they are many. A reading's own
 * time_ms is not looked at. */
MUST_CHECK enum err journal_append(struct journal *j, const struct journal_time *time,
                                   const struct reading *readings, size_t count);

bool journal_is_empty(const struct journal *j);

/* The time of a record, now that more is known; 0 leaves the record out. */
typedef int64_t journal_clock(void *ctx, const struct journal_time *time);

/* Write the body of the batch under way, or form the next one first; nothing when empty. ERR_LIMIT:
 * not even one record fits. ERR_NOT_FOUND: none of its records can be sent; acknowledge it. */
MUST_CHECK enum err journal_batch(struct journal *j, journal_clock *clock, void *ctx,
                                  struct writer *body);

/* The batch under way is on the server's disk, or will never be. */
MUST_CHECK enum err journal_acknowledge(struct journal *j);

#endif
