#include "tests/support/authenticator.h"

#include <stdlib.h>
#include <string.h>

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/rsa.h>

#include "common/crypto/crypto.h"

static void must(bool is_done)
{
    if (!is_done)
        abort();
}

static void put(struct test_bytes *b, const void *bytes, size_t len)
{
    must(b->len + len <= sizeof b->bytes);
    memcpy(b->bytes + b->len, bytes, len);
    b->len += len;
}

static void put_byte(struct test_bytes *b, unsigned byte)
{
    put(b, &(uint8_t){(uint8_t)byte}, 1);
}

static void put_head(struct test_bytes *b, unsigned major, size_t value)
{
    if (value < 24) {
        put_byte(b, major << 5 | (unsigned)value);
    } else if (value < 256) {
        put_byte(b, major << 5 | 24);
        put_byte(b, (unsigned)value);
    } else {
        put_byte(b, major << 5 | 25);
        put_byte(b, (unsigned)(value >> 8));
        put_byte(b, (unsigned)value & 0xFF);
    }
}

static void put_int(struct test_bytes *b, int value)
{
    if (value < 0)
        put_head(b, 1, (size_t)(-1 - value));
    else
        put_head(b, 0, (size_t)value);
}

static void put_bytes(struct test_bytes *b, const void *bytes, size_t len)
{
    put_head(b, 2, len);
    put(b, bytes, len);
}

static void put_text(struct test_bytes *b, const char *text)
{
    put_head(b, 3, strlen(text));
    put(b, text, strlen(text));
}

struct str test_text(const struct test_bytes *b)
{
    return str_from(b->bytes, b->len);
}

void test_authenticator_open(struct test_authenticator *a, int algorithm, const char *rp_id)
{
    *a = (struct test_authenticator){.algorithm = algorithm,
                                     .rp_id = rp_id,
                                     .credential_id = STR("a credential id"),
                                     .flags = 0x05,
                                     .count = 1};
    if (algorithm == -7)
        a->key = EVP_EC_gen("P-256");
    else if (algorithm == -8)
        a->key = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
    else
        a->key = EVP_RSA_gen(2048);
    must(a->key != NULL);
}

void test_authenticator_close(struct test_authenticator *a)
{
    EVP_PKEY_free(a->key);
}

static void put_number(struct test_bytes *b, const EVP_PKEY *key, const char *name, int size)
{
    BIGNUM *n = NULL;
    uint8_t bytes[512];
    must(EVP_PKEY_get_bn_param(key, name, &n) == 1);
    must(BN_bn2binpad(n, bytes, size) == size);
    put_bytes(b, bytes, (size_t)size);
    BN_free(n);
}

static void put_key(struct test_bytes *b, const struct test_authenticator *a)
{
    uint8_t raw[32];
    size_t len = sizeof raw;
    put_head(b, 5, a->algorithm == -7 ? 5 : 4);
    put_int(b, 1); /* kty */
    put_int(b, a->algorithm == -7 ? 2 : a->algorithm == -8 ? 1 : 3);
    put_int(b, 3); /* alg */
    put_int(b, a->algorithm);
    if (a->algorithm == -257) {
        put_int(b, -1); /* n */
        put_number(b, a->key, OSSL_PKEY_PARAM_RSA_N, 256);
        put_int(b, -2); /* e */
        put_number(b, a->key, OSSL_PKEY_PARAM_RSA_E, 3);
        return;
    }
    put_int(b, -1); /* crv */
    put_int(b, a->algorithm == -7 ? 1 : 6);
    put_int(b, -2); /* x */
    if (a->algorithm == -8) {
        must(EVP_PKEY_get_raw_public_key(a->key, raw, &len) == 1);
        put_bytes(b, raw, len);
        return;
    }
    put_number(b, a->key, OSSL_PKEY_PARAM_EC_PUB_X, 32);
    put_int(b, -3); /* y */
    put_number(b, a->key, OSSL_PKEY_PARAM_EC_PUB_Y, 32);
}

void test_data(const struct test_authenticator *a, bool with_key, struct test_bytes *out)
{
    uint8_t hash[SHA256_LEN];
    static const uint8_t aaguid[16];
    sha256(str_from_cstr(a->rp_id), hash);
    out->len = 0;
    put(out, hash, sizeof hash);
    put_byte(out, a->flags | (with_key ? 0x40U : 0));
    for (unsigned shift = 32; shift > 0; shift -= 8)
        put_byte(out, a->count >> (shift - 8) & 0xFF);
    if (!with_key)
        return;
    put(out, aaguid, sizeof aaguid);
    put_byte(out, (unsigned)(a->credential_id.len >> 8));
    put_byte(out, (unsigned)(a->credential_id.len & 0xFF));
    put(out, a->credential_id.ptr, a->credential_id.len);
    put_key(out, a);
}

void test_attestation(const struct test_authenticator *a, bool is_signed, struct str client_data,
                      struct test_bytes *out)
{
    struct test_bytes data, signature;
    test_data(a, true, &data);
    out->len = 0;
    put_head(out, 5, 3);
    put_text(out, "fmt");
    put_text(out, is_signed ? "packed" : "none");
    put_text(out, "attStmt");
    put_head(out, 5, is_signed ? 2 : 0);
    if (is_signed) {
        test_sign(a, test_text(&data), client_data, &signature);
        put_text(out, "alg");
        put_int(out, a->algorithm);
        put_text(out, "sig");
        put_bytes(out, signature.bytes, signature.len);
    }
    put_text(out, "authData");
    put_bytes(out, data.bytes, data.len);
}

void test_sign(const struct test_authenticator *a, struct str data, struct str client_data,
               struct test_bytes *out)
{
    struct test_bytes all = {.len = 0};
    uint8_t hash[SHA256_LEN];
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    sha256(client_data, hash);
    put(&all, data.ptr, data.len);
    put(&all, hash, sizeof hash);
    out->len = sizeof out->bytes;
    must(EVP_DigestSignInit(ctx, NULL, a->algorithm == -8 ? NULL : EVP_sha256(), NULL, a->key) ==
         1);
    must(EVP_DigestSign(ctx, out->bytes, &out->len, all.bytes, all.len) == 1);
    EVP_MD_CTX_free(ctx);
}
