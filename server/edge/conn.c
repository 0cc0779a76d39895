#include "server/edge/conn.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <openssl/err.h>

#include "common/base/assert.h"
#include "server/edge/http1.h"
#include "server/edge/respond.h"
#include "server/edge/static.h"

#define LINGER_MS  2000
#define TRIM_AFTER 2000 /* ms after a connection has left */

struct conn {
    struct timer timer;
    struct edge *edge;
    SSL *ssl;
    int fd;
    uint32_t slot;  /* in the reactor */
    uint32_t index; /* in the edge's table */
    uint32_t ask;   /* of the request the core has; 0: none */
    enum conn_state state;
    bool can_read;    /* the socket may have more */
    bool has_ended;   /* the client sends nothing more: read until that shows */
    bool is_device;   /* a device request was answered well */
    bool is_head;     /* the request under way is HEAD: no body */
    bool close_after; /* the answer under way is the last */
    bool is_device_path;
    bool skipped_line; /* the one empty line that may stand before a request */
    uint8_t peer[16];
    uint32_t in_len;  /* plain bytes that wait */
    uint32_t in_seen; /* of the head, looked at */
    uint32_t need;    /* BODY: bytes of the whole request */
    uint32_t out_len, out_sent;
    uint8_t *in;
    uint8_t *out; /* sealed bytes that wait */
};

static void conn_close(struct conn *c);
static void conn_work(struct conn *c);

/* ---- deadlines ---------------------------------------------------------------------------------
 */

static int64_t phase_ms(const struct conn *c)
{
    const struct deadlines *d = &c->edge->deadlines;
    if (c->out_len > c->out_sent)
        return d->write_ms;
    switch (c->state) {
    case CONN_HELLO: return d->hello_ms;
    case CONN_IDLE: return c->is_device ? d->device_idle_ms : d->idle_ms;
    case CONN_HEAD: return d->head_ms;
    case CONN_BODY: return d->body_ms;
    case CONN_ASKED: return d->answer_ms;
    case CONN_HELD: return d->device_idle_ms;
    case CONN_STREAMING: return 0; /* as long as its reader keeps up */
    case CONN_LINGER: return LINGER_MS;
    }
    return d->idle_ms;
}

/* A phase begins: its deadline counts from now. */
static void start_deadline(struct conn *c)
{
    int64_t ms = phase_ms(c);
    if (ms == 0)
        timer_cancel(&c->edge->timers, &c->timer);
    else
        timer_set(&c->edge->timers, &c->timer, c->edge->now_ms + ms);
}

static void enter(struct conn *c, enum conn_state state)
{
    c->state = state;
    start_deadline(c);
}

/* ---- ids ---------------------------------------------------------------------------------------
 */

static uint64_t request_id(const struct conn *c)
{
    return (uint64_t)c->ask << 32 | c->index;
}

static struct conn *find(struct edge *e, uint64_t id)
{
    uint32_t index = (uint32_t)id, ask = (uint32_t)(id >> 32);
    struct conn *c = index < e->conn_cap ? e->conns[index] : NULL;
    return c != NULL && ask != 0 && c->ask == ask ? c : NULL;
}

static bool waits_for_core(const struct conn *c)
{
    return c->ask != 0;
}

/* ---- output ------------------------------------------------------------------------------------
 */

static bool has_unsent(const struct conn *c)
{
    return c->out_len > c->out_sent;
}

static enum err keep_unsent(struct conn *c, const uint8_t *bytes, size_t len)
{
    size_t have = c->out_len - c->out_sent;
    uint8_t *both = malloc(have + len);
    if (both == NULL)
        return ERR_NO_MEMORY;
    if (have > 0)
        memcpy(both, c->out + c->out_sent, have);
    memcpy(both + have, bytes, len);
    free(c->out);
    c->out = both;
    c->out_len = (uint32_t)(have + len);
    c->out_sent = 0;
    return OK;
}

/* What TLS has put into the edge's buffer goes to the socket, or waits. */
static enum err flush_sealed(struct conn *c)
{
    struct tls_io *io = &c->edge->io;
    size_t sent = 0;
    if (io->out_len == 0)
        return OK;
    if (!has_unsent(c)) {
        ssize_t put = send(c->fd, io->out, io->out_len, MSG_NOSIGNAL);
        if (put < 0 && errno != EAGAIN && errno != EINTR)
            return ERR_IO;
        sent = put < 0 ? 0 : (size_t)put;
    }
    size_t left = io->out_len - sent;
    io->out_len = 0;
    if (left == 0)
        return OK;
    bool was_waiting = has_unsent(c);
    TRY(keep_unsent(c, io->out + sent, left));
    if (!was_waiting)
        start_deadline(c); /* from here on it is the reader's time that runs */
    return OK;
}

static void begin_io(struct conn *c, const uint8_t *in, size_t in_len)
{
    struct edge *e = c->edge;
    e->io = (struct tls_io){in, in_len, e->sealed, 0, sizeof e->sealed};
    if (in_len > 0)
        ERR_clear_error(); /* SSL_get_error() looks at what others have left there */
}

/* Seal and send. ERR_IO: the connection is dead. */
static enum err send_plain(struct conn *c, struct str bytes)
{
    while (bytes.len > 0) {
        size_t put = 0;
        if (SSL_write_ex(c->ssl, bytes.ptr, bytes.len, &put) != 1)
            return ERR_IO;
        bytes = str_slice(bytes, put, bytes.len);
    }
    return OK;
}

/* A head and its body; a small body rides in the record of the head. */
static enum err send_answer(struct conn *c, const struct answer *a, struct str body)
{
    struct edge *e = c->edge;
    struct writer w = writer_into(e->answer, sizeof e->answer);
    answer_head_write(&w, a, e->wall_ms);
    bool rides = !c->is_head && body.len <= writer_left(&w);
    if (rides)
        writer_str(&w, body);
    ASSERT(!w.overflow);
    begin_io(c, NULL, 0);
    TRY(send_plain(c, str_from(e->answer, w.len)));
    if (!rides && !c->is_head)
        TRY(send_plain(c, body));
    return flush_sealed(c);
}

/* Say goodbye and wait a little for the other side's, so that our last answer is not lost to a
 * reset (RFC 9112 section 9.6). */
static void begin_linger(struct conn *c)
{
    begin_io(c, NULL, 0);
    (void)SSL_shutdown(c->ssl);
    if (flush_sealed(c) != OK) {
        conn_close(c);
        return;
    }
    if (!has_unsent(c))
        shutdown(c->fd, SHUT_WR);
    enter(c, CONN_LINGER);
}

/* An answer has been sent: on to the next request, or goodbye. True when the connection goes on. */
static bool after_answer(struct conn *c, enum err e)
{
    if (e != OK) {
        conn_close(c);
        return false;
    }
    c->ask = 0;
    c->is_head = false;
    if (c->close_after) {
        begin_linger(c);
        return false;
    }
    enter(c, CONN_IDLE);
    return true;
}

/* ---- refusals of the edge's own -----------------------------------------------------------------
 */

static bool refuse(struct conn *c, uint16_t status, const char *detail, struct str headers)
{
    uint8_t body[512], lines[512];
    struct writer b = writer_into(body, sizeof body), h = writer_into(lines, sizeof lines);
    edge_problem_write(&b, status, str_from_cstr(detail));
    writer_str(&h, headers);
    writer_str(&h, STR("Content-Type: application/problem+json\r\n"));
    struct answer a = {.status = status,
                       .close = c->close_after,
                       .headers = str_from(lines, h.len),
                       .body_len = b.len};
    return after_answer(c, send_answer(c, &a, str_from(body, b.len)));
}

/* What follows cannot be trusted to begin where we think: the connection ends. */
static void refuse_and_close(struct conn *c, uint16_t status, const char *detail)
{
    c->close_after = true;
    (void)refuse(c, status, detail, STR_NONE);
}

/* ---- files -------------------------------------------------------------------------------------
 */

static bool send_file(struct conn *c, const struct http1_request *r, const struct asset *file)
{
    static const struct str coding_lines[] = {
        [CODING_IDENTITY] = {(const uint8_t *)"", 0},
        [CODING_GZIP] = {(const uint8_t *)"Content-Encoding: gzip\r\n", 24},
        [CODING_BROTLI] = {(const uint8_t *)"Content-Encoding: br\r\n", 22},
    };
    uint8_t lines[512];
    struct writer h = writer_into(lines, sizeof lines);
    enum coding coding = coding_choose(r->accept_encoding, file);
    struct str body = coding == CODING_BROTLI ? file->brotli
                      : coding == CODING_GZIP ? file->gzip
                                              : file->identity;
    writer_str(&h, STR("Content-Type: "));
    writer_str(&h, file->content_type);
    writer_str(&h, STR("\r\nETag: "));
    writer_str(&h, file->etag);
    writer_str(&h, file->immutable
                       ? STR("\r\nCache-Control: public, max-age=31536000, immutable\r\n")
                       : STR("\r\nCache-Control: no-cache\r\n"));
    writer_str(&h, STR("Vary: Accept-Encoding\r\n"));
    bool is_known = etag_matches(r->field[FIELD_IF_NONE_MATCH], file->etag);
    if (!is_known)
        writer_str(&h, coding_lines[coding]);
    struct answer a = {.status = is_known ? 304 : 200,
                       .kind = ANSWER_PAGE,
                       .close = c->close_after,
                       .headers = str_from(lines, h.len),
                       .body_len = body.len};
    return after_answer(c, send_answer(c, &a, is_known ? STR_NONE : body));
}

static bool serve_file(struct conn *c, const struct http1_request *r, const struct asset *file)
{
    if (file == NULL)
        return refuse(c, 404, "There is no such page. Begin at the first one, /.", STR_NONE);
    if (r->method != METHOD_GET && r->method != METHOD_HEAD)
        return refuse(c, 405, "Pages are asked for with GET or HEAD.", STR("Allow: GET, HEAD\r\n"));
    return send_file(c, r, file);
}

/* ---- asking the core ---------------------------------------------------------------------------
 */

static bool belongs_to_core(struct str path)
{
    return str_starts(path, STR("/api/")) || str_starts(path, STR("/device/")) ||
           str_eq(path, STR("/healthz"));
}

static bool ask_core(struct conn *c, const struct http1_request *r, struct str body)
{
    struct edge *e = c->edge;
    struct request q = {.method = r->method, .target = r->target, .body = body};
    memcpy(q.peer, c->peer, sizeof q.peer);
    memcpy(q.field, r->field, sizeof q.field);
    c->ask = ++e->next_ask == 0 ? ++e->next_ask : e->next_ask;
    c->is_device_path = str_starts(r->path, STR("/device/"));
    enter(c, CONN_ASKED);
    if (edge_ask_core(e, request_id(c), &q))
        return false; /* nothing more until it has answered */
    return refuse(c, 503, "The server is starting a part of itself anew. Try again in a second.",
                  STR("Retry-After: 1\r\n"));
}

/* A whole request. True when the next one may be looked at. */
static bool serve(struct conn *c, const struct http1_request *r, struct str body)
{
    c->is_head = r->method == METHOD_HEAD;
    c->close_after = r->wants_close || c->edge->is_draining;
    const struct asset *file = asset_find(r->path);
    if (file == NULL && belongs_to_core(r->path))
        return ask_core(c, r, body);
    return serve_file(c, r, file);
}

/* ---- input: from bytes to requests
 * --------------------------------------------------------------- */

static bool wait_for_body(struct conn *c, const struct http1_request *r, size_t head_len)
{
    c->need = (uint32_t)(head_len + r->content_length);
    enter(c, CONN_BODY);
    if (!r->expects_continue)
        return true;
    begin_io(c, NULL, 0);
    if (send_plain(c, STR("HTTP/1.1 100 Continue\r\n\r\n")) == OK && flush_sealed(c) == OK)
        return true;
    conn_close(c);
    return false;
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
        enter(c, CONN_HEAD);
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
        refuse_and_close(c, why.status, why.why);
        return false;
    }
    if (bytes.len - head_len < r.content_length) {
        c->in_seen = 0; /* the head is looked at again when its body is there */
        (void)wait_for_body(c, &r, head_len);
        return false;
    }
    *taken = head_len + r.content_length;
    c->in_seen = 0;
    c->skipped_line = false;
    return serve(c, &r, str_slice(bytes, head_len, r.content_length));
}

static bool may_take_requests(const struct conn *c)
{
    return !has_unsent(c) &&
           (c->state == CONN_IDLE || c->state == CONN_HEAD || c->state == CONN_BODY);
}

/* Is the connection still the one at this index? It may have ended in between. */
static bool is_alive(const struct edge *e, uint32_t index, const struct conn *c)
{
    return e->conns[index] == c;
}

static enum err keep_input(struct conn *c, struct str rest)
{
    uint8_t *copy = NULL;
    if (rest.len > 0) {
        copy = malloc(rest.len);
        if (copy == NULL)
            return ERR_NO_MEMORY;
        memcpy(copy, rest.ptr, rest.len);
    }
    free(c->in);
    c->in = copy;
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
        if (!is_alive(e, index, c))
            return false;
        bytes = str_slice(bytes, taken, bytes.len);
    }
    if (c->state == CONN_LINGER)
        bytes = STR_NONE; /* what came behind a refusal is not looked at */
    if (keep_input(c, bytes) == OK)
        return true;
    conn_close(c);
    return false;
}

/* ---- input: from the socket
 * ----------------------------------------------------------------------- */

/* Decrypt what was read behind what waits already. *len: plain bytes there are now. ERR_IO: the
 * client has said goodbye or broken the protocol. */
static enum err decrypt(struct conn *c, size_t *len)
{
    struct edge *e = c->edge;
    if (c->in_len > 0)
        memcpy(e->plain, c->in, c->in_len);
    *len = c->in_len;
    for (;;) {
        size_t got = 0;
        if (*len == sizeof e->plain)
            return ERR_IO; /* cannot be: one read and one waiting request fit */
        if (SSL_read_ex(c->ssl, e->plain + *len, sizeof e->plain - *len, &got) == 1) {
            *len += got;
            continue;
        }
        return SSL_get_error(c->ssl, 0) == SSL_ERROR_WANT_READ ? OK : ERR_IO;
    }
}

static enum err shake_hands(struct conn *c)
{
    int done = SSL_do_handshake(c->ssl);
    int reason = done == 1 ? SSL_ERROR_NONE : SSL_get_error(c->ssl, done);
    enum err sent = flush_sealed(c); /* an alert, too, wants to be heard */
    if (reason != SSL_ERROR_NONE && reason != SSL_ERROR_WANT_READ)
        return ERR_PEER;
    TRY(sent);
    if (done == 1)
        enter(c, CONN_IDLE);
    return OK;
}

/* The client speaks while the core holds its request: ask the core to let go. */
static void release(struct conn *c)
{
    if (edge_tell_core(c->edge, FRAME_RELEASE, request_id(c)))
        enter(c, CONN_ASKED);
}

/* One read(2) from the socket. False when there is nothing more for now, or the connection ended.
 */
static bool read_once(struct conn *c)
{
    struct edge *e = c->edge;
    size_t len = 0;
    ssize_t got = recv(c->fd, e->raw, sizeof e->raw, 0);
    if (got < 0 && (errno == EAGAIN || errno == EINTR)) {
        c->can_read = errno == EINTR;
        return c->can_read;
    }
    if (got <= 0) {
        conn_close(c);
        return false;
    }
    /* A short read has emptied the socket (epoll(7)), but for the end, which is told only once. */
    c->can_read = (size_t)got == sizeof e->raw || c->has_ended;
    if (c->state == CONN_LINGER)
        return true;
    begin_io(c, e->raw, (size_t)got);
    if (c->state == CONN_HELLO && shake_hands(c) != OK) {
        conn_close(c);
        return false;
    }
    if (c->state == CONN_HELLO)
        return true;
    if (decrypt(c, &len) != OK) {
        conn_close(c);
        return false;
    }
    e->io.out_len = 0; /* nothing but a key update could be there, and those are not answered */
    if (len == c->in_len)
        return true;
    if (c->state == CONN_STREAMING) {
        conn_close(c); /* nobody has anything to say on a stream */
        return false;
    }
    if (c->state == CONN_HELD) {
        release(c);
        if (keep_input(c, str_from(e->plain, len)) != OK)
            conn_close(c);
        return false;
    }
    return consume(c, str_from(e->plain, len));
}

static bool wants_input(const struct conn *c)
{
    if (c->state == CONN_LINGER || c->state == CONN_HELD || c->state == CONN_STREAMING)
        return true;
    return c->state != CONN_ASKED && !has_unsent(c);
}

/* Everything that can be done for a connection now. */
static void conn_work(struct conn *c)
{
    struct edge *e = c->edge;
    uint32_t index = c->index;
    if (c->in_len > 0 && may_take_requests(c)) {
        memcpy(e->plain, c->in, c->in_len);
        if (!consume(c, str_from(e->plain, c->in_len)))
            return;
    }
    while (is_alive(e, index, c) && c->can_read && wants_input(c)) {
        if (!read_once(c))
            return;
    }
}

/* ---- events -------------------------------------------------------------------------------------
 */

/* Send what waits. False when the connection ended. */
static bool flush_waiting(struct conn *c)
{
    while (has_unsent(c)) {
        ssize_t put = send(c->fd, c->out + c->out_sent, c->out_len - c->out_sent, MSG_NOSIGNAL);
        if (put < 0 && errno == EINTR)
            continue;
        if (put < 0 && errno == EAGAIN)
            return true;
        if (put < 0) {
            conn_close(c);
            return false;
        }
        c->out_sent += (uint32_t)put;
    }
    free(c->out);
    c->out = NULL;
    c->out_len = c->out_sent = 0;
    if (c->state == CONN_LINGER)
        shutdown(c->fd, SHUT_WR);
    start_deadline(c);
    return true;
}

static void on_event(void *ctx, uint32_t events)
{
    struct conn *c = ctx;
    if ((events & (EPOLLIN | EPOLLRDHUP | EPOLLHUP | EPOLLERR)) != 0)
        c->can_read = true;
    if ((events & (EPOLLRDHUP | EPOLLHUP)) != 0)
        c->has_ended = true;
    if ((events & EPOLLOUT) != 0 && has_unsent(c) && !flush_waiting(c))
        return;
    /* A client that leaves while the core works on its request is noticed at once. */
    if ((events & (EPOLLHUP | EPOLLERR)) != 0 && c->state == CONN_ASKED) {
        conn_close(c);
        return;
    }
    conn_work(c);
}

static void on_deadline(struct timer *t)
{
    struct conn *c = (struct conn *)(void *)((char *)t - offsetof(struct conn, timer));
    if (has_unsent(c)) {
        conn_close(c);
        return;
    }
    if (c->state == CONN_HEAD || c->state == CONN_BODY) {
        refuse_and_close(c, 408, "The request took too long to arrive. Send it in one go.");
        return;
    }
    if (c->state == CONN_ASKED) {
        (void)edge_tell_core(c->edge, FRAME_GONE, request_id(c));
        c->close_after = true;
        (void)refuse(c, 503, "The server is busy. Try again.", STR("Retry-After: 5\r\n"));
        return;
    }
    if (c->state == CONN_IDLE) {
        begin_linger(c);
        return;
    }
    conn_close(c);
}

/* ---- beginning and end
 * ---------------------------------------------------------------------------- */

static uint32_t free_index(struct edge *e)
{
    while (e->conns[e->free_index] != NULL)
        e->free_index++;
    return e->free_index;
}

void conn_open(struct edge *e, int fd, const uint8_t peer[static 16])
{
    struct conn *c = e->conn_count == e->conn_cap ? NULL : calloc(1, sizeof *c);
    if (c == NULL) {
        close(fd);
        return;
    }
    c->edge = e;
    c->fd = fd;
    c->timer.fire = on_deadline;
    memcpy(c->peer, peer, sizeof c->peer);
    c->ssl = tls_accept(e->tls, &e->io);
    if (c->ssl == NULL || reactor_add(&e->reactor, fd, EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET,
                                      on_event, c, &c->slot) != OK) {
        SSL_free(c->ssl);
        close(fd);
        free(c);
        return;
    }
    c->index = free_index(e);
    e->conns[c->index] = c;
    e->conn_count++;
    enter(c, CONN_HELLO);
}

static void conn_close(struct conn *c)
{
    struct edge *e = c->edge;
    if (waits_for_core(c))
        (void)edge_tell_core(e, FRAME_GONE, request_id(c));
    timer_cancel(&e->timers, &c->timer);
    reactor_remove(&e->reactor, c->slot);
    e->conns[c->index] = NULL;
    e->conn_count--;
    if (c->index < e->free_index)
        e->free_index = c->index;
    e->trim_at_ms = e->now_ms + TRIM_AFTER;
    SSL_free(c->ssl);
    close(c->fd);
    free(c->in);
    free(c->out);
    free(c);
}

/* ---- frames from the core
 * ------------------------------------------------------------------------- */

void conn_reply(struct edge *e, uint64_t id, const struct reply *r)
{
    struct conn *c = find(e, id);
    if (c == NULL)
        return;
    if (c->is_device_path && r->status < 300)
        c->is_device = true;
    c->close_after = c->close_after || r->close || e->is_draining;
    struct answer a = {.status = r->status,
                       .close = c->close_after,
                       .headers = r->headers,
                       .body_len = r->body.len};
    if (after_answer(c, send_answer(c, &a, r->body)))
        conn_work(c);
}

void conn_held(struct edge *e, uint64_t id)
{
    struct conn *c = find(e, id);
    if (c == NULL)
        return;
    enter(c, CONN_HELD);
    if (c->in_len > 0 || e->is_draining)
        release(c);
    else
        conn_work(c);
}

void conn_stream(struct edge *e, uint64_t id, const struct reply *head)
{
    struct conn *c = find(e, id);
    if (c == NULL)
        return;
    struct answer a = {.status = head->status,
                       .framing = FRAMED_BY_CHUNKS,
                       .close = true,
                       .headers = head->headers};
    if (c->is_head || send_answer(c, &a, STR_NONE) != OK) {
        conn_close(c);
        return;
    }
    enter(c, CONN_STREAMING);
    if (e->is_draining)
        conn_close(c);
    else
        conn_work(c);
}

void conn_stream_data(struct edge *e, uint64_t id, struct str data)
{
    struct conn *c = find(e, id);
    uint8_t size[20];
    struct writer w = writer_into(size, sizeof size);
    if (c == NULL || c->state != CONN_STREAMING || data.len == 0)
        return;
    if (c->out_len - c->out_sent > STREAM_LAG_MAX) {
        conn_close(c);
        return;
    }
    /* RFC 9112 section 7.1: chunk-size CRLF data CRLF. */
    static const char digits[] = "0123456789abcdef";
    bool begun = false;
    for (int shift = 28; shift >= 0; shift -= 4) {
        size_t digit = data.len >> shift & 15;
        begun = begun || digit != 0;
        if (begun)
            writer_u8(&w, (uint8_t)digits[digit]);
    }
    writer_str(&w, STR("\r\n"));
    begin_io(c, NULL, 0);
    if (send_plain(c, str_from(size, w.len)) != OK || send_plain(c, data) != OK ||
        send_plain(c, STR("\r\n")) != OK || flush_sealed(c) != OK)
        conn_close(c);
}

void conn_stream_end(struct edge *e, uint64_t id)
{
    struct conn *c = find(e, id);
    if (c == NULL || c->state != CONN_STREAMING)
        return;
    c->ask = 0; /* the core knows */
    begin_io(c, NULL, 0);
    if (send_plain(c, STR("0\r\n\r\n")) != OK || flush_sealed(c) != OK)
        conn_close(c);
    else
        begin_linger(c);
}

void conn_core_lost(struct edge *e, struct conn *c)
{
    uint64_t id = request_id(c);
    if (!waits_for_core(c))
        return;
    if (c->state == CONN_STREAMING) {
        conn_stream_end(e, id);
    } else if (c->state == CONN_HELD) {
        struct reply nothing_new = {.status = 204};
        conn_reply(e, id, &nothing_new);
    } else if (refuse(c, 503, "The server had to start a part of itself anew. Try again.",
                      STR("Retry-After: 1\r\n"))) {
        conn_work(c);
    }
}

void conn_drain(struct edge *e, struct conn *c)
{
    (void)e;
    c->close_after = true;
    switch (c->state) {
    case CONN_HELLO: conn_close(c); return;
    case CONN_IDLE: begin_linger(c); return;
    case CONN_HELD: release(c); return;
    case CONN_STREAMING: conn_close(c); return;
    case CONN_HEAD:
    case CONN_BODY:
    case CONN_ASKED:
    case CONN_LINGER: return; /* they end by themselves, or by their deadline */
    }
}
