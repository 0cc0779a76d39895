#include "server/limit/gcra.h"

#include "tests/check.h"

#define S INT64_C(1000000)

/* Five a minute: what happens to a row of arrivals. */
TEST(gcra__table)
{
    static const struct {
        const char *what;
        int64_t count, window_us;
        int64_t at_us[8];
        size_t arrivals;
        unsigned allowed; /* a bit each, the first is the lowest */
        int64_t wait_us;  /* of the last one */
    } rows[] = {
        {"a burst, and one too many", 5, 60 * S, {S, S, S, S, S, S}, 6, 0x1F, 12 * S},
        {"the sixth after a rest", 5, 60 * S, {S, S, S, S, S, 13 * S}, 6, 0x3F, 0},
        {"the sixth a moment early", 5, 60 * S, {S, S, S, S, S, 13 * S - 1}, 6, 0x1F, 1},
        {"spread out, all pass",
         5,
         60 * S,
         {0, 12 * S, 24 * S, 36 * S, 48 * S, 60 * S},
         6,
         0x3F,
         0},
        {"refused ones cost nothing", 1, 10 * S, {0, S, 2 * S, 10 * S}, 4, 0x9, 0},
        {"a long rest saves up no more than the burst",
         2,
         2 * S,
         {0, 900 * S, 900 * S, 900 * S},
         4,
         0x7,
         S},
        {"one every microsecond", 1000000000, S, {5, 5, 5, 5}, 4, 0xF, 0},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct gcra_rate rate = gcra_rate_of(rows[i].count, rows[i].window_us);
        struct gcra_verdict v = {0};
        check_row = rows[i].what;
        for (size_t k = 0; k < rows[i].arrivals; k++) {
            int64_t before = v.arrival_us;
            v = gcra(before, rate, rows[i].at_us[k]);
            CHECK_INT(v.is_allowed, rows[i].allowed >> k & 1);
            CHECK(v.is_allowed ? v.arrival_us > before && v.wait_us == 0
                               : v.arrival_us == before && v.wait_us > 0);
        }
        CHECK_INT(v.wait_us, rows[i].wait_us);
    }
    check_row = NULL;
}

TEST(gcra__left__counts_down_to_none)
{
    struct gcra_rate rate = {S, 3};
    struct gcra_verdict v = gcra(0, rate, 100 * S);
    CHECK_INT(v.left, 2);
    v = gcra(v.arrival_us, rate, 100 * S);
    CHECK_INT(v.left, 1);
    v = gcra(v.arrival_us, rate, 100 * S);
    CHECK_INT(v.left, 0);
    CHECK(!gcra(v.arrival_us, rate, 100 * S).is_allowed);
}

/* In any stretch of time: no more than the burst and one an interval. */
TEST(gcra__never_more_than_promised)
{
    struct gcra_rate rate = {100, 40};
    int64_t arrival = 0, allowed = 0;
    for (int64_t now = 0; now < 100000; now += 7) {
        struct gcra_verdict v = gcra(arrival, rate, now);
        arrival = v.arrival_us;
        allowed += v.is_allowed;
        CHECK(allowed <= 40 + now / 100);
    }
    CHECK_INT(allowed, 40 + 99995 / 100);
}

TESTS(gcra, TEST_ROW(gcra__table), TEST_ROW(gcra__left__counts_down_to_none),
      TEST_ROW(gcra__never_more_than_promised))
