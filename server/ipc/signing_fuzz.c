#include "server/ipc/signing.h"

#include <string.h>

#include "tests/fuzz.h"

/* What was understood writes back to the very bytes that were read. */
static void check_same(struct str message, const struct writer *w)
{
    FUZZ_CHECK(w->len == message.len && memcmp(w->buf, message.ptr, message.len) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static uint8_t room[SIGNING_MESSAGE_MAX];
    static struct signing_requests requests;
    static struct signing_answers answers;
    struct str message = str_from(data, size);
    struct writer w = writer_into(room, sizeof room);
    if (signing_requests_take(message, &requests) == OK) {
        for (size_t i = 0; i < requests.count; i++)
            FUZZ_CHECK(signing_request_put(&w, &requests.of[i]) == OK);
        check_same(message, &w);
    }
    w.len = 0;
    if (signing_answers_take(message, &answers) == OK) {
        for (size_t i = 0; i < answers.count; i++)
            FUZZ_CHECK(signing_answer_put(&w, &answers.of[i]) == OK);
        check_same(message, &w);
    }
    return 0;
}
