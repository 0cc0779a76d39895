/* A real edge process, real TLS clients, a core that echoes. Also `test-edge-process serve PORT`
 * for measuring an edge alone. */
#include "server/process/edge.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <openssl/ssl.h>

#include "server/os/clock.h"
#include "tests/check.h"
#include "tests/support/echo_core.h"
#include "tests/support/edge_house.h"
#include "tests/support/tls_client.h"

#define GET(target) "GET " target " HTTP/1.1\r\nHost: localhost\r\n\r\n"
#define ECHO(length)                                                                               \
    "POST /api/echo HTTP/1.1\r\nHost: localhost\r\nContent-Length: " length "\r\n\r\n"

/* Short enough for a test, long enough for a busy machine with sanitizers. */
static const struct edge_config quick = {.deadlines = {.hello_ms = 300,
                                                       .head_ms = 400,
                                                       .body_ms = 500,
                                                       .write_ms = 600,
                                                       .idle_ms = 700,
                                                       .device_idle_ms = 2500,
                                                       .answer_ms = 500,
                                                       .linger_ms = 200}};

static struct house house;

static int start(void **state)
{
    (void)state;
    house_start(&house, 1, 0, NULL);
    return 0;
}

static int start_quick(void **state)
{
    (void)state;
    house_start(&house, 1, 0, &quick);
    return 0;
}

static int start_two(void **state)
{
    (void)state;
    house_start(&house, 2, 0, NULL);
    return 0;
}

static int stop(void **state)
{
    (void)state;
    house_stop(&house);
    return 0;
}

static void open_client(struct client *c, const struct client_options *options)
{
    CHECK(client_open(c, house.port[0], options));
}

static bool has(struct answer_seen a, const char *text)
{
    return memmem(a.head.ptr, a.head.len, text, strlen(text)) != NULL;
}

/* What the core has heard, asked over a connection of its own. */
static bool core_heard(const char *what)
{
    for (int i = 0; i < 100; i++) {
        struct client c;
        open_client(&c, NULL);
        CHECK_INT(client_ask(&c, "GET", "/api/counts"), 200);
        bool heard = memmem(c.room, c.room_len, what, strlen(what)) != NULL;
        client_close(&c);
        if (heard)
            return true;
        usleep(10000);
    }
    return false;
}

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

/* ---- slow and hungry clients ----------------------------------------------------------------- */

/* One byte after another, until the server has had enough. Milliseconds that took. */
static int drip(struct client *c, const char *text)
{
    int64_t begin_ms = clock_monotonic_ms();
    signal(SIGPIPE, SIG_IGN);
    for (size_t i = 0; clock_monotonic_ms() - begin_ms < CLIENT_WAIT_MS; i++) {
        char ignored;
        if (!client_send(c, str_from(text + (text[i] == 0 ? i - 1 : i), 1)))
            break;
        usleep(20000);
        if (text[i] == 0)
            i--;
        if (recv(c->fd, &ignored, 1, MSG_DONTWAIT | MSG_PEEK) >= 0)
            break; /* an answer or an end */
    }
    return (int)(clock_monotonic_ms() - begin_ms);
}

TEST(deadline__a_slow_hello__is_closed)
{
    static const char hello[] = {0x16, 3, 1, 2, 0, 1, 0, 1, (char)0xfc, 3, 3, 0};
    int64_t begin_ms = clock_monotonic_ms();
    char ignored;
    int fd = client_connect(house.port[0], 0);
    for (size_t i = 0; i < 200; i++) {
        if (send(fd, hello + (i < sizeof hello ? i : sizeof hello - 1), 1, MSG_NOSIGNAL) < 0 ||
            recv(fd, &ignored, 1, MSG_DONTWAIT) == 0)
            break;
        usleep(20000);
    }
    int64_t took_ms = clock_monotonic_ms() - begin_ms;
    CHECK(took_ms >= quick.deadlines.hello_ms && took_ms < 2000);
    close(fd);
}

TEST(deadline__a_slow_head__is_408)
{
    struct client c;
    open_client(&c, NULL);
    CHECK_INT(client_ask(&c, "GET", "/healthz"), 200); /* the ticket has been read, too */
    int took_ms =
        drip(&c, "GET / HTTP/1.1\r\nHost: a\r\nX: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa");
    CHECK(took_ms >= quick.deadlines.head_ms && took_ms < 2000);
    CHECK_INT(client_answer(&c).status, 408);
    CHECK(client_is_closed(&c, NULL));
    client_close(&c);
}

TEST(deadline__a_slow_body__is_408)
{
    struct client c;
    open_client(&c, NULL);
    CHECK_INT(client_ask(&c, "GET", "/healthz"), 200);
    CHECK(client_send_text(&c, ECHO("60000")));
    int took_ms = drip(&c, "aaaa");
    CHECK(took_ms >= quick.deadlines.body_ms && took_ms < 2000);
    CHECK_INT(client_answer(&c).status, 408);
    client_close(&c);
}

TEST(deadline__a_reader_that_does_not_read__is_closed)
{
    struct client_options narrow = {.receive_buffer = 4096};
    struct client c;
    open_client(&c, &narrow);
    /* The kernel takes more than one of these off the edge's hands. */
    CHECK(client_send_text(&c, GET("/api/big") GET("/api/big") GET("/api/big") GET("/api/big")
                                   GET("/api/big") GET("/api/big")));
    usleep(1500000);
    int answers = 0;
    while (client_answer(&c).status == 200)
        answers++;
    CHECK(answers < 6); /* what had left before the end, and no more */
    client_close(&c);
}

TEST(deadline__idle__is_closed_sooner_for_strangers_than_for_devices)
{
    struct client stranger, device;
    int ms;
    open_client(&stranger, NULL);
    open_client(&device, NULL);
    CHECK_INT(client_ask(&device, "POST", "/device/v1/x"), 204);
    CHECK_INT(client_ask(&stranger, "GET", "/healthz"), 200);
    CHECK(client_is_closed(&stranger, &ms));
    CHECK(ms >= 600 && ms < 2000);
    CHECK_INT(client_ask(&device, "POST", "/device/v1/x"), 204);
    CHECK(client_is_closed(&device, &ms));
    CHECK(ms >= 2400);
    client_close(&stranger);
    client_close(&device);
}

TEST(deadline__a_core_that_does_not_answer__is_503)
{
    struct client c;
    open_client(&c, NULL);
    CHECK(client_send_text(&c, GET("/api/never")));
    struct answer_seen a = client_answer(&c);
    CHECK_INT(a.status, 503);
    CHECK(has(a, "Retry-After: "));
    CHECK(client_is_closed(&c, NULL));
    CHECK(core_heard("gone=1"));
    client_close(&c);
}

/* Two who pipeline files without end and one refused that talks on: a third must not wait. */
TEST(fairness__endless_input__keeps_nobody_waiting)
{
    struct client hungry[2], c;
    static char flood[64 * sizeof GET("/")];
    pid_t pids[2];
    for (int i = 0; i < 64; i++)
        memcpy(flood + (size_t)i * (sizeof GET("/") - 1), GET("/"), sizeof GET("/"));
    for (int i = 0; i < 2; i++) {
        pids[i] = fork();
        if (pids[i] == 0) {
            signal(SIGPIPE, SIG_IGN);
            if (!client_open(&hungry[i], house.port[0], NULL))
                _exit(1);
            for (;;) {
                (void)client_send_text(&hungry[i], i == 0 ? flood : "BAD\r\n\r\n");
                hungry[i].room_len = 0;
                if (i == 0)
                    (void)client_sees(&hungry[i], "HTTP");
            }
        }
    }
    usleep(100000);
    for (int i = 0; i < 10; i++) {
        int64_t begin_ms = clock_monotonic_ms();
        open_client(&c, NULL);
        CHECK_INT(client_ask(&c, "GET", "/healthz"), 200);
        CHECK(clock_monotonic_ms() - begin_ms < 1000);
        client_close(&c);
    }
    for (int i = 0; i < 2; i++)
        kill(pids[i], SIGKILL);
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

/* ---- the core dies --------------------------------------------------------------------------- */

TEST(core__dies__everybody_is_told_and_goes_on_with_the_next_one)
{
    struct client asked, held, streaming, idle;
    open_client(&asked, NULL);
    open_client(&held, NULL);
    open_client(&streaming, NULL);
    open_client(&idle, NULL);
    CHECK(client_send_text(&asked, GET("/api/never")));
    CHECK(client_send_text(&held, GET("/api/hold")));
    CHECK(client_send_text(&streaming, GET("/api/stream")));
    CHECK(client_sees(&streaming, "data: first"));
    CHECK_INT(client_ask(&idle, "GET", "/healthz"), 200);
    house_core_kill(&house, 0);
    struct answer_seen a = client_answer(&asked);
    CHECK_INT(a.status, 503);
    CHECK(has(a, "Retry-After: 1\r\n"));
    CHECK_INT(client_answer(&held).status, 204);
    CHECK(client_sees(&streaming, "0\r\n\r\n"));
    CHECK_INT(client_ask(&idle, "GET", "/healthz"), 503);
    CHECK_INT(client_ask(&idle, "GET", "/"), 200);
    house_core_start(&house, 0);
    int status = 503;
    for (int i = 0; i < 100 && status == 503; i++)
        status = client_ask(&asked, "GET", "/healthz");
    CHECK_INT(status, 200);
    CHECK_INT(client_ask(&held, "GET", "/healthz"), 200);
    CHECK_INT(client_ask(&idle, "GET", "/healthz"), 200);
    client_close(&asked);
    client_close(&held);
    client_close(&streaming);
    client_close(&idle);
}

TEST(core__breaks_the_protocol__is_not_listened_to)
{
    struct client c;
    open_client(&c, NULL);
    CHECK_INT(client_ask(&c, "GET", "/api/bad"), 503);
    CHECK_INT(client_ask(&c, "GET", "/healthz"), 503);
    house_core_kill(&house, 0);
    house_core_start(&house, 0);
    int status = 503;
    for (int i = 0; i < 100 && status == 503; i++)
        status = client_ask(&c, "GET", "/healthz");
    CHECK_INT(status, 200);
    client_close(&c);
}

/* ---- the keyring ----------------------------------------------------------------------------- */

TEST(keyring__stays_away__a_handshake_ends_at_its_deadline_and_the_next_one_works)
{
    struct client c, standing;
    open_client(&standing, NULL);
    house_keyring_kill(&house);
    int64_t begin_ms = clock_monotonic_ms();
    CHECK(!client_open(&c, house.port[0], NULL));
    CHECK(clock_monotonic_ms() - begin_ms >= 250);
    client_close(&c);
    CHECK_INT(client_ask(&standing, "GET", "/healthz"), 200);
    house_keyring_start(&house);
    open_client(&c, NULL);
    CHECK_INT(client_ask(&c, "GET", "/healthz"), 200);
    client_close(&c);
    client_close(&standing);
}

TEST(keyring__answers_nonsense__nobody_else_notices)
{
    static const uint8_t late[] = {1, 2, 3, 4, 5, 6, 7, 8, 1, 0, 9}; /* an id that nobody has */
    struct client c;
    house_keyring_kill(&house);
    CHECK(send(house.signing[0][1], "nonsense", 8, MSG_NOSIGNAL) == 8);
    CHECK(send(house.signing[0][1], late, sizeof late, MSG_NOSIGNAL) == sizeof late);
    house_keyring_start(&house);
    open_client(&c, NULL);
    CHECK_INT(client_ask(&c, "GET", "/healthz"), 200);
    client_close(&c);
}

/* ---- bounds ---------------------------------------------------------------------------------- */

static int start_small(void **state)
{
    struct edge_config small = {.connections_max = 4};
    (void)state;
    house_start(&house, 1, 0, &small);
    return 0;
}

/* Strangers cannot keep a newcomer out, nor push out who is known. */
TEST(bounds__full__the_longest_stranger_goes__who_is_known_stays)
{
    struct client c[6];
    int ms;
    for (int i = 0; i < 4; i++)
        open_client(&c[i], NULL);
    CHECK_INT(client_ask(&c[0], "GET", "/api/known"), 200);
    open_client(&c[4], NULL);
    CHECK(client_is_closed(&c[1], &ms));
    open_client(&c[5], NULL);
    CHECK(client_is_closed(&c[2], &ms));
    CHECK_INT(client_ask(&c[0], "GET", "/healthz"), 200);
    CHECK_INT(client_ask(&c[3], "GET", "/healthz"), 200);
    CHECK_INT(client_ask(&c[5], "GET", "/healthz"), 200);
    for (int i = 0; i < 6; i++)
        client_close(&c[i]);
}

TEST(bounds__full_of_known_callers__a_newcomer_is_refused_until_one_leaves)
{
    struct client c[5];
    for (int i = 0; i < 4; i++) {
        open_client(&c[i], NULL);
        CHECK_INT(client_ask(&c[i], "GET", "/api/known"), 200);
    }
    CHECK(!client_open(&c[4], house.port[0], NULL));
    client_close(&c[4]);
    CHECK_INT(client_ask(&c[1], "GET", "/healthz"), 200);
    client_close(&c[0]);
    bool opened = false;
    for (int i = 0; i < 100 && !opened; i++) {
        opened = client_open(&c[0], house.port[0], NULL);
        if (!opened)
            client_close(&c[0]);
    }
    CHECK(opened);
    for (int i = 0; i < 4; i++)
        client_close(&c[i]);
}

/* ---- leaving --------------------------------------------------------------------------------- */

TEST(drain__what_is_under_way__finishes)
{
    struct client held, streaming, idle, half;
    open_client(&held, NULL);
    open_client(&streaming, NULL);
    open_client(&idle, NULL);
    open_client(&half, NULL);
    CHECK(client_send_text(&held, GET("/api/hold")));
    CHECK(client_send_text(&streaming, GET("/api/stream")));
    CHECK(client_sees(&streaming, "data: first"));
    CHECK(client_send_text(&half, ECHO("4") "ha"));
    CHECK_INT(client_ask(&idle, "GET", "/healthz"), 200);
    int64_t begin_ms = clock_monotonic_ms();
    house_drain(&house, 0);
    struct answer_seen a = client_answer(&held);
    CHECK_INT(a.status, 204);
    CHECK(has(a, "Connection: close\r\n"));
    CHECK(client_sees(&streaming, "0\r\n\r\n"));
    CHECK(client_is_closed(&idle, NULL));
    CHECK(client_send_text(&half, "lf"));
    a = client_answer(&half);
    CHECK_STR(a.body, STR("half"));
    CHECK(has(a, "Connection: close\r\n"));
    CHECK(client_connect(house.port[0], 0) < 0);
    client_close(&held);
    client_close(&streaming);
    client_close(&idle);
    client_close(&half);
    CHECK_INT(house_wait(&house, 0, 6000), 0);
    CHECK(clock_monotonic_ms() - begin_ms < 3000);
}

TEST(drain__a_client_that_never_ends__does_not_hold_it_up)
{
    struct client c;
    open_client(&c, NULL);
    CHECK(client_send_text(&c, GET("/api/never")));
    usleep(50000);
    house_drain(&house, 0);
    CHECK_INT(house_wait(&house, 0, 6500), 0);
    client_close(&c);
}

TEST(parent__is_gone__and_so_is_the_edge)
{
    close(house.control[0]);
    house.control[0] = -1;
    CHECK_INT(house_wait(&house, 0, 3000), 0);
}

/* ---- configuration --------------------------------------------------------------------------- */

TEST(edge_config__round_trip_and_every_cut)
{
    uint8_t bytes[512];
    struct edge_config got;
    struct writer w = writer_into(bytes, sizeof bytes);
    edge_config_write(&w, &quick);
    for (size_t len = 0; len < w.len; len++)
        CHECK_INT(edge_config_read(str_from(bytes, len), &got), ERR_PEER);
    CHECK_INT(edge_config_read(str_from(bytes, w.len + 1), &got), ERR_PEER);
    CHECK_INT(edge_config_read(str_from(bytes, w.len), &got), OK);
    CHECK_INT(got.connections_max, CONNECTIONS_DEFAULT);
    CHECK(memcmp(&got.deadlines, &quick.deadlines, sizeof got.deadlines) == 0);
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
#define NORMAL(test) cmocka_unit_test_setup_teardown(test, start, stop)
#define QUICK(test)  cmocka_unit_test_setup_teardown(test, start_quick, stop)
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(edge_config__round_trip_and_every_cut),
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
        cmocka_unit_test_setup_teardown(
            tls__a_ticket_of_one_edge__opens_the_other_until_its_key_is_gone, start_two, stop),
        QUICK(deadline__a_slow_hello__is_closed),
        QUICK(deadline__a_slow_head__is_408),
        QUICK(deadline__a_slow_body__is_408),
        QUICK(deadline__a_reader_that_does_not_read__is_closed),
        QUICK(deadline__idle__is_closed_sooner_for_strangers_than_for_devices),
        QUICK(deadline__a_core_that_does_not_answer__is_503),
        NORMAL(fairness__endless_input__keeps_nobody_waiting),
        NORMAL(held__the_next_request__lets_go),
        NORMAL(held__a_client_that_leaves__is_gone),
        NORMAL(stream__events__arrive_at_once_and_end_well),
        NORMAL(stream__a_client_that_leaves__is_gone),
        NORMAL(stream__a_listener_that_falls_behind__is_closed),
        NORMAL(stream__asked_for_with_head__has_a_head_and_no_body),
        NORMAL(core__dies__everybody_is_told_and_goes_on_with_the_next_one),
        NORMAL(core__breaks_the_protocol__is_not_listened_to),
        QUICK(keyring__stays_away__a_handshake_ends_at_its_deadline_and_the_next_one_works),
        NORMAL(keyring__answers_nonsense__nobody_else_notices),
        cmocka_unit_test_setup_teardown(bounds__full__the_longest_stranger_goes__who_is_known_stays,
                                        start_small, stop),
        cmocka_unit_test_setup_teardown(
            bounds__full_of_known_callers__a_newcomer_is_refused_until_one_leaves, start_small,
            stop),
        NORMAL(drain__what_is_under_way__finishes),
        NORMAL(drain__a_client_that_never_ends__does_not_hold_it_up),
        NORMAL(parent__is_gone__and_so_is_the_edge),
    };
    if (argc > 1 && strcmp(argv[1], "edge") == 0)
        return edge_main();
    signal(SIGPIPE, SIG_IGN);
    if (argc > 2 && strcmp(argv[1], "serve") == 0)
        return serve(argv[2]);
    return cmocka_run_group_tests_name("edge_process", tests, NULL, NULL);
}
