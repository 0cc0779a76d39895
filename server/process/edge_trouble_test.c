/* A real edge process in trouble: slow and hungry clients, a core or keyring that dies or talks
 * nonsense, too many connections, the order to leave. */
#include "server/process/edge.h"

#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <openssl/ssl.h>

#include "server/os/clock.h"
#include "tests/support/echo_core.h"
#include "tests/support/edge_case.h"

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

int main(int argc, char **argv)
{
    static const struct CMUnitTest tests[] = {
        QUICK(deadline__a_slow_hello__is_closed),
        QUICK(deadline__a_slow_head__is_408),
        QUICK(deadline__a_slow_body__is_408),
        QUICK(deadline__a_reader_that_does_not_read__is_closed),
        QUICK(deadline__idle__is_closed_sooner_for_strangers_than_for_devices),
        QUICK(deadline__a_core_that_does_not_answer__is_503),
        NORMAL(fairness__endless_input__keeps_nobody_waiting),
        NORMAL(core__dies__everybody_is_told_and_goes_on_with_the_next_one),
        NORMAL(core__breaks_the_protocol__is_not_listened_to),
        QUICK(keyring__stays_away__a_handshake_ends_at_its_deadline_and_the_next_one_works),
        NORMAL(keyring__answers_nonsense__nobody_else_notices),
        SMALL(bounds__full__the_longest_stranger_goes__who_is_known_stays),
        SMALL(bounds__full_of_known_callers__a_newcomer_is_refused_until_one_leaves),
        NORMAL(drain__what_is_under_way__finishes),
        NORMAL(drain__a_client_that_never_ends__does_not_hold_it_up),
        NORMAL(parent__is_gone__and_so_is_the_edge),
        cmocka_unit_test(edge_config__round_trip_and_every_cut),
    };
    int code;
    if (edge_case_main(argc, argv, &code))
        return code;
    return cmocka_run_group_tests_name("edge_trouble", tests, NULL, NULL);
}
