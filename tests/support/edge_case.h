/* What the tests of a real edge process share: how one begins and ends, and what the core heard.
 *
 * Owns:     the house of the test that runs.
 * Promise:  each test has processes of its own.
 * Source:   tests/support/edge_house.h.
 * Watch:    the program calls edge_main() when its first argument is "edge": edge_case_main(). */
#ifndef OC_TESTS_EDGE_CASE_H
#define OC_TESTS_EDGE_CASE_H

#include "tests/check.h"
#include "tests/support/edge_house.h"
#include "tests/support/tls_client.h"

#define GET(target) "GET " target " HTTP/1.1\r\nHost: localhost\r\n\r\n"
#define ECHO(length)                                                                               \
    "POST /api/echo HTTP/1.1\r\nHost: localhost\r\nContent-Length: " length "\r\n\r\n"

extern struct house house;

/* Deadlines short enough for a test, long enough for a busy machine with sanitizers. */
extern const struct edge_config quick;

/* Set-up and teardown: one edge; with quick deadlines; two edges; one of four connections. */
int start(void **state);
int start_quick(void **state);
int start_two(void **state);
int start_small(void **state);
int stop(void **state);

#define NORMAL(test) cmocka_unit_test_setup_teardown(test, start, stop)
#define QUICK(test)  cmocka_unit_test_setup_teardown(test, start_quick, stop)
#define TWO(test)    cmocka_unit_test_setup_teardown(test, start_two, stop)
#define SMALL(test)  cmocka_unit_test_setup_teardown(test, start_small, stop)

/* A client of the first edge. */
void open_client(struct client *c, const struct client_options *options);
bool has(struct answer_seen a, const char *text);

/* What the core has heard, asked over a connection of its own. */
bool core_heard(const char *what);

/* Before main() does anything else. True when this process is an edge, and has ended: *code. */
bool edge_case_main(int argc, char **argv, int *code);

#endif
