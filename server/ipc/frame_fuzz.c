#include "server/ipc/frame.h"

#include <string.h>

#include "tests/fuzz.h"

static uint8_t room[FRAME_TO_EDGE_MAX + FRAME_HEAD_LEN];

/* What was understood writes back to the very bytes that were read. */
static void check_same(const struct frame *f, const struct writer *w)
{
    FUZZ_CHECK(w->len == FRAME_HEAD_LEN + f->payload.len);
    FUZZ_CHECK(f->payload.len == 0 ||
               memcmp(w->buf + FRAME_HEAD_LEN, f->payload.ptr, f->payload.len) == 0);
}

static void read_frame(const struct frame *f)
{
    struct request q;
    struct reply r;
    principal caller;
    struct ban_notice ban;
    struct writer w = writer_into(room, sizeof room);
    if (request_take(f->payload, &q) == OK) {
        FUZZ_CHECK(request_put(&w, f->id, &q) == OK);
        check_same(f, &w);
    }
    FUZZ_CHECK((ban_take(f->payload, &ban) == OK) == (f->payload.len == sizeof ban));
    w.len = 0;
    if (reply_take(f->payload, &r) == OK) {
        FUZZ_CHECK(reply_put(&w, FRAME_REPLY, f->id, &r) == OK);
        check_same(f, &w);
    }
    FUZZ_CHECK((held_take(f->payload, &caller) == OK) == (f->payload.len == 8));
    w.len = 0;
    FUZZ_CHECK(frame_put(&w, f->type, f->id, f->payload) == OK);
    check_same(f, &w);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct str bytes = str_from(data, size);
    struct frame f;
    size_t taken = 0;
    while (frame_take(bytes, FRAME_TO_CORE_MAX, &f, &taken) == OK) {
        FUZZ_CHECK(taken >= FRAME_HEAD_LEN && taken <= bytes.len);
        read_frame(&f);
        bytes = str_slice(bytes, taken, bytes.len);
    }
    return 0;
}
