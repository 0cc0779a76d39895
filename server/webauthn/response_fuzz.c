#include "server/webauthn/response.h"

#include "tests/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static uint8_t block[256 * 1024];
    struct passkey_response got;
    struct str json = str_from(data, size);
    struct arena a = arena_over(block, sizeof block);
    if (registration_response_read(&a, json, &got) == OK)
        FUZZ_CHECK(got.attestation.len > 0 && got.attestation.len < size);
    arena_reset(&a);
    if (assertion_response_read(&a, json, &got) == OK)
        FUZZ_CHECK(got.data.len > 0 && got.signature.len > 0 &&
                   got.data.len + got.signature.len + got.client_data.len < size);
    return 0;
}
