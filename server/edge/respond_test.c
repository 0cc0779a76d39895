#include "server/edge/respond.h"

#include "common/wire/json.h"
#include "tests/check.h"

#define WALL_MS INT64_C(784111777123) /* the example of RFC 9110 section 5.6.7 */

static uint8_t room[ANSWER_HEAD_MAX];

static struct str head_of(const struct answer *a)
{
    struct str out;
    struct writer w = writer_into(room, sizeof room);
    answer_head_write(&w, a, true, WALL_MS);
    CHECK_INT(writer_end(&w, &out), OK);
    return out;
}

/* How often a line stands in the head, and its value the last time. */
static int count_field(struct str head, struct str name, struct str *value)
{
    struct str line, field;
    int count = 0;
    *value = STR_NONE;
    while (str_cut(head, '\n', &line, &head)) {
        CHECK(str_ends(line, STR("\r")));
        line.len--;
        struct str rest;
        if (!str_cut(line, ':', &field, &rest) || !str_eq_nocase(field, name))
            continue;
        *value = str_trim(rest);
        count++;
    }
    return count;
}

static void check_field(struct str head, const char *name, const char *expected)
{
    struct str value;
    CHECK_INT(count_field(head, str_from_cstr(name), &value), expected == NULL ? 0 : 1);
    if (expected != NULL && *expected != 0)
        CHECK_STR(value, str_from_cstr(expected));
}

static const uint16_t statuses[] = {200, 201, 202, 204, 304, 400, 401, 403, 404,
                                    405, 406, 408, 409, 410, 413, 414, 415, 417,
                                    422, 429, 431, 500, 501, 503, 505, 507, 599};

TEST(answer_head__every_status_of_every_kind__carries_the_security_fields)
{
    for (size_t i = 0; i < sizeof statuses / sizeof statuses[0]; i++) {
        for (int variant = 0; variant < 4; variant++) {
            struct answer a = {.status = statuses[i],
                               .kind = (variant & 1) == 0 ? ANSWER_API : ANSWER_PAGE,
                               .close = (variant & 2) != 0,
                               .headers = STR("Content-Type: text/plain\r\n")};
            struct str head = head_of(&a), policy;
            CHECK(str_starts(head, STR("HTTP/1.1 ")) && str_ends(head, STR("\r\n\r\n")));
            check_field(head, "Strict-Transport-Security", "max-age=31536000; includeSubDomains");
            check_field(head, "X-Content-Type-Options", "nosniff");
            check_field(head, "X-Frame-Options", "DENY");
            check_field(head, "Referrer-Policy", "same-origin");
            check_field(head, "Cross-Origin-Opener-Policy", "same-origin");
            check_field(head, "Cross-Origin-Resource-Policy", "same-origin");
            check_field(head, "Permissions-Policy", "");
            check_field(head, "Date", "Sun, 06 Nov 1994 08:49:37 GMT");
            check_field(head, "Server", NULL);
            check_field(head, "X-Powered-By", NULL);
            check_field(head, "Connection", a.close ? "close" : NULL);
            CHECK_INT(count_field(head, STR("Content-Security-Policy"), &policy), 1);
            CHECK(str_starts(policy, STR("default-src 'none';")));
            CHECK(strstr((const char *)room, "unsafe-") == NULL);
        }
    }
}

TEST(answer_head__framing)
{
    static const struct {
        uint16_t status;
        enum answer_framing framing;
        size_t len;
        const char *length, *coding;
        const char *why;
    } rows[] = {
        {200, FRAMED_BY_LENGTH, 0, "0", NULL, "an empty body has a length"},
        {200, FRAMED_BY_LENGTH, 1048576, "1048576", NULL, "a large one too"},
        {404, FRAMED_BY_LENGTH, 77, "77", NULL, "an error"},
        {204, FRAMED_BY_LENGTH, 0, NULL, NULL, "RFC 9110 section 8.6: no length in a 204"},
        {304, FRAMED_BY_LENGTH, 500, NULL, NULL, "a 304 has no body"},
        {200, FRAMED_BY_CHUNKS, 0, NULL, "chunked", "a stream"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct answer a = {
            .status = rows[i].status, .framing = rows[i].framing, .body_len = rows[i].len};
        check_row = rows[i].why;
        struct str head = head_of(&a);
        check_field(head, "Content-Length", rows[i].length);
        check_field(head, "Transfer-Encoding", rows[i].coding);
    }
    check_row = NULL;
}

TEST(answer_head__data_is_not_stored_unless_its_maker_says_so)
{
    struct answer a = {.status = 200, .kind = ANSWER_API};
    check_field(head_of(&a), "Cache-Control", "no-store");
    a.headers = STR("A: b\r\ncache-control: private, max-age=5\r\nC: d\r\n");
    check_field(head_of(&a), "Cache-Control", "private, max-age=5");
    a.headers = STR("X-Cache-Control: none\r\n");
    check_field(head_of(&a), "Cache-Control", "no-store");
    a = (struct answer){
        .status = 200, .kind = ANSWER_PAGE, .headers = STR("Cache-Control: no-cache\r\n")};
    check_field(head_of(&a), "Cache-Control", "no-cache");
}

static bool has(struct str text, const char *part)
{
    return memmem(text.ptr, text.len, part, strlen(part)) != NULL;
}

TEST(answer_head__a_strangers_widget_runs_on_its_one_page_only)
{
    struct answer a = {.status = 200, .kind = ANSWER_PAGE};
    CHECK(!has(head_of(&a), "cloudflare") && has(head_of(&a), "trusted-types"));
    a.kind = ANSWER_PAGE_TURNSTILE;
    struct str head = head_of(&a);
    CHECK(has(head, "script-src 'self' https://challenges.cloudflare.com; "));
    CHECK(has(head, "frame-src https://challenges.cloudflare.com; "));
    CHECK(has(head, "default-src 'none'") && has(head, "frame-ancestors 'none'"));
    CHECK(!has(head, "trusted-types") && !has(head, "unsafe"));
}

TEST(answer_head__largest_headers_fit)
{
    static uint8_t lines[FRAME_HEADERS_MAX];
    memset(lines, 'x', sizeof lines);
    lines[1] = ':';
    memcpy(lines + sizeof lines - 2, "\r\n", 2);
    struct answer a = {.status = 431,
                       .kind = ANSWER_PAGE,
                       .close = true,
                       .headers = str_from(lines, sizeof lines),
                       .body_len = SIZE_MAX / 2};
    CHECK(head_of(&a).len <= ANSWER_HEAD_MAX);
}

TEST(edge_problem__is_a_problem_document_for_each_status_of_the_edge)
{
    static const uint16_t own[] = {400, 404, 405, 408, 413, 414, 417, 431, 501, 503, 505};
    for (size_t i = 0; i < sizeof own / sizeof own[0]; i++) {
        uint8_t scratch[512];
        struct str name, body, type = STR_NONE, detail = STR_NONE;
        int64_t status = 0;
        struct writer w = writer_into(room, sizeof room);
        edge_problem_write(&w, own[i], NULL, STR("Send \"it\" again."));
        CHECK_INT(writer_end(&w, &body), OK);
        struct json j = json_of(body, scratch, sizeof scratch);
        json_object(&j);
        while (json_member(&j, &name)) {
            if (str_eq(name, STR("type")))
                type = json_string(&j);
            else if (str_eq(name, STR("status")))
                status = json_int(&j);
            else if (str_eq(name, STR("detail")))
                detail = json_string(&j);
            else
                json_skip(&j);
        }
        CHECK_INT(json_end(&j), OK);
        CHECK_INT(status, own[i]);
        CHECK_STR(detail, STR("Send \"it\" again."));
        CHECK(str_starts(type, STR("/problems/")) && !str_eq(type, STR("/problems/other")));
    }
}

TESTS(respond, TEST_ROW(answer_head__every_status_of_every_kind__carries_the_security_fields),
      TEST_ROW(answer_head__framing),
      TEST_ROW(answer_head__data_is_not_stored_unless_its_maker_says_so),
      TEST_ROW(answer_head__a_strangers_widget_runs_on_its_one_page_only),
      TEST_ROW(answer_head__largest_headers_fit),
      TEST_ROW(edge_problem__is_a_problem_document_for_each_status_of_the_edge))
