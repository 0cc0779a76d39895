/* Deadlines by the ten thousand: a hierarchical timer wheel.
 *
 * Owns:     nothing; a timer lies inside the thing whose deadline it is.
 * Promise:  setting, moving and cancelling cost the same however many there are; a timer fires at
 *           or up to one tick after its deadline, never before.
 * Source:   Varghese and Lauck 1987, scheme 7; h2o timerwheel.c for intrusive nodes and the
 *           self-check.
 * Watch:    a deadline is absolute (milliseconds of the monotonic clock). One moved later stays
 *           where it is filed and is filed again when that slot comes round, so that the usual
 *           case, a deadline pushed on by each request, is one store.
 *
 *   level 0: 64 slots of 16 ms   level 1: 64 of 1 s   level 2: 64 of 65 s   level 3: 64 of 70 min
 *   A timer is filed by how far away it is; when time reaches a slot of a higher level, what lies
 *   there is filed again, lower. */
#ifndef OC_NET_TIMERS_H
#define OC_NET_TIMERS_H

#include <stdbool.h>
#include <stdint.h>

#define TIMERS_TICK_MS 16
#define TIMERS_BITS    6
#define TIMERS_SLOTS   (1 << TIMERS_BITS)
#define TIMERS_LEVELS  4 /* three days; what lies further is filed there and filed again */

struct timer {
    struct timer *prev, *next; /* NULL: not set */
    int64_t at_ms;
    int64_t filed_tick;
    void (*fire)(struct timer *t); /* the timer is no longer set when this is called */
};

struct timers {
    int64_t tick; /* everything up to here has fired */
    uint64_t used[TIMERS_LEVELS];
    struct timer slot[TIMERS_LEVELS][TIMERS_SLOTS]; /* heads of circular lists */
};

void timers_init(struct timers *w, int64_t now_ms);

/* fire is set once, before the first timer_set(). */
void timer_set(struct timers *w, struct timer *t, int64_t at_ms);
void timer_cancel(struct timers *w, struct timer *t);
bool timer_is_set(const struct timer *t);

/* Fire what is due. */
void timers_run(struct timers *w, int64_t now_ms);

/* How long a loop may sleep: milliseconds until something may be due, -1 when nothing is set. May
 * be short of the true deadline, never beyond it. */
int timers_wait_ms(const struct timers *w, int64_t now_ms);

/* Asserts that every timer lies where it should. For tests: it walks them all. */
void timers_check(const struct timers *w);

#endif
