#include "firmware/core/http.h"

#include <string.h>

#include "tests/fuzz.h"

/* An answer stays within its buffer, and a whole one is not changed by what follows it. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static uint8_t buf[8192];
    static uint8_t body[8192];
    struct http_answer a;
    struct http_answer again;
    size_t used;
    size_t used_again;
    if (size > sizeof buf - 1)
        return 0;
    memcpy(buf, data, size);
    if (http_answer_read(buf, size, &a, &used) != OK)
        return 0;
    FUZZ_CHECK(used <= size && a.body.len <= used && a.status >= 200 && a.status <= 599);
    FUZZ_CHECK(a.body.len == 0 || (a.body.ptr >= buf && a.body.ptr + a.body.len <= buf + used));
    if (a.body.len > 0)
        memcpy(body, a.body.ptr, a.body.len);
    memcpy(buf, data, size);
    buf[size] = 'x';
    FUZZ_CHECK(http_answer_read(buf, size + 1, &again, &used_again) == OK);
    FUZZ_CHECK(used_again == used && str_eq(again.body, str_from(body, a.body.len)));
    return 0;
}
