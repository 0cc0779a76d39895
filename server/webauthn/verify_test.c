#include "server/webauthn/verify.h"

#include <string.h>

#include "tests/check.h"
#include "tests/support/authenticator.h"

static const int algorithms[] = {-7, -8, -257};
static const char rp_id[] = "ocean.example";
#define CLIENT STR("{\"type\":\"webauthn.create\"}")

static struct test_authenticator device;
static struct public_key key;

/* A passkey of this kind, registered. */
static void open_passkey(int algorithm, bool is_signed)
{
    struct test_bytes object;
    struct attestation a;
    test_authenticator_open(&device, algorithm, rp_id);
    test_attestation(&device, is_signed, CLIENT, &object);
    CHECK_INT(attestation_read(test_text(&object), &a), OK);
    CHECK_INT(registration_verify(rp_id, CLIENT, &a, &key), OK);
    CHECK_INT(key.algorithm, algorithm);
}

static enum err use(struct str data, struct str client_data, struct str signature, bool needs_user)
{
    struct assertion a = {
        .client_data = client_data, .signature = signature, .needs_user = needs_user};
    CHECK_INT(authenticator_data_read(data, &a.data), OK);
    return assertion_verify(rp_id, &a, key.algorithm, str_from(key.bytes, key.len));
}

TEST(verify__each_algorithm__registered_and_used)
{
    for (size_t i = 0; i < 6; i++) {
        struct test_bytes data, signature;
        open_passkey(algorithms[i % 3], i >= 3);
        test_data(&device, false, &data);
        test_sign(&device, test_text(&data), CLIENT, &signature);
        CHECK_INT(use(test_text(&data), CLIENT, test_text(&signature), true), OK);
        CHECK_INT(use(test_text(&data), STR("{}"), test_text(&signature), true), ERR_DENIED);
        signature.bytes[signature.len - 1] ^= 1;
        CHECK_INT(use(test_text(&data), CLIENT, test_text(&signature), true), ERR_DENIED);
        CHECK_INT(use(test_text(&data), CLIENT, STR_NONE, true), ERR_DENIED);
        test_authenticator_close(&device);
    }
}

TEST(verify__another_s_signature__is_denied)
{
    struct test_authenticator other;
    struct test_bytes data, signature;
    open_passkey(-7, false);
    test_authenticator_open(&other, -7, rp_id);
    test_data(&device, false, &data);
    test_sign(&other, test_text(&data), CLIENT, &signature);
    CHECK_INT(use(test_text(&data), CLIENT, test_text(&signature), false), ERR_DENIED);
    test_authenticator_close(&other);
    test_authenticator_close(&device);
}

TEST(verify__who_was_there__as_far_as_it_is_asked)
{
    static const struct {
        uint8_t flags;
        bool needs_user;
        enum err expected;
    } rows[] = {
        {0x01, false, OK},
        {0x05, false, OK},
        {0x01, true, ERR_DENIED},
        {0x05, true, OK},
        {0x04, true, ERR_DENIED},
        {0x00, false, ERR_DENIED},
        {0x1D, true, OK /* backed up, which is allowed */},
    };
    open_passkey(-7, false);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct test_bytes data, signature;
        device.flags = rows[i].flags;
        test_data(&device, false, &data);
        test_sign(&device, test_text(&data), CLIENT, &signature);
        CHECK_INT(use(test_text(&data), CLIENT, test_text(&signature), rows[i].needs_user),
                  rows[i].expected);
    }
    test_authenticator_close(&device);
}

TEST(verify__made_for_another_server__is_denied)
{
    struct test_bytes object, data, signature;
    struct attestation a;
    struct public_key other_key;
    open_passkey(-7, false);
    device.rp_id = "evil.example";
    test_attestation(&device, false, CLIENT, &object);
    CHECK_INT(attestation_read(test_text(&object), &a), OK);
    CHECK_INT(registration_verify(rp_id, CLIENT, &a, &other_key), ERR_DENIED);
    test_data(&device, false, &data);
    test_sign(&device, test_text(&data), CLIENT, &signature);
    CHECK_INT(use(test_text(&data), CLIENT, test_text(&signature), false), ERR_DENIED);
    test_authenticator_close(&device);
}

TEST(registration__what_is_not_what_it_says__is_denied)
{
    struct test_authenticator a;
    struct test_bytes object;
    struct attestation got;
    struct public_key none;
    test_authenticator_open(&a, -7, rp_id);
    /* signed over other client data */
    test_attestation(&a, true, STR("{}"), &object);
    CHECK_INT(attestation_read(test_text(&object), &got), OK);
    CHECK_INT(registration_verify(rp_id, CLIENT, &got, &none), ERR_DENIED);
    /* nobody was there */
    a.flags = 0x04;
    test_attestation(&a, false, CLIENT, &object);
    CHECK_INT(attestation_read(test_text(&object), &got), OK);
    CHECK_INT(registration_verify(rp_id, CLIENT, &got, &none), ERR_DENIED);
    a.flags = 0x05;
    /* a point that is not on the curve: the last byte of y is the last of all */
    test_attestation(&a, false, CLIENT, &object);
    object.bytes[object.len - 1] ^= 1;
    CHECK_INT(attestation_read(test_text(&object), &got), OK);
    CHECK_INT(registration_verify(rp_id, CLIENT, &got, &none), ERR_DENIED);
    /* an algorithm that was not asked for */
    got.data.algorithm = -35;
    CHECK_INT(registration_verify(rp_id, CLIENT, &got, &none), ERR_DENIED);
    test_authenticator_close(&a);
}

TEST(assertion__a_stored_key_that_is_none__is_corrupt)
{
    struct test_bytes data;
    struct assertion a = {.client_data = CLIENT, .signature = STR("x")};
    open_passkey(-7, false);
    test_data(&device, false, &data);
    CHECK_INT(authenticator_data_read(test_text(&data), &a.data), OK);
    CHECK_INT(assertion_verify(rp_id, &a, -7, STR("short")), ERR_CORRUPT);
    CHECK_INT(assertion_verify(rp_id, &a, -36, str_from(key.bytes, key.len)), ERR_CORRUPT);
    test_authenticator_close(&device);
}

TESTS(passkey_verify, TEST_ROW(verify__each_algorithm__registered_and_used),
      TEST_ROW(verify__another_s_signature__is_denied),
      TEST_ROW(verify__who_was_there__as_far_as_it_is_asked),
      TEST_ROW(verify__made_for_another_server__is_denied),
      TEST_ROW(registration__what_is_not_what_it_says__is_denied),
      TEST_ROW(assertion__a_stored_key_that_is_none__is_corrupt))
