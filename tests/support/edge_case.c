#include "tests/support/edge_case.h"

#include <signal.h>
#include <string.h>
#include <unistd.h>

const struct edge_config quick = {.deadlines = {.hello_ms = 300,
                                                .head_ms = 400,
                                                .body_ms = 500,
                                                .write_ms = 600,
                                                .idle_ms = 700,
                                                .device_idle_ms = 2500,
                                                .answer_ms = 500,
                                                .linger_ms = 200}};

struct house house;

int start(void **state)
{
    (void)state;
    house_start(&house, 1, 0, NULL);
    return 0;
}

int start_quick(void **state)
{
    (void)state;
    house_start(&house, 1, 0, &quick);
    return 0;
}

int start_two(void **state)
{
    (void)state;
    house_start(&house, 2, 0, NULL);
    return 0;
}

int start_small(void **state)
{
    struct edge_config small = {.connections_max = 4};
    (void)state;
    house_start(&house, 1, 0, &small);
    return 0;
}

int stop(void **state)
{
    (void)state;
    house_stop(&house);
    return 0;
}

void open_client(struct client *c, const struct client_options *options)
{
    CHECK(client_open(c, house.port[0], options));
}

bool has(struct answer_seen a, const char *text)
{
    return memmem(a.head.ptr, a.head.len, text, strlen(text)) != NULL;
}

bool core_heard(const char *what)
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

bool edge_case_main(int argc, char **argv, int *code)
{
    signal(SIGPIPE, SIG_IGN);
    if (argc < 2 || strcmp(argv[1], "edge") != 0)
        return false;
    *code = edge_main();
    return true;
}
