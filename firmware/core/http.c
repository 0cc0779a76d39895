#include "firmware/core/http.h"

#include <string.h>

/* One line without its CRLF; false when there is no whole line yet. A bare LF ends none
 * (RFC 9112 section 2.2 lets us be strict). */
static bool take_line(struct str *rest, struct str *line)
{
    for (size_t i = 0; i + 1 < rest->len; i++) {
        if (rest->ptr[i] == '\r' && rest->ptr[i + 1] == '\n') {
            *line = str_slice(*rest, 0, i);
            *rest = (struct str){rest->ptr + i + 2, rest->len - i - 2};
            return true;
        }
    }
    return false;
}

struct head {
    int status;
    bool closes;
    bool is_chunked;
    bool has_length;
    uint64_t length;
    int32_t retry_after_s;
};

/* RFC 9112 section 4: "HTTP/1.1 204 No Content" */
static enum err status_line(struct str line, struct head *h)
{
    uint64_t status;
    if (!str_starts(line, STR("HTTP/1.")) || line.len < 12 || line.ptr[8] != ' ' ||
        (line.len > 12 && line.ptr[12] != ' '))
        return ERR_PEER;
    TRY(str_u64(str_slice(line, 9, 3), 599, &status));
    if (status < 100)
        return ERR_PEER;
    h->status = (int)status;
    h->closes = line.ptr[7] == '0'; /* HTTP/1.0 keeps nothing open unasked */
    return OK;
}

static enum err field_line(struct str line, struct head *h)
{
    struct str name;
    struct str value;
    uint64_t number;
    if (!str_cut(line, ':', &name, &value) || name.len == 0)
        return ERR_PEER;
    value = str_trim(value);
    if (str_eq_nocase(name, STR("content-length"))) {
        if (h->has_length)
            return ERR_PEER;
        TRY(str_u64(value, UINT32_MAX, &h->length));
        h->has_length = true;
    } else if (str_eq_nocase(name, STR("transfer-encoding"))) {
        if (h->is_chunked || !str_eq_nocase(value, STR("chunked")))
            return ERR_PEER;
        h->is_chunked = true;
    } else if (str_eq_nocase(name, STR("connection"))) {
        h->closes |= str_eq_nocase(value, STR("close"));
    } else if (str_eq_nocase(name, STR("retry-after"))) {
        if (str_u64(value, 86400, &number) == OK)
            h->retry_after_s = (int32_t)number;
    }
    return OK;
}

static enum err head_read(struct str *rest, struct head *h)
{
    struct str line;
    *h = (struct head){.retry_after_s = HTTP_RETRY_AFTER_NONE};
    if (!take_line(rest, &line))
        return ERR_AGAIN;
    TRY(status_line(line, h));
    for (;;) {
        if (!take_line(rest, &line))
            return ERR_AGAIN;
        if (line.len == 0)
            break;
        TRY(field_line(line, h));
    }
    /* Both lengths at once is how requests are smuggled (RFC 9112 section 6.3). */
    return h->is_chunked && h->has_length ? ERR_PEER : OK;
}

/* "1a" or "1a;extension" */
static enum err chunk_size(struct str line, size_t *out)
{
    struct str digits;
    struct str extension;
    str_cut(line, ';', &digits, &extension);
    digits = str_trim(digits);
    if (digits.len == 0 || digits.len > 7)
        return ERR_PEER;
    size_t size = 0;
    for (size_t i = 0; i < digits.len; i++) {
        uint8_t c = digits.ptr[i];
        uint8_t low = c | 0x20;
        if (c >= '0' && c <= '9')
            size = size << 4 | (size_t)(c - '0');
        else if (low >= 'a' && low <= 'f')
            size = size << 4 | (size_t)(low - 'a' + 10);
        else
            return ERR_PEER;
    }
    *out = size;
    return OK;
}

/* Walk over the chunks, joining them at `join` unless it is NULL; *rest is then behind them. */
static enum err chunks_read(struct str *rest, uint8_t *join, size_t *total)
{
    *total = 0;
    for (;;) {
        struct str line;
        size_t size;
        if (!take_line(rest, &line))
            return ERR_AGAIN;
        TRY(chunk_size(line, &size));
        if (size == 0)
            break;
        if (rest->len < size + 2)
            return ERR_AGAIN;
        if (rest->ptr[size] != '\r' || rest->ptr[size + 1] != '\n')
            return ERR_PEER;
        if (join != NULL)
            memmove(join + *total, rest->ptr, size);
        *total += size;
        *rest = (struct str){rest->ptr + size + 2, rest->len - size - 2};
    }
    struct str trailer;
    do {
        if (!take_line(rest, &trailer))
            return ERR_AGAIN;
    } while (trailer.len > 0);
    return OK;
}

/* Two walks: the first changes nothing, so that a half-arrived body can be walked again. */
static enum err chunked_body(uint8_t *buf, struct str *rest, struct str *body)
{
    struct str probe = *rest;
    uint8_t *join = buf + (rest->ptr - buf);
    size_t total;
    TRY(chunks_read(&probe, NULL, &total));
    TRY(chunks_read(rest, join, &total));
    *body = str_from(join, total);
    return OK;
}

static enum err body_read(uint8_t *buf, const struct head *h, struct str *rest, struct str *body)
{
    *body = STR_NONE;
    if (h->status == 204 || h->status == 304)
        return OK;
    if (h->is_chunked)
        return chunked_body(buf, rest, body);
    /* A body that ends with the connection cannot be told from one cut short. */
    if (!h->has_length)
        return ERR_PEER;
    if (rest->len < h->length)
        return ERR_AGAIN;
    *body = str_slice(*rest, 0, (size_t)h->length);
    *rest = (struct str){rest->ptr + h->length, rest->len - (size_t)h->length};
    return OK;
}

enum err http_answer_read(uint8_t *buf, size_t len, struct http_answer *out, size_t *used)
{
    struct str rest = {buf, len};
    struct head h;
    struct str body;
    do {
        TRY(head_read(&rest, &h));
    } while (h.status < 200); /* interim answers (RFC 9110 section 15.2) say nothing to us */
    TRY(body_read(buf, &h, &rest, &body));
    *out = (struct http_answer){h.status, h.closes, h.retry_after_s, body};
    *used = (size_t)(rest.ptr - buf);
    return OK;
}

static void write_field(struct writer *w, struct str name, struct str value)
{
    writer_str(w, name);
    writer_bytes(w, ": ", 2);
    writer_str(w, value);
    writer_bytes(w, "\r\n", 2);
}

void http_request_head_write(struct writer *w, const struct http_request *m)
{
    writer_str(w, m->method);
    writer_u8(w, ' ');
    writer_str(w, m->target);
    writer_str(w, STR(" HTTP/1.1\r\n"));
    write_field(w, STR("Host"), m->host);
    if (m->session.len > 0) {
        writer_str(w, STR("Authorization: Bearer "));
        writer_str(w, m->session);
        writer_bytes(w, "\r\n", 2);
        write_field(w, STR("X-Device-MAC"), m->mac);
    }
    if (m->body.len > 0) {
        write_field(w, STR("Content-Type"), STR("application/json"));
        writer_str(w, STR("Content-Length: "));
        writer_decimal(w, (int64_t)m->body.len);
        writer_bytes(w, "\r\n", 2);
    }
    writer_bytes(w, "\r\n", 2);
}
