#include "common/base/str.h"

#include "tests/check.h"

TEST(str_eq__compares_bytes_and_lengths)
{
    CHECK(str_eq(STR("abc"), str_from("abc", 3)));
    CHECK(str_eq(STR_NONE, STR("")));
    CHECK(!str_eq(STR("abc"), STR("abd")));
    CHECK(!str_eq(STR("abc"), STR("ab")));
    CHECK(str_eq_nocase(STR("Content-TYPE"), STR("content-type")));
    CHECK(!str_eq_nocase(STR("a["), STR("a{"))); /* 0x5B and 0x7B differ by the case bit only */
    CHECK(str_eq_secret(STR("abc"), STR("abc")) && !str_eq_secret(STR("abc"), STR("abd")));
    CHECK(!str_eq_secret(STR("abc"), STR("ab")) && str_eq_secret(STR_NONE, STR("")));
}

TEST(str_slice__is_cut_to_what_exists)
{
    CHECK_STR(str_slice(STR("hello"), 1, 3), STR("ell"));
    CHECK_STR(str_slice(STR("hello"), 1, SIZE_MAX), STR("ello"));
    CHECK_STR(str_slice(STR("hello"), 5, 1), STR(""));
    CHECK_STR(str_slice(STR("hello"), 99, 1), STR(""));
    CHECK(str_starts(STR("hello"), STR("he")) && str_starts(STR("x"), STR_NONE));
    CHECK(!str_starts(STR("he"), STR("hello")));
    CHECK(str_ends(STR("hello"), STR("lo")) && !str_ends(STR("lo"), STR("hello")));
}

TEST(str_cut__splits_at_the_first_byte)
{
    struct str head;
    struct str tail;
    CHECK(str_cut(STR("a:b:c"), ':', &head, &tail));
    CHECK_STR(head, STR("a"));
    CHECK_STR(tail, STR("b:c"));
    CHECK(!str_cut(STR("abc"), ':', &head, &tail));
    CHECK_STR(head, STR("abc"));
    CHECK_STR(tail, STR(""));
    CHECK(str_cut(STR(":"), ':', &head, &tail));
    CHECK(head.len == 0 && tail.len == 0);
    CHECK_INT(str_find(STR("abc"), 'z'), 3);
    CHECK_INT(str_find(STR_NONE, 'z'), 0);
    CHECK_STR(str_trim(STR(" \t a b \t")), STR("a b"));
    CHECK_STR(str_trim(STR(" \t ")), STR(""));
}

TEST(str_u64__takes_canonical_digits_only)
{
    static const struct {
        const char *text;
        uint64_t max;
        enum err expected;
    } rows[] = {
        {"0", 0, OK},
        {"1", 0, ERR_PEER},
        {"18446744073709551615", UINT64_MAX, OK},
        {"18446744073709551616", UINT64_MAX, ERR_PEER},
        {"99999999999999999999", UINT64_MAX, ERR_PEER},
        {"100000000000000000000", UINT64_MAX, ERR_PEER},
        {"", 9, ERR_PEER},
        {"01", 9, ERR_PEER},
        {"+1", 9, ERR_PEER},
        {"-1", 9, ERR_PEER},
        {" 1", 9, ERR_PEER},
        {"1a", 99, ERR_PEER},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        uint64_t v = 5;
        check_row = rows[i].text;
        CHECK_INT(str_u64(check_exact(str_from_cstr(rows[i].text)), rows[i].max, &v),
                  rows[i].expected);
    }
    check_row = NULL;
}

TEST(str_to_cstr__needs_room_for_its_nul)
{
    char out[4];
    CHECK_INT(str_to_cstr(STR("abc"), out, sizeof out), OK);
    CHECK_STR(str_from_cstr(out), STR("abc"));
    CHECK_INT(str_to_cstr(STR("abcd"), out, sizeof out), ERR_LIMIT);
    CHECK_INT(str_to_cstr(STR("a\0b"), out, sizeof out), ERR_PEER);
    CHECK_INT(str_to_cstr(STR_NONE, out, sizeof out), OK);
}

TEST(str_is_utf8__table)
{
    static const struct {
        const char *text;
        bool good;
    } rows[] = {
        {"", true},
        {"plain", true},
        {"\xC2\x80", true},
        {"\xDF\xBF", true},
        {"\xE0\xA0\x80", true},
        {"\xED\x9F\xBF", true},
        {"\xEE\x80\x80", true},
        {"\xF0\x90\x80\x80", true},
        {"\xF4\x8F\xBF\xBF", true},
        {"\x80", false},
        {"\xC0\x80", false},         /* overlong */
        {"\xC1\xBF", false},         /* overlong */
        {"\xE0\x9F\xBF", false},     /* overlong */
        {"\xF0\x8F\xBF\xBF", false}, /* overlong */
        {"\xED\xA0\x80", false},     /* surrogate */
        {"\xF4\x90\x80\x80", false}, /* beyond U+10FFFF */
        {"\xF5\x80\x80\x80", false},
        {"\xFF", false},
        {"\xC2", false},
        {"\xE2\x82", false},
        {"\xF0\x9F\x98", false},
        {"\xC2\x41", false},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        CHECK_INT(str_is_utf8(check_exact(str_from_cstr(rows[i].text))), rows[i].good);
}

TEST(err_name__every_code_has_one)
{
    for (int e = OK; e <= ERR_CORRUPT; e++)
        CHECK(strcmp(err_name((enum err)e), "unknown") != 0);
}

TESTS(str, TEST_ROW(str_eq__compares_bytes_and_lengths), TEST_ROW(str_slice__is_cut_to_what_exists),
      TEST_ROW(str_cut__splits_at_the_first_byte), TEST_ROW(str_u64__takes_canonical_digits_only),
      TEST_ROW(str_to_cstr__needs_room_for_its_nul), TEST_ROW(str_is_utf8__table),
      TEST_ROW(err_name__every_code_has_one))
