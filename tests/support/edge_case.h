/* What the tests of a real edge process share: how one begins and ends, and what the core heard.
 *
 * Owns:     the house of the test that runs.
 * Promise:  each test has processes of its own.
 * Source:   tests/support/edge_house.h.
 * Watch:    the program calls edge_main() when its first argument is "edge": edge_case_main(). */
#ifndef OC_TESTS_EDGE_CASE_H
#define OC_TESTS_EDGE_CASE_H

#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "tests/check.h"
#include "tests/support/edge_house.h"
#include "tests/support/tls_client.h"

#define GET(target) "GET " target " HTTP/1.1\r\nHost: localhost\r\n\r\n"
#define ECHO(length)                                                                               \
    "POST /api/echo HTTP/1.1\r\nHost: localhost\r\nContent-Length: " length "\r\n\r\n"

static struct house house;

/* Deadlines short enough for a test, long enough for a busy machine with sanitizers. */
static const struct edge_config quick = {.deadlines = {.hello_ms = 300,
                                                       .head_ms = 400,
                                                       .body_ms = 500,
                                                       .write_ms = 600,
                                                       .idle_ms = 700,
                                                       .device_idle_ms = 2500,
                                                       .answer_ms = 500,
                                                       .linger_ms = 200}};

/* Set-up and teardown: one edge; with quick deadlines; two edges; one of four connections. */
static inline int start(void **state)
{
    (void)state;
    house_start(&house, 1, 0, NULL);
    return 0;
}

static inline int start_quick(void **state)
{
    (void)state;
    house_start(&house, 1, 0, &quick);
    return 0;
}

static inline int start_two(void **state)
{
    (void)state;
    house_start(&house, 2, 0, NULL);
    return 0;
}

static inline int start_small(void **state)
{
    struct edge_config small = {.connections_max = 4};
    (void)state;
    house_start(&house, 1, 0, &small);
    return 0;
}

static inline int stop(void **state)
{
    (void)state;
    house_stop(&house);
    return 0;
}

#define NORMAL(test) cmocka_unit_test_setup_teardown(test, start, stop)
#define QUICK(test)  cmocka_unit_test_setup_teardown(test, start_quick, stop)
#define TWO(test)    cmocka_unit_test_setup_teardown(test, start_two, stop)
#define SMALL(test)  cmocka_unit_test_setup_teardown(test, start_small, stop)

/* A client of the first edge. */
static inline void open_client(struct client *c, const struct client_options *options)
{
    CHECK(client_open(c, house.port[0], options));
}

static inline bool has(struct answer_seen a, const char *text)
{
    return memmem(a.head.ptr, a.head.len, text, strlen(text)) != NULL;
}

/* What the core has heard, asked over a connection of its own. */
static inline bool core_heard(const char *what)
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

/* Before main() does anything else. True when this process is an edge, and has ended: *code. */
static inline bool edge_case_main(int argc, char **argv, int *code)
{
    signal(SIGPIPE, SIG_IGN);
    if (argc < 2 || strcmp(argv[1], "edge") != 0)
        return false;
    *code = edge_main();
    return true;
}

#endif
