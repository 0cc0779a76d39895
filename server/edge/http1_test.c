#include "server/edge/http1.h"

#include <stdio.h>
#include <stdlib.h>

#include "tests/check.h"
#include "tests/support/vector.h"

#define VECTORS        "tests/vectors/http1.txt"
#define REQUEST_MAX    (HEAD_SIZE_MAX + BODY_SIZE_MAX + 1024)
#define CASES_AT_LEAST 130

/* What the edge says to these bytes, in the words of the table. */
static struct str verdict(struct str bytes, size_t *seen, char out[static 4096])
{
    struct http1_request r;
    struct http1_refusal why = {0};
    size_t head_len = 0;
    int len;
    enum err e = http1_head_end(bytes, seen, &head_len, &why);
    if (e == ERR_AGAIN)
        return STR("more");
    if (e == OK) {
        CHECK(head_len <= bytes.len && head_len <= HEAD_SIZE_MAX);
        e = http1_parse(check_exact(str_slice(bytes, 0, head_len)), &r, &why);
    }
    if (e != OK) {
        CHECK_INT(e, ERR_PEER);
        CHECK(why.why != NULL && strlen(why.why) > 10);
        len = snprintf(out, 4096, "%u", why.status);
    } else {
        static const char *const names[] = {"?",   "GET",   "HEAD",   "POST",
                                            "PUT", "PATCH", "DELETE", "OPTIONS"};
        len = snprintf(out, 4096, "ok %s %.*s %zu%s%s", names[r.method], STR_ARGS(r.path),
                       r.content_length, r.wants_close ? " close" : "",
                       r.expects_continue ? " continue" : "");
    }
    return str_from(out, (size_t)len);
}

static void check_whole(const struct vector_row *row, struct str request)
{
    char text[4096];
    size_t seen = 0;
    CHECK_STR(verdict(check_exact(request), &seen, text), row->column[0]);
}

/* However the bytes arrive, nothing is said before they are there, and then the same. */
static void check_byte_by_byte(const struct vector_row *row, struct str request)
{
    char text[4096];
    size_t seen = 0;
    struct str said = STR("more");
    for (size_t len = 0; len <= request.len && str_eq(said, STR("more")); len++)
        said = verdict(str_slice(request, 0, len), &seen, text);
    CHECK_STR(said, row->column[0]);
}

static void check_row_once(const struct vector_row *row)
{
    static uint8_t room[REQUEST_MAX];
    struct str request = vector_bytes(row->column[2], room, sizeof room);
    check_whole(row, request);
    check_byte_by_byte(row, request);
}

TEST(http1__table_of_requests_whole_and_byte_by_byte)
{
    size_t count = vector_each(VECTORS, 3, check_row_once);
    CHECK(count >= CASES_AT_LEAST);
}

/* ---- the five questions ---------------------------------------------------------------------- */

#define GOOD "POST /x?y=z HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nCookie: k=v\r\n\r\n"
static const struct str good = {(const uint8_t *)GOOD, sizeof GOOD - 1};

static enum err parse(struct str head, struct http1_request *out)
{
    struct http1_refusal why;
    return http1_parse(check_exact(head), out, &why);
}

TEST(http1_parse__nothing_at_all_is_refused)
{
    struct http1_request r;
    struct http1_refusal why;
    size_t seen = 0, head_len;
    CHECK_INT(http1_head_end(STR_NONE, &seen, &head_len, &why), ERR_AGAIN);
    CHECK_INT(parse(STR_NONE, &r), ERR_PEER);
    CHECK_INT(parse(STR("\r\n\r\n"), &r), ERR_PEER);
}

TEST(http1_parse__a_head_cut_at_any_byte_is_refused)
{
    struct http1_request r;
    for (size_t len = 0; len < good.len; len++) {
        size_t seen = 0, head_len;
        struct http1_refusal why;
        CHECK_INT(http1_head_end(check_exact(str_slice(good, 0, len)), &seen, &head_len, &why),
                  ERR_AGAIN);
        CHECK_INT(parse(str_slice(good, 0, len), &r), ERR_PEER);
    }
    CHECK_INT(parse(good, &r), OK);
}

TEST(http1_parse__what_was_understood_are_views_of_the_head)
{
    struct http1_request r;
    CHECK_INT(parse(good, &r), OK);
    CHECK_INT(r.method, METHOD_POST);
    CHECK_STR(r.target, STR("/x?y=z"));
    CHECK_STR(r.path, STR("/x"));
    CHECK_STR(r.field[FIELD_HOST], STR("a"));
    CHECK_STR(r.field[FIELD_COOKIE], STR("k=v"));
    CHECK_STR(r.field[FIELD_ORIGIN], STR_NONE);
    CHECK_INT(r.content_length, 3);
}

TEST(http1_parse__every_field_the_core_may_ask_for_arrives_under_its_name)
{
    static const struct {
        enum field field;
        const char *name;
    } rows[] = {
        {FIELD_AUTHORIZATION, "authorization"},   {FIELD_DEVICE_MAC, "X-DEVICE-MAC"},
        {FIELD_CONTENT_TYPE, "Content-type"},     {FIELD_COOKIE, "cookie"},
        {FIELD_CSRF_TOKEN, "x-csrf-token"},       {FIELD_ORIGIN, "origin"},
        {FIELD_SEC_FETCH_SITE, "SEC-fetch-Site"}, {FIELD_ACCEPT, "accept"},
        {FIELD_USER_AGENT, "User-Agent"},         {FIELD_IF_NONE_MATCH, "if-none-match"},
        {FIELD_LAST_EVENT_ID, "last-event-id"},
    };
    CHECK_INT(sizeof rows / sizeof rows[0], FIELD_COUNT - 1); /* and Host */
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char text[200];
        struct http1_request r;
        check_row = rows[i].name;
        int len = snprintf(text, sizeof text, "GET / HTTP/1.1\r\nHost: h\r\n%s: %zu!\r\n\r\n",
                           rows[i].name, i);
        CHECK_INT(parse(str_from(text, (size_t)len), &r), OK);
        for (size_t f = 0; f < FIELD_COUNT; f++) {
            char expected[8];
            snprintf(expected, sizeof expected, "%zu!", i);
            CHECK_STR(r.field[f], f == rows[i].field ? str_from_cstr(expected)
                                  : f == FIELD_HOST  ? STR("h")
                                                     : STR_NONE);
        }
    }
    check_row = NULL;
}

TEST(http1_head_end__bytes_behind_the_head_are_left_alone)
{
    struct http1_refusal why;
    size_t seen = 0, head_len = 0;
    struct str bytes = STR("GET / HTTP/1.1\r\nHost: a\r\n\r\n\nanything \r\r\n");
    CHECK_INT(http1_head_end(check_exact(bytes), &seen, &head_len, &why), OK);
    CHECK_INT(head_len, 27);
}

TESTS(http1, TEST_ROW(http1__table_of_requests_whole_and_byte_by_byte),
      TEST_ROW(http1_parse__nothing_at_all_is_refused),
      TEST_ROW(http1_parse__a_head_cut_at_any_byte_is_refused),
      TEST_ROW(http1_parse__what_was_understood_are_views_of_the_head),
      TEST_ROW(http1_parse__every_field_the_core_may_ask_for_arrives_under_its_name),
      TEST_ROW(http1_head_end__bytes_behind_the_head_are_left_alone))
