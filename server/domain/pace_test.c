#include "server/domain/pace.h"

#include "tests/check.h"

#define NOW    INT64_C(1795363200000) /* a whole hour */
#define MINUTE INT64_C(60000)

static void take(struct pace *p, unsigned count, int64_t at_ms)
{
    for (unsigned i = 0; i < count; i++)
        pace_note(p, at_ms);
}

TEST(each_doubling_beyond_the_usual_asks_for_a_bit_more)
{
    static const struct {
        const char *what;
        unsigned taken;
        uint8_t bits, when_busy;
    } rows[] = {
        {"nobody", 0, 18, 20},          {"the usual", 16, 18, 20},   {"not yet double", 31, 18, 20},
        {"double", 32, 19, 21},         {"four times", 64, 20, 22},  {"eight times", 128, 21, 22},
        {"sixteen times", 256, 22, 22}, {"a flood", 100000, 22, 22},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct pace p = {0};
        check_row = rows[i].what;
        take(&p, rows[i].taken, NOW);
        CHECK_INT(pace_recent(&p, NOW), rows[i].taken);
        CHECK_INT(pace_bits(&p, NOW, false), rows[i].bits);
        CHECK_INT(pace_bits(&p, NOW, true), rows[i].when_busy);
    }
    check_row = NULL;
}

TEST(ten_minutes_later_it_is_forgotten)
{
    struct pace p = {0};
    take(&p, 32, NOW);
    take(&p, 1, NOW + 5 * MINUTE);
    CHECK_INT(pace_recent(&p, NOW + 10 * MINUTE - 1), 33);
    CHECK_INT(pace_recent(&p, NOW + 10 * MINUTE), 1);
    CHECK_INT(pace_recent(&p, NOW + 15 * MINUTE), 0);
    take(&p, 2, NOW + 20 * MINUTE); /* the same slot */
    CHECK_INT(pace_recent(&p, NOW + 20 * MINUTE), 2);
}

TEST(a_clock_set_back_counts_what_is_ahead_as_nothing)
{
    struct pace p = {0};
    take(&p, 100, NOW);
    CHECK_INT(pace_recent(&p, NOW - 60 * MINUTE), 0);
    take(&p, 1, NOW - 60 * MINUTE);
    CHECK_INT(pace_recent(&p, NOW - 60 * MINUTE), 1);
}

TESTS(pace, TEST_ROW(each_doubling_beyond_the_usual_asks_for_a_bit_more),
      TEST_ROW(ten_minutes_later_it_is_forgotten),
      TEST_ROW(a_clock_set_back_counts_what_is_ahead_as_nothing))
