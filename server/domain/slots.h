/* A hash table of pointers: open addressing, linear probing, no tombstones.
 *
 * Owns:     the array of pointers, not what they point at.
 * Promise:  at most three quarters full; removal leaves no trace behind.
 * Source:   Knuth, TAOCP volume 3, section 6.4, algorithms L and R.
 * Watch:    entries must not be added or removed while walking with slots_next(). Keys come from
 *           what strangers cannot choose (digests, our own numbers). */
#ifndef OC_DOMAIN_SLOTS_H
#define OC_DOMAIN_SLOTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/base/err.h"

struct slots {
    void **entry;
    size_t cap; /* a power of two */
    size_t count;
    uint64_t (*key)(const void *entry);
};

void slots_init(struct slots *s, uint64_t (*key)(const void *entry));
void slots_done(struct slots *s); /* and ready for use again */
MUST_CHECK enum err slots_add(struct slots *s, void *entry);
void slots_remove(struct slots *s, const void *entry); /* it must be there */
void *slots_find(const struct slots *s, uint64_t key, bool (*is)(const void *entry, const void *it),
                 const void *it);
void *slots_next(const struct slots *s, size_t *position);

/* Consecutive numbers part ways (Fibonacci hashing). */
uint64_t slots_spread(uint64_t number);

#endif
