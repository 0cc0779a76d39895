#include "server/edge/conn_parts.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include <openssl/err.h>

#include "common/base/assert.h"
#include "server/edge/respond.h"
#include "server/edge/static.h"

/* What a plain text this long may become: records of 512 bytes (max_fragment_length, RFC 6066) cost
 * 22 bytes each. */
_Static_assert(OUTPUT_SIZE > FRAME_TO_EDGE_MAX / 512 * (512 + 22) + 8192,
               "the largest answer fits even into the smallest records");

/* ---- sealed bytes ---------------------------------------------------------------------------- */

bool conn_has_unsent(const struct conn *c)
{
    return c->out_len > c->out_sent;
}

void conn_begin_io(struct conn *c, const uint8_t *in, size_t in_len)
{
    struct edge *e = c->edge;
    e->io = (struct tls_io){in, in_len, e->sealed, 0, sizeof e->sealed};
    if (in_len > 0)
        ERR_clear_error(); /* SSL_get_error() looks at what others have left there */
}

static enum err keep_unsent(struct conn *c, const uint8_t *bytes, size_t len)
{
    size_t have = c->out_len - c->out_sent;
    if (!conn_keep_bytes(c, have + len))
        return ERR_LIMIT;
    uint8_t *both = malloc(have + len);
    if (both == NULL) {
        conn_drop_bytes(c->edge, have + len);
        return ERR_NO_MEMORY;
    }
    if (have > 0)
        memcpy(both, c->out + c->out_sent, have);
    memcpy(both + have, bytes, len);
    conn_drop_bytes(c->edge, c->out_len);
    free(c->out);
    c->out = both;
    c->out_len = (uint32_t)(have + len);
    c->out_sent = 0;
    return OK;
}

enum err conn_flush_sealed(struct conn *c)
{
    struct tls_io *io = &c->edge->io;
    size_t sent = 0;
    if (io->out_len == 0)
        return OK;
    if (!conn_has_unsent(c)) {
        ssize_t put = send(c->fd, io->out, io->out_len, MSG_NOSIGNAL);
        if (put < 0 && errno != EAGAIN && errno != EINTR)
            return ERR_IO;
        sent = put < 0 ? 0 : (size_t)put;
    }
    size_t left = io->out_len - sent;
    io->out_len = 0;
    if (left == 0)
        return OK;
    bool was_waiting = conn_has_unsent(c);
    TRY(keep_unsent(c, io->out + sent, left));
    if (!was_waiting)
        conn_start_deadline(c); /* from here on it is the reader's time that runs */
    return OK;
}

bool conn_flush_waiting(struct conn *c)
{
    while (conn_has_unsent(c)) {
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
    conn_drop_bytes(c->edge, c->out_len);
    free(c->out);
    c->out = NULL;
    c->out_len = c->out_sent = 0;
    if (c->state == CONN_LINGER)
        shutdown(c->fd, SHUT_WR);
    conn_start_deadline(c);
    return true;
}

/* ---- plain bytes ----------------------------------------------------------------------------- */

static enum err copy_unsealed(struct tls_io *io, struct str bytes)
{
    if (bytes.len > io->out_cap - io->out_len)
        return ERR_IO;
    memcpy(io->out + io->out_len, bytes.ptr, bytes.len);
    io->out_len += bytes.len;
    return OK;
}

static enum err seal(struct conn *c, struct str bytes)
{
    if (conn_is_plain(c) && bytes.len > 0)
        return copy_unsealed(&c->edge->io, bytes);
    while (bytes.len > 0) {
        size_t put = 0;
        if (SSL_write_ex(c->ssl, bytes.ptr, bytes.len, &put) != 1)
            return ERR_IO;
        bytes = str_slice(bytes, put, bytes.len);
    }
    return OK;
}

enum err conn_send(struct conn *c, struct str bytes)
{
    conn_begin_io(c, NULL, 0);
    TRY(seal(c, bytes));
    return conn_flush_sealed(c);
}

/* RFC 9112 section 7.1: chunk-size CRLF data CRLF. */
enum err conn_send_chunk(struct conn *c, struct str data)
{
    static const char digits[] = "0123456789abcdef";
    struct edge *e = c->edge;
    struct writer w = writer_into(e->answer, sizeof e->answer);
    bool begun = false;
    for (int shift = 28; shift >= 0; shift -= 4) {
        size_t digit = data.len >> shift & 15;
        begun = begun || digit != 0;
        if (begun)
            writer_u8(&w, (uint8_t)digits[digit]);
    }
    writer_str(&w, STR("\r\n"));
    if (data.len + 2 <= writer_left(&w)) { /* an event is small: one record */
        writer_str(&w, data);
        writer_str(&w, STR("\r\n"));
        return conn_send(c, str_from(e->answer, w.len));
    }
    conn_begin_io(c, NULL, 0);
    TRY(seal(c, str_from(e->answer, w.len)));
    TRY(seal(c, data));
    TRY(seal(c, STR("\r\n")));
    return conn_flush_sealed(c);
}

enum err conn_send_last_chunk(struct conn *c)
{
    return conn_send(c, STR("0\r\n\r\n"));
}

/* A head and its body; a small body rides in the record of the head. */
static enum err send_answer(struct conn *c, const struct answer *a, struct str body)
{
    struct edge *e = c->edge;
    struct writer w = writer_into(e->answer, sizeof e->answer);
    answer_head_write(&w, a, !conn_is_plain(c), e->wall_ms);
    bool rides = !c->is_head && body.len <= writer_left(&w);
    if (rides)
        writer_str(&w, body);
    ASSERT(!w.overflow);
    conn_begin_io(c, NULL, 0);
    TRY(seal(c, str_from(e->answer, w.len)));
    if (!rides && !c->is_head)
        TRY(seal(c, body));
    return conn_flush_sealed(c);
}

enum err conn_send_head(struct conn *c, const struct answer *a)
{
    return send_answer(c, a, STR_NONE);
}

/* ---- after an answer ------------------------------------------------------------------------- */

/* RFC 9112 section 9.6: closing at once could reset the connection before our last answer is read.
 */
void conn_begin_linger(struct conn *c)
{
    conn_begin_io(c, NULL, 0);
    if (!conn_is_plain(c))
        (void)SSL_shutdown(c->ssl);
    if (conn_flush_sealed(c) != OK) {
        conn_close(c);
        return;
    }
    if (!conn_has_unsent(c))
        shutdown(c->fd, SHUT_WR);
    conn_enter(c, CONN_LINGER);
}

/* True when the connection goes on. */
static bool after_answer(struct conn *c, enum err e)
{
    if (e != OK) {
        conn_close(c);
        return false;
    }
    c->ask = 0;
    c->is_head = false;
    c->was_held = false;
    if (c->close_after) {
        conn_begin_linger(c);
        return false;
    }
    conn_enter(c, CONN_IDLE);
    return true;
}

bool conn_answer(struct conn *c, const struct answer *a, struct str body)
{
    return after_answer(c, send_answer(c, a, body));
}

/* ---- refusals of the edge's own -------------------------------------------------------------- */

bool conn_refuse_as(struct conn *c, uint16_t status, const char *type, const char *detail,
                    struct str headers)
{
    uint8_t body[1024], lines[512];
    struct writer b = writer_into(body, sizeof body), h = writer_into(lines, sizeof lines);
    edge_problem_write(&b, status, type, str_from_cstr(detail));
    writer_str(&h, headers);
    writer_str(&h, STR("Content-Type: application/problem+json\r\n"));
    ASSERT(!b.overflow && !h.overflow);
    struct answer a = {.status = status,
                       .close = c->close_after,
                       .headers = str_from(lines, h.len),
                       .body_len = b.len};
    return conn_answer(c, &a, str_from(body, b.len));
}

bool conn_refuse(struct conn *c, uint16_t status, const char *detail, struct str headers)
{
    return conn_refuse_as(c, status, NULL, detail, headers);
}

void conn_refuse_and_close(struct conn *c, uint16_t status, const char *detail)
{
    /* RFC 9110 section 15.5.6: 405 says what is allowed. */
    struct str allowed =
        status == 405 ? STR("Allow: GET, HEAD, POST, PUT, PATCH, DELETE\r\n") : STR_NONE;
    c->close_after = true;
    (void)conn_refuse(c, status, detail, allowed);
}

/* ---- files ----------------------------------------------------------------------------------- */

static const struct {
    struct str line;
    struct str etag_suffix; /* RFC 9110 section 8.8.3.3: each coding is its own representation */
} codings[] = {
    [CODING_IDENTITY] = {{(const uint8_t *)"", 0}, {(const uint8_t *)"", 0}},
    [CODING_GZIP] = {{(const uint8_t *)"Content-Encoding: gzip\r\n", 24},
                     {(const uint8_t *)"-gz", 3}},
    [CODING_BROTLI] = {{(const uint8_t *)"Content-Encoding: br\r\n", 22},
                       {(const uint8_t *)"-br", 3}},
};

/* The file's tag with the coding inside its quotes. */
static struct str etag_of(const struct asset *file, enum coding coding, struct writer *w)
{
    ASSERT(file->etag.len >= 2);
    size_t start = w->len;
    writer_str(w, str_slice(file->etag, 0, file->etag.len - 1));
    writer_str(w, codings[coding].etag_suffix);
    writer_u8(w, '"');
    return str_from(w->buf + start, w->len - start);
}

/* Where a stranger's widget may run is where nobody is signed in yet. */
static enum answer_kind page_kind(const struct conn *c, const struct http1_request *r)
{
    return c->edge->front.has_turnstile && str_eq(r->path, STR("/register")) ? ANSWER_PAGE_TURNSTILE
                                                                             : ANSWER_PAGE;
}

static bool send_file(struct conn *c, const struct http1_request *r, const struct asset *file)
{
    uint8_t lines[512];
    struct writer h = writer_into(lines, sizeof lines);
    enum coding coding = coding_choose(r->accept_encoding, file);
    struct str body = coding == CODING_BROTLI ? file->brotli
                      : coding == CODING_GZIP ? file->gzip
                                              : file->identity;
    writer_str(&h, STR("ETag: "));
    struct str etag = etag_of(file, coding, &h);
    bool is_known = etag_matches(r->field[FIELD_IF_NONE_MATCH], etag);
    writer_str(&h, STR("\r\nContent-Type: "));
    writer_str(&h, file->content_type);
    writer_str(&h, file->immutable
                       ? STR("\r\nCache-Control: public, max-age=31536000, immutable\r\n")
                       : STR("\r\nCache-Control: no-cache\r\n"));
    writer_str(&h, STR("Vary: Accept-Encoding\r\n"));
    if (!is_known)
        writer_str(&h, codings[coding].line);
    ASSERT(!h.overflow);
    struct answer a = {.status = is_known ? 304 : 200,
                       .kind = page_kind(c, r),
                       .close = c->close_after,
                       .headers = str_from(lines, h.len),
                       .body_len = body.len};
    return conn_answer(c, &a, is_known ? STR_NONE : body);
}

bool conn_serve_file(struct conn *c, const struct http1_request *r)
{
    const struct asset *file = asset_find(r->path);
    ASSERT(file != NULL); /* asked for only when it is there */
    if (r->method != METHOD_GET && r->method != METHOD_HEAD)
        return conn_refuse(c, 405, "Pages are asked for with GET or HEAD.",
                           STR("Allow: GET, HEAD\r\n"));
    return send_file(c, r, file);
}
