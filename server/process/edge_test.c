/* A real edge process, real TLS clients, a core that echoes: what clients see. Also
 * `test-edge-process serve PORT` for measuring an edge alone. */
#include "server/process/edge.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <openssl/ssl.h>

#include "server/os/clock.h"
#include "tests/support/echo_core.h"
#include "tests/support/edge_case.h"

/* ---- requests and answers -------------------------------------------------------------------- */

TEST(edge__one_connection__many_requests)
{
    struct client c;
    open_client(&c, NULL);
    CHECK_INT(client_ask(&c, "GET", "/healthz"), 200);
    CHECK_INT(client_ask(&c, "GET", "/"), 200);
    CHECK_INT(client_ask(&c, "GET", "/nowhere"), 404);
    CHECK_INT(client_ask(&c, "DELETE", "/api/v1/x"), 204);
    CHECK_INT(client_ask(&c, "POST", "/device/v1/x"), 204);
    client_close(&c);
}

TEST(edge__pipelined__answers_come_in_order)
{
    struct client c;
    open_client(&c, NULL);
    CHECK(client_send_text(&c, ECHO("3") "one" GET("/") ECHO("3") "two" GET("/nowhere")
                                   ECHO("5") "three"));
    CHECK_STR(client_answer(&c).body, STR("one"));
    CHECK_INT(client_answer(&c).status, 200);
    CHECK_STR(client_answer(&c).body, STR("two"));
    CHECK_INT(client_answer(&c).status, 404);
    CHECK_STR(client_answer(&c).body, STR("three"));
    client_close(&c);
}

TEST(edge__a_request_in_single_bytes__is_answered)
{
    static const char text[] = ECHO("11") "hello world";
    struct client c;
    open_client(&c, NULL);
    for (size_t i = 0; i < sizeof text - 1; i++)
        CHECK(client_send(&c, str_from(text + i, 1)));
    CHECK_STR(client_answer(&c).body, STR("hello world"));
    client_close(&c);
}

TEST(edge__the_largest_body__arrives_and_returns)
{
    static char body[65536];
    struct client c;
    memset(body, 'b', sizeof body);
    open_client(&c, NULL);
    for (int i = 0; i < 3; i++) {
        CHECK(client_send_text(&c, ECHO("65536")));
        CHECK(client_send(&c, str_from(body, 30000)));
        CHECK(client_send(&c, str_from(body, sizeof body - 30000)));
        CHECK(client_send_text(&c, GET("/healthz")));
        CHECK_STR(client_answer(&c).body, str_from(body, sizeof body));
        CHECK_INT(client_answer(&c).status, 200);
    }
    client_close(&c);
}

TEST(edge__a_megabyte__in_the_smallest_records)
{
    struct client_options small = {.max_fragment = TLSEXT_max_fragment_length_512};
    struct client c;
    open_client(&c, &small);
    CHECK_INT(SSL_SESSION_get_max_fragment_length(SSL_get0_session(c.ssl)),
              TLSEXT_max_fragment_length_512);
    CHECK(client_send_text(&c, GET("/api/big")));
    CHECK_INT(client_answer(&c).body.len, ECHO_BIG_LEN);
    CHECK_INT(client_ask(&c, "GET", "/healthz"), 200);
    client_close(&c);
}

TEST(edge__request_and_goodbye_at_once__is_answered)
{
    struct client c;
    open_client(&c, NULL);
    CHECK(client_send_text(&c, GET("/") ECHO("2") "hi"));
    SSL_shutdown(c.ssl); /* close_notify right behind */
    CHECK_INT(client_answer(&c).status, 200);
    CHECK_STR(client_answer(&c).body, STR("hi"));
    CHECK(client_is_closed(&c, NULL));
    client_close(&c);
}

TEST(edge__security_fields__stand_in_every_answer)
{
    static const char *const targets[] = {"/", "/nowhere", "/healthz", "/api/never/mind", "/a//b"};
    static const char *const fields[] = {
        "Strict-Transport-Security: max-age=31536000; includeSubDomains\r\n",
        "X-Content-Type-Options: nosniff\r\n",
        "X-Frame-Options: DENY\r\n",
        "Referrer-Policy: same-origin\r\n",
        "Content-Security-Policy: default-src 'none'; ",
        "Cross-Origin-Opener-Policy: same-origin\r\n",
        "Cross-Origin-Resource-Policy: same-origin\r\n",
        "Date: ",
    };
    struct client c;
    open_client(&c, NULL);
    for (size_t i = 0; i < sizeof targets / sizeof targets[0]; i++) {
        char text[128];
        check_row = targets[i];
        snprintf(text, sizeof text, "GET %s HTTP/1.1\r\nHost: a\r\n\r\n", targets[i]);
        CHECK(client_send_text(&c, text));
        struct answer_seen a = client_answer(&c);
        for (size_t k = 0; k < sizeof fields / sizeof fields[0]; k++)
            CHECK(has(a, fields[k]));
        CHECK(!has(a, "Server:"));
    }
    check_row = NULL;
    client_close(&c);
}

TEST(edge__files__are_known_by_their_tag)
{
    struct client c;
    char again[256];
    open_client(&c, NULL);
    CHECK(client_send_text(&c, GET("/")));
    struct answer_seen a = client_answer(&c);
    CHECK(has(a, "Vary: Accept-Encoding\r\n"));
    const char *tag = memmem(a.head.ptr, a.head.len, "ETag: ", 6);
    CHECK(tag != NULL);
    snprintf(again, sizeof again, "GET / HTTP/1.1\r\nHost: a\r\nIf-None-Match: %.*s\r\n\r\n",
             (int)strcspn(tag + 6, "\r"), tag + 6);
    CHECK(client_send_text(&c, again));
    a = client_answer(&c);
    CHECK_INT(a.status, 304);
    CHECK(!has(a, "Content-Length"));
    CHECK(client_send_text(&c, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n"));
    a = client_answer(&c);
    CHECK_INT(a.status, 405);
    CHECK(has(a, "Allow: GET, HEAD\r\n"));
    client_close(&c);
}

/* ---- TLS ------------------------------------------------------------------------------------- */

TEST(tls__older_versions_and_other_protocols__are_refused)
{
    struct client_options old = {.max_version = TLS1_2_VERSION}, http2 = {.alpn = "h2"};
    struct client_options http1 = {.alpn = "http/1.1"};
    struct client c;
    CHECK(!client_open(&c, house.port[0], &old));
    client_close(&c);
    CHECK(!client_open(&c, house.port[0], &http2));
    client_close(&c);
    open_client(&c, &http1);
    const unsigned char *protocol;
    unsigned len;
    SSL_get0_alpn_selected(c.ssl, &protocol, &len);
    CHECK_STR(str_from(protocol, len), STR("http/1.1"));
    CHECK_INT(SSL_version(c.ssl), TLS1_3_VERSION);
    client_close(&c);
}

TEST(tls__key_updates__keep_the_connection)
{
    struct client c;
    open_client(&c, NULL);
    for (int i = 0; i < 20; i++) {
        CHECK_INT(SSL_key_update(c.ssl, SSL_KEY_UPDATE_REQUESTED), 1);
        CHECK_INT(client_ask(&c, "GET", "/healthz"), 200);
    }
    client_close(&c);
}

static long serial_of(struct client *c)
{
    X509 *cert = SSL_get1_peer_certificate(c->ssl);
    long serial = cert == NULL ? -1 : ASN1_INTEGER_get(X509_get0_serialNumber(cert));
    X509_free(cert);
    return serial;
}

TEST(tls__a_new_certificate__drops_nobody)
{
    struct house_identity other;
    struct client before, after;
    long seen = 0;
    open_client(&before, NULL);
    CHECK_INT(serial_of(&before), 1);
    house_make_identity(&other, 2);
    house_tell_identity(&house, 0, &other);
    for (int i = 0; i < 100 && seen != 2; i++) {
        open_client(&after, NULL);
        seen = serial_of(&after);
        CHECK_INT(client_ask(&after, "GET", "/healthz"), 200);
        client_close(&after);
    }
    CHECK_INT(seen, 2);
    CHECK_INT(client_ask(&before, "GET", "/healthz"), 200);
    client_close(&before);
}

/* Can this session be resumed at that edge? */
static bool resumes(SSL_SESSION *session, size_t edge)
{
    struct client_options resume = {.resume = session};
    struct client c;
    CHECK(client_open(&c, house.port[edge], &resume));
    CHECK_INT(client_ask(&c, "GET", "/healthz"), 200);
    bool reused = SSL_session_reused(c.ssl) == 1;
    client_close(&c);
    return reused;
}

TEST(tls__a_ticket_of_one_edge__opens_the_other_until_its_key_is_gone)
{
    struct client c;
    open_client(&c, NULL);
    CHECK_INT(client_ask(&c, "GET", "/healthz"), 200);
    SSL_SESSION *session = client_session(&c);
    client_close(&c);
    CHECK(SSL_SESSION_is_resumable(session));
    CHECK(resumes(session, 0));
    CHECK(resumes(session, 1));
    house_tell_tickets(&house, 1, 0, 3); /* a new key in front; the old one still opens */
    CHECK_INT(client_open(&c, house.port[1], NULL), 1);
    client_close(&c);
    CHECK(resumes(session, 1));
    house_tell_tickets(&house, 1, 0, 1); /* the old one is gone */
    bool reused = true;
    for (int i = 0; i < 100 && reused; i++)
        reused = resumes(session, 1);
    CHECK(!reused);
    SSL_SESSION_free(session);
}

/* ---- held requests and streams --------------------------------------------------------------- */

TEST(held__the_next_request__lets_go)
{
    struct client c;
    open_client(&c, NULL);
    CHECK(client_send_text(&c, GET("/api/hold")));
    usleep(50000);
    CHECK(client_send_text(&c, ECHO("4") "next"));
    CHECK_INT(client_answer(&c).status, 204);
    CHECK_STR(client_answer(&c).body, STR("next"));
    CHECK(client_send_text(&c, GET("/api/hold") ECHO("4") "both")); /* it is there already */
    CHECK_INT(client_answer(&c).status, 204);
    CHECK_STR(client_answer(&c).body, STR("both"));
    CHECK(core_heard("gone=0 release=2"));
    client_close(&c);
}

TEST(held__a_client_that_leaves__is_gone)
{
    struct client c;
    open_client(&c, NULL);
    CHECK(client_send_text(&c, GET("/api/hold")));
    usleep(50000);
    client_close(&c);
    CHECK(core_heard("gone=1 release=0"));
}

TEST(stream__events__arrive_at_once_and_end_well)
{
    struct client c;
    open_client(&c, NULL);
    CHECK(client_send_text(&c, GET("/api/stream?end")));
    struct answer_seen a = client_answer(&c);
    CHECK_INT(a.status, 200);
    CHECK(has(a, "Transfer-Encoding: chunked\r\n"));
    CHECK(!has(a, "Content-Length"));
    CHECK(client_sees(&c, "d\r\ndata: first\n\n\r\n"));
    CHECK(client_sees(&c, "0\r\n\r\n"));
    CHECK(client_is_closed(&c, NULL));
    client_close(&c);
}

TEST(stream__a_client_that_leaves__is_gone)
{
    struct client c;
    open_client(&c, NULL);
    CHECK(client_send_text(&c, GET("/api/stream")));
    CHECK(client_sees(&c, "data: first"));
    client_close(&c);
    CHECK(core_heard("gone=1"));
}

TEST(stream__a_listener_that_falls_behind__is_closed)
{
    struct client_options narrow = {.receive_buffer = 4096};
    struct client c;
    open_client(&c, &narrow);
    CHECK(client_send_text(&c, GET("/api/stream?flood")));
    CHECK(core_heard("gone=1"));
    client_close(&c);
}

TEST(stream__asked_for_with_head__has_a_head_and_no_body)
{
    struct client c;
    open_client(&c, NULL);
    CHECK_INT(client_ask(&c, "HEAD", "/api/stream"), 200);
    CHECK(client_is_closed(&c, NULL));
    CHECK_INT(c.room_len, 0);
    client_close(&c);
}

/* ---- the program ----------------------------------------------------------------------------- */

static int serve(const char *port)
{
    house_start(&house, 1, (uint16_t)atoi(port), NULL);
    printf("edge=%d core=%d port=%u\n", (int)house.edge[0], (int)house.core[0], house.port[0]);
    fflush(stdout);
    pause();
    house_stop(&house);
    return 0;
}

int main(int argc, char **argv)
{
    static const struct CMUnitTest tests[] = {
        NORMAL(edge__one_connection__many_requests),
        NORMAL(edge__pipelined__answers_come_in_order),
        NORMAL(edge__a_request_in_single_bytes__is_answered),
        NORMAL(edge__the_largest_body__arrives_and_returns),
        NORMAL(edge__a_megabyte__in_the_smallest_records),
        NORMAL(edge__request_and_goodbye_at_once__is_answered),
        NORMAL(edge__security_fields__stand_in_every_answer),
        NORMAL(edge__files__are_known_by_their_tag),
        NORMAL(tls__older_versions_and_other_protocols__are_refused),
        NORMAL(tls__key_updates__keep_the_connection),
        NORMAL(tls__a_new_certificate__drops_nobody),
        TWO(tls__a_ticket_of_one_edge__opens_the_other_until_its_key_is_gone),
        NORMAL(held__the_next_request__lets_go),
        NORMAL(held__a_client_that_leaves__is_gone),
        NORMAL(stream__events__arrive_at_once_and_end_well),
        NORMAL(stream__a_client_that_leaves__is_gone),
        NORMAL(stream__a_listener_that_falls_behind__is_closed),
        NORMAL(stream__asked_for_with_head__has_a_head_and_no_body),
    };
    int code;
    if (edge_case_main(argc, argv, &code))
        return code;
    if (argc > 2 && strcmp(argv[1], "serve") == 0)
        return serve(argv[2]);
    return cmocka_run_group_tests_name("edge_process", tests, NULL, NULL);
}
