#include "common/base/arena.h"

#include "common/base/checked.h"
#include "tests/check.h"

TEST(arena__slices_are_zeroed_aligned_and_apart)
{
    static _Alignas(max_align_t) uint8_t block[256];
    memset(block, 0xEE, sizeof block);
    struct arena a = arena_over(block, sizeof block);
    uint8_t *first = arena_alloc(&a, 1);
    uint8_t *second = arena_alloc(&a, 8);
    CHECK(first != NULL && second != NULL && second >= first + 1);
    CHECK_INT((uintptr_t)second % _Alignof(max_align_t), 0);
    CHECK(*first == 0 && second[0] == 0 && second[7] == 0);
}

TEST(arena__used_up__is_null_and_stays_whole)
{
    static _Alignas(max_align_t) uint8_t block[64];
    struct arena a = arena_over(block, sizeof block);
    CHECK(arena_alloc(&a, 65) == NULL);
    CHECK(arena_alloc(&a, SIZE_MAX) == NULL);
    CHECK(arena_alloc(&a, 64) != NULL);
    CHECK(arena_alloc(&a, 1) == NULL);
    arena_reset(&a);
    CHECK(arena_alloc(&a, 64) != NULL);
}

TEST(arena_copy__outlives_its_source)
{
    static _Alignas(max_align_t) uint8_t block[64];
    struct arena a = arena_over(block, sizeof block);
    char source[] = "text";
    struct str copy;
    CHECK_INT(arena_copy(&a, str_from(source, 4), &copy), OK);
    source[0] = 'X';
    CHECK_STR(copy, STR("text"));
    CHECK_INT(arena_copy(&a, STR_NONE, &copy), OK);
    CHECK_INT(copy.len, 0);
    CHECK_INT(arena_copy(&a, str_from(block, 64), &copy), ERR_NO_MEMORY);
}

TEST(checked__what_does_not_fit__leaves_the_result_alone)
{
    size_t out = 7;
    CHECK(checked_add(SIZE_MAX - 1, 1, &out) && out == SIZE_MAX);
    out = 7;
    CHECK(!checked_add(SIZE_MAX, 1, &out) && out == 7);
    CHECK(checked_mul(SIZE_MAX / 2, 2, &out) && out == SIZE_MAX - 1);
    out = 7;
    CHECK(!checked_mul(SIZE_MAX / 2 + 1, 2, &out) && out == 7);
    CHECK(checked_mul(0, SIZE_MAX, &out) && out == 0);
}

TESTS(arena, TEST_ROW(arena__slices_are_zeroed_aligned_and_apart),
      TEST_ROW(arena__used_up__is_null_and_stays_whole), TEST_ROW(arena_copy__outlives_its_source),
      TEST_ROW(checked__what_does_not_fit__leaves_the_result_alone))
