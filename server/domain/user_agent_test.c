#include "server/domain/user_agent.h"

#include "tests/check.h"

static const struct {
    const char *field, *browser, *system;
} rows[] = {
    {"", "Unknown browser", "unknown system"},
    {"Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0", "Firefox", "Linux"},
    {"Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) "
     "Chrome/130.0.0.0 Safari/537.36",
     "Chrome", "Windows"},
    {"Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) "
     "Chrome/130.0.0.0 Safari/537.36 Edg/130.0.0.0",
     "Edge", "Windows"},
    {"Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) "
     "Version/17.4 Safari/605.1.15",
     "Safari", "macOS"},
    {"Mozilla/5.0 (iPhone; CPU iPhone OS 17_4 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like "
     "Gecko) CriOS/130.0.0.0 Mobile/15E148 Safari/604.1",
     "Chrome", "iPhone"},
    {"Mozilla/5.0 (Linux; Android 14; SM-G991B) AppleWebKit/537.36 (KHTML, like Gecko) "
     "SamsungBrowser/26.0 Chrome/122.0.0.0 Mobile Safari/537.36",
     "Samsung Internet", "Android"},
    {"Mozilla/5.0 (X11; CrOS x86_64 14541.0.0) AppleWebKit/537.36 (KHTML, like Gecko) "
     "Chrome/130.0.0.0 Safari/537.36",
     "Chrome", "ChromeOS"},
    {"Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) "
     "HeadlessChrome/130.0.0.0 Safari/537.36",
     "Chrome", "Linux"},
    {"curl/7.88.1", "curl", "unknown system"},
    {"firefox/1 linux", "Unknown browser", "unknown system"}, /* names have their case */
    {"Firefox", "Unknown browser", "unknown system"},
    {"\xFF\xFE<script>Firefox/</script>\r\nLinux", "Firefox", "Linux"},
};

TEST(user_agent_read__each_row)
{
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        check_row = rows[i].field;
        struct user_agent ua = user_agent_read(check_exact(str_from_cstr(rows[i].field)));
        CHECK_STR(ua.browser, str_from_cstr(rows[i].browser));
        CHECK_STR(ua.system, str_from_cstr(rows[i].system));
    }
    check_row = NULL;
}

TEST(user_agent_read__truncated_at_every_byte__is_some_words_of_ours)
{
    struct str whole = str_from_cstr(rows[6].field);
    for (size_t len = 0; len <= whole.len; len++) {
        struct user_agent ua = user_agent_read(check_exact(str_slice(whole, 0, len)));
        uint8_t text[USER_AGENT_TEXT_MAX];
        struct writer w = writer_into(text, sizeof text);
        CHECK(ua.browser.len > 0 && ua.system.len > 0);
        user_agent_write(&w, &ua);
        CHECK(!w.overflow && str_is_utf8(str_from(text, w.len)));
    }
}

TESTS(user_agent, TEST_ROW(user_agent_read__each_row),
      TEST_ROW(user_agent_read__truncated_at_every_byte__is_some_words_of_ours))
