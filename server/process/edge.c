#include "server/process/edge.h"

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/base/reader.h"
#include "common/crypto/crypto.h"
#include "server/edge/edge.h"
#include "server/ipc/control.h"
#include "server/os/clock.h"
#include "server/os/fatal.h"
#include "server/os/log.h"
#include "server/os/sandbox.h"
#include "server/process/orders.h"

#define TURN_MS_MAX 1000
#define DRAIN_MS    INT64_C(5000)

struct edge_process {
    struct edge edge;
    uint32_t uid;           /* to become */
    int64_t drain_until_ms; /* 0: not draining */
};

/* Beside memory, time and its end (server/os/sandbox.c): no file is opened, no socket made. */
static const struct sandbox_call calls[] = {
    CALL(epoll_wait, "the loop"),
    CALL(epoll_pwait, "the same, on other processors"),
    CALL(epoll_ctl, "connections come and go"),
    CALL(accept4, "connections come"),
    CALL(shutdown, "connections go"),
    CALL_ONLY(setsockopt, 2, SO_LINGER,
              "who is refused is reset: nothing of it stays in the kernel"),
    CALL(recvfrom, "clients; frames from the core"),
    CALL(sendto, "clients; frames to the core"),
    CALL(recvmsg, "the parent: certificates, and links to the core as descriptors"),
    CALL(sendmsg, "the parent: ready"),
};

_Static_assert(sizeof(struct deadlines) == DEADLINES_COUNT * sizeof(int64_t), "a row of times");

void edge_config_write(struct writer *w, const struct edge_config *c)
{
    int64_t times_ms[DEADLINES_COUNT];
    memcpy(times_ms, &c->deadlines, sizeof times_ms);
    writer_u32(w, c->uid);
    writer_u32(w, c->connections_max);
    for (size_t i = 0; i < DEADLINES_COUNT; i++)
        writer_u32(w, (uint32_t)times_ms[i]);
    limit_rules_write(w, &c->limits);
}

enum err edge_config_read(struct str payload, struct edge_config *out)
{
    struct reader r = reader_of(payload);
    int64_t times_ms[DEADLINES_COUNT];
    struct deadlines normal = DEADLINES_NORMAL;
    memcpy(times_ms, &normal, sizeof times_ms);
    uint32_t uid = reader_u32(&r), connections_max = reader_u32(&r);
    for (size_t i = 0; i < DEADLINES_COUNT; i++) {
        uint32_t ms = reader_u32(&r);
        times_ms[i] = ms == 0 ? times_ms[i] : ms;
    }
    struct limit_rules limits = limit_rules_read(&r);
    TRY(reader_end(&r));
    out->uid = uid;
    out->limits = limits;
    out->connections_max = connections_max == 0 ? CONNECTIONS_DEFAULT : connections_max;
    memcpy(&out->deadlines, times_ms, sizeof times_ms);
    return OK;
}

/* Descriptors for as many connections as the machine allows; some are ours. */
static uint32_t connections_allowed(uint32_t wanted)
{
    struct rlimit files;
    if (getrlimit(RLIMIT_NOFILE, &files) != 0)
        return wanted;
    files.rlim_cur = files.rlim_max;
    (void)setrlimit(RLIMIT_NOFILE, &files);
    rlim_t room = files.rlim_max > 64 ? files.rlim_max - 64 : 1;
    return room < wanted ? (uint32_t)room : wanted;
}

static void configure(struct edge_process *p, const struct control *m)
{
    struct edge_config config;
    if (edge_config_read(m->payload, &config) != OK ||
        edge_init(&p->edge, connections_allowed(config.connections_max)) != OK)
        fatal("the edge cannot start: configuration or memory");
    p->edge.deadlines = config.deadlines;
    p->uid = config.uid;
    p->edge.rules = config.limits;
}

static void take_identity(struct edge_process *p, const struct control *m)
{
    struct reader r = reader_of(m->payload);
    struct str certificate = reader_str32(&r), legacy = reader_str32(&r);
    if (reader_end(&r) != OK || edge_set_identity(&p->edge, certificate, legacy) != OK)
        fatal("the certificate cannot be used");
}

static void take_tickets(struct edge_process *p, const struct control *m)
{
    struct reader r = reader_of(m->payload);
    struct tls_tickets t = {.count = reader_u8(&r)};
    struct str keys = reader_rest(&r);
    if (reader_end(&r) != OK || t.count > TLS_TICKET_KEYS_MAX ||
        keys.len != t.count * TLS_TICKET_KEY_LEN)
        fatal("the ticket keys cannot be read");
    if (keys.len > 0)
        memcpy(t.keys, keys.ptr, keys.len);
    p->edge.tickets = t;
    wipe(&t, sizeof t);
}

static void take_limits(struct edge_process *p, const struct control *m)
{
    struct reader r = reader_of(m->payload);
    uint32_t number = reader_u32(&r);
    if (reader_end(&r) != OK || edge_set_limits(&p->edge, m->fds[0], number) != OK)
        fatal("the table of limits cannot be used");
    close(m->fds[0]);
}

static void take_descriptor(struct edge_process *p, const struct control *m)
{
    if (m->fd_count != 1)
        fatal("control message %d comes with one descriptor", (int)m->type);
    if (m->type == CONTROL_LINK) {
        edge_set_link(&p->edge, m->fds[0]);
        return;
    }
    if (m->type == CONTROL_KEYRING) {
        edge_set_keyring(&p->edge, m->fds[0]);
        return;
    }
    if (m->type == CONTROL_LIMITS) {
        take_limits(p, m);
        return;
    }
    struct reader r = reader_of(m->payload);
    enum listener_kind kind = (enum listener_kind)reader_u8(&r);
    if (reader_end(&r) != OK || kind < LISTENER_TLS || kind > LISTENER_LEGACY)
        fatal("a listener of an unknown kind");
    if (edge_listen(&p->edge, m->fds[0], kind) != OK)
        fatal("too many listeners");
}

static void take_front(struct edge_process *p, const struct control *m)
{
    if (front_read(m->payload, &p->edge.front) != OK)
        fatal("what stands in front cannot be read");
}

static void start(struct edge_process *p)
{
    if (edge_start(&p->edge) != OK)
        fatal("the edge cannot listen");
    sandbox_enter(&(struct sandbox){.name = "edge",
                                    .uid = p->uid,
                                    .calls = calls,
                                    .call_count = sizeof calls / sizeof calls[0]});
    if (control_send(CONTROL_FD, CONTROL_READY, STR_NONE, NULL, 0) != OK)
        exit(0);
}

static void handle(struct edge_process *p, const struct control *m)
{
    switch (m->type) {
    case CONTROL_CONFIG: configure(p, m); return;
    case CONTROL_IDENTITY: take_identity(p, m); return;
    case CONTROL_TICKETS: take_tickets(p, m); return;
    case CONTROL_LISTEN:
    case CONTROL_KEYRING:
    case CONTROL_LIMITS:
    case CONTROL_LINK: take_descriptor(p, m); return;
    case CONTROL_FRONT: take_front(p, m); return;
    case CONTROL_START: start(p); return;
    case CONTROL_DRAIN:
        p->drain_until_ms = clock_monotonic_ms() + DRAIN_MS;
        edge_drain(&p->edge);
        return;
    case CONTROL_COURIER:
    case CONTROL_VAULT:
    case CONTROL_READY: break;
    }
    fatal("control message %d is not for an edge", (int)m->type);
}

static void on_control(void *ctx, uint32_t events)
{
    struct edge_process *p = ctx;
    struct control m;
    (void)events;
    if (orders_next(&m))
        handle(p, &m);
    orders_wipe(); /* ticket keys may have passed through */
}

static bool is_over(const struct edge_process *p)
{
    return edge_is_drained(&p->edge) ||
           (p->drain_until_ms != 0 && clock_monotonic_ms() >= p->drain_until_ms);
}

int edge_main(void)
{
    static struct edge_process p;
    uint32_t slot;
    signal(SIGPIPE, SIG_IGN);
    signal(SIGINT, SIG_IGN);  /* ^C and a service manager's SIGTERM reach us too, */
    signal(SIGTERM, SIG_IGN); /* but are for the parent, who then drains us */
    /* The first message makes the edge; it is small and already there or about to be. */
    on_control(&p, 0);
    if (p.edge.conns == NULL || fcntl(CONTROL_FD, F_SETFL, O_NONBLOCK) != 0 ||
        reactor_add(&p.edge.reactor, CONTROL_FD, EPOLLIN, on_control, &p, &slot) != OK)
        fatal("the edge cannot start");
    while (!is_over(&p))
        edge_turn(&p.edge, p.drain_until_ms == 0 ? TURN_MS_MAX : 50);
    return 0;
}
