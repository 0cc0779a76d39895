/* What would keep the core's loop: hashing passwords, asking the vault.
 *
 * Owns:     its threads and a queue of HASH_QUEUE_MAX jobs; passwords in it are wiped when done.
 * Promise:  the loop never waits for a hash or for the vault, and devices never wait for owners:
 *           the threads run at a lower priority. Strangers fill at most half of the queue, and
 *           whoever is known goes before them.
 * Source:   OWASP ASVS 15.1.3: what is expensive is bounded by admission.
 * Watch:    producer and consumer: the core's loop; full: hash_pool_add() says ERR_LIMIT and the
 *           sign-in is answered 503 with Retry-After. */
#ifndef OC_PROCESS_HASH_POOL_H
#define OC_PROCESS_HASH_POOL_H

#include "server/api/errand.h"

#define HASH_QUEUE_MAX   32
#define HASH_STRANGERS   (HASH_QUEUE_MAX / 2)
#define HASH_THREADS_MAX 8

struct hash_pool;

MUST_CHECK enum err hash_pool_new(size_t threads, struct hash_pool **out);
void hash_pool_set_vault(struct hash_pool *p, int fd); /* given: our end of the pair */
void hash_pool_free(struct hash_pool *p); /* waits for jobs under way, forgets the queued ones */

/* Readable when a job is done; then hash_pool_wake() makes it quiet again, and after that every
 * finished job is taken. */
int hash_pool_fd(const struct hash_pool *p);
void hash_pool_wake(struct hash_pool *p);

MUST_CHECK enum err hash_pool_add(struct hash_pool *p, const struct errand *e);

/* Is half of what strangers may fill taken? */
bool hash_pool_is_busy(struct hash_pool *p);

/* The next finished job; ERR_AGAIN when there is none. The caller wipes it. */
MUST_CHECK enum err hash_pool_take(struct hash_pool *p, struct errand *out);

#endif
