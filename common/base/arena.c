#include "common/base/arena.h"

#include <stddef.h>
#include <string.h>

struct arena arena_over(void *block, size_t cap)
{
    return (struct arena){block, cap, 0};
}

void *arena_alloc(struct arena *a, size_t size)
{
    size_t align = _Alignof(max_align_t);
    size_t skew = (uintptr_t)(a->block + a->used) % align;
    size_t pad = skew == 0 ? 0 : align - skew;
    size_t left = a->cap - a->used;
    if (pad > left || size > left - pad)
        return NULL;
    uint8_t *out = a->block + a->used + pad;
    a->used += pad + size;
    memset(out, 0, size);
    return out;
}

enum err arena_copy(struct arena *a, struct str s, struct str *out)
{
    if (s.len == 0) {
        *out = STR_NONE;
        return OK;
    }
    uint8_t *copy = arena_alloc(a, s.len);
    if (copy == NULL)
        return ERR_NO_MEMORY;
    memcpy(copy, s.ptr, s.len);
    *out = (struct str){copy, s.len};
    return OK;
}

void arena_reset(struct arena *a)
{
    a->used = 0;
}
