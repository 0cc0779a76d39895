#include "server/api/cookie.h"

#include "tests/check.h"

static const struct {
    const char *cookies, *value, *why;
} rows[] = {
    {"", "", "none at all"},
    {"__Host-session=abc", "abc", "alone"},
    {"a=1; __Host-session=abc; b=2", "abc", "among others"},
    {"a=1;__Host-session=abc", "abc", "without the space"},
    {"__Host-session=a=b", "a=b", "an equals sign in the value is its own"},
    {"__Host-session=one; __Host-session=two", "one", "the first counts"},
    {"__Host-session=", "", "no value"},
    {"__Host-session", "", "no equals sign"},
    {"x__Host-session=abc", "", "a longer name"},
    {"__Host-sessio=abc", "", "a shorter one"},
    {"__host-session=abc", "", "names have their case"},
    {"__Host-session =abc", "", "a space before the equals sign"},
    {";;; ;", "", "only separators"},
    {"a=1; __Host-session=abc;", "abc", "a trailing separator"},
};

TEST(cookie_session__each_row)
{
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        check_str(__FILE__, __LINE__, rows[i].why,
                  cookie_session(check_exact(str_from_cstr(rows[i].cookies))),
                  str_from_cstr(rows[i].value));
}

TEST(cookie_session__truncated_at_every_byte__is_a_beginning_or_nothing)
{
    struct str whole = STR("a=1; __Host-session=abcdef"), value = STR("abcdef");
    for (size_t len = 0; len <= whole.len; len++)
        CHECK(str_starts(value, cookie_session(check_exact(str_slice(whole, 0, len)))));
}

TESTS(cookie, TEST_ROW(cookie_session__each_row),
      TEST_ROW(cookie_session__truncated_at_every_byte__is_a_beginning_or_nothing))
