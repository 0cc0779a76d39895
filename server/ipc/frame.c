#include "server/ipc/frame.h"

#include <string.h>

static bool type_is_known(uint8_t type)
{
    switch (type) {
    case FRAME_REQUEST:
    case FRAME_RELEASE:
    case FRAME_GONE:
    case FRAME_REPLY:
    case FRAME_HELD:
    case FRAME_STREAM:
    case FRAME_STREAM_DATA:
    case FRAME_STREAM_END:
    case FRAME_BAN: return true;
    default: return false;
    }
}

enum err frame_take(struct str bytes, size_t payload_max, struct frame *out, size_t *taken)
{
    if (bytes.len < FRAME_HEAD_LEN)
        return ERR_AGAIN;
    struct reader head = reader_of(str_slice(bytes, 0, FRAME_HEAD_LEN));
    uint32_t len = reader_u32(&head);
    uint8_t type = reader_u8(&head);
    uint16_t zero = reader_u16(&head);
    uint8_t zero_too = reader_u8(&head);
    uint64_t id = reader_u64(&head);
    if (reader_end(&head) != OK || len > payload_max || !type_is_known(type) || zero != 0 ||
        zero_too != 0)
        return ERR_PEER;
    if (bytes.len - FRAME_HEAD_LEN < len)
        return ERR_AGAIN;
    *out = (struct frame){(enum frame_type)type, id, str_slice(bytes, FRAME_HEAD_LEN, len)};
    *taken = FRAME_HEAD_LEN + len;
    return OK;
}

static void put_head(struct writer *w, enum frame_type type, uint64_t id, uint32_t payload_len)
{
    writer_u32(w, payload_len);
    writer_u8(w, (uint8_t)type);
    writer_u16(w, 0);
    writer_u8(w, 0);
    writer_u64(w, id);
}

/* Undo a frame that did not fit, so that none is ever half there. */
static enum err put_end(struct writer *w, size_t start)
{
    if (!w->overflow)
        return OK;
    w->overflow = false;
    w->len = start;
    return ERR_LIMIT;
}

/* Now that the payload is written, its length is known. */
static enum err put_end_sized(struct writer *w, size_t start)
{
    if (!w->overflow)
        writer_patch_u32(w, start, (uint32_t)(w->len - start - FRAME_HEAD_LEN));
    return put_end(w, start);
}

enum err frame_put(struct writer *w, enum frame_type type, uint64_t id, struct str payload)
{
    if (payload.len > FRAME_TO_EDGE_MAX)
        return ERR_LIMIT;
    size_t start = w->len;
    put_head(w, type, id, (uint32_t)payload.len);
    writer_str(w, payload);
    return put_end(w, start);
}

enum err request_put(struct writer *w, uint64_t id, const struct request *r)
{
    if (r->target.len > FRAME_TARGET_MAX || r->body.len > FRAME_BODY_MAX)
        return ERR_LIMIT;
    size_t start = w->len;
    put_head(w, FRAME_REQUEST, id, 0);
    writer_u8(w, (uint8_t)r->method);
    writer_bytes(w, r->peer, sizeof r->peer);
    writer_str16(w, r->target);
    for (size_t i = 0; i < FIELD_COUNT; i++) {
        if (r->field[i].len > FRAME_FIELD_MAX)
            w->overflow = true;
        writer_str16(w, r->field[i]);
    }
    writer_str(w, r->body);
    return put_end_sized(w, start);
}

enum err request_take(struct str payload, struct request *out)
{
    struct reader r = reader_of(payload);
    struct request q = {0};
    uint8_t method = reader_u8(&r);
    struct str peer = reader_bytes(&r, sizeof q.peer);
    q.target = reader_str16(&r);
    for (size_t i = 0; i < FIELD_COUNT; i++) {
        q.field[i] = reader_str16(&r);
        if (q.field[i].len > FRAME_FIELD_MAX)
            reader_fail(&r);
    }
    q.body = reader_rest(&r);
    if (method < METHOD_GET || method > METHOD_OPTIONS || q.target.len == 0 ||
        q.target.len > FRAME_TARGET_MAX || q.body.len > FRAME_BODY_MAX)
        reader_fail(&r);
    TRY(reader_end(&r));
    q.method = (enum method)method;
    for (size_t i = 0; i < peer.len; i++)
        q.peer[i] = peer.ptr[i];
    *out = q;
    return OK;
}

enum err reply_put(struct writer *w, enum frame_type type, uint64_t id, const struct reply *r)
{
    if (r->headers.len > FRAME_HEADERS_MAX || r->body.len > FRAME_REPLY_MAX)
        return ERR_LIMIT;
    size_t start = w->len;
    put_head(w, type, id, 0);
    writer_u16(w, r->status);
    writer_u8(w, r->close);
    writer_u64(w, r->caller);
    writer_str16(w, r->headers);
    writer_str(w, r->body);
    return put_end_sized(w, start);
}

enum err reply_take(struct str payload, struct reply *out)
{
    struct reader r = reader_of(payload);
    struct reply q = {0};
    q.status = reader_u16(&r);
    uint8_t close = reader_u8(&r);
    q.caller = reader_u64(&r);
    q.headers = reader_str16(&r);
    q.body = reader_rest(&r);
    if (q.status < 100 || q.status > 599 || close > 1 || q.headers.len > FRAME_HEADERS_MAX ||
        q.body.len > FRAME_REPLY_MAX)
        reader_fail(&r);
    TRY(reader_end(&r));
    q.close = close == 1;
    *out = q;
    return OK;
}

enum err held_take(struct str payload, principal *out)
{
    struct reader r = reader_of(payload);
    principal caller = reader_u64(&r);
    TRY(reader_end(&r));
    *out = caller;
    return OK;
}

enum err ban_put(struct writer *w, const struct ban_notice *b)
{
    size_t start = w->len;
    put_head(w, FRAME_BAN, 0, 0);
    writer_bytes(w, b->address, sizeof b->address);
    writer_u32(w, b->seconds);
    return put_end_sized(w, start);
}

enum err ban_take(struct str payload, struct ban_notice *out)
{
    struct reader r = reader_of(payload);
    struct ban_notice b = {0};
    struct str address = reader_bytes(&r, sizeof b.address);
    b.seconds = reader_u32(&r);
    TRY(reader_end(&r));
    memcpy(b.address, address.ptr, sizeof b.address);
    *out = b;
    return OK;
}
