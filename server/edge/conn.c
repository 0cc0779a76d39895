#include "server/edge/conn_parts.h"

#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/base/assert.h"
#include "server/edge/client.h"
#include "server/edge/gate.h"
#include "server/edge/respond.h"

/* ---- phases ---------------------------------------------------------------------------------- */

static const char *const state_names[] = {
    [CONN_HELLO] = "hello",         [CONN_IDLE] = "idle",     [CONN_HEAD] = "head",
    [CONN_BODY] = "body",           [CONN_ASKED] = "asked",   [CONN_HELD] = "held",
    [CONN_STREAMING] = "streaming", [CONN_LINGER] = "linger",
};

#define TO(state) (1U << CONN_##state)

/* The drawing of conn.h as a table: where each state may go. Any may be closed. */
static const unsigned moves[] = {
    [CONN_HELLO] = TO(IDLE),
    [CONN_IDLE] = TO(HEAD) | TO(LINGER),
    [CONN_HEAD] = TO(BODY) | TO(ASKED) | TO(IDLE) | TO(LINGER),
    [CONN_BODY] = TO(ASKED) | TO(IDLE) | TO(LINGER),
    [CONN_ASKED] = TO(HELD) | TO(STREAMING) | TO(IDLE) | TO(LINGER),
    [CONN_HELD] = TO(ASKED) | TO(STREAMING) | TO(IDLE) | TO(LINGER),
    [CONN_STREAMING] = TO(LINGER),
    [CONN_LINGER] = 0,
};

static int64_t phase_ms(const struct conn *c)
{
    const struct deadlines *d = &c->edge->deadlines;
    if (conn_has_unsent(c))
        return d->write_ms;
    switch (c->state) {
    case CONN_HELLO: return d->hello_ms;
    case CONN_IDLE: return c->is_device ? d->device_idle_ms : d->idle_ms;
    case CONN_HEAD: return d->head_ms;
    case CONN_BODY: return d->body_ms;
    case CONN_ASKED: return d->answer_ms;
    case CONN_HELD: return d->device_idle_ms;
    case CONN_STREAMING: return 0; /* as long as its reader keeps up */
    case CONN_LINGER: return d->linger_ms;
    }
    return d->idle_ms;
}

void conn_start_deadline(struct conn *c)
{
    int64_t ms = phase_ms(c);
    if (ms == 0)
        timer_cancel(&c->edge->timers, &c->timer);
    else
        timer_set(&c->edge->timers, &c->timer, c->edge->now_ms + ms);
}

void conn_enter(struct conn *c, enum conn_state state)
{
    ASSERT((moves[c->state] >> state & 1) == 1);
    c->state = state;
    conn_start_deadline(c);
}

const char *conn_state_name(enum conn_state state)
{
    return state_names[state];
}

/* ---- ids ------------------------------------------------------------------------------------- */

uint64_t conn_request_id(const struct conn *c)
{
    return (uint64_t)c->ask << 32 | c->index;
}

static struct conn *find(struct edge *e, uint64_t id)
{
    uint32_t index = (uint32_t)id, ask = (uint32_t)(id >> 32);
    struct conn *c = index < e->conn_cap ? e->conns[index] : NULL;
    return c != NULL && ask != 0 && c->ask == ask ? c : NULL;
}

/* The connection that has this request with the core. Whoever has left is not waited for: the core
 * hears so again, in case the first GONE found the link full. */
static struct conn *find_waiting(struct edge *e, uint64_t id)
{
    struct conn *c = find(e, id);
    if (c == NULL)
        (void)edge_tell_core(e, FRAME_GONE, id);
    return c == NULL || (c->state != CONN_ASKED && c->state != CONN_HELD) ? NULL : c;
}

bool conn_is_alive(const struct edge *e, uint32_t index, const struct conn *c)
{
    return e->conns[index] == c;
}

/* ---- what all of them keep ------------------------------------------------------------------- */

bool conn_keep_bytes(const struct conn *c, size_t len)
{
    struct edge *e = c->edge;
    size_t max = c->caller == 0 ? KEPT_BYTES_MAX / 2 : KEPT_BYTES_MAX;
    if (e->kept_bytes > max || len > max - e->kept_bytes)
        return false;
    e->kept_bytes += len;
    return true;
}

void conn_drop_bytes(struct edge *e, size_t len)
{
    ASSERT(len <= e->kept_bytes);
    e->kept_bytes -= len;
}

/* ---- events ---------------------------------------------------------------------------------- */

static void on_event(void *ctx, uint32_t events)
{
    struct conn *c = ctx;
    if ((events & (EPOLLIN | EPOLLRDHUP | EPOLLHUP | EPOLLERR)) != 0)
        c->can_read = true;
    if ((events & (EPOLLRDHUP | EPOLLHUP)) != 0)
        c->peer_shut = true;
    if ((events & EPOLLOUT) != 0 && conn_has_unsent(c) && !conn_flush_waiting(c))
        return;
    /* A client that leaves while the core works on its request is noticed at once; so is one that
     * leaves before its handshake is over, which would else wait for a turn nobody needs. */
    if ((events & (EPOLLHUP | EPOLLERR)) != 0 &&
        (c->state == CONN_ASKED || c->state == CONN_HELLO)) {
        conn_close(c);
        return;
    }
    /* Handshakes come after everybody who is known. */
    if (c->state == CONN_HELLO)
        edge_again(c->edge, c->index, &c->is_again);
    else
        conn_work(c);
}

static void on_deadline(struct timer *t)
{
    struct conn *c = (struct conn *)(void *)((char *)t - offsetof(struct conn, timer));
    if (conn_has_unsent(c)) {
        conn_close(c);
        return;
    }
    if (c->state == CONN_HEAD || c->state == CONN_BODY) {
        conn_refuse_and_close(c, 408, "The request took too long to arrive. Send it in one go.");
        return;
    }
    if (c->state == CONN_ASKED) {
        (void)edge_tell_core(c->edge, FRAME_GONE, conn_request_id(c));
        c->close_after = true;
        (void)conn_refuse(c, 503, "The server is busy. Try again.", STR("Retry-After: 5\r\n"));
        return;
    }
    if (c->state == CONN_IDLE) {
        conn_begin_linger(c);
        return;
    }
    conn_close(c);
}

void conn_go_on(struct edge *e, uint32_t index)
{
    struct conn *c = e->conns[index];
    if (c == NULL || !c->is_again)
        return; /* it has left */
    c->is_again = false;
    if (c->state != CONN_HELLO)
        conn_work(c);
    else if (e->hellos_left == 0)
        edge_again(e, index, &c->is_again); /* a few a turn */
    else {
        e->hellos_left--;
        conn_work(c);
    }
}

/* ---- beginning and end ----------------------------------------------------------------------- */

/* Nothing unsent stays in the kernel, and there is no waiting for the other side. */
static void reset_on_close(int fd)
{
    struct linger at_once = {1, 0};
    (void)setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
}

static uint32_t free_index(struct edge *e)
{
    while (e->conns[e->free_index] != NULL)
        e->free_index++;
    return e->free_index;
}

/* A closed door: the other side hears at once. */
static void refuse(int fd)
{
    reset_on_close(fd);
    close(fd);
}

/* NULL: it has been refused. */
static struct conn *admit(struct edge *e, int fd, const uint8_t peer[static 16])
{
    uint64_t address = 0; /* of a proxy's client: known later */
    bool is_proxied =
        client_sends_proxy_header(&e->front, peer) || client_is_shared(&e->front, peer);
    if (!client_is_admitted(&e->front, peer))
        return NULL;
    /* First this: nobody gives way to somebody who is refused. */
    if (!is_proxied && !gate_knocks(e, peer, &address))
        return NULL;
    gate_make_room(e);
    if (e->conn_count == e->conn_cap)
        return NULL;
    uint32_t index = free_index(e);
    if (!is_proxied && !gate_admits(e, peer, index, address))
        return NULL;
    struct conn *c = calloc(1, sizeof *c);
    if (c == NULL) {
        limit_leave(e->limits, index);
        return NULL;
    }
    c->edge = e;
    c->fd = fd;
    c->index = index;
    c->address = address;
    return c;
}

/* NULL: no memory, or no certificate for this kind. */
static SSL *accept_tls(struct edge *e, enum listener_kind kind)
{
    SSL_CTX *context = kind == LISTENER_LEGACY ? e->tls_legacy : e->tls;
    return context == NULL ? NULL : tls_accept(context, &e->io);
}

void conn_open(struct listening *l, int fd, const uint8_t peer[static 16])
{
    struct edge *e = l->edge;
    struct conn *c = admit(e, fd, peer);
    if (c == NULL) {
        refuse(fd);
        return;
    }
    c->timer.fire = on_deadline;
    memcpy(c->peer, peer, sizeof c->peer);
    c->kind = l->kind;
    c->awaits_proxy = client_sends_proxy_header(&e->front, peer);
    c->is_shared = client_is_shared(&e->front, peer);
    if (!conn_is_plain(c))
        c->ssl = accept_tls(e, c->kind);
    if ((c->ssl == NULL && !conn_is_plain(c)) ||
        reactor_add(&e->reactor, fd, EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET, on_event, c,
                    &c->slot) != OK) {
        SSL_free(c->ssl);
        limit_leave(e->limits, c->index);
        refuse(fd);
        free(c);
        return;
    }
    if (!conn_is_plain(c))
        SSL_set_mode(c->ssl, SSL_MODE_ASYNC); /* until it has its signature */
    if (!c->is_shared)
        gate_enter(c);
    e->conns[c->index] = c;
    e->conn_count++;
    c->state = CONN_HELLO;
    conn_start_deadline(c);
}

void conn_close(struct conn *c)
{
    struct edge *e = c->edge;
    if (c->ask != 0)
        (void)edge_tell_core(e, FRAME_GONE, conn_request_id(c));
    timer_cancel(&e->timers, &c->timer);
    reactor_remove(&e->reactor, c->slot);
    gate_leave(c);
    limit_leave(e->limits, c->index);
    e->conns[c->index] = NULL;
    e->conn_count--;
    e->left_count++;
    if (c->index < e->free_index)
        e->free_index = c->index;
    conn_end_pause(c);
    SSL_free(c->ssl);
    close(c->fd);
    conn_drop_bytes(e, (size_t)c->in_cap + c->out_len);
    free(c->in);
    free(c->out);
    free(c);
}

void conn_reset(struct conn *c)
{
    reset_on_close(c->fd);
    conn_close(c);
}

/* ---- frames from the core -------------------------------------------------------------------- */

void conn_reply(struct edge *e, uint64_t id, const struct reply *r)
{
    struct conn *c = find(e, id);
    if (c == NULL || (c->state != CONN_ASKED && c->state != CONN_HELD))
        return;
    gate_answered(c, r->status, r->caller);
    if (c->is_device_path && r->status < 300)
        c->is_device = true;
    c->close_after = c->close_after || r->close || e->is_draining;
    struct answer a = {.status = r->status,
                       .close = c->close_after,
                       .headers = r->headers,
                       .body_len = r->body.len};
    if (conn_answer(c, &a, r->body))
        conn_work(c);
}

void conn_held(struct edge *e, uint64_t id, principal caller)
{
    struct conn *c = find_waiting(e, id);
    if (c == NULL)
        return;
    if (c->has_said_bye) {
        conn_close(c); /* whoever holds a request wants to be told later, and nobody will listen */
        return;
    }
    gate_answered(c, 200, caller);
    c->was_held = true;
    if (c->state == CONN_ASKED)
        conn_enter(c, CONN_HELD);
    if (c->in_len > 0 || e->is_draining)
        conn_release(c);
    else
        conn_work(c);
}

/* The rest of a stream does not interest its client any more. */
static void stream_leave(struct conn *c)
{
    (void)edge_tell_core(c->edge, FRAME_GONE, conn_request_id(c));
    c->ask = 0;
    if (!c->is_head && conn_send_last_chunk(c) != OK)
        conn_close(c);
    else
        conn_begin_linger(c);
}

void conn_stream(struct edge *e, uint64_t id, const struct reply *head)
{
    struct conn *c = find_waiting(e, id);
    if (c == NULL)
        return;
    gate_answered(c, head->status, head->caller);
    struct answer a = {.status = head->status,
                       .framing = FRAMED_BY_CHUNKS,
                       .close = true,
                       .headers = head->headers};
    if (conn_send_head(c, &a) != OK) {
        conn_close(c);
        return;
    }
    conn_enter(c, CONN_STREAMING);
    if (c->is_head || c->has_said_bye || e->is_draining)
        stream_leave(c);
    else
        conn_work(c);
}

void conn_stream_data(struct edge *e, uint64_t id, struct str data)
{
    struct conn *c = find(e, id);
    if (c == NULL) {
        (void)edge_tell_core(e, FRAME_GONE, id);
        return;
    }
    if (c->state != CONN_STREAMING || data.len == 0)
        return;
    if (c->out_len - c->out_sent > STREAM_LAG_MAX || conn_send_chunk(c, data) != OK)
        conn_close(c);
}

void conn_stream_end(struct edge *e, uint64_t id)
{
    struct conn *c = find(e, id);
    if (c == NULL || c->state != CONN_STREAMING)
        return;
    c->ask = 0; /* the core knows */
    if (conn_send_last_chunk(c) != OK)
        conn_close(c);
    else
        conn_begin_linger(c);
}

void conn_core_lost(struct edge *e, struct conn *c)
{
    struct reply nothing_new = {.status = 204};
    if (c->ask == 0)
        return;
    if (c->state == CONN_STREAMING)
        conn_stream_end(e, conn_request_id(c));
    else if (c->was_held)
        conn_reply(e, conn_request_id(c), &nothing_new);
    else if (conn_refuse(c, 503, "The server had to start a part of itself anew. Try again.",
                         STR("Retry-After: 1\r\n")))
        conn_work(c);
}

void conn_drain(struct edge *e, struct conn *c)
{
    (void)e;
    c->close_after = true;
    switch (c->state) {
    case CONN_HELLO: conn_close(c); return;
    case CONN_IDLE: conn_begin_linger(c); return;
    case CONN_HELD: conn_release(c); return;
    case CONN_STREAMING: stream_leave(c); return;
    case CONN_HEAD:
    case CONN_BODY:
    case CONN_ASKED:
    case CONN_LINGER: return; /* they end by themselves, or by their deadline */
    }
}
