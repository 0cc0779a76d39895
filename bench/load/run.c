/* ocean-load run: every connection its own enrolled device, each sending a batch of four readings
 * as soon as the one before has been acknowledged. */
#include "bench/load/load.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include <openssl/err.h>

#include "bench/load/client.h"
#include "bench/load/sessions.h"

#define LATENCIES_MAX 20000000
#define ANSWER_MAX    4096
#define SOURCES       250 /* loopback addresses, so that ports never run out */

struct connection {
    SSL *ssl;
    int fd;
    const struct session *session;
    int64_t sent_us;
    size_t request_len, request_sent;
    size_t answer_len;
    bool connected;
    bool is_holding;
    bool wants_write;
};

struct load {
    const struct run_options *options;
    struct target target;
    struct sessions sessions;
    struct connection *connections;
    int epoll;
    uint32_t *latencies_us;
    size_t latency_count;
    uint64_t done, refused;
    int first_refusal;
    uint64_t batch;
    size_t connected, holding;
    bool measuring;
    char request[REQUEST_MAX]; /* of the connection being served: rebuilt whenever it must go on */
    char answer[ANSWER_MAX];
};

static void build_readings(struct load *l, struct connection *c)
{
    c->request_len = readings_request(l->request, l->target.authority, c->session, ++l->batch);
}

static void build_hold(struct load *l, struct connection *c)
{
    c->request_len =
        (size_t)snprintf(l->request, sizeof l->request,
                         "GET /device/v1/desired?after=0&wait=300 HTTP/1.1\r\nHost: %s\r\n"
                         "Authorization: Bearer %s\r\nX-Device-MAC: %s\r\n\r\n",
                         l->target.authority, c->session->token, c->session->mac);
}

static void watch(struct load *l, struct connection *c, bool write)
{
    struct epoll_event e = {.events = write ? EPOLLIN | EPOLLOUT : EPOLLIN, .data.ptr = c};
    if (c->wants_write == write)
        return;
    c->wants_write = write;
    epoll_ctl(l->epoll, EPOLL_CTL_MOD, c->fd, &e);
}

/* True when the call has to wait for the socket; dies on anything else. */
static bool must_wait(struct load *l, struct connection *c, int result)
{
    int reason = SSL_get_error(c->ssl, result);
    if (reason != SSL_ERROR_WANT_READ && reason != SSL_ERROR_WANT_WRITE)
        die("a connection broke: %s (of %zu connected)",
            reason == SSL_ERROR_ZERO_RETURN || ERR_peek_error() == 0
                ? "closed by the server"
                : ERR_reason_error_string(ERR_get_error()),
            l->connected);
    watch(l, c, reason == SSL_ERROR_WANT_WRITE);
    return true;
}

/* A request is under 1 KB: it leaves in one write, or the socket is broken. */
static void send_request(struct load *l, struct connection *c)
{
    c->sent_us = now_us(CLOCK_MONOTONIC);
    c->answer_len = 0;
    int put = SSL_write(c->ssl, l->request, (int)c->request_len);
    if (put != (int)c->request_len)
        die("a request did not fit into an empty socket");
}

static void next_request(struct load *l, struct connection *c)
{
    if (l->options->hold && c->is_holding)
        build_hold(l, c);
    else
        build_readings(l, c);
    send_request(l, c);
}

static void note_answer(struct load *l, struct connection *c, int status, struct str body)
{
    if (status != 204) {
        if (l->refused++ == 0)
            fprintf(stderr, "ocean-load: first refusal: %d %.*s\n", status,
                    STR_ARGS(str_slice(body, 0, 300)));
        l->first_refusal = status;
    }
    if (l->measuring) {
        l->done++;
        if (l->latency_count < LATENCIES_MAX)
            l->latencies_us[l->latency_count++] = (uint32_t)(now_us(CLOCK_MONOTONIC) - c->sent_us);
    }
}

static void read_answer(struct load *l, struct connection *c)
{
    int status;
    struct str body;
    int got = SSL_read(c->ssl, l->answer, sizeof l->answer);
    if (got <= 0) {
        must_wait(l, c, got);
        return;
    }
    /* Answers are small and come in one record; a larger one is an error worth stopping for. */
    if (response_length(str_from(l->answer, (size_t)got), &status, &body) == 0)
        die("an answer in pieces: %.*s", got, l->answer);
    note_answer(l, c, status, body);
    if (l->options->hold && !c->is_holding) {
        c->is_holding = true;
        l->holding++;
    }
    next_request(l, c);
}

static void handshake(struct load *l, struct connection *c)
{
    int done = SSL_do_handshake(c->ssl);
    if (done != 1) {
        must_wait(l, c, done);
        return;
    }
    watch(l, c, false);
    c->connected = true;
    l->connected++;
    next_request(l, c);
}

static void turn(struct load *l, int timeout_ms)
{
    struct epoll_event events[256];
    int count = epoll_wait(l->epoll, events, 256, timeout_ms);
    for (int i = 0; i < count; i++) {
        struct connection *c = events[i].data.ptr;
        if (!c->connected) {
            handshake(l, c);
            continue;
        }
        read_answer(l, c);
        while (SSL_pending(c->ssl) > 0)
            read_answer(l, c);
    }
}

/* A few at a time, so that no handshake waits long for its turn. */
static void connect_all(struct load *l)
{
    size_t opened = 0, wanted = l->options->connections;
    while (l->connected < wanted) {
        while (opened < wanted && opened - l->connected < 32) {
            struct connection *c = &l->connections[opened];
            struct epoll_event e = {.events = EPOLLIN | EPOLLOUT, .data.ptr = c};
            c->session = &l->sessions.of[opened];
            c->ssl = target_connect(&l->target, (int)(opened % SOURCES), 0, &c->fd);
            c->wants_write = true;
            epoll_ctl(l->epoll, EPOLL_CTL_ADD, c->fd, &e);
            opened++;
        }
        turn(l, 1000);
    }
}

static int by_value(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return x < y ? -1 : x > y;
}

static double percentile_ms(const struct load *l, double share)
{
    if (l->latency_count == 0)
        return 0;
    return l->latencies_us[(size_t)((double)(l->latency_count - 1) * share)] / 1000.0;
}

static void report(struct load *l, double seconds, double cpu_s, const struct usage *after)
{
    qsort(l->latencies_us, l->latency_count, sizeof *l->latencies_us, by_value);
    double rate = (double)l->done / seconds;
    double cpu_us = l->done == 0 ? 0 : cpu_s * 1e6 / (double)l->done;
    printf(l->options->json
               ? "{\"connections\":%u,\"seconds\":%.2f,\"requests\":%llu,\"refused\":%llu,"
                 "\"requests_per_s\":%.0f,\"p50_ms\":%.3f,\"p99_ms\":%.3f,\"p999_ms\":%.3f,"
                 "\"server_cpu_us\":%.2f,\"server_pss_kb\":%.0f,\"server_processes\":%u}\n"
               : "connections %u\nseconds %.2f\nrequests %llu\nrefused %llu\nrequests/s %.0f\n"
                 "p50 %.3f ms\np99 %.3f ms\np99.9 %.3f ms\nserver CPU per request %.2f us\n"
                 "server memory %.0f KB in %u processes\n",
           l->options->connections, seconds, (unsigned long long)l->done,
           (unsigned long long)l->refused, rate, percentile_ms(l, 0.5), percentile_ms(l, 0.99),
           percentile_ms(l, 0.999), cpu_us, after->pss_kb, after->processes);
}

static void run_for(struct load *l, double seconds)
{
    int64_t end_us = now_us(CLOCK_MONOTONIC) + (int64_t)(seconds * 1e6);
    while (now_us(CLOCK_MONOTONIC) < end_us)
        turn(l, 10);
}

static void measure(struct load *l)
{
    unsigned port = (unsigned)strtoul(l->target.port, NULL, 10);
    run_for(l, 0.3); /* warm */
    struct usage before = server_usage(port);
    int64_t start_us = now_us(CLOCK_MONOTONIC);
    l->measuring = true;
    run_for(l, l->options->seconds);
    double seconds = (double)(now_us(CLOCK_MONOTONIC) - start_us) / 1e6;
    struct usage after = server_usage(port);
    report(l, seconds, after.cpu_s - before.cpu_s, &after);
}

/* Stay as a house of sleeping devices would. */
static void hold(struct load *l)
{
    unsigned port = (unsigned)strtoul(l->target.port, NULL, 10);
    while (l->holding < l->options->connections)
        turn(l, 1000);
    run_for(l, 2);
    struct usage u = server_usage(port);
    printf("holding %zu connections\nserver memory %.0f KB in %u processes\n", l->holding, u.pss_kb,
           u.processes);
    fflush(stdout);
    run_for(l, l->options->seconds);
}

int run(const struct run_options *options)
{
    static struct load l;
    struct rlimit files = {0};
    l.options = options;
    sessions_read(&l.sessions, options->sessions_file);
    if (l.sessions.count < options->connections)
        die("%u connections need as many devices, %s has %zu: enrol more", options->connections,
            options->sessions_file, l.sessions.count);
    getrlimit(RLIMIT_NOFILE, &files);
    files.rlim_cur = files.rlim_max;
    setrlimit(RLIMIT_NOFILE, &files);
    target_open(&l.target, options->server == NULL ? l.sessions.server : options->server,
                options->ca_file == NULL ? l.sessions.ca : options->ca_file);
    l.connections = calloc(options->connections, sizeof *l.connections);
    l.latencies_us = malloc(LATENCIES_MAX * sizeof *l.latencies_us);
    l.epoll = epoll_create1(EPOLL_CLOEXEC);
    if (l.connections == NULL || l.latencies_us == NULL || l.epoll < 0)
        die("out of memory");
    connect_all(&l);
    if (options->hold)
        hold(&l);
    else
        measure(&l);
    return l.refused > 0 ? 1 : 0;
}
