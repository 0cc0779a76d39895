#include "server/edge/conn_parts.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include <openssl/err.h>

#include "common/base/assert.h"
#include "server/edge/client.h"
#include "server/edge/proxy_header.h"
#include "server/edge/gate.h"
#include "server/edge/static.h"
#include "server/os/log.h"

/* ---- who answers ----------------------------------------------------------------------------- */

bool conn_ask_core(struct conn *c, const struct http1_request *r, struct str body)
{
    struct edge *e = c->edge;
    struct request q = {.method = r->method, .target = r->target, .body = body};
    memcpy(q.peer, c->client, sizeof q.peer);
    memcpy(q.field, r->field, sizeof q.field);
    c->ask = ++e->next_ask == 0 ? ++e->next_ask : e->next_ask;
    c->is_device_path = str_starts(r->path, STR("/device/"));
    conn_enter(c, CONN_ASKED);
    if (edge_ask_core(e, conn_request_id(c), &q))
        return false; /* nothing more until it has answered */
    return conn_refuse(c, 503,
                       "The server is starting a part of itself anew. Try again in a second.",
                       STR("Retry-After: 1\r\n"));
}

static bool refuse_too_often(struct conn *c, const struct limit_reached *reached)
{
    uint8_t lines[LIMIT_FIELDS_MAX];
    struct writer w = writer_into(lines, sizeof lines);
    limit_fields_write(&w, reached);
    ASSERT(!w.overflow);
    return conn_refuse(c, 429, "Too much comes from your address. Wait as Retry-After says.",
                       str_from(lines, w.len));
}

static bool refuse_banned(struct conn *c)
{
    c->close_after = true;
    return conn_refuse(
        c, 403,
        "Somebody at your address has looked for weak spots here: for a while nobody "
        "is served there but enrolled devices and signed-in owners. Whoever runs "
        "the server can lift it: oceanremote ban lift ADDRESS.",
        STR_NONE);
}

/* Whose request it is: of a connection that many share, each has its own. */
static bool identify(struct conn *c, const struct http1_request *r)
{
    if (client_find(&c->edge->front, c->peer, r, c->client) != OK) {
        conn_refuse_and_close(c, 400, "The proxy in front has not said for which one address.");
        return false;
    }
    if (c->is_shared)
        c->address = limit_key_of_address(c->edge->limits, c->client);
    return true;
}

/* A whole request. True when the next one may be looked at. */
static bool serve(struct conn *c, const struct http1_request *r, struct str body)
{
    struct limit_reached reached;
    c->is_head = r->method == METHOD_HEAD;
    c->close_after = r->wants_close || c->edge->is_draining;
    if (!identify(c, r))
        return false;
    /* One request a connection: the limits of the door are enough. */
    if (conn_is_plain(c))
        return conn_serve_plain(c, r);
    switch (gate_asks(c, r, &reached)) {
    case GATE_PASS: break;
    case GATE_TOO_OFTEN: return refuse_too_often(c, &reached);
    case GATE_BANNED: return refuse_banned(c);
    }
    if (c->kind == LISTENER_LEGACY && !str_starts(r->path, STR("/device/")))
        return conn_refuse(c, 404, "Only devices are served here: use the server's other port.",
                           STR_NONE);
    /* What is no file of ours is a route, or bait, or nothing: the core knows. */
    if (asset_find(r->path) == NULL)
        return conn_ask_core(c, r, body);
    return conn_serve_file(c, r);
}

/* ---- from bytes to requests ------------------------------------------------------------------ */

static void wait_for_body(struct conn *c, const struct http1_request *r, size_t head_len)
{
    c->need = (uint32_t)(head_len + r->content_length);
    conn_enter(c, CONN_BODY);
    if (r->expects_continue && conn_send(c, STR("HTTP/1.1 100 Continue\r\n\r\n")) != OK)
        conn_close(c);
}

/* At most one request off the front of bytes. *taken: bytes used; 0 when more must come first. True
 * when there may be another one to look at. */
static bool take_request(struct conn *c, struct str bytes, size_t *taken)
{
    struct http1_request r;
    struct http1_refusal why;
    size_t head_len = 0, seen = c->in_seen;
    *taken = 0;
    if (c->state == CONN_IDLE)
        conn_enter(c, CONN_HEAD);
    /* RFC 9112 section 2.2: one empty line before the request line is let pass. */
    if (c->state == CONN_HEAD && !c->skipped_line && str_starts(bytes, STR("\r\n"))) {
        c->skipped_line = true;
        *taken = 2;
        return true;
    }
    if (c->state == CONN_BODY && bytes.len < c->need)
        return false;
    enum err e = http1_head_end(bytes, &seen, &head_len, &why);
    c->in_seen = c->state == CONN_BODY ? 0 : (uint32_t)seen;
    if (e == ERR_AGAIN)
        return false;
    if (e == OK)
        e = http1_parse(str_slice(bytes, 0, head_len), &r, &why);
    if (e != OK) {
        conn_refuse_and_close(c, why.status, why.why);
        return false;
    }
    c->in_seen = 0; /* with a body to come, the head is looked at again when that is there */
    if (conn_is_plain(c))
        r.content_length = 0; /* what is sent here is not even waited for */
    if (bytes.len - head_len < r.content_length) {
        wait_for_body(c, &r, head_len);
        return false;
    }
    *taken = head_len + r.content_length;
    c->skipped_line = false;
    return serve(c, &r, str_slice(bytes, head_len, r.content_length));
}

static bool may_take_requests(const struct conn *c)
{
    return !conn_has_unsent(c) &&
           (c->state == CONN_IDLE || c->state == CONN_HEAD || c->state == CONN_BODY);
}

/* ---- what waits ------------------------------------------------------------------------------ */

static void drop_input(struct conn *c)
{
    conn_drop_bytes(c->edge, c->in_cap);
    free(c->in);
    c->in = NULL;
    c->in_len = c->in_cap = 0;
}

/* Put bytes behind what waits. Room doubles, so that a body arriving byte by byte costs its length
 * and not its square. */
static enum err append_input(struct conn *c, struct str bytes)
{
    size_t need = c->in_len + bytes.len;
    if (need > INPUT_SIZE_MAX)
        return ERR_LIMIT;
    if (need > c->in_cap) {
        size_t cap = need > 2 * (size_t)c->in_cap ? need : 2 * (size_t)c->in_cap;
        if (!conn_keep_bytes(c, cap - c->in_cap))
            return ERR_LIMIT;
        uint8_t *more = realloc(c->in, cap);
        if (more == NULL) {
            conn_drop_bytes(c->edge, cap - c->in_cap);
            return ERR_NO_MEMORY;
        }
        c->in = more;
        c->in_cap = (uint32_t)cap;
    }
    memcpy(c->in + c->in_len, bytes.ptr, bytes.len);
    c->in_len = (uint32_t)need;
    return OK;
}

/* rest is what was not taken of the bytes just worked on: of c->in when something waited there. */
static enum err keep_rest(struct conn *c, struct str rest)
{
    if (rest.len == 0) {
        if (c->in != NULL)
            drop_input(c);
        return OK;
    }
    if (c->in_len == 0)
        return append_input(c, rest);
    memmove(c->in, rest.ptr, rest.len);
    c->in_len = (uint32_t)rest.len;
    return OK;
}

/* Work through plain bytes; what is left over waits in the connection. False when it has ended. */
static bool consume(struct conn *c, struct str bytes)
{
    struct edge *e = c->edge;
    uint32_t index = c->index;
    bool more = true;
    while (more && bytes.len > 0 && may_take_requests(c)) {
        size_t taken;
        more = take_request(c, bytes, &taken);
        if (!conn_is_alive(e, index, c))
            return false;
        bytes = str_slice(bytes, taken, bytes.len);
    }
    if (c->state == CONN_LINGER)
        bytes = STR_NONE; /* what came behind a refusal is not looked at */
    if (keep_rest(c, bytes) == OK)
        return true;
    conn_close(c);
    return false;
}

/* New plain bytes, behind what waits already. */
static bool take_in(struct conn *c, struct str fresh)
{
    if (c->in_len == 0)
        return consume(c, fresh);
    if (append_input(c, fresh) == OK)
        return consume(c, str_from(c->in, c->in_len));
    conn_close(c);
    return false;
}

/* ---- from the socket ------------------------------------------------------------------------- */

static const char *peer_text(const struct conn *c)
{
    static char text[INET6_ADDRSTRLEN];
    return inet_ntop(AF_INET6, c->peer, text, sizeof text) == NULL ? "" : text;
}

static void log_handshake_failure(const struct conn *c)
{
    static struct log_limit limit;
    const char *reason = ERR_reason_error_string(ERR_peek_last_error());
    log_event_limited(&limit, "edge.handshake_refused", "peer=%s reason=\"%s\"", peer_text(c),
                      reason == NULL ? "unknown" : reason);
}

static void log_proxy_header(const struct conn *c)
{
    static struct log_limit limit;
    log_event_limited(&limit, "edge.proxy_header_refused", "peer=%s", peer_text(c));
}

/* As far as the socket takes it: the connection ends either way. */
static void send_alert(struct conn *c)
{
    enum err ignored = conn_flush_sealed(c);
    (void)ignored;
}

/* One step. The job in which it runs may pause for the signature; then what it has not used of the
 * input waits, because the loop's buffer is for others next. */
static enum err shake_hands(struct conn *c)
{
    if (conn_is_plain(c)) {
        conn_enter(c, CONN_IDLE);
        return OK;
    }
    struct edge *e = c->edge;
    bool was_paused = c->signature != 0;
    signatures_begin(&e->signatures, c->index);
    ERR_clear_error(); /* there may be no input, and so far nobody has done it */
    int done = SSL_do_handshake(c->ssl);
    int reason = done == 1 ? SSL_ERROR_NONE : SSL_get_error(c->ssl, done);
    c->signature = signatures_end(&e->signatures);
    if (c->signature != 0) {
        if (e->io.in_len > 0)
            TRY(append_input(c, str_from(e->io.in, e->io.in_len)));
        return conn_flush_sealed(c); /* a flight larger than OpenSSL's buffer has begun to leave */
    }
    if (was_paused || done == 1)
        SSL_clear_mode(c->ssl, SSL_MODE_ASYNC); /* or every later call would begin a job */
    if (reason != SSL_ERROR_NONE && reason != SSL_ERROR_WANT_READ) {
        log_handshake_failure(c);
        send_alert(c);
        return ERR_PEER;
    }
    TRY(conn_flush_sealed(c));
    if (done == 1)
        conn_enter(c, CONN_IDLE);
    return OK;
}

void conn_end_pause(struct conn *c)
{
    if (c->signature == 0)
        return;
    signatures_fail(&c->edge->signatures, c->signature);
    conn_begin_io(c, NULL, 0);
    signatures_begin(&c->edge->signatures, c->index);
    (void)SSL_do_handshake(c->ssl); /* its alert goes nowhere */
    c->signature = 0;
}

/* The header of a proxy off the front of what was read: *len bytes in the loop's buffer, afterwards
 * those that stand behind it. ERR_PEER: it is none. */
static enum err take_proxy_header(struct conn *c, size_t *len)
{
    struct edge *e = c->edge;
    struct proxy_header header;
    size_t taken, had = c->in_len;
    TRY(append_input(c, str_from(e->raw, *len)));
    enum err found = proxy_header_read(str_from(c->in, c->in_len), &header, &taken);
    if (found != OK) {
        *len = 0;
        return found == ERR_AGAIN ? OK : found;
    }
    ASSERT(taken > had); /* or it would have been there before */
    *len = c->in_len - taken;
    memmove(e->raw, c->in + taken, *len);
    drop_input(c);
    c->awaits_proxy = false;
    if (header.has_client)
        memcpy(c->peer, header.client, sizeof c->peer);
    return gate_knocks(e, c->peer, &c->address) && gate_admits(e, c->peer, c->index, c->address)
               ? OK
               : ERR_LIMIT;
}

/* All of what was read becomes plain bytes in the loop's buffer. ERR_PEER: TLS was broken. */
static enum err decrypt(struct conn *c, size_t *len)
{
    struct edge *e = c->edge;
    *len = 0;
    if (conn_is_plain(c)) {
        *len = e->io.in_len;
        memcpy(e->plain, e->io.in, *len);
        return OK;
    }
    /* Nothing to take and nothing decrypted: spares SSL the search, once a request. */
    while (e->io.in_len > 0 || SSL_pending(c->ssl) > 0) {
        size_t got = 0;
        ASSERT(*len < sizeof e->plain); /* one read and the record it completes fit */
        if (SSL_read_ex(c->ssl, e->plain + *len, sizeof e->plain - *len, &got) == 1) {
            *len += got;
            continue;
        }
        int reason = SSL_get_error(c->ssl, 0);
        c->has_said_bye = reason == SSL_ERROR_ZERO_RETURN;
        if (reason != SSL_ERROR_WANT_READ && reason != SSL_ERROR_ZERO_RETURN) {
            send_alert(c);
            return ERR_PEER;
        }
        if (c->has_said_bye)
            break;
    }
    return conn_flush_sealed(c); /* the answer to a key update (RFC 8446 section 4.6.3) */
}

void conn_release(struct conn *c)
{
    if (edge_tell_core(c->edge, FRAME_RELEASE, conn_request_id(c)))
        conn_enter(c, CONN_ASKED);
}

/* What the client has said, in this state. False when the connection ended, or has to wait. */
static bool hear(struct conn *c, struct str fresh)
{
    if (c->state == CONN_STREAMING) {
        conn_close(c); /* nobody has anything to say on a stream */
        return false;
    }
    if (c->state != CONN_HELD)
        return take_in(c, fresh);
    if (append_input(c, fresh) != OK) {
        conn_close(c);
        return false;
    }
    conn_release(c);
    return true;
}

/* Ciphertext, in this state. False when the connection ended, or has to wait. */
static bool take_sealed(struct conn *c, const uint8_t *bytes, size_t sealed_len)
{
    struct edge *e = c->edge;
    uint32_t index = c->index;
    size_t len = 0;
    conn_begin_io(c, bytes, sealed_len);
    if ((c->state == CONN_HELLO && shake_hands(c) != OK) ||
        (c->state != CONN_HELLO && decrypt(c, &len) != OK)) {
        conn_close(c);
        return false;
    }
    return len == 0 || (hear(c, str_from(e->plain, len)) && conn_is_alive(e, index, c));
}

void conn_signed(struct edge *e, uint32_t index)
{
    struct conn *c = e->conns[index];
    ASSERT(c != NULL && c->signature != 0);
    uint8_t *waited = c->in;
    uint32_t len = c->in_len, cap = c->in_cap;
    c->in = NULL;
    c->in_len = c->in_cap = 0;
    if (take_sealed(c, waited, len))
        conn_work(c);
    conn_drop_bytes(e, cap);
    free(waited);
}

/* One read(2) from the socket. False when there is nothing more for now, or the connection ended.
 */
static bool read_once(struct conn *c)
{
    struct edge *e = c->edge;
    ssize_t got = recv(c->fd, e->raw, sizeof e->raw, 0);
    if (got < 0 && (errno == EAGAIN || errno == EINTR)) {
        c->can_read = errno == EINTR;
        return c->can_read;
    }
    if (got <= 0) {
        conn_close(c);
        return false;
    }
    /* A short read has emptied the socket (epoll(7)), but for the end that may stand behind. */
    c->can_read = (size_t)got == sizeof e->raw || c->peer_shut;
    if (c->state == CONN_LINGER)
        return true;
    size_t raw_len = (size_t)got;
    enum err e_proxy = c->awaits_proxy ? take_proxy_header(c, &raw_len) : OK;
    if (e_proxy != OK) {
        if (e_proxy == ERR_PEER)
            log_proxy_header(c);
        conn_reset(c);
        return false;
    }
    return raw_len == 0 || take_sealed(c, e->raw, raw_len);
}

static bool wants_input(const struct conn *c)
{
    if (c->signature != 0)
        return false; /* first the signature */
    if (c->state == CONN_LINGER)
        return true;
    if (c->state == CONN_HELD || c->state == CONN_STREAMING)
        return !c->has_said_bye;
    return c->state != CONN_ASKED && !conn_has_unsent(c) && !c->has_said_bye;
}

/* The client will say no more. What it has asked is answered first. */
static void leave(struct conn *c)
{
    if (may_take_requests(c))
        conn_begin_linger(c);
    else if (c->state == CONN_HELD || c->state == CONN_STREAMING)
        conn_close(c);
}

void conn_work(struct conn *c)
{
    struct edge *e = c->edge;
    uint32_t index = c->index;
    if (c->in_len > 0 && may_take_requests(c) && !consume(c, str_from(c->in, c->in_len)))
        return;
    for (int i = 0; conn_is_alive(e, index, c) && c->can_read && wants_input(c); i++) {
        if (i == READS_PER_TURN) {
            edge_again(e, c->index, &c->is_again); /* the others wait, too */
            return;
        }
        if (!read_once(c))
            return;
    }
    if (conn_is_alive(e, index, c) && c->has_said_bye)
        leave(c);
}
