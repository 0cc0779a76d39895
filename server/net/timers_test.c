#include "server/net/timers.h"

#include <stdlib.h>

#include "tests/check.h"

#define START_MS INT64_C(1000000007) /* no multiple of anything */
#define HOUR_MS  INT64_C(3600000)
#define CROWD    500
#define FAR_MS   (INT64_C(4) * 24 * HOUR_MS) /* beyond the highest level */
#define LATE_MS  (TIMERS_TICK_MS)

static struct timers wheel;
static int64_t now_ms;

struct alarm {
    struct timer timer;
    int64_t fired_at_ms; /* 0: not yet */
    int times;
    struct alarm *cancels; /* another one, when this fires */
    int64_t again_ms;      /* set anew by this much, when this fires */
};

static void on_fire(struct timer *t)
{
    struct alarm *a = (struct alarm *)(void *)t;
    CHECK(!timer_is_set(t));
    a->fired_at_ms = now_ms;
    a->times++;
    if (a->cancels != NULL)
        timer_cancel(&wheel, &a->cancels->timer);
    if (a->again_ms > 0)
        timer_set(&wheel, t, now_ms + a->again_ms);
}

static void begin(void)
{
    now_ms = START_MS;
    timers_init(&wheel, now_ms);
}

static struct alarm alarm_new(void)
{
    struct alarm a = {.timer.fire = on_fire};
    return a;
}

/* As a loop does: sleep as long as is said, or until end, then run. */
static void sleep_until(int64_t end_ms)
{
    while (now_ms < end_ms) {
        int wait_ms = timers_wait_ms(&wheel, now_ms);
        int64_t next = wait_ms < 0 || now_ms + wait_ms > end_ms ? end_ms : now_ms + wait_ms;
        now_ms = next > now_ms ? next : now_ms + 1;
        timers_run(&wheel, now_ms);
        timers_check(&wheel);
    }
}

/* How far ahead a deadline is, and that it fires within a tick of it. */
TEST(timers__each_distance__fires_on_time)
{
    static const int64_t rows_ms[] = {
        0,         1,       15,          16,           17,     1000,        1007,
        1008,      1023,    1024,        1025,         5000,   64 * 16 - 1, 64 * 16 + 1,
        65 * 1000, 65536,   65537,       75000,        400000, 64 * 65536,  4194303,
        4194304,   HOUR_MS, 7 * HOUR_MS, 24 * HOUR_MS, FAR_MS};
    for (size_t i = 0; i < sizeof rows_ms / sizeof rows_ms[0]; i++) {
        char row[32];
        begin();
        struct alarm a = alarm_new();
        snprintf(row, sizeof row, "%lld ms", (long long)rows_ms[i]);
        check_row = row;
        timer_set(&wheel, &a.timer, START_MS + rows_ms[i]);
        CHECK(timer_is_set(&a.timer));
        timers_check(&wheel);
        sleep_until(START_MS + rows_ms[i] + 3 * LATE_MS);
        CHECK_INT(a.times, 1);
        CHECK(a.fired_at_ms >= START_MS + rows_ms[i]);
        CHECK(a.fired_at_ms <= START_MS + rows_ms[i] + 2 * LATE_MS);
        CHECK_INT(timers_wait_ms(&wheel, now_ms), -1);
    }
    check_row = NULL;
}

TEST(timers__after_one_long_sleep__all_that_is_due_has_fired)
{
    static struct alarm crowd[CROWD];
    begin();
    for (int i = 0; i < CROWD; i++) {
        crowd[i] = alarm_new();
        timer_set(&wheel, &crowd[i].timer, START_MS + (int64_t)i * 7001);
    }
    now_ms = START_MS + (int64_t)CROWD / 2 * 7001;
    timers_run(&wheel, now_ms);
    timers_check(&wheel);
    for (int i = 0; i < CROWD; i++)
        CHECK_INT(crowd[i].times, i < CROWD / 2 ? 1 : crowd[i].times);
    CHECK_INT(crowd[CROWD / 2 + 1].times, 0);
    CHECK_INT(crowd[CROWD - 1].times, 0);
}

TEST(timers__moved_later__does_not_fire_before)
{
    begin();
    struct alarm a = alarm_new();
    timer_set(&wheel, &a.timer, START_MS + 1000);
    for (int i = 1; i <= 100; i++) {
        sleep_until(START_MS + i * 500);
        timer_set(&wheel, &a.timer, now_ms + 1000);
        CHECK_INT(a.times, 0);
    }
    sleep_until(now_ms + 1100);
    CHECK_INT(a.times, 1);
}

TEST(timers__moved_sooner__fires_sooner)
{
    begin();
    struct alarm a = alarm_new();
    timer_set(&wheel, &a.timer, START_MS + HOUR_MS);
    timer_set(&wheel, &a.timer, START_MS + 100);
    timers_check(&wheel);
    sleep_until(START_MS + 200);
    CHECK_INT(a.times, 1);
    sleep_until(START_MS + HOUR_MS + 1000);
    CHECK_INT(a.times, 1);
}

TEST(timers__cancelled__never_fires_and_may_be_cancelled_twice)
{
    begin();
    struct alarm a = alarm_new();
    timer_cancel(&wheel, &a.timer);
    timer_set(&wheel, &a.timer, START_MS + 100);
    timer_cancel(&wheel, &a.timer);
    timer_cancel(&wheel, &a.timer);
    CHECK(!timer_is_set(&a.timer));
    CHECK_INT(timers_wait_ms(&wheel, now_ms), -1);
    sleep_until(START_MS + 1000);
    CHECK_INT(a.times, 0);
}

/* Two of the same slot: the first one ends the second's connection. */
TEST(timers__cancelled_by_another_that_fires__does_not_fire)
{
    begin();
    struct alarm a = alarm_new(), b = alarm_new();
    a.cancels = &b;
    b.cancels = &a;
    timer_set(&wheel, &a.timer, START_MS + 100);
    timer_set(&wheel, &b.timer, START_MS + 100);
    sleep_until(START_MS + 1000);
    CHECK_INT(a.times + b.times, 1);
}

TEST(timers__set_again_while_firing__waits_its_time)
{
    begin();
    struct alarm a = alarm_new();
    a.again_ms = 1000;
    timer_set(&wheel, &a.timer, START_MS + 1000);
    sleep_until(START_MS + 10500);
    CHECK(a.times == 9 || a.times == 10);
    CHECK(timer_is_set(&a.timer));
}

/* Many, set, moved and cancelled at random, against the plain list of what each should do. */
TEST(timers__a_crowd__behaves_like_a_list)
{
    static struct alarm crowd[CROWD];
    static int64_t due_ms[CROWD]; /* 0: not set */
    begin();
    srand(7);
    for (int i = 0; i < CROWD; i++)
        crowd[i] = alarm_new();
    for (int step = 0; step < 20000; step++) {
        int i = rand() % CROWD;
        if (rand() % 4 == 0) {
            timer_cancel(&wheel, &crowd[i].timer);
            due_ms[i] = 0;
        } else {
            due_ms[i] = now_ms + 1 + rand() % (rand() % 3 == 0 ? 200000 : 2000);
            timer_set(&wheel, &crowd[i].timer, due_ms[i]);
            crowd[i].times = 0;
        }
        now_ms += rand() % 50;
        timers_run(&wheel, now_ms);
        if (step % 100 != 0)
            continue;
        timers_check(&wheel);
        for (int k = 0; k < CROWD; k++) {
            bool is_due = due_ms[k] != 0 && due_ms[k] <= now_ms - 2 * LATE_MS;
            bool is_ahead = due_ms[k] == 0 || due_ms[k] > now_ms;
            CHECK(!is_due || crowd[k].times == 1);
            CHECK(!is_ahead || !timer_is_set(&crowd[k].timer) || crowd[k].times == 0);
            CHECK(timer_is_set(&crowd[k].timer) || due_ms[k] <= now_ms);
        }
    }
}

TESTS(timers, TEST_ROW(timers__each_distance__fires_on_time),
      TEST_ROW(timers__after_one_long_sleep__all_that_is_due_has_fired),
      TEST_ROW(timers__moved_later__does_not_fire_before),
      TEST_ROW(timers__moved_sooner__fires_sooner),
      TEST_ROW(timers__cancelled__never_fires_and_may_be_cancelled_twice),
      TEST_ROW(timers__cancelled_by_another_that_fires__does_not_fire),
      TEST_ROW(timers__set_again_while_firing__waits_its_time),
      TEST_ROW(timers__a_crowd__behaves_like_a_list))
