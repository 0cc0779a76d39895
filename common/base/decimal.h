/* A measured value as people write it: an integer and a power of ten.
 *
 * Owns:     nothing.
 * Promise:  what a sensor reported is stored and shown digit for digit; no float on the way, so
 *           a chip without an FPU and a server agree, and blocks of decimals compress well.
 * Source:   RFC 8259 section 6 for the number grammar; measured: decimal deltas beat XOR of
 *           doubles threefold on disk.
 * Watch:    21.50 and 21.5 are one value: decimal_read() drops trailing zeros of a fraction. */
#ifndef OC_BASE_DECIMAL_H
#define OC_BASE_DECIMAL_H

#include "common/base/str.h"
#include "common/base/writer.h"

#define DECIMAL_DIGITS_MAX   18 /* significant digits kept; int64 holds 18 of any value */
#define DECIMAL_EXPONENT_MIN (-30)
#define DECIMAL_EXPONENT_MAX 30

/* mantissa * 10^exponent; zero is {0, 0}. */
struct decimal {
    int64_t mantissa;
    int8_t exponent;
};

/* A JSON number. Digits beyond DECIMAL_DIGITS_MAX are rounded half away from zero; a value beyond
 * the exponent range is ERR_PEER (too large) or zero (too small). */
MUST_CHECK enum err decimal_read(struct str text, struct decimal *out);

/* The shortest JSON number of the same value; plain notation between 1e-9 and 1e18. */
void decimal_write(struct writer *w, struct decimal d);

double decimal_to_double(struct decimal d);

#endif
