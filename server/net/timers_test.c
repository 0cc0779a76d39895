#include "server/net/timers.h"

#include <limits.h>
#include <stddef.h>

#include "tests/check.h"
#include "tests/support/house.h"

#define START INT64_C(1000000007) /* in the middle of a tick */
#define DAY   (INT64_C(86400) * 1000)

static struct timers wheel;
static int fired;
static int64_t now_ms, fired_at;

static void on_fire(struct timer *t)
{
    CHECK(!timer_is_set(t));
    fired++;
    fired_at = now_ms;
}

static void run_at(int64_t ms)
{
    now_ms = ms;
    timers_run(&wheel, ms);
    timers_check(&wheel);
}

/* ---- one deadline ------------------------------------------------------------------------------
 */

TEST(timer__fires_up_to_a_tick_after_its_deadline_and_never_before)
{
    static const struct {
        int64_t after_ms;
        const char *why;
    } rows[] = {
        {0, "now"},
        {1, "a millisecond"},
        {15, "less than a tick"},
        {16, "a tick"},
        {17, "more than one"},
        {1007, "the end of level 0"},
        {1024, "the beginning of level 1"},
        {1025, "a little into level 1"},
        {5000, "a hello"},
        {65519, "the end of level 1"},
        {65536, "the beginning of level 2"},
        {75000, "an idle connection"},
        {400000, "a held request"},
        {4194304, "the beginning of level 3"},
        {5 * 4194304 + 77, "well into level 3"},
        {DAY, "a day"},
        {3 * DAY, "nearly as far as the wheel reaches"},
        {4 * DAY, "further than the wheel reaches"},
        {8 * DAY + 1, "twice as far"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct timer t = {.fire = on_fire};
        check_row = rows[i].why;
        fired = 0;
        timers_init(&wheel, START);
        timer_set(&wheel, &t, START + rows[i].after_ms);
        timers_check(&wheel);
        if (rows[i].after_ms > 0)
            run_at(START + rows[i].after_ms - 1);
        CHECK_INT(fired, 0);
        CHECK(timer_is_set(&t));
        run_at(START + rows[i].after_ms + TIMERS_TICK_MS);
        CHECK_INT(fired, 1);
        CHECK(!timer_is_set(&t));
        CHECK_INT(timers_wait_ms(&wheel, now_ms), -1);
    }
    check_row = NULL;
}

TEST(timers_wait_ms__never_sleeps_past_a_deadline)
{
    static const int64_t afters[] = {1, 16, 100, 1024, 1500, 65536, 70000, 4194304, 9999999, DAY};
    for (size_t i = 0; i < sizeof afters / sizeof afters[0]; i++) {
        struct timer t = {.fire = on_fire};
        int turns = 0;
        fired = 0;
        timers_init(&wheel, START);
        timer_set(&wheel, &t, START + afters[i]);
        now_ms = START;
        while (fired == 0) {
            int wait = timers_wait_ms(&wheel, now_ms);
            CHECK(wait >= 0 && now_ms + wait <= START + afters[i] + TIMERS_TICK_MS);
            run_at(now_ms + wait);
            turns++;
            CHECK(turns < 10); /* a handful of wakings, whatever the distance */
        }
        CHECK(fired_at >= START + afters[i]);
    }
}

/* ---- moving and cancelling ---------------------------------------------------------------------
 */

TEST(timer_set__moved__fires_at_its_last_deadline_only)
{
    static const struct {
        int64_t first_ms, then_ms;
        const char *why;
    } rows[] = {
        {100, 200, "later, same level"},
        {200, 100, "earlier, same level"},
        {100, 70000, "later, higher level"},
        {70000, 100, "earlier, lower level"},
        {75000, 75001, "a little later"},
        {75001, 75000, "a little earlier"},
        {5 * DAY, 10, "from beyond"},
        {10, 5 * DAY, "to beyond"},
        {100, 100, "the same"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct timer t = {.fire = on_fire};
        check_row = rows[i].why;
        fired = 0;
        timers_init(&wheel, START);
        timer_set(&wheel, &t, START + rows[i].first_ms);
        timer_set(&wheel, &t, START + rows[i].then_ms);
        run_at(START + rows[i].then_ms - 1);
        CHECK_INT(fired, 0);
        run_at(START + rows[i].then_ms + TIMERS_TICK_MS);
        CHECK_INT(fired, 1);
        run_at(START + 11 * DAY);
        CHECK_INT(fired, 1);
    }
    check_row = NULL;
}

TEST(timer_set__pushed_on_by_each_request__fires_once_the_requests_stop)
{
    struct timer t = {.fire = on_fire};
    fired = 0;
    timers_init(&wheel, START);
    for (int64_t at = START; at < START + 600000; at += 700) {
        timer_set(&wheel, &t, at + 75000);
        run_at(at);
        CHECK_INT(fired, 0);
    }
    run_at(START + 600000 + 75000 + TIMERS_TICK_MS);
    CHECK_INT(fired, 1);
}

TEST(timer_cancel__is_never_heard_of_again)
{
    struct timer a = {.fire = on_fire}, b = {.fire = on_fire};
    fired = 0;
    timers_init(&wheel, START);
    timer_set(&wheel, &a, START + 100);
    timer_set(&wheel, &b, START + 100);
    timer_cancel(&wheel, &a);
    timer_cancel(&wheel, &a); /* once more does nothing */
    timers_check(&wheel);
    CHECK(!timer_is_set(&a) && timer_is_set(&b));
    run_at(START + 200);
    CHECK_INT(fired, 1);
    timer_set(&wheel, &a, START + 300);
    run_at(START + 400);
    CHECK_INT(fired, 2);
}

/* ---- what a timer may do when it fires ----------------------------------------------------------
 */

static struct timer pair[2];

static void cancel_other(struct timer *t)
{
    fired++;
    timer_cancel(&wheel, t == &pair[0] ? &pair[1] : &pair[0]);
}

TEST(timer__may_cancel_another_of_the_same_tick)
{
    fired = 0;
    timers_init(&wheel, START);
    for (size_t i = 0; i < 2; i++) {
        pair[i] = (struct timer){.fire = cancel_other};
        timer_set(&wheel, &pair[i], START + 100);
    }
    run_at(START + 200);
    CHECK_INT(fired, 1);
    CHECK(!timer_is_set(&pair[0]) && !timer_is_set(&pair[1]));
}

static void set_again(struct timer *t)
{
    fired++;
    timer_set(&wheel, t, 0); /* long over: at the next tick, not in this one for ever */
}

TEST(timer__set_again_while_firing__fires_once_a_tick)
{
    struct timer t = {.fire = set_again};
    fired = 0;
    timers_init(&wheel, START);
    timer_set(&wheel, &t, START);
    run_at(START + 10 * TIMERS_TICK_MS);
    CHECK_INT(fired, 10);
}

/* ---- against a list ----------------------------------------------------------------------------
 */

#define COUNT 300
static struct entry {
    struct timer timer;
    bool is_set;
    int64_t at_ms;
} entries[COUNT];

static int64_t some_distance(void)
{
    static const int64_t ranges[] = {40, 1100, 70000, 5000000, 2 * DAY, 6 * DAY};
    return (int64_t)house_random((uint64_t)ranges[house_random(6)]);
}

static void set_entry(struct entry *e, int64_t at_ms)
{
    timer_set(&wheel, &e->timer, at_ms);
    e->is_set = true;
    e->at_ms = at_ms;
}

static void on_entry(struct timer *t)
{
    struct entry *e = (struct entry *)(void *)((char *)t - offsetof(struct entry, timer));
    CHECK(e->is_set && e->at_ms <= now_ms);
    e->is_set = false;
    fired++;
    struct entry *other = &entries[house_random(COUNT)];
    switch (house_random(6)) {
    case 0: set_entry(e, now_ms + some_distance()); break;
    case 1: set_entry(other, now_ms + some_distance()); break;
    case 2:
        timer_cancel(&wheel, &other->timer);
        other->is_set = false;
        break;
    }
}

/* What is due has fired; what is not is set as the list says. */
static void check_entries(int64_t latest_due)
{
    for (size_t i = 0; i < COUNT; i++) {
        CHECK_INT(timer_is_set(&entries[i].timer), entries[i].is_set);
        CHECK(!entries[i].is_set || entries[i].at_ms > latest_due);
    }
}

TEST(timers__random_setting_moving_cancelling__agrees_with_a_list)
{
    timers_init(&wheel, START);
    house_seed(5);
    fired = 0;
    now_ms = START;
    for (size_t i = 0; i < COUNT; i++)
        entries[i] = (struct entry){.timer = {.fire = on_entry}};
    for (int step = 0; step < 6000; step++) {
        for (uint64_t n = house_random(5); n > 0; n--) {
            struct entry *e = &entries[house_random(COUNT)];
            if (house_random(4) == 0) {
                timer_cancel(&wheel, &e->timer);
                e->is_set = false;
            } else {
                set_entry(e, now_ms + some_distance());
            }
        }
        int64_t pass = house_random(50) == 0 ? some_distance() : (int64_t)house_random(300);
        if (house_random(4) == 0) {
            int wait = timers_wait_ms(&wheel, now_ms);
            pass = wait < 0 ? 5 : wait;
        }
        run_at(now_ms + pass);
        check_entries(now_ms - 2 * TIMERS_TICK_MS);
    }
    CHECK(fired > 1000);
}

TESTS(timers, TEST_ROW(timer__fires_up_to_a_tick_after_its_deadline_and_never_before),
      TEST_ROW(timers_wait_ms__never_sleeps_past_a_deadline),
      TEST_ROW(timer_set__moved__fires_at_its_last_deadline_only),
      TEST_ROW(timer_set__pushed_on_by_each_request__fires_once_the_requests_stop),
      TEST_ROW(timer_cancel__is_never_heard_of_again),
      TEST_ROW(timer__may_cancel_another_of_the_same_tick),
      TEST_ROW(timer__set_again_while_firing__fires_once_a_tick),
      TEST_ROW(timers__random_setting_moving_cancelling__agrees_with_a_list))
