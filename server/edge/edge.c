#include "server/edge/edge.h"

#include <errno.h>
#include <malloc.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/base/assert.h"
#include "server/edge/conn.h"
#include "server/edge/gate.h"
#include "server/os/clock.h"
#include "server/os/fatal.h"
#include "server/os/log.h"

/* ---- beginning and end ----------------------------------------------------------------------- */

static void give_memory_back(struct timer *t)
{
    struct edge *e = (struct edge *)(void *)((char *)t - offsetof(struct edge, trim));
    if (e->left_count >= TRIM_LEFT_MIN) {
        e->left_count = 0;
        signatures_trim(&e->signatures);
        malloc_trim(0); /* glibc would keep the peak for ever */
    }
    timer_set(&e->timers, t, e->now_ms + TRIM_EVERY_MS);
}

static void watch_listeners(struct edge *e, uint32_t events)
{
    for (size_t i = 0; i < e->listener_count; i++) {
        if (reactor_change(&e->reactor, e->listeners[i].slot, events) != OK)
            fatal("a listener cannot be watched");
    }
}

static void accept_again(struct timer *t)
{
    struct edge *e = (struct edge *)(void *)((char *)t - offsetof(struct edge, accept_again));
    watch_listeners(e, EPOLLIN);
}

static void ask_again(struct timer *t)
{
    struct edge *e = (struct edge *)(void *)((char *)t - offsetof(struct edge, ask_again));
    signatures_ask_again(&e->signatures, e->now_ms);
}

enum err edge_init(struct edge *e, uint32_t connections_max)
{
    memset(e, 0, offsetof(struct edge, raw));
    e->deadlines = DEADLINES_NORMAL;
    e->rules = limit_rules_default();
    e->conn_cap = connections_max == 0 ? CONNECTIONS_DEFAULT : connections_max;
    e->conns = calloc(e->conn_cap, sizeof(struct conn *));
    e->again = calloc(2 * (size_t)e->conn_cap, sizeof *e->again);
    link_init(&e->link, -1, FRAME_TO_EDGE_MAX);
    e->now_ms = clock_monotonic_ms();
    e->wall_ms = clock_wall_ms();
    timers_init(&e->timers, e->now_ms);
    e->trim.fire = give_memory_back;
    e->accept_again.fire = accept_again;
    e->ask_again.fire = ask_again;
    e->signer = (struct far_signer){signatures_sign, &e->signatures};
    TRY(signatures_init(&e->signatures));
    timer_set(&e->timers, &e->trim, e->now_ms + TRIM_EVERY_MS);
    if (e->conns == NULL || e->again == NULL)
        return ERR_NO_MEMORY;
    return reactor_open(&e->reactor);
}

void edge_done(struct edge *e)
{
    link_done(&e->link);
    reactor_close(&e->reactor);
    SSL_CTX_free(e->tls);
    SSL_CTX_free(e->tls_legacy);
    signatures_done(&e->signatures);
    limit_table_unmap(e->limits);
    free(e->conns);
    free(e->again);
}

void edge_again(struct edge *e, uint32_t index, bool *is_again)
{
    if (*is_again)
        return;
    /* Twice: those whose turn it is, and those of them who wait once more. */
    ASSERT(e->again_count < 2 * e->conn_cap);
    *is_again = true;
    e->again[e->again_count++] = index;
}

/* ---- the core -------------------------------------------------------------------------------- */

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

/* ERR_PEER: this is no core of ours. */
static enum err handle_frame(struct edge *e, const struct frame *f)
{
    struct reply r;
    principal caller;
    struct ban_notice ban;
    switch (f->type) {
    case FRAME_REPLY:
        TRY(reply_take(f->payload, &r));
        conn_reply(e, f->id, &r);
        return OK;
    case FRAME_STREAM:
        TRY(reply_take(f->payload, &r));
        conn_stream(e, f->id, &r);
        return OK;
    case FRAME_HELD:
        TRY(held_take(f->payload, &caller));
        conn_held(e, f->id, caller);
        return OK;
    case FRAME_STREAM_DATA: conn_stream_data(e, f->id, f->payload); return OK;
    case FRAME_STREAM_END: conn_stream_end(e, f->id); return OK;
    case FRAME_BAN:
        TRY(ban_take(f->payload, &ban));
        gate_ban(e, &ban);
        return OK;
    case FRAME_REQUEST:
    case FRAME_RELEASE:
    case FRAME_GONE: break; /* the core does not ask */
    }
    return ERR_PEER;
}

static void on_link(void *ctx, uint32_t events)
{
    struct edge *e = ctx;
    struct frame f;
    if ((events & (EPOLLIN | EPOLLHUP | EPOLLERR)) == 0)
        return; /* writable: the end of the turn flushes */
    enum err filled = link_fill(&e->link);
    enum err taken = OK;
    while (e->link.fd >= 0 && taken == OK) {
        taken = link_next(&e->link, &f);
        if (taken == OK)
            taken = handle_frame(e, &f);
    }
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

/* ---- strangers ------------------------------------------------------------------------------- */

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

/* No descriptor or no memory: a listener that is watched on would only spin. */
static void pause_accepting(struct edge *e)
{
    static struct log_limit limit;
    log_event_limited(&limit, "edge.accept_paused", "connections=%u reason=\"%s\"", e->conn_count,
                      strerrordesc_np(errno));
    watch_listeners(e, 0);
    timer_set(&e->timers, &e->accept_again, e->now_ms + ACCEPT_PAUSE_MS);
}

static void on_listener(void *ctx, uint32_t events)
{
    struct listening *l = ctx;
    (void)events;
    l->is_ready = true;
}

static void accept_some(struct listening *l)
{
    for (int i = 0; i < ACCEPTS_PER_TURN; i++) {
        struct sockaddr_storage from;
        socklen_t len = sizeof from;
        uint8_t peer[16];
        int fd = accept4(l->fd, (struct sockaddr *)&from, &len, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (fd < 0 && (errno == ECONNABORTED || errno == EINTR))
            continue;
        if (fd < 0) {
            if (errno != EAGAIN)
                pause_accepting(l->edge);
            return;
        }
        peer_address(&from, peer);
        conn_open(l, fd, peer);
    }
}

static void accept_strangers(struct edge *e)
{
    for (size_t i = 0; i < e->listener_count; i++) {
        if (e->listeners[i].is_ready)
            accept_some(&e->listeners[i]);
        e->listeners[i].is_ready = false;
    }
}

enum err edge_listen(struct edge *e, int fd, enum listener_kind kind)
{
    if (e->listener_count == LISTENERS_PER_EDGE)
        return ERR_LIMIT;
    int on = 1, unsent = KERNEL_UNSENT_MAX;
    /* What is accepted inherits it: one call for all. Answers leave in one piece each. */
    (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    (void)setsockopt(fd, IPPROTO_TCP, TCP_NOTSENT_LOWAT, &unsent, sizeof unsent);
    e->listeners[e->listener_count++] = (struct listening){fd, 0, kind, e, false};
    return OK;
}

enum err edge_start(struct edge *e)
{
    if (e->tls == NULL || e->limits == NULL)
        return ERR_CONFLICT; /* never open the door without them */
    for (size_t i = 0; i < e->listener_count; i++)
        TRY(reactor_add(&e->reactor, e->listeners[i].fd, EPOLLIN, on_listener, &e->listeners[i],
                        &e->listeners[i].slot));
    return OK;
}

enum err edge_set_limits(struct edge *e, int fd, uint32_t number)
{
    return limit_table_map(fd, number, &e->limits);
}

enum err edge_set_identity(struct edge *e, struct str certificate, struct str legacy)
{
    SSL_CTX *fresh, *fresh_legacy = NULL;
    TRY(tls_context_new(certificate, &e->signer, &e->tickets, &fresh));
    enum err made =
        legacy.len == 0 ? OK : tls_context_new_legacy(legacy, &e->signer, &fresh_legacy);
    if (made != OK) {
        SSL_CTX_free(fresh);
        return made;
    }
    SSL_CTX_free(e->tls); /* connections of before keep theirs */
    SSL_CTX_free(e->tls_legacy);
    e->tls = fresh;
    e->tls_legacy = fresh_legacy;
    return OK;
}

/* ---- the keyring ----------------------------------------------------------------------------- */

static void resume(void *ctx, uint32_t conn)
{
    conn_signed(ctx, conn);
}

static void on_keyring(void *ctx, uint32_t events)
{
    struct edge *e = ctx;
    (void)events;
    e->has_signatures = true;
}

/* Their handshakes go on. */
static void take_signatures(struct edge *e)
{
    static struct log_limit limit;
    enum err got = e->has_signatures ? OK : ERR_AGAIN;
    e->has_signatures = false;
    while (got == OK)
        got = signatures_receive(&e->signatures, resume, e);
    if (got != ERR_AGAIN)
        log_event_limited(&limit, "edge.keyring_misread", "cause=%s", err_name(got));
}

void edge_set_keyring(struct edge *e, int fd)
{
    if (e->signatures.fd >= 0) {
        reactor_remove(&e->reactor, e->keyring_slot);
        close(e->signatures.fd);
    }
    e->signatures.fd = fd;
    if (reactor_add(&e->reactor, fd, EPOLLIN, on_keyring, e, &e->keyring_slot) != OK)
        fatal("the keyring cannot be watched");
}

/* All that this turn's handshakes want signed. */
static void flush_signatures(struct edge *e)
{
    signatures_send(&e->signatures, e->now_ms);
    if (e->signatures.count > 0 && !timer_is_set(&e->ask_again))
        timer_set(&e->timers, &e->ask_again, e->now_ms + SIGNATURES_AGAIN_MS);
}

/* ---- leaving --------------------------------------------------------------------------------- */

void edge_drain(struct edge *e)
{
    if (e->is_draining)
        return;
    e->is_draining = true;
    timer_cancel(&e->timers, &e->accept_again);
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

/* ---- the turn -------------------------------------------------------------------------------- */

/* Those who gave way; who does so again waits for the next turn. */
static void go_on(struct edge *e)
{
    uint32_t count = e->again_count;
    for (uint32_t i = 0; i < count; i++)
        conn_go_on(e, e->again[i]);
    e->again_count -= count;
    memmove(e->again, e->again + count, e->again_count * sizeof *e->again);
}

void edge_turn(struct edge *e, int timeout_ms_max)
{
    int wait_ms = timers_wait_ms(&e->timers, e->now_ms);
    if (wait_ms < 0 || wait_ms > timeout_ms_max)
        wait_ms = timeout_ms_max;
    if (e->again_count > 0)
        wait_ms = 0;
    reactor_wait(&e->reactor, wait_ms);
    e->now_ms = clock_monotonic_ms();
    e->wall_ms = clock_wall_ms();
    e->hellos_left = HELLOS_PER_TURN;
    /* First those who are known: what they ask is with the core while strangers shake hands. */
    reactor_deliver(&e->reactor);
    flush_link(e);
    take_signatures(e);
    go_on(e);
    accept_strangers(e);
    timers_run(&e->timers, e->now_ms);
    flush_signatures(e);
    flush_link(e);
}
