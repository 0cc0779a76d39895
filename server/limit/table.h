/* One table of counters for all edges: who holds how many connections, who asked how often, who is
 * banned.
 *
 * Owns:     a shared mapping of fixed size; an entry is one cache line for one address, device or
 *           account.
 * Promise:  a limit is one limit, whichever edge is hit: every count is atomic, nobody ever waits
 *           for a lock, and what a dead edge held is given back by the next one of its number.
 *           Nothing grows: when a set is full, the entry nearest to meaning nothing gives way.
 * Source:   set-associative cache; gcra.h; keyed hashing against chosen collisions (SipHash).
 * Watch:    times are microseconds of the monotonic clock, the same for all processes. An entry
 *           that changes hands while another edge counts in it may cost the new one a request. */
#ifndef OC_LIMIT_TABLE_H
#define OC_LIMIT_TABLE_H

#include "common/base/str.h"
#include "server/limit/gcra.h"

#define LIMIT_ENTRIES (128U * 1024) /* 8 MB; a page is touched when an address falls into it */

enum limit_bucket {
    LIMIT_HANDSHAKES,
    LIMIT_REQUESTS,
    LIMIT_LOGINS,
    LIMIT_REGISTRATIONS,
    LIMIT_REGISTRATIONS_LONG, /* the same, over ten minutes */
    LIMIT_ADMIN,
    LIMIT_BUCKETS,
};

struct limit_table; /* this process's view */

/* A table for so many edges of so many connections each, as a descriptor to give to them. */
MUST_CHECK enum err limit_table_create(uint32_t edges, uint32_t connections, int *fd);

/* fd stays the caller's. edge: our number; what an edge of this number held is given back.
 * ERR_PEER: not such a table. */
MUST_CHECK enum err limit_table_map(int fd, uint32_t edge, struct limit_table **out);
void limit_table_unmap(struct limit_table *t);

/* The entry's name: an address (IPv6 by its /64), or an authenticated principal. Never 0. */
uint64_t limit_key_of_address(struct limit_table *t, const uint8_t address[static 16]);
uint64_t limit_key_of_principal(struct limit_table *t, uint64_t principal);
/* Any text that names what is counted; it begins with what kind it is of. */
uint64_t limit_key_of_name(struct limit_table *t, struct str name);

/* Connection number conn of ours counts with key, unless max others do already. A connection counts
 * in one place at a time. */
bool limit_enter(struct limit_table *t, uint64_t key, int64_t max, uint32_t conn, int64_t now_us);
void limit_leave(struct limit_table *t, uint32_t conn);
uint32_t limit_held(const struct limit_table *t, uint64_t key);

/* One more of these; refused when it is too often. */
struct gcra_verdict limit_take(struct limit_table *t, uint64_t key, enum limit_bucket bucket,
                               struct gcra_rate rate, int64_t now_us);

/* It turned out not to count: as if it had not been taken. */
void limit_give_back(struct limit_table *t, uint64_t key, enum limit_bucket bucket,
                     struct gcra_rate rate);

/* As if it had never been taken. */
void limit_forget(struct limit_table *t, uint64_t key, enum limit_bucket bucket);

/* A ban lasts until this moment; 0 lifts it. */
void limit_ban(struct limit_table *t, uint64_t key, int64_t until_us, int64_t now_us);
bool limit_is_banned(const struct limit_table *t, uint64_t key, int64_t now_us);

/* How often everybody has asked is forgotten: for a clock that went back. Connections and bans
 * stay. */
void limit_forget_requests(struct limit_table *t);

#endif
