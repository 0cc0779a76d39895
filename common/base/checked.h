/* Sizes that come from outside are added and multiplied here, or not at all.
 *
 * Owns:     nothing.
 * Promise:  false and an untouched result when the true sum or product does not fit.
 * Source:   GCC's __builtin_*_overflow.
 * Watch:    for size_t; other widths convert at the border. */
#ifndef OC_BASE_CHECKED_H
#define OC_BASE_CHECKED_H

#include <stdbool.h>
#include <stddef.h>

static inline bool checked_add(size_t a, size_t b, size_t *out)
{
    size_t sum;
    if (__builtin_add_overflow(a, b, &sum))
        return false;
    *out = sum;
    return true;
}

static inline bool checked_mul(size_t a, size_t b, size_t *out)
{
    size_t product;
    if (__builtin_mul_overflow(a, b, &product))
        return false;
    *out = product;
    return true;
}

#endif
