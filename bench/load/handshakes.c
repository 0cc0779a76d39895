/* ocean-load handshakes: as many connections at a time as asked for, each with a full handshake,
 * one batch of readings and a goodbye, then the next one from another address. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "bench/load/client.h"
#include "bench/load/load.h"
#include "bench/load/sessions.h"

#define SOURCES    60000 /* 127.0.0.2 and on: no address comes so often that a limit meets it */
#define ANSWER_MAX 4096

struct one {
    SSL *ssl;
    int fd;
    bool is_asked;
};

struct shaking {
    const struct run_options *options;
    struct target target;
    struct sessions sessions;
    struct one *all;
    int epoll;
    uint64_t begun, done, refused;
};

static void begin(struct shaking *s, struct one *c)
{
    uint64_t n = s->begun++;
    int fd;
    SSL *ssl = target_connect(&s->target, (int)(n % SOURCES), 0, &fd);
    *c = (struct one){ssl, fd, false};
    struct epoll_event e = {.events = EPOLLIN | EPOLLOUT | EPOLLET, .data.ptr = c};
    epoll_ctl(s->epoll, EPOLL_CTL_ADD, fd, &e);
}

static void finish(struct shaking *s, struct one *c, int status)
{
    if (status == 204)
        s->done++;
    else if (s->refused++ == 0)
        fprintf(stderr, "ocean-load: first refusal: %d\n", status);
    SSL_shutdown(c->ssl);
    SSL_free(c->ssl);
    close(c->fd);
    begin(s, c);
}

/* True when the call is to be made again later; a broken connection is counted. */
static bool must_wait(struct shaking *s, struct one *c, int result)
{
    int reason = SSL_get_error(c->ssl, result);
    if (reason == SSL_ERROR_WANT_READ || reason == SSL_ERROR_WANT_WRITE)
        return true;
    SSL_set_quiet_shutdown(c->ssl, 1);
    finish(s, c, 0);
    return false;
}

static void go_on(struct shaking *s, struct one *c)
{
    char request[REQUEST_MAX], answer[ANSWER_MAX];
    int status = 0;
    struct str body;
    if (!c->is_asked) {
        int shaken = SSL_do_handshake(c->ssl);
        if (shaken != 1) {
            (void)must_wait(s, c, shaken);
            return;
        }
        const struct session *session = &s->sessions.of[s->begun % s->sessions.count];
        size_t len = readings_request(request, s->target.authority, session, s->begun);
        c->is_asked = SSL_write(c->ssl, request, (int)len) == (int)len;
    }
    int got = SSL_read(c->ssl, answer, sizeof answer);
    if (got <= 0)
        (void)must_wait(s, c, got);
    else if (response_length(str_from(answer, (size_t)got), &status, &body) > 0)
        finish(s, c, status);
    else
        finish(s, c, 0);
}

static void run_for(struct shaking *s, double seconds)
{
    int64_t end_us = now_us(CLOCK_MONOTONIC) + (int64_t)(seconds * 1e6);
    while (now_us(CLOCK_MONOTONIC) < end_us) {
        struct epoll_event events[256];
        int count = epoll_wait(s->epoll, events, 256, 10);
        for (int i = 0; i < count; i++)
            go_on(s, events[i].data.ptr);
    }
}

static void report(const struct shaking *s, double seconds, const struct usage *before,
                   const struct usage *after)
{
    double count = s->done == 0 ? 1 : (double)s->done;
    double cpu_us = (after->cpu_s - before->cpu_s) * 1e6 / count;
    double core_us = (after->core_cpu_s - before->core_cpu_s) * 1e6 / count;
    printf(s->options->json
               ? "{\"handshakes\":%llu,\"refused\":%llu,\"handshakes_per_s\":%.0f,"
                 "\"server_cpu_us\":%.1f,\"core_cpu_us\":%.1f}\n"
               : "handshakes %llu\nrefused %llu\nhandshakes/s %.0f\nserver CPU per handshake %.1f "
                 "us\nof it the core's %.1f us\n",
           (unsigned long long)s->done, (unsigned long long)s->refused, (double)s->done / seconds,
           cpu_us, core_us);
}

int handshakes(const struct run_options *options)
{
    static struct shaking s;
    s.options = options;
    sessions_read(&s.sessions, options->sessions_file);
    if (s.sessions.count == 0)
        die("%s has no devices: enrol some", options->sessions_file);
    target_open(&s.target, options->server == NULL ? s.sessions.server : options->server,
                options->ca_file == NULL ? s.sessions.ca : options->ca_file);
    s.all = calloc(options->connections, sizeof *s.all);
    s.epoll = epoll_create1(EPOLL_CLOEXEC);
    if (s.all == NULL || s.epoll < 0)
        die("out of memory");
    for (unsigned i = 0; i < options->connections; i++)
        begin(&s, &s.all[i]);
    run_for(&s, 0.3); /* warm */
    unsigned port = (unsigned)strtoul(s.target.port, NULL, 10);
    struct usage before = server_usage(port);
    int64_t start_us = now_us(CLOCK_MONOTONIC);
    s.done = s.refused = 0;
    run_for(&s, options->seconds);
    double seconds = (double)(now_us(CLOCK_MONOTONIC) - start_us) / 1e6;
    struct usage after = server_usage(port);
    report(&s, seconds, &before, &after);
    return s.refused > 0 ? 1 : 0;
}
