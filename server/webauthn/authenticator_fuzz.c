#include "server/webauthn/authenticator.h"

#include <string.h>

#include "server/webauthn/verify.h"
#include "tests/fuzz.h"

static bool lies_within(struct str part, const uint8_t *data, size_t size)
{
    return part.len == 0 || (part.ptr >= data && part.ptr + part.len <= data + size);
}

static void check_data(const struct authenticator_data *d, const uint8_t *data, size_t size)
{
    FUZZ_CHECK(d->rp_hash.len == AUTHENTICATOR_HASH_LEN && lies_within(d->rp_hash, data, size));
    FUZZ_CHECK(d->credential_id.len <= CREDENTIAL_ID_MAX);
    FUZZ_CHECK(lies_within(d->credential_id, data, size) && lies_within(d->whole, data, size));
}

/* What our readers let through goes on to libfido2, and to OpenSSL. */
static void try_registration(const struct attestation *a)
{
    struct public_key key;
    if (registration_verify("localhost", STR("{}"), a, &key) == OK)
        FUZZ_CHECK(key.len > 0 && key.len <= PUBLIC_KEY_MAX);
}

static void try_assertion(const struct authenticator_data *d, struct str bytes)
{
    static const uint8_t generator_p256[64] = {
        0x6B, 0x17, 0xD1, 0xF2, 0xE1, 0x2C, 0x42, 0x47, 0xF8, 0xBC, 0xE6, 0xE5, 0x63,
        0xA4, 0x40, 0xF2, 0x77, 0x03, 0x7D, 0x81, 0x2D, 0xEB, 0x33, 0xA0, 0xF4, 0xA1,
        0x39, 0x45, 0xD8, 0x98, 0xC2, 0x96, 0x4F, 0xE3, 0x42, 0xE2, 0xFE, 0x1A, 0x7F,
        0x9B, 0x8E, 0xE7, 0xEB, 0x4A, 0x7C, 0x0F, 0x9E, 0x16, 0x2B, 0xCE, 0x33, 0x57,
        0x6B, 0x31, 0x5E, 0xCE, 0xCB, 0xB6, 0x40, 0x68, 0x37, 0xBF, 0x51, 0xF5};
    struct assertion a = {.data = *d, .client_data = STR("{}"), .signature = bytes};
    (void)!assertion_verify("localhost", &a, COSE_ALGORITHM_ES256,
                            str_from(generator_p256, sizeof generator_p256));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct attestation a;
    struct authenticator_data d;
    struct str bytes = str_from(data, size);
    if (attestation_read(bytes, &a) == OK) {
        FUZZ_CHECK(lies_within(a.signature, data, size));
        check_data(&a.data, data, size);
        try_registration(&a);
    }
    if (authenticator_data_read(bytes, &d) == OK) {
        check_data(&d, data, size);
        try_assertion(&d, bytes);
    }
    return 0;
}
