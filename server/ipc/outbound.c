#include "server/ipc/outbound.h"

#include <string.h>

#include "common/base/reader.h"

static bool is_plain(uint8_t c)
{
    return c >= 0x20 && c < 0x7F;
}

static bool text_is_plain(struct str text)
{
    for (size_t i = 0; i < text.len; i++) {
        if (!is_plain(text.ptr[i]))
            return false;
    }
    return text.len <= OUTBOUND_TEXT_MAX;
}

struct str outbound_text(struct str outside, uint8_t out[static OUTBOUND_TEXT_MAX])
{
    size_t len = outside.len < OUTBOUND_TEXT_MAX ? outside.len : OUTBOUND_TEXT_MAX;
    for (size_t i = 0; i < len; i++)
        out[i] = is_plain(outside.ptr[i]) ? outside.ptr[i] : '?';
    return str_from(out, len);
}

/* ---- writing --------------------------------------------------------------------------------- */

/* Undo what did not fit, so that nothing is ever half there. */
static enum err put_end(struct writer *w, size_t start)
{
    if (!w->overflow)
        return OK;
    w->overflow = false;
    w->len = start;
    return ERR_LIMIT;
}

/* An empty address is a mail from or to nobody; an empty message is none. */
static bool is_task(const struct outbound_task *t)
{
    if (t->kind == OUTBOUND_CHECK)
        return t->token.len > 0 && t->token.len <= OUTBOUND_TOKEN_MAX;
    return t->kind == OUTBOUND_MAIL && t->from.len > 0 && t->from.len <= OUTBOUND_ADDRESS_MAX &&
           t->to.len > 0 && t->to.len <= OUTBOUND_ADDRESS_MAX && t->message.len > 0 &&
           t->message.len <= OUTBOUND_MAIL_MAX;
}

enum err outbound_task_put(struct writer *w, const struct outbound_task *t)
{
    size_t start = w->len;
    if (!is_task(t))
        return ERR_LIMIT;
    writer_u8(w, (uint8_t)t->kind);
    writer_u64(w, t->id);
    if (t->kind == OUTBOUND_MAIL) {
        writer_str16(w, t->from);
        writer_str16(w, t->to);
        writer_str32(w, t->message);
    } else {
        writer_bytes(w, t->peer, sizeof t->peer);
        writer_str16(w, t->token);
    }
    return put_end(w, start);
}

enum err outbound_answer_put(struct writer *w, const struct outbound_answer *a)
{
    size_t start = w->len;
    if (!text_is_plain(a->text))
        return ERR_LIMIT;
    writer_u8(w, (uint8_t)a->verdict);
    writer_u64(w, a->id);
    writer_str16(w, a->text);
    return put_end(w, start);
}

/* ---- reading --------------------------------------------------------------------------------- */

enum err outbound_task_take(struct str message, struct outbound_task *out)
{
    struct reader r = reader_of(message);
    uint8_t kind = reader_u8(&r);
    struct outbound_task t = {.kind = (enum outbound_kind)kind, .id = reader_u64(&r)};
    if (kind == OUTBOUND_MAIL) {
        t.from = reader_str16(&r);
        t.to = reader_str16(&r);
        t.message = reader_str32(&r);
    } else if (kind == OUTBOUND_CHECK) {
        struct str peer = reader_bytes(&r, OUTBOUND_PEER_LEN);
        if (peer.len == OUTBOUND_PEER_LEN)
            memcpy(t.peer, peer.ptr, OUTBOUND_PEER_LEN);
        t.token = reader_str16(&r);
    }
    if (!is_task(&t))
        reader_fail(&r);
    TRY(reader_end(&r));
    *out = t;
    return OK;
}

enum err outbound_answer_take(struct str message, struct outbound_answer *out)
{
    struct reader r = reader_of(message);
    uint8_t verdict = reader_u8(&r);
    struct outbound_answer a = {.verdict = (enum outbound_verdict)verdict, .id = reader_u64(&r)};
    a.text = reader_str16(&r);
    if (verdict < OUTBOUND_DONE || verdict > OUTBOUND_UNREACHABLE || !text_is_plain(a.text))
        reader_fail(&r);
    TRY(reader_end(&r));
    *out = a;
    return OK;
}
