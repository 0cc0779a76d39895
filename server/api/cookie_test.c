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

TEST(cookie_browser__is_another_cookie)
{
    struct str both = STR("__Host-session=abc; __Host-browser=xyz");
    CHECK_STR(cookie_browser(both), STR("xyz"));
    CHECK_STR(cookie_session(both), STR("abc"));
    CHECK_INT(cookie_browser(STR("__Host-session=abc")).len, 0);
}

TEST(cookie_set__is_for_this_host_alone)
{
    uint8_t text[256];
    struct writer w = writer_into(text, sizeof text);
    cookie_set_session(&w, STR("abc"));
    cookie_set_browser(&w, STR("xyz"), 86400);
    cookie_remove_session(&w);
    CHECK_STR(str_from(text, w.len),
              STR("Set-Cookie: __Host-session=abc; Path=/; Secure; HttpOnly; SameSite=Strict\r\n"
                  "Set-Cookie: __Host-browser=xyz; Path=/; Secure; HttpOnly; SameSite=Strict; "
                  "Max-Age=86400\r\n"
                  "Set-Cookie: __Host-session=; Path=/; Secure; HttpOnly; SameSite=Strict; "
                  "Max-Age=0\r\n"));
}

TESTS(cookie, TEST_ROW(cookie_browser__is_another_cookie),
      TEST_ROW(cookie_set__is_for_this_host_alone), TEST_ROW(cookie_session__each_row),
      TEST_ROW(cookie_session__truncated_at_every_byte__is_a_beginning_or_nothing))
