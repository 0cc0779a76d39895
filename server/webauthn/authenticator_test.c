#include "server/webauthn/authenticator.h"

#include <string.h>

#include "common/crypto/crypto.h"
#include "tests/check.h"
#include "tests/support/authenticator.h"

static const int algorithms[] = {-7, -8, -257};

TEST(attestation__of_each_kind__is_read)
{
    for (size_t i = 0; i < 6; i++) {
        struct test_authenticator a;
        struct test_bytes object;
        struct attestation got;
        uint8_t hash[SHA256_LEN];
        bool is_signed = i >= 3;
        test_authenticator_open(&a, algorithms[i % 3], "ocean.example");
        a.count = 0x01020304;
        test_attestation(&a, is_signed, STR("{}"), &object);
        CHECK_INT(attestation_read(check_exact(test_text(&object)), &got), OK);
        CHECK_INT(got.data.algorithm, a.algorithm);
        CHECK_INT(got.data.flags, 0x45);
        CHECK_INT(got.data.count, 0x01020304);
        CHECK_STR(got.data.credential_id, a.credential_id);
        CHECK_INT(got.signature.len > 0, is_signed);
        sha256(STR("ocean.example"), hash);
        CHECK_STR(got.data.rp_hash, str_from(hash, sizeof hash));
        for (size_t len = 0; len < object.len; len++)
            CHECK_INT(attestation_read(check_exact(str_from(object.bytes, len)), &got), ERR_PEER);
        object.bytes[object.len++] = 0;
        CHECK_INT(attestation_read(test_text(&object), &got), ERR_PEER);
        test_authenticator_close(&a);
    }
}

/* Small ones by hand: what an attestation object must not be. */
TEST(attestation__what_was_not_asked_for__is_refused)
{
    static const struct {
        struct str object;
        const char *why;
    } rows[] = {
#define ROW(text, why) {{(const uint8_t *)(text), sizeof(text) - 1}, why}
        ROW("\xa3\x63\x66mt", "cut short"),
        ROW("\xa0", "empty"),
        ROW("\xa2\x63"
            "fmt\x64none\x67"
            "attStmt\xa0",
            "no data"),
        ROW("\xa3\x63"
            "fmt\x64none\x63"
            "fmt\x64none\x67"
            "attStmt\xa0",
            "the format twice"),
        ROW("\xa3\x63"
            "fmt\x63tpm\x67"
            "attStmt\xa0\x68"
            "authData\x40",
            "another format"),
        ROW("\xa3\x63"
            "fmt\x64none\x67"
            "attStmt\xa1\x63"
            "alg\x26\x68"
            "authData\x40",
            "a statement of nothing"),
        ROW("\xa3\x63"
            "fmt\x66packed\x67"
            "attStmt\xa1\x63x5c\x80\x68"
            "authData\x40",
            "a certificate"),
        ROW("\xa3\x63"
            "fmt\x64none\x67"
            "attStmt\xa0\x68"
            "authData\x5b\xff\xff\xff\xff\xff\xff\xff\xff",
            "data without an end"),
#undef ROW
    };
    struct attestation got;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        check_row = rows[i].why;
        CHECK_INT(attestation_read(check_exact(rows[i].object), &got), ERR_PEER);
    }
    check_row = NULL;
}

/* A change anywhere is another object or none: nothing is read beyond it. */
TEST(attestation__any_byte_changed__is_read_within_its_bounds)
{
    struct test_authenticator a;
    struct test_bytes object;
    struct attestation got;
    test_authenticator_open(&a, -7, "ocean.example");
    test_attestation(&a, true, STR("{}"), &object);
    for (size_t at = 0; at < object.len; at++) {
        uint8_t before = object.bytes[at];
        for (unsigned value = 0; value < 256; value += 5) {
            object.bytes[at] = (uint8_t)value;
            (void)!attestation_read(check_exact(test_text(&object)), &got);
        }
        object.bytes[at] = before;
    }
    test_authenticator_close(&a);
}

TEST(data__of_an_assertion__with_and_without_extensions)
{
    struct test_authenticator a;
    struct test_bytes data;
    struct authenticator_data got;
    test_authenticator_open(&a, -7, "ocean.example");
    test_data(&a, false, &data);
    CHECK_INT(data.len, 37);
    CHECK_INT(authenticator_data_read(test_text(&data), &got), OK);
    CHECK_INT(got.credential_id.len, 0);
    for (size_t len = 0; len < data.len; len++)
        CHECK_INT(authenticator_data_read(check_exact(str_from(data.bytes, len)), &got), ERR_PEER);
    data.bytes[data.len++] = 0xa0; /* more, and no flag for it */
    CHECK_INT(authenticator_data_read(test_text(&data), &got), ERR_PEER);
    data.bytes[32] |= 0x80;
    CHECK_INT(authenticator_data_read(test_text(&data), &got), OK);
    data.bytes[37] = 0x80; /* an array is no map */
    CHECK_INT(authenticator_data_read(test_text(&data), &got), ERR_PEER);
    test_authenticator_close(&a);
}

TEST(data__the_longest_credential__and_one_more)
{
    static uint8_t id[CREDENTIAL_ID_MAX + 1];
    struct test_authenticator a;
    struct test_bytes data;
    struct authenticator_data got;
    test_authenticator_open(&a, -7, "ocean.example");
    static const struct {
        size_t len;
        enum err expected;
    } rows[] = {{0, ERR_PEER}, {1, OK}, {CREDENTIAL_ID_MAX, OK}, {CREDENTIAL_ID_MAX + 1, ERR_PEER}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        a.credential_id = str_from(id, rows[i].len);
        test_data(&a, true, &data);
        CHECK_INT(authenticator_data_read(test_text(&data), &got), rows[i].expected);
    }
    test_authenticator_close(&a);
}

TESTS(authenticator, TEST_ROW(attestation__of_each_kind__is_read),
      TEST_ROW(attestation__what_was_not_asked_for__is_refused),
      TEST_ROW(attestation__any_byte_changed__is_read_within_its_bounds),
      TEST_ROW(data__of_an_assertion__with_and_without_extensions),
      TEST_ROW(data__the_longest_credential__and_one_more))
