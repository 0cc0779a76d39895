#include "server/ipc/sealing.h"

#include <string.h>

#include "common/base/assert.h"
#include "common/base/reader.h"

#define CODES 1000000

struct sealing_question sealing_check(int64_t account_id, struct str sealed, uint32_t code,
                                      int64_t now_ms)
{
    struct sealing_question q = {
        .verb = SEALING_CHECK, .account_id = account_id, .now_s = now_ms / 1000, .code = code};
    ASSERT(sealed.len == sizeof q.sealed);
    memcpy(q.sealed, sealed.ptr, sizeof q.sealed);
    return q;
}

/* ---- writing --------------------------------------------------------------------------------- */

void sealing_question_put(struct writer *w, const struct sealing_question *q)
{
    writer_u64(w, q->id);
    writer_u8(w, (uint8_t)q->verb);
    writer_u64(w, (uint64_t)q->account_id);
    if (q->verb == SEALING_CHECK) {
        writer_u64(w, (uint64_t)q->now_s);
        writer_u32(w, q->code);
        writer_bytes(w, q->sealed, sizeof q->sealed);
    }
    ASSERT(!w->overflow);
}

void sealing_answer_put(struct writer *w, const struct sealing_answer *a)
{
    writer_u64(w, a->id);
    writer_u8(w, (uint8_t)a->verb);
    writer_u8(w, (uint8_t)a->verdict);
    if (a->verdict == SEALING_DONE && a->verb == SEALING_MAKE) {
        writer_bytes(w, a->seed, sizeof a->seed);
        writer_bytes(w, a->sealed, sizeof a->sealed);
    }
    if (a->verdict == SEALING_DONE && a->verb == SEALING_CHECK)
        writer_u64(w, a->step);
    ASSERT(!w->overflow);
}

/* ---- reading --------------------------------------------------------------------------------- */

static void take_bytes(struct reader *r, uint8_t *out, size_t len)
{
    struct str bytes = reader_bytes(r, len);
    if (bytes.len == len)
        memcpy(out, bytes.ptr, len);
}

static enum sealing_verb take_verb(struct reader *r)
{
    uint8_t verb = reader_u8(r);
    if (verb != SEALING_MAKE && verb != SEALING_CHECK)
        reader_fail(r);
    return (enum sealing_verb)verb;
}

enum err sealing_question_take(struct str message, struct sealing_question *out)
{
    struct reader r = reader_of(message);
    struct sealing_question q = {.id = reader_u64(&r)};
    q.verb = take_verb(&r);
    q.account_id = (int64_t)reader_u64(&r);
    if (q.verb == SEALING_CHECK) {
        q.now_s = (int64_t)reader_u64(&r);
        q.code = reader_u32(&r);
        take_bytes(&r, q.sealed, sizeof q.sealed);
        if (q.code >= CODES)
            reader_fail(&r);
    }
    TRY(reader_end(&r));
    *out = q;
    return OK;
}

enum err sealing_answer_take(struct str message, struct sealing_answer *out)
{
    struct reader r = reader_of(message);
    struct sealing_answer a = {.id = reader_u64(&r)};
    a.verb = take_verb(&r);
    uint8_t verdict = reader_u8(&r);
    if (verdict != SEALING_DONE && verdict != SEALING_NOT_OURS)
        reader_fail(&r);
    a.verdict = (enum sealing_verdict)verdict;
    if (a.verdict == SEALING_DONE && a.verb == SEALING_MAKE) {
        take_bytes(&r, a.seed, sizeof a.seed);
        take_bytes(&r, a.sealed, sizeof a.sealed);
    }
    if (a.verdict == SEALING_DONE && a.verb == SEALING_CHECK)
        a.step = reader_u64(&r);
    TRY(reader_end(&r));
    *out = a;
    return OK;
}
