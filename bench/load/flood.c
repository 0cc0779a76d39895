/* ocean-load flood: what a botnet does to a server, from many addresses of this machine.
 *
 * Each of its connections attacks over and over: another address (127.9.x.y), another kind of the
 * mix. It verifies nothing, remembers nothing and says goodbye to nobody, so that it costs less
 * than what it attacks: a "hello" is bytes made once, for which the server makes keys and signs. */
#include "bench/load/load.h"

#include <errno.h>
#include <netinet/in.h>
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

#define ADDRESSES_FROM   0x7F090001U /* 127.9.0.1 */
#define HELLO_MAX        2048
#define HEAD_MAX         12000 /* longer than any server takes */
#define SWEEP_US         100000
#define STATUSES         600
#define LAUNCHES_A_TURN  256
#define WEIGHT_MAX       1000
#define MICROS_IN_SECOND 1000000

enum kind {
    KIND_CLOSE,     /* connect, and leave */
    KIND_HELLO,     /* make the server do its half of a handshake */
    KIND_HANDSHAKE, /* all of it, then leave */
    KIND_HEALTHZ,
    KIND_LOGIN,   /* costs a password hash, if let through */
    KIND_SESSION, /* of no device */
    KIND_BEARER,  /* of no session */
    KIND_HEADERS, /* one too long */
    KIND_BAIT,    /* what scanners ask for */
    KIND_COUNT,
};

static const struct {
    const char *name;
    const char *head, *body; /* NULL: nothing is asked */
} kinds[KIND_COUNT] = {
    [KIND_CLOSE] = {"close", NULL, NULL},
    [KIND_HELLO] = {"hello", NULL, NULL},
    [KIND_HANDSHAKE] = {"handshake", NULL, NULL},
    [KIND_HEALTHZ] = {"healthz", "GET /healthz HTTP/1.1\r\nHost: flood\r\n\r\n", ""},
    [KIND_LOGIN] = {"login",
                    "POST /api/v1/login HTTP/1.1\r\nHost: flood\r\n"
                    "Content-Type: application/json\r\nContent-Length: 60\r\n\r\n",
                    "{\"email\":\"flood@example.org\",\"password\":\"guess guess guess\"}"},
    [KIND_SESSION] = {"session",
                      "POST /device/v1/session HTTP/1.1\r\nHost: flood\r\n"
                      "Content-Type: application/json\r\nContent-Length: 85\r\n\r\n",
                      "{\"mac\":\"02:00:00:00:00:01\","
                      "\"client_first\":\"n,,n=dev_none,r=AAAAAAAAAAAAAAAAAAAAAAAA\"}"},
    [KIND_BEARER] = {"bearer",
                     "GET /device/v1/desired HTTP/1.1\r\nHost: flood\r\nX-Device-MAC: "
                     "02:00:00:00:00:01\r\nAuthorization: Bearer "
                     "oc_sess_0000000000000000000000\r\n\r\n",
                     ""},
    [KIND_HEADERS] = {"headers", "GET / HTTP/1.1\r\nHost: flood\r\n", ""},
    [KIND_BAIT] = {"bait", "GET /wp-login.php HTTP/1.1\r\nHost: flood\r\n\r\n", ""},
};

enum phase {
    PHASE_FREE,
    PHASE_CONNECTING,
    PHASE_WAITING, /* a hello was sent */
    PHASE_SHAKING,
    PHASE_ASKING,
};

/* How an attempt ended. */
enum outcome {
    OUTCOME_DONE,    /* we had what we wanted */
    OUTCOME_DROPPED, /* nobody answered the connect */
    OUTCOME_REFUSED, /* a closed door: reset before the server said a byte */
    OUTCOME_CLOSED,  /* reset or closed later */
    OUTCOME_SILENT,  /* within our patience nothing came */
    OUTCOME_COUNT,
};
static const char *const outcome_names[OUTCOME_COUNT] = {"done", "dropped", "refused", "closed",
                                                         "silent"};

struct shot {
    SSL *ssl;
    int fd;
    enum phase phase;
    enum kind kind;
    unsigned asked;
    bool has_heard;
    int64_t patience_us;
};

struct flood {
    const struct flood_options *options;
    struct target target;
    int epoll;
    struct shot *shots;
    struct shot **free;
    size_t free_count;
    enum kind order[KIND_COUNT * WEIGHT_MAX]; /* each kind as often as it weighs */
    size_t order_count;
    uint8_t hello[HELLO_MAX];
    size_t hello_len;
    char request[KIND_COUNT][HEAD_MAX];
    size_t request_len[KIND_COUNT];
    int64_t now_us;
    uint64_t attempts, handshakes, asked, out_of_ports;
    uint64_t outcomes[OUTCOME_COUNT];
    uint64_t statuses[STATUSES];
};

/* ---- what to send ---------------------------------------------------------------------------- */

/* A client hello, made once: to the server each is a stranger's first. */
static void make_hello(struct flood *f)
{
    SSL *ssl = SSL_new(f->target.tls);
    BIO *in = BIO_new(BIO_s_mem()), *out = BIO_new(BIO_s_mem());
    if (ssl == NULL || in == NULL || out == NULL)
        die("out of memory");
    SSL_set_bio(ssl, in, out);
    SSL_set_connect_state(ssl);
    (void)SSL_do_handshake(ssl);
    int len = BIO_read(out, f->hello, sizeof f->hello);
    if (len <= 0)
        die("no hello could be made");
    f->hello_len = (size_t)len;
    SSL_free(ssl);
    ERR_clear_error();
}

static void make_requests(struct flood *f)
{
    for (int k = 0; k < KIND_COUNT; k++) {
        if (kinds[k].head == NULL)
            continue;
        int len = snprintf(f->request[k], HEAD_MAX, "%s%s", kinds[k].head, kinds[k].body);
        f->request_len[k] = (size_t)len;
    }
    char *at = f->request[KIND_HEADERS] + f->request_len[KIND_HEADERS];
    size_t room = HEAD_MAX - f->request_len[KIND_HEADERS];
    memset(at, 'x', room);
    memcpy(at, "X-Long: ", 8);
    memcpy(at + room - 4, "\r\n\r\n", 4);
    f->request_len[KIND_HEADERS] = HEAD_MAX;
}

static enum kind kind_named(struct str name)
{
    for (int k = 0; k < KIND_COUNT; k++) {
        if (str_eq(name, str_from_cstr(kinds[k].name)))
            return (enum kind)k;
    }
    die("--mix: there is no kind '%.*s'", STR_ARGS(name));
}

/* "hello=8,healthz=1": a name without a number weighs 1. Spread, so that no kind comes in a row. */
static void read_mix(struct flood *f, struct str mix)
{
    uint64_t weights[KIND_COUNT] = {0}, most = 0;
    struct str item, name, number;
    bool more = true;
    while (more) {
        uint64_t weight = 1;
        more = str_cut(mix, ',', &item, &mix);
        if (str_cut(item, '=', &name, &number) && str_u64(number, WEIGHT_MAX, &weight) != OK)
            die("--mix: '%.*s' is not NAME=WEIGHT", STR_ARGS(item));
        weights[kind_named(name)] = weight;
        most = weight > most ? weight : most;
    }
    for (uint64_t round = 0; round < most; round++) {
        for (int k = 0; k < KIND_COUNT; k++) {
            if (weights[k] > round)
                f->order[f->order_count++] = (enum kind)k;
        }
    }
    if (f->order_count == 0)
        die("--mix: nothing to do");
}

/* ---- one attempt ----------------------------------------------------------------------------- */

static void finish(struct flood *f, struct shot *s, enum outcome how)
{
    f->outcomes[how]++;
    SSL_free(s->ssl);
    close(s->fd); /* with a reset: see open_socket() */
    s->ssl = NULL;
    s->phase = PHASE_FREE;
    f->free[f->free_count++] = s;
    ERR_clear_error();
}

/* The server has ended it. */
static void end(struct flood *f, struct shot *s)
{
    finish(f, s, s->has_heard ? OUTCOME_CLOSED : OUTCOME_REFUSED);
}

static void watch(struct flood *f, struct shot *s, int how, uint32_t events)
{
    struct epoll_event e = {.events = events, .data.ptr = s};
    epoll_ctl(f->epoll, how, s->fd, &e);
}

static void ask(struct flood *f, struct shot *s)
{
    size_t put = 0;
    if (s->asked == f->options->asks || f->request_len[s->kind] == 0) {
        finish(f, s, OUTCOME_DONE);
        return;
    }
    s->asked++;
    f->asked++;
    s->patience_us = f->now_us + f->options->patience_ms * INT64_C(1000);
    if (SSL_write_ex(s->ssl, f->request[s->kind], f->request_len[s->kind], &put) != 1)
        end(f, s);
}

static void note_status(struct flood *f, const uint8_t *bytes, size_t len)
{
    uint64_t status;
    if (len >= 12 && memcmp(bytes, "HTTP/1.1 ", 9) == 0 &&
        str_u64(str_from(bytes + 9, 3), STATUSES - 1, &status) == OK)
        f->statuses[status]++;
}

/* An answer of ours or of nginx is one record; a file of more is counted by its first. */
static void hear(struct flood *f, struct shot *s)
{
    uint8_t bytes[16384];
    size_t got = 0;
    if (SSL_read_ex(s->ssl, bytes, sizeof bytes, &got) != 1) {
        if (SSL_get_error(s->ssl, 0) != SSL_ERROR_WANT_READ)
            end(f, s);
        return;
    }
    note_status(f, bytes, got);
    ask(f, s);
}

static void shake(struct flood *f, struct shot *s)
{
    int done = SSL_do_handshake(s->ssl);
    if (done != 1) {
        if (SSL_get_error(s->ssl, done) != SSL_ERROR_WANT_READ)
            end(f, s);
        return;
    }
    f->handshakes++;
    s->has_heard = true;
    s->phase = PHASE_ASKING;
    ask(f, s);
}

static void begin_tls(struct flood *f, struct shot *s)
{
    s->ssl = SSL_new(f->target.tls);
    if (s->ssl == NULL || SSL_set_fd(s->ssl, s->fd) != 1)
        die("out of memory for a TLS connection");
    SSL_set_connect_state(s->ssl);
    s->phase = PHASE_SHAKING;
    shake(f, s);
}

static void connected(struct flood *f, struct shot *s)
{
    if (s->kind == KIND_CLOSE) {
        finish(f, s, OUTCOME_DONE);
    } else if (s->kind == KIND_HELLO) {
        s->phase = PHASE_WAITING;
        if (send(s->fd, f->hello, f->hello_len, MSG_NOSIGNAL) < 0)
            end(f, s);
    } else {
        begin_tls(f, s);
    }
}

/* Whatever the server says to our hello, its work is done. */
static void answered(struct flood *f, struct shot *s)
{
    uint8_t byte;
    if (recv(s->fd, &byte, 1, 0) == 1)
        finish(f, s, OUTCOME_DONE);
    else
        end(f, s);
}

static int open_socket(const struct flood *f, uint32_t number)
{
    int on = 1;
    struct linger at_once = {1, 0}; /* leave with a reset: no port of ours has to wait */
    struct sockaddr_in from = {.sin_family = AF_INET};
    from.sin_addr.s_addr = htonl(ADDRESSES_FROM + number % f->options->addresses);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0)
        die("no more sockets: raise the limit of open files (ulimit -n)");
    setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
    setsockopt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof on);
    if (bind(fd, (struct sockaddr *)&from, sizeof from) != 0)
        die("no source address number %u", number);
    return fd;
}

static void launch(struct flood *f)
{
    struct shot *s = f->free[--f->free_count];
    *s = (struct shot){.kind = f->order[f->attempts % f->order_count],
                       .phase = PHASE_CONNECTING,
                       .fd = open_socket(f, (uint32_t)f->attempts),
                       .patience_us = f->now_us + f->options->patience_ms * INT64_C(1000)};
    f->attempts++;
    const struct sockaddr *to = (const struct sockaddr *)&f->target.address;
    bool is_through = connect(s->fd, to, f->target.address_len) == 0;
    if (!is_through && errno != EINPROGRESS) {
        f->out_of_ports += errno == EADDRNOTAVAIL;
        finish(f, s, OUTCOME_REFUSED);
        return;
    }
    watch(f, s, EPOLL_CTL_ADD, is_through ? EPOLLIN : EPOLLIN | EPOLLOUT);
    if (is_through)
        connected(f, s);
}

static void on_event(struct flood *f, struct shot *s, uint32_t events)
{
    int error = 0;
    socklen_t len = sizeof error;
    switch (s->phase) {
    case PHASE_FREE: return;
    case PHASE_CONNECTING:
        if ((events & (EPOLLERR | EPOLLHUP)) != 0 ||
            getsockopt(s->fd, SOL_SOCKET, SO_ERROR, &error, &len) != 0 || error != 0) {
            end(f, s);
            return;
        }
        watch(f, s, EPOLL_CTL_MOD, EPOLLIN);
        connected(f, s);
        return;
    case PHASE_WAITING: answered(f, s); return;
    case PHASE_SHAKING: shake(f, s); return;
    case PHASE_ASKING: hear(f, s); return;
    }
}

/* ---- the flood ------------------------------------------------------------------------------- */

static void sweep(struct flood *f)
{
    for (size_t i = 0; i < f->options->connections; i++) {
        struct shot *s = &f->shots[i];
        if (s->phase == PHASE_FREE || f->now_us < s->patience_us)
            continue;
        finish(f, s, s->phase == PHASE_CONNECTING ? OUTCOME_DROPPED : OUTCOME_SILENT);
    }
}

/* As many as the rate has allowed until now, and there are free connections for. */
static void launch_some(struct flood *f, int64_t begun_us)
{
    uint64_t due =
        f->options->rate == 0
            ? UINT64_MAX
            : (uint64_t)((f->now_us - begun_us) * (int64_t)f->options->rate / MICROS_IN_SECOND);
    for (int i = 0; i < LAUNCHES_A_TURN && f->free_count > 0 && f->attempts < due; i++)
        launch(f);
}

static void attack(struct flood *f, int64_t seconds)
{
    struct epoll_event events[256];
    int64_t begun_us = now_us(CLOCK_MONOTONIC), swept_us = begun_us;
    for (f->now_us = begun_us; f->now_us < begun_us + seconds * MICROS_IN_SECOND;) {
        launch_some(f, begun_us);
        int count = epoll_wait(f->epoll, events, 256, f->free_count > 0 ? 1 : 10);
        f->now_us = now_us(CLOCK_MONOTONIC);
        for (int i = 0; i < count; i++)
            on_event(f, events[i].data.ptr, events[i].events);
        if (f->now_us - swept_us >= SWEEP_US) {
            swept_us = f->now_us;
            sweep(f);
        }
    }
}

static void report(const struct flood *f, double seconds)
{
    printf("{\"seconds\":%.2f,\"attempts\":%llu,\"handshakes\":%llu,\"requests\":%llu,"
           "\"out_of_ports\":%llu",
           seconds, (unsigned long long)f->attempts, (unsigned long long)f->handshakes,
           (unsigned long long)f->asked, (unsigned long long)f->out_of_ports);
    for (int i = 0; i < OUTCOME_COUNT; i++)
        printf(",\"%s\":%llu", outcome_names[i], (unsigned long long)f->outcomes[i]);
    printf(",\"statuses\":{");
    bool is_first = true;
    for (int i = 0; i < STATUSES; i++) {
        if (f->statuses[i] == 0)
            continue;
        printf("%s\"%d\":%llu", is_first ? "" : ",", i, (unsigned long long)f->statuses[i]);
        is_first = false;
    }
    printf("}}\n");
}

static void open_target(struct flood *f)
{
    target_open(&f->target, f->options->server, f->options->ca_file);
    SSL_CTX_set_verify(f->target.tls, SSL_VERIFY_NONE, NULL);
    if (f->target.address.ss_family != AF_INET)
        die("flood only attacks IPv4 addresses of this machine");
}

int flood(const struct flood_options *options)
{
    static struct flood f;
    struct rlimit files = {0};
    getrlimit(RLIMIT_NOFILE, &files);
    files.rlim_cur = files.rlim_max;
    setrlimit(RLIMIT_NOFILE, &files);
    f.options = options;
    open_target(&f);
    make_hello(&f);
    make_requests(&f);
    read_mix(&f, str_from_cstr(options->mix));
    f.shots = calloc(options->connections, sizeof *f.shots);
    f.free = calloc(options->connections, sizeof(struct shot *));
    f.epoll = epoll_create1(EPOLL_CLOEXEC);
    if (f.shots == NULL || f.free == NULL || f.epoll < 0)
        die("out of memory");
    for (size_t i = 0; i < options->connections; i++)
        f.free[f.free_count++] = &f.shots[i];
    int64_t begun_us = now_us(CLOCK_MONOTONIC);
    attack(&f, options->seconds);
    report(&f, (double)(now_us(CLOCK_MONOTONIC) - begun_us) / MICROS_IN_SECOND);
    return 0;
}
