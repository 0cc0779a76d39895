/* An authenticator of software, for tests: makes keys, attestation objects and assertions.
 *
 * Owns:     its key.
 * Promise:  what it says is what WebAuthn level 2 section 6 has an authenticator say; its CBOR is
 *           written by hand and shares no code with the server's.
 * Source:   WebAuthn level 2 sections 6.1, 6.5.1, 8.2 and 8.7; RFC 8152 section 7 and 13, RFC 8230.
 * Watch:    for tests alone. */
#ifndef OC_TESTS_AUTHENTICATOR_H
#define OC_TESTS_AUTHENTICATOR_H

#include <openssl/evp.h>

#include "common/base/str.h"

#define TEST_BYTES_MAX 2048

struct test_bytes {
    uint8_t bytes[TEST_BYTES_MAX];
    size_t len;
};

struct test_authenticator {
    int algorithm; /* -7, -8, -257 */
    EVP_PKEY *key;
    const char *rp_id;
    struct str credential_id;
    uint8_t flags;
    uint32_t count;
};

void test_authenticator_open(struct test_authenticator *a, int algorithm, const char *rp_id);
void test_authenticator_close(struct test_authenticator *a);

/* Authenticator data, with its key or without. */
void test_data(const struct test_authenticator *a, bool with_key, struct test_bytes *out);

/* An attestation object: format "none", or "packed" signed by itself over this client data. */
void test_attestation(const struct test_authenticator *a, bool is_signed, struct str client_data,
                      struct test_bytes *out);

/* The signature of an assertion. */
void test_sign(const struct test_authenticator *a, struct str data, struct str client_data,
               struct test_bytes *out);

struct str test_text(const struct test_bytes *b);

#endif
