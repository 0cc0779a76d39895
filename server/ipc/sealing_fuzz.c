#include "server/ipc/sealing.h"

#include <string.h>

#include "tests/fuzz.h"

/* What was understood writes back to the very bytes that were read. */
static void check_same(struct str message, const struct writer *w)
{
    FUZZ_CHECK(w->len == message.len && memcmp(w->buf, message.ptr, message.len) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    uint8_t room[SEALING_QUESTION_MAX + SEALING_ANSWER_MAX];
    struct sealing_question q;
    struct sealing_answer a;
    struct str message = str_from(data, size);
    struct writer w = writer_into(room, sizeof room);
    if (sealing_question_take(message, &q) == OK) {
        sealing_question_put(&w, &q);
        check_same(message, &w);
    }
    w = writer_into(room, sizeof room);
    if (sealing_answer_take(message, &a) == OK) {
        sealing_answer_put(&w, &a);
        check_same(message, &w);
    }
    return 0;
}
