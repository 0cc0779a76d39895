/* How often something may happen: the generic cell rate algorithm.
 *
 * Owns:     nothing; a bucket is one number, the theoretical arrival time, 0 at first.
 * Promise:  pure: no clock, no memory. A burst of `burst` at once, then one every `interval_us`;
 *           what is refused costs nothing and moves nothing.
 * Source:   ITU-T I.371 appendix A; the same as a token bucket that holds `burst` tokens.
 * Watch:    times are microseconds of any clock that never goes back. */
#ifndef OC_LIMIT_GCRA_H
#define OC_LIMIT_GCRA_H

#include <stdbool.h>
#include <stdint.h>

struct gcra_rate {
    int64_t interval_us; /* between two, in the long run */
    int64_t burst;       /* at once, after a rest */
};

struct gcra_verdict {
    bool is_allowed;
    int64_t left;       /* how many more would be allowed now */
    int64_t wait_us;    /* when refused: until one is allowed again */
    int64_t arrival_us; /* the bucket's new value; the old one when refused */
};

/* count in window_us, all of them at once if need be. */
struct gcra_rate gcra_rate_of(int64_t count, int64_t window_us);

struct gcra_verdict gcra(int64_t arrival_us, struct gcra_rate rate, int64_t now_us);

#endif
