/* Memory for one request: handed out forwards, dropped whole.
 *
 * Owns:     nothing; it slices a block the caller gave it.
 * Promise:  never more than that block; NULL when it is used up.
 * Source:   nginx ngx_palloc for the lifetime rule.
 * Watch:    nothing in an arena is freed singly, and no secret ever enters one. */
#ifndef OC_BASE_ARENA_H
#define OC_BASE_ARENA_H

#include "common/base/str.h"

struct arena {
    uint8_t *block;
    size_t cap;
    size_t used;
};

struct arena arena_over(void *block, size_t cap);

/* size bytes, zeroed, aligned for any type; NULL when the block is used up. */
void *arena_alloc(struct arena *a, size_t size);

/* A copy of s, so that a view outlives the buffer it came from. ERR_NO_MEMORY when it is full. */
MUST_CHECK enum err arena_copy(struct arena *a, struct str s, struct str *out);

/* Forget everything at once. */
void arena_reset(struct arena *a);

#endif
