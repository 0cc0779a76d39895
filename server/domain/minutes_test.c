#include "server/domain/minutes.h"

#include "tests/check.h"

static struct minutes minutes;

TEST(minutes_add__merges_readings_of_one_series_and_minute)
{
    CHECK_INT(minutes_init(&minutes), OK);
    minutes_add(&minutes, 7, 100, 2.5);
    minutes_add(&minutes, 7, 100, -1);
    minutes_add(&minutes, 7, 101, 3);
    minutes_add(&minutes, 8, 100, 4);
    CHECK_INT(minutes.count, 3);
    size_t position = 0;
    int64_t readings = 0;
    const struct minute *at;
    while ((at = minutes_next(&minutes, &position)) != NULL) {
        readings += at->count;
        if (at->series_id != 7 || at->minute != 100)
            continue;
        CHECK(at->min == -1 && at->max == 2.5 && at->sum == 1.5);
        CHECK_INT(at->count, 2);
    }
    CHECK_INT(readings, 4);
    minutes_clear(&minutes);
    position = 0;
    CHECK(minutes.count == 0 && minutes_next(&minutes, &position) == NULL);
    minutes_done(&minutes);
}

TEST(minutes_add__as_many_as_fit__are_all_there_once)
{
    CHECK_INT(minutes_init(&minutes), OK);
    for (int64_t round = 0; round < 2; round++) {
        for (int64_t i = 0; i < MINUTES_MAX; i++)
            minutes_add(&minutes, 1 + i / 3, 29000000 + i % 3, (double)i);
    }
    CHECK_INT(minutes.count, MINUTES_MAX);
    size_t position = 0, seen = 0;
    const struct minute *at;
    for (; (at = minutes_next(&minutes, &position)) != NULL; seen++)
        CHECK(at->count == 2 && at->min == at->max && at->sum == 2 * at->max);
    CHECK_INT(seen, MINUTES_MAX);
    minutes_done(&minutes);
}

TESTS(minutes, TEST_ROW(minutes_add__merges_readings_of_one_series_and_minute),
      TEST_ROW(minutes_add__as_many_as_fit__are_all_there_once))
