#include "server/ipc/outbound.h"

#include <string.h>

#include "tests/fuzz.h"

/* What was understood writes back to the very bytes that were read. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static uint8_t room[OUTBOUND_TASK_MAX];
    struct outbound_task task;
    struct outbound_answer answer;
    struct writer w = writer_into(room, sizeof room);
    if (outbound_task_take(str_from(data, size), &task) == OK) {
        FUZZ_CHECK(outbound_task_put(&w, &task) == OK);
        FUZZ_CHECK(w.len == size && memcmp(room, data, size) == 0);
    }
    w.len = 0;
    if (outbound_answer_take(str_from(data, size), &answer) == OK) {
        FUZZ_CHECK(outbound_answer_put(&w, &answer) == OK);
        FUZZ_CHECK(w.len == size && memcmp(room, data, size) == 0);
    }
    return 0;
}
