/* The rules about owners, devices, sessions and readings, and what they stand on.
 *
 * Owns:     nothing; struct domain ties together what the core made.
 * Promise:  no socket, no clock, no SQL text in this room: time and entropy are passed in, so that
 *           a test owns both, and every read or write of owned data names its owner.
 * Source:   ARCHITECTURE.md: one batch, one transaction.
 * Watch:    a function here first checks, then writes the store, and changes memory last; after an
 *           error its caller undoes the store, and memory was not touched. */
#ifndef OC_DOMAIN_DOMAIN_H
#define OC_DOMAIN_DOMAIN_H

#include "common/base/arena.h"
#include "common/base/str.h"
#include "server/domain/rules.h"
#include "server/store/store.h"

#define PEER_LEN 16 /* IPv6, or IPv4-mapped */

struct live_table;
struct ranges;
struct telemetry;

struct domain {
    struct store *store;
    struct live_table *live;     /* what the core remembers of devices between requests */
    struct telemetry *telemetry; /* the chunk being filled */
    struct ranges *ranges;       /* whose networks addresses belong to; NULL: not known */
    void (*entropy)(void *out, size_t len);
    uint32_t password_iterations;
    const struct account_rules *rules;
    int64_t now_ms;             /* wall time of the batch */
    uint8_t decoy_secret[32];   /* makes answers about unknown devices look real */
    const uint8_t *peer;        /* PEER_LEN bytes: who sent the request, for the audit trail */
    uint64_t mails_dropped;     /* for want of room, until the log has told it */
    bool storage_is_in_trouble; /* a commit has failed lately: write only what must be written */
};

#endif
