#include "server/edge/redirect.h"

#include "tests/check.h"

static const struct front front = {.https_port = 8443, .name = "house.example"};

TEST(origin_write__table)
{
    static const struct {
        const char *host, *expected;
    } rows[] = {
        {"example.org", "https://example.org:8443"},
        {"example.org:8080", "https://example.org:8443"},
        {"example.org:", "https://example.org:8443"},
        {"EXAMPLE.org", "https://EXAMPLE.org:8443"},
        {"localhost", "https://localhost:8443"},
        {"a-b.c", "https://a-b.c:8443"},
        {"192.0.2.1:80", "https://192.0.2.1:8443"},
        {"[2001:db8::1]:80", "https://[2001:db8::1]:8443"},
        {"[::1]", "https://[::1]:8443"},
        /* anything else is answered with our own name */
        {"", "https://house.example:8443"},
        {"::1", "https://house.example:8443"},
        {"[]", "https://house.example:8443"},
        {"[1.2.3.4]", "https://house.example:8443"},
        {"[::1", "https://house.example:8443"},
        {"[::1]x", "https://house.example:8443"},
        {"[fe80::1%25eth0]", "https://house.example:8443"},
        {"a_b.example", "https://house.example:8443"},
        {"-a.example", "https://house.example:8443"},
        {"a-.example", "https://house.example:8443"},
        {".example", "https://house.example:8443"},
        {"example.", "https://house.example:8443"},
        {"a..b", "https://house.example:8443"},
        {"a b", "https://house.example:8443"},
        {"evil.example/path", "https://house.example:8443"},
        {"user@evil.example", "https://house.example:8443"},
        {"evil.example#", "https://house.example:8443"},
        {"evil.example\\", "https://house.example:8443"},
        {"evil.example\r\nSet-Cookie: a=b", "https://house.example:8443"},
        {"evil.example:80:80", "https://house.example:8443"},
        {"1.2.3", "https://house.example:8443"},
        {"256.1.1.1", "https://house.example:8443"},
        {"0x7f000001.0", "https://house.example:8443"},
        {"2130706433", "https://house.example:8443"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        uint8_t out[ORIGIN_SIZE_MAX];
        struct writer w = writer_into(out, sizeof out);
        check_row = rows[i].host;
        origin_write(&w, str_from_cstr(rows[i].host), &front);
        CHECK(!w.overflow);
        CHECK_STR(str_from(out, w.len), str_from_cstr(rows[i].expected));
    }
    check_row = NULL;
}

TEST(origin_write__the_usual_port_is_not_said)
{
    const struct front usual = {.https_port = 443, .name = "2001:db8::1"};
    uint8_t out[ORIGIN_SIZE_MAX];
    struct writer w = writer_into(out, sizeof out);
    origin_write(&w, STR("a_b"), &usual);
    CHECK_STR(str_from(out, w.len), STR("https://[2001:db8::1]"));
}

TEST(is_strict_host__lengths)
{
    char text[300];
    for (size_t i = 0; i < sizeof text; i++)
        text[i] = i % 64 == 63 ? '.' : 'a';
    CHECK(is_strict_host(str_from(text, 63)));
    CHECK(is_strict_host(str_from(text, 253)));
    CHECK(!is_strict_host(str_from(text, 254)));
    memset(text, 'a', sizeof text);
    CHECK(!is_strict_host(str_from(text, 64)));
}

TESTS(redirect, TEST_ROW(origin_write__table), TEST_ROW(origin_write__the_usual_port_is_not_said),
      TEST_ROW(is_strict_host__lengths))
