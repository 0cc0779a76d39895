#include "server/courier/call.h"
#include "tests/check.h"

static enum outbound_verdict read_answer(struct str body)
{
    struct str text = STR_NONE;
    return turnstile_read(check_exact(body), &text);
}

TEST(answers__a_table)
{
    const struct {
        struct str body;
        enum outbound_verdict verdict;
    } rows[] = {
        {STR("{\"success\":true}"), OUTBOUND_DONE},
        {STR("{\"success\":true,\"error-codes\":[],\"hostname\":\"a\",\"cdata\":{\"b\":[1]}}"),
         OUTBOUND_DONE},
        {STR("{\"success\":false,\"error-codes\":[\"invalid-input-response\"]}"), OUTBOUND_REFUSED},
        {STR("{\"success\":false,\"error-codes\":[\"timeout-or-duplicate\"]}"), OUTBOUND_REFUSED},
        {STR("{\"success\":false}"), OUTBOUND_REFUSED},
        {STR("{\"error-codes\":[\"internal-error\"],\"success\":false}"), OUTBOUND_UNREACHABLE},
        {STR("{\"success\":false,\"error-codes\":[\"x\",\"invalid-input-secret\"]}"),
         OUTBOUND_UNREACHABLE},
        {STR("{\"success\":false,\"error-codes\":[\"missing-input-secret\"]}"),
         OUTBOUND_UNREACHABLE},
        /* what is no answer is never a yes */
        {STR(""), OUTBOUND_UNREACHABLE},
        {STR("{}"), OUTBOUND_UNREACHABLE},
        {STR("[true]"), OUTBOUND_UNREACHABLE},
        {STR("{\"success\":\"true\"}"), OUTBOUND_UNREACHABLE},
        {STR("{\"success\":1}"), OUTBOUND_UNREACHABLE},
        {STR("{\"success\":true} x"), OUTBOUND_UNREACHABLE},
        {STR("{\"success\":true,\"error-codes\":[1]}"), OUTBOUND_UNREACHABLE},
        {STR("<html>"), OUTBOUND_UNREACHABLE},
        /* the first one counts */
        {STR("{\"success\":false,\"success\":true}"), OUTBOUND_REFUSED},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        check_row = (const char *)rows[i].body.ptr;
        CHECK_INT(read_answer(rows[i].body), rows[i].verdict);
    }
    check_row = NULL;
}

TEST(an_answer__truncated_at_any_byte__is_none)
{
    struct str whole = STR("{\"success\":true,\"error-codes\":[\"a\"],\"hostname\":\"\\u00e9\"}");
    CHECK_INT(read_answer(whole), OUTBOUND_DONE);
    for (size_t len = 0; len < whole.len; len++)
        CHECK_INT(read_answer(str_slice(whole, 0, len)), OUTBOUND_UNREACHABLE);
}

TEST(a_code_longer_than_any__is_no_yes)
{
    static uint8_t body[CALL_GOT_MAX];
    struct writer w = writer_into(body, sizeof body);
    writer_str(&w, STR("{\"success\":true,\"error-codes\":[\""));
    while (w.len < sizeof body - 10)
        writer_str(&w, STR("\\n"));
    writer_str(&w, STR("\"]}"));
    CHECK_INT(read_answer(str_from(body, w.len)), OUTBOUND_UNREACHABLE);
}

TEST(place__host_and_port)
{
    const struct {
        const char *url, *host;
        uint16_t port;
        enum err e;
    } rows[] = {
        {"https://a.example/x", "a.example", 443, OK},
        {"https://a.example", "a.example", 443, OK},
        {"https://localhost:8443/turnstile/v0", "localhost", 8443, OK},
        {"https://a:0/", "", 0, ERR_PEER},
        {"https://a:65536/", "", 0, ERR_PEER},
        {"https://a:/", "", 0, ERR_PEER},
        {"https:///x", "", 0, ERR_PEER},
        {"http://a/", "", 0, ERR_PEER},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct turnstile_settings s = {.port = 0};
        check_row = rows[i].url;
        strcpy(s.url, rows[i].url);
        CHECK_INT(turnstile_place(&s), rows[i].e);
        if (rows[i].e != OK)
            continue;
        CHECK(strcmp(s.host, rows[i].host) == 0);
        CHECK_INT(s.port, rows[i].port);
    }
    check_row = NULL;
}

TESTS(turnstile, TEST_ROW(answers__a_table), TEST_ROW(an_answer__truncated_at_any_byte__is_none),
      TEST_ROW(a_code_longer_than_any__is_no_yes), TEST_ROW(place__host_and_port))
