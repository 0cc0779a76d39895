/* The machine's two clocks.
 *
 * Owns:     nothing.
 * Promise:  wall time is for what people and devices see, monotonic time for every deadline.
 * Source:   clock_gettime(2).
 * Watch:    domain code never calls these: it is told the time. */
#ifndef OC_OS_CLOCK_H
#define OC_OS_CLOCK_H

#include <stdint.h>

int64_t clock_wall_us(void); /* since 1970-01-01 UTC */
int64_t clock_wall_ms(void);
int64_t clock_monotonic_ms(void);
int64_t clock_monotonic_us(void);

#endif
