#include "server/domain/slots.h"

#include "tests/check.h"
#include "tests/support/house.h"

struct thing {
    uint64_t key;
    uint64_t name;
    bool is_in;
};

static uint64_t key_of(const void *entry)
{
    return ((const struct thing *)entry)->key;
}

static bool is_named(const void *entry, const void *name)
{
    return ((const struct thing *)entry)->name == *(const uint64_t *)name;
}

static struct thing *find(const struct slots *s, const struct thing *t)
{
    return slots_find(s, t->key, is_named, &t->name);
}

static void check_against(const struct slots *s, struct thing *things, size_t count)
{
    size_t in = 0, walked = 0, position = 0;
    for (size_t i = 0; i < count; i++) {
        CHECK(find(s, &things[i]) == (things[i].is_in ? &things[i] : NULL));
        in += things[i].is_in;
    }
    CHECK_INT(s->count, in);
    CHECK(s->count <= s->cap / 4 * 3);
    for (struct thing *t; (t = slots_next(s, &position)) != NULL; walked++)
        CHECK(t->is_in);
    CHECK_INT(walked, in);
}

/* Random adding and removing against a flag in each thing. */
static void soak(uint64_t (*make_key)(uint64_t name))
{
    static struct thing things[700];
    size_t count = sizeof things / sizeof things[0];
    struct slots s;
    slots_init(&s, key_of);
    house_seed(4);
    for (size_t i = 0; i < count; i++)
        things[i] = (struct thing){make_key(i), i, false};
    check_against(&s, things, count);
    for (int step = 0; step < 20000; step++) {
        struct thing *t = &things[house_random(step < 10000 ? count : 60)];
        if (t->is_in)
            slots_remove(&s, t);
        else
            CHECK_INT(slots_add(&s, t), OK);
        t->is_in = !t->is_in;
        if (step % 97 == 0)
            check_against(&s, things, count);
    }
    check_against(&s, things, count);
    slots_done(&s);
    CHECK(find(&s, &things[0]) == NULL);
    CHECK_INT(slots_add(&s, &things[0]), OK);
    CHECK(find(&s, &things[0]) == &things[0]);
    slots_done(&s);
}

static uint64_t same_home(uint64_t name)
{
    (void)name;
    return UINT64_C(0xFFFFFFFF00000000); /* the last slot of every size: the run wraps around */
}

static uint64_t few_homes(uint64_t name)
{
    return (name % 7) << 60 | (name % 3) << 32;
}

TEST(slots__random_adding_and_removing__agrees_with_a_list)
{
    soak(slots_spread);
}

TEST(slots__every_key_the_same__agrees_with_a_list)
{
    soak(same_home);
}

TEST(slots__keys_in_heaps__agrees_with_a_list)
{
    soak(few_homes);
}

TEST(slots_spread__consecutive_numbers_part_ways)
{
    enum { HOMES = 1024 };
    static uint16_t hits[HOMES];
    unsigned most = 0;
    for (uint64_t n = 1; n <= HOMES; n++) {
        unsigned now = ++hits[slots_spread(n) >> 32 & (HOMES - 1)];
        most = now > most ? now : most;
    }
    CHECK(most <= 8);
}

TESTS(slots, TEST_ROW(slots__random_adding_and_removing__agrees_with_a_list),
      TEST_ROW(slots__every_key_the_same__agrees_with_a_list),
      TEST_ROW(slots__keys_in_heaps__agrees_with_a_list),
      TEST_ROW(slots_spread__consecutive_numbers_part_ways))
