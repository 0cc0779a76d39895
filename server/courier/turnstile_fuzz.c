#include "server/courier/call.h"
#include "tests/fuzz.h"

/* A yes is never read out of what does not say so. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct str text = STR_NONE, body = str_from(data, size < CALL_GOT_MAX ? size : CALL_GOT_MAX);
    enum outbound_verdict verdict = turnstile_read(body, &text);
    bool says_true = false;
    for (size_t i = 0; i + 4 <= body.len; i++)
        says_true |= str_eq(str_slice(body, i, 4), STR("true"));
    FUZZ_CHECK(verdict >= OUTBOUND_DONE && verdict <= OUTBOUND_UNREACHABLE);
    FUZZ_CHECK(verdict != OUTBOUND_DONE || says_true);
    return 0;
}
