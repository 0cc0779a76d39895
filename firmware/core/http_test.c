#include "firmware/core/http.h"

#include "tests/check.h"

static uint8_t buf[512];

static enum err read_answer(struct str text, struct http_answer *out, size_t *used)
{
    /* Chunks are joined in place: never in a literal. */
    memcpy(buf + sizeof buf - text.len, text.ptr, text.len);
    return http_answer_read(buf + sizeof buf - text.len, text.len, out, used);
}

#define WHOLE(literal)                                                                             \
    {                                                                                              \
        (const uint8_t *)(literal), sizeof(literal) - 1                                            \
    }

TEST(http_answer__table)
{
    static const struct {
        struct str text;
        enum err expected;
        int status;
        const char *body;
    } rows[] = {
        {WHOLE("HTTP/1.1 204 No Content\r\n\r\n"), OK, 204, ""},
        {WHOLE("HTTP/1.1 204\r\n\r\n"), OK, 204, ""},
        {WHOLE("HTTP/1.1 204 x\r\nContent-Length: 5\r\n\r\n"), OK, 204, ""},
        {WHOLE("HTTP/1.1 200 OK\r\ncontent-length:2\r\n\r\nhi"), OK, 200, "hi"},
        {WHOLE("HTTP/1.1 200 OK\r\nContent-Length: \t 2 \r\n\r\nhi"), OK, 200, "hi"},
        {WHOLE("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"), OK, 200, ""},
        {WHOLE("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx"), OK,
         200, "x"},
        {WHOLE("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n"), OK,
         200, "abc"},
        {WHOLE("HTTP/1.1 200 OK\r\nTransfer-Encoding: "
               "Chunked\r\n\r\n1;x=y\r\na\r\nA\r\n0123456789\r\n"
               "000\r\nTrailer: 1\r\n\r\n"),
         OK, 200, "a0123456789"},
        {WHOLE("HTTP/1.1 304 x\r\n\r\n"), OK, 304, ""},
        /* not whole */
        {WHOLE(""), ERR_AGAIN, 0, ""},
        {WHOLE("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nh"), ERR_AGAIN, 0, ""},
        {WHOLE("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n"), ERR_AGAIN,
         0, ""},
        {WHOLE("HTTP/1.1 100 Continue\r\n\r\n"), ERR_AGAIN, 0, ""},
        /* not HTTP */
        {WHOLE("HTTP/2 200\r\n\r\n"), ERR_PEER, 0, ""},
        {WHOLE("HTTP/1.1 20 OK\r\n\r\n"), ERR_PEER, 0, ""},
        {WHOLE("HTTP/1.1 099 OK\r\n\r\n"), ERR_PEER, 0, ""},
        {WHOLE("HTTP/1.1 600 OK\r\n\r\n"), ERR_PEER, 0, ""},
        {WHOLE("HTTP/1.1 2000 OK\r\n\r\n"), ERR_PEER, 0, ""},
        {WHOLE("SSH-2.0-x\r\n\r\n"), ERR_PEER, 0, ""},
        {WHOLE("HTTP/1.1 200 OK\r\nno colon\r\n\r\n"), ERR_PEER, 0, ""},
        {WHOLE("HTTP/1.1 200 OK\r\n: x\r\n\r\n"), ERR_PEER, 0, ""},
        /* no length, two lengths, bad lengths (RFC 9112 section 6.3) */
        {WHOLE("HTTP/1.1 200 OK\r\n\r\nuntil the end"), ERR_PEER, 0, ""},
        {WHOLE("HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\nx"), ERR_PEER, 0,
         ""},
        {WHOLE("HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\nx"), ERR_PEER, 0, ""},
        {WHOLE("HTTP/1.1 200 OK\r\nContent-Length: 01\r\n\r\nx"), ERR_PEER, 0, ""},
        {WHOLE("HTTP/1.1 200 OK\r\nContent-Length: 4294967296\r\n\r\nx"), ERR_PEER, 0, ""},
        {WHOLE(
             "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
         ERR_PEER, 0, ""},
        {WHOLE("HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n"), ERR_PEER, 0, ""},
        {WHOLE("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n"), ERR_PEER, 0, ""},
        {WHOLE("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nabc\r\n"), ERR_PEER, 0,
         ""},
        {WHOLE("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nFFFFFFFF\r\n"), ERR_PEER, 0,
         ""},
        {WHOLE("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n\r\n"), ERR_PEER, 0, ""},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct http_answer a = {0};
        size_t used = 0;
        check_row = (const char *)rows[i].text.ptr;
        CHECK_INT(read_answer(rows[i].text, &a, &used), rows[i].expected);
        CHECK_INT(a.status, rows[i].status);
        CHECK_STR(a.body, str_from_cstr(rows[i].body));
        CHECK(rows[i].expected != OK || rows[i].status == 204 || used == rows[i].text.len);
    }
    check_row = NULL;
}

TEST(http_answer__truncated_at_every_byte__is_not_yet_whole)
{
    static const struct str wholes[] = {
        WHOLE("HTTP/1.1 200 OK\r\nX: y\r\nContent-Length: 5\r\n\r\nhello"),
        WHOLE("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n6\r\n "
              "world\r\n0\r\n"
              "\r\n"),
    };
    for (size_t i = 0; i < 2; i++) {
        for (size_t n = 0; n < wholes[i].len; n++) {
            struct http_answer a;
            size_t used;
            CHECK_INT(read_answer(str_slice(wholes[i], 0, n), &a, &used), ERR_AGAIN);
        }
    }
}

TEST(http_answer__two_in_a_row__are_taken_one_by_one)
{
    struct str both = STR("HTTP/1.1 204 x\r\n\r\nHTTP/1.1 503 x\r\nRetry-After: 7\r\n"
                          "Connection: close\r\nContent-Length: 1\r\n\r\n!");
    struct http_answer a;
    size_t used;
    memcpy(buf, both.ptr, both.len);
    CHECK_INT(http_answer_read(buf, both.len, &a, &used), OK);
    CHECK(a.status == 204 && !a.closes && a.retry_after_s == HTTP_RETRY_AFTER_NONE);
    size_t first = used;
    CHECK_INT(http_answer_read(buf + first, both.len - first, &a, &used), OK);
    CHECK(a.status == 503 && a.closes && a.retry_after_s == 7);
    CHECK_STR(a.body, STR("!"));
    CHECK_INT(first + used, both.len);
}

TEST(http_answer__retry_after_as_a_date__is_none)
{
    struct http_answer a;
    size_t used;
    CHECK_INT(read_answer(STR("HTTP/1.0 503 x\r\nRetry-After: Fri, 31 Dec 1999 23:59:59 GMT\r\n"
                              "Content-Length: 0\r\n\r\n"),
                          &a, &used),
              OK);
    CHECK(a.retry_after_s == HTTP_RETRY_AFTER_NONE && a.closes);
}

TEST(http_request__head)
{
    uint8_t out[300];
    struct writer w = writer_into(out, sizeof out);
    struct http_request m = {.method = STR("POST"),
                             .target = STR("/x"),
                             .host = STR("h:1"),
                             .session = STR("oc_sess_1"),
                             .mac = STR("AA:BB:CC:DD:EE:FF"),
                             .body = STR("{}")};
    http_request_head_write(&w, &m);
    CHECK_STR(str_from(out, w.len),
              STR("POST /x HTTP/1.1\r\nHost: h:1\r\nAuthorization: Bearer oc_sess_1\r\n"
                  "X-Device-MAC: AA:BB:CC:DD:EE:FF\r\nContent-Type: application/json\r\n"
                  "Content-Length: 2\r\n\r\n"));
    w = writer_into(out, sizeof out);
    m = (struct http_request){.method = STR("GET"), .target = STR("/"), .host = STR("h")};
    http_request_head_write(&w, &m);
    CHECK_STR(str_from(out, w.len), STR("GET / HTTP/1.1\r\nHost: h\r\n\r\n"));
}

TESTS(http_answer, TEST_ROW(http_answer__table),
      TEST_ROW(http_answer__truncated_at_every_byte__is_not_yet_whole),
      TEST_ROW(http_answer__two_in_a_row__are_taken_one_by_one),
      TEST_ROW(http_answer__retry_after_as_a_date__is_none), TEST_ROW(http_request__head))
