#include "server/edge/edge.h"

#include <errno.h>
#include <malloc.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "server/edge/conn.h"
#include "server/os/clock.h"
#include "server/os/log.h"

enum err edge_init(struct edge *e, uint32_t connections_max)
{
    memset(e, 0, offsetof(struct edge, raw));
    e->deadlines = DEADLINES_NORMAL;
    e->conn_cap = connections_max == 0 ? CONNECTIONS_DEFAULT : connections_max;
    e->conns = calloc(e->conn_cap, sizeof(struct conn *));
    link_init(&e->link, -1, FRAME_TO_EDGE_MAX);
    e->now_ms = clock_monotonic_ms();
    e->wall_ms = clock_wall_ms();
    timers_init(&e->timers, e->now_ms);
    if (e->conns == NULL)
        return ERR_NO_MEMORY;
    return reactor_open(&e->reactor);
}

/* ---- the core
 * ------------------------------------------------------------------------------------ */

static void for_each_conn(struct edge *e, void (*fn)(struct edge *e, struct conn *c))
{
    for (uint32_t i = 0; i < e->conn_cap; i++) {
        if (e->conns[i] != NULL)
            fn(e, e->conns[i]);
    }
}

static void core_lost(struct edge *e, const char *why)
{
    log_event("edge.core_lost", "reason=%s", why);
    reactor_remove(&e->reactor, e->link_slot);
    link_done(&e->link);
    for_each_conn(e, conn_core_lost);
}

static void handle_frame(struct edge *e, const struct frame *f)
{
    struct reply r;
    switch (f->type) {
    case FRAME_REPLY:
        if (reply_take(f->payload, &r) == OK)
            conn_reply(e, f->id, &r);
        return;
    case FRAME_STREAM:
        if (reply_take(f->payload, &r) == OK)
            conn_stream(e, f->id, &r);
        return;
    case FRAME_HELD: conn_held(e, f->id); return;
    case FRAME_STREAM_DATA: conn_stream_data(e, f->id, f->payload); return;
    case FRAME_STREAM_END: conn_stream_end(e, f->id); return;
    case FRAME_REQUEST:
    case FRAME_RELEASE:
    case FRAME_GONE: return; /* the core does not ask */
    }
}

static void on_link(void *ctx, uint32_t events)
{
    struct edge *e = ctx;
    struct frame f;
    if ((events & (EPOLLIN | EPOLLHUP | EPOLLERR)) == 0)
        return; /* writable: the end of the turn flushes */
    enum err filled = link_fill(&e->link);
    enum err taken = OK;
    while (e->link.fd >= 0 && (taken = link_next(&e->link, &f)) == OK)
        handle_frame(e, &f);
    if (e->link.fd < 0)
        return;
    if (taken == ERR_PEER)
        core_lost(e, "malformed frame");
    else if (filled == ERR_IO || filled == ERR_NO_MEMORY)
        core_lost(e, "closed");
}

void edge_set_link(struct edge *e, int fd)
{
    if (e->link.fd >= 0)
        core_lost(e, "replaced");
    link_init(&e->link, fd, FRAME_TO_EDGE_MAX);
    e->link_wants_write = false;
    if (reactor_add(&e->reactor, fd, EPOLLIN, on_link, e, &e->link_slot) != OK)
        link_done(&e->link);
}

/* Everything that was asked in this turn leaves in one write. */
static void flush_link(struct edge *e)
{
    if (e->link.fd < 0)
        return;
    if (link_flush(&e->link) == ERR_IO) {
        core_lost(e, "closed");
        return;
    }
    bool wants_write = link_wants_write(&e->link);
    if (wants_write == e->link_wants_write)
        return;
    e->link_wants_write = wants_write;
    if (reactor_change(&e->reactor, e->link_slot, wants_write ? EPOLLIN | EPOLLOUT : EPOLLIN) != OK)
        core_lost(e, "not watchable");
}

bool edge_tell_core(struct edge *e, enum frame_type type, uint64_t id)
{
    return e->link.fd >= 0 && link_push(&e->link, type, id, STR_NONE) == OK;
}

static size_t request_size(const struct request *r)
{
    size_t size = 64 + r->target.len + r->body.len;
    for (size_t i = 0; i < FIELD_COUNT; i++)
        size += 2 + r->field[i].len;
    return size;
}

bool edge_ask_core(struct edge *e, uint64_t id, const struct request *r)
{
    struct writer w;
    if (e->link.fd < 0 || link_reserve(&e->link, request_size(r), &w) != OK ||
        request_put(&w, id, r) != OK)
        return false;
    link_commit(&e->link, &w);
    return true;
}

/* ---- strangers
 * ------------------------------------------------------------------------------------ */

static void peer_address(const struct sockaddr_storage *from, uint8_t out[static 16])
{
    struct sockaddr_in v4;
    struct sockaddr_in6 v6;
    if (from->ss_family == AF_INET6) {
        memcpy(&v6, from, sizeof v6);
        memcpy(out, &v6.sin6_addr, 16);
        return;
    }
    memcpy(&v4, from, sizeof v4);
    memset(out, 0, 10);
    memset(out + 10, 0xFF, 2); /* ::ffff:a.b.c.d */
    memcpy(out + 12, &v4.sin_addr, 4);
}

static void on_listener(void *ctx, uint32_t events)
{
    static struct log_limit limit;
    struct listening *l = ctx;
    (void)events;
    for (int i = 0; i < ACCEPTS_PER_TURN; i++) {
        struct sockaddr_storage from;
        socklen_t len = sizeof from;
        uint8_t peer[16];
        int on = 1;
        int fd = accept4(l->fd, (struct sockaddr *)&from, &len, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (fd < 0 && (errno == EMFILE || errno == ENFILE))
            log_event_limited(&limit, "edge.no_descriptors", "connections=%u", l->edge->conn_count);
        if (fd < 0)
            return;
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        peer_address(&from, peer);
        conn_open(l->edge, fd, peer);
    }
}

enum err edge_listen(struct edge *e, int fd)
{
    if (e->listener_count == LISTENERS_PER_EDGE)
        return ERR_LIMIT;
    e->listeners[e->listener_count++] = (struct listening){fd, 0, e};
    return OK;
}

enum err edge_start(struct edge *e)
{
    if (e->tls == NULL)
        return ERR_CONFLICT;
    for (size_t i = 0; i < e->listener_count; i++)
        TRY(reactor_add(&e->reactor, e->listeners[i].fd, EPOLLIN, on_listener, &e->listeners[i],
                        &e->listeners[i].slot));
    return OK;
}

enum err edge_set_identity(struct edge *e, struct str certificate, struct str key)
{
    SSL_CTX *fresh;
    TRY(tls_context_new(certificate, key, &e->tickets, &fresh));
    SSL_CTX_free(e->tls); /* connections of before keep theirs */
    e->tls = fresh;
    return OK;
}

/* ---- leaving
 * -------------------------------------------------------------------------------------- */

void edge_drain(struct edge *e)
{
    if (e->is_draining)
        return;
    e->is_draining = true;
    for (size_t i = 0; i < e->listener_count; i++) {
        reactor_remove(&e->reactor, e->listeners[i].slot);
        close(e->listeners[i].fd);
    }
    e->listener_count = 0;
    for_each_conn(e, conn_drain);
}

bool edge_is_drained(const struct edge *e)
{
    return e->is_draining && e->conn_count == 0;
}

/* ---- the turn
 * ------------------------------------------------------------------------------------- */

static void give_memory_back(struct edge *e)
{
    if (e->trim_at_ms == 0 || e->now_ms < e->trim_at_ms)
        return;
    e->trim_at_ms = 0;
    malloc_trim(0); /* glibc would keep the peak for ever */
}

void edge_turn(struct edge *e, int timeout_ms_max)
{
    int wait_ms = timers_wait_ms(&e->timers, e->now_ms);
    if (wait_ms < 0 || wait_ms > timeout_ms_max)
        wait_ms = timeout_ms_max;
    reactor_wait(&e->reactor, wait_ms);
    e->now_ms = clock_monotonic_ms();
    e->wall_ms = clock_wall_ms();
    reactor_deliver(&e->reactor);
    timers_run(&e->timers, e->now_ms);
    flush_link(e);
    give_memory_back(e);
}
