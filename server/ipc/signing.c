#include "server/ipc/signing.h"

#include <string.h>

#include "common/base/reader.h"
#include "common/crypto/crypto.h"

/* ---- names ----------------------------------------------------------------------------------- */

void signing_key_name(const uint8_t point[static SIGNING_POINT_LEN],
                      uint8_t out[static SIGNING_KEY_LEN])
{
    uint8_t digest[SHA256_LEN];
    sha256(str_from(point, SIGNING_POINT_LEN), digest);
    memcpy(out, digest, SIGNING_KEY_LEN);
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

enum err signing_request_put(struct writer *w, const struct signing_request *r)
{
    size_t start = w->len;
    if (r->content.len > SIGNING_CONTENT_MAX)
        return ERR_LIMIT;
    writer_u64(w, r->id);
    writer_bytes(w, r->key, sizeof r->key);
    writer_str16(w, r->content);
    return put_end(w, start);
}

enum err signing_answer_put(struct writer *w, const struct signing_answer *a)
{
    size_t start = w->len;
    if (a->signature.len > SIGNATURE_LEN_MAX)
        return ERR_LIMIT;
    writer_u64(w, a->id);
    writer_str16(w, a->signature);
    return put_end(w, start);
}

/* ---- reading --------------------------------------------------------------------------------- */

enum err signing_requests_take(struct str message, struct signing_requests *out)
{
    struct reader r = reader_of(message);
    struct signing_requests all = {.count = 0};
    do {
        struct signing_request *q = &all.of[all.count++];
        q->id = reader_u64(&r);
        struct str key = reader_bytes(&r, SIGNING_KEY_LEN);
        q->content = reader_str16(&r);
        if (q->content.len > SIGNING_CONTENT_MAX)
            reader_fail(&r);
        if (key.len == SIGNING_KEY_LEN)
            memcpy(q->key, key.ptr, SIGNING_KEY_LEN);
    } while (!r.failed && reader_left(&r) > 0 && all.count < SIGNING_BATCH_MAX);
    TRY(reader_end(&r));
    *out = all;
    return OK;
}

enum err signing_answers_take(struct str message, struct signing_answers *out)
{
    struct reader r = reader_of(message);
    struct signing_answers all = {.count = 0};
    do {
        struct signing_answer *a = &all.of[all.count++];
        a->id = reader_u64(&r);
        a->signature = reader_str16(&r);
        if (a->signature.len > SIGNATURE_LEN_MAX)
            reader_fail(&r);
    } while (!r.failed && reader_left(&r) > 0 && all.count < SIGNING_BATCH_MAX);
    TRY(reader_end(&r));
    *out = all;
    return OK;
}
