#include "server/pki/signer.h"

#include <string.h>

#include <openssl/core_names.h>

#include "common/base/assert.h"
#include "common/base/reader.h"
#include "common/crypto/crypto.h"

/* ---- what is signed -------------------------------------------------------------------------- */

/* RFC 8446 section 4.4.3. */
static bool is_certificate_verify(struct str content)
{
    static const char label[] = "TLS 1.3, server CertificateVerify"; /* its NUL is the separator */
    struct reader r = reader_of(content);
    struct str spaces = reader_bytes(&r, 64), context = reader_bytes(&r, sizeof label);
    size_t hash_len = reader_rest(&r).len;
    if (r.failed || (hash_len != 32 && hash_len != 48))
        return false;
    for (size_t i = 0; i < spaces.len; i++) {
        if (spaces.ptr[i] != ' ')
            return false;
    }
    return memcmp(context.ptr, label, sizeof label) == 0;
}

/* RFC 8422 section 5.4: client_random, server_random, ServerECDHParams. */
static bool is_server_key_exchange(struct str content)
{
    enum { NAMED_CURVE = 3, P256 = 23, X25519 = 29, UNCOMPRESSED = 4 };
    struct reader r = reader_of(content);
    (void)reader_bytes(&r, 64);
    uint8_t type = reader_u8(&r), high = reader_u8(&r), curve = reader_u8(&r), len = reader_u8(&r);
    struct str point = reader_bytes(&r, len);
    if (reader_end(&r) != OK || type != NAMED_CURVE || high != 0)
        return false;
    return (curve == X25519 && point.len == 32) ||
           (curve == P256 && point.len == SIGNING_POINT_LEN && point.ptr[0] == UNCOMPRESSED);
}

bool signer_accepts(enum signer_form form, struct str content)
{
    return form == SIGNER_TLS_1_3 ? is_certificate_verify(content)
                                  : is_server_key_exchange(content);
}

/* ---- keys ------------------------------------------------------------------------------------ */

enum err signer_add(struct signer *s, EVP_PKEY *key, enum signer_form form)
{
    struct signer_key k = {.form = form};
    uint8_t point[SIGNING_POINT_LEN];
    size_t len = 0;
    ASSERT(s->key_count < SIGNER_KEYS_MAX);
    if (EVP_PKEY_get_octet_string_param(key, OSSL_PKEY_PARAM_PUB_KEY, point, sizeof point, &len) !=
            1 ||
        len != sizeof point || EVP_PKEY_get_size(key) > SIGNATURE_LEN_MAX)
        return ERR_CORRUPT;
    signing_key_name(point, k.name);
    k.signing = EVP_PKEY_CTX_new(key, NULL);
    if (k.signing == NULL || EVP_PKEY_sign_init(k.signing) != 1 ||
        EVP_PKEY_CTX_set_signature_md(k.signing, EVP_sha256()) != 1) {
        EVP_PKEY_CTX_free(k.signing);
        return ERR_NO_MEMORY;
    }
    s->keys[s->key_count++] = k;
    return OK;
}

void signer_done(struct signer *s)
{
    for (size_t i = 0; i < s->key_count; i++)
        EVP_PKEY_CTX_free(s->keys[i].signing);
    s->key_count = 0;
}

static struct signer_key *find_key(struct signer *s, const uint8_t name[static SIGNING_KEY_LEN])
{
    for (size_t i = 0; i < s->key_count; i++) {
        if (memcmp(s->keys[i].name, name, SIGNING_KEY_LEN) == 0)
            return &s->keys[i];
    }
    return NULL;
}

/* The length of the signature, 0 when there is none. */
static size_t sign(struct signer_key *k, struct str content, uint8_t out[static SIGNATURE_LEN_MAX])
{
    uint8_t digest[SHA256_LEN];
    size_t len = SIGNATURE_LEN_MAX;
    sha256(content, digest);
    return EVP_PKEY_sign(k->signing, out, &len, digest, sizeof digest) == 1 ? len : 0;
}

enum err signer_warm_up(struct signer *s)
{
    uint8_t signature[SIGNATURE_LEN_MAX];
    for (size_t i = 0; i < s->key_count; i++) {
        if (sign(&s->keys[i], STR("nobody sees this"), signature) == 0)
            return ERR_CORRUPT;
        wipe(signature, sizeof signature);
    }
    return OK;
}

/* ---- requests -------------------------------------------------------------------------------- */

static bool is_within_limit(struct signer_edge *e, int64_t now_ms)
{
    int64_t second = now_ms / 1000;
    if (e->second != second) {
        e->second = second;
        e->in_second = 0;
    }
    return e->in_second++ < SIGNER_PER_S_MAX;
}

/* The length of the signature, 0 for a refusal. */
static size_t judge(struct signer_key *k, struct signer_edge *e, int64_t now_ms, struct str content,
                    uint8_t out[static SIGNATURE_LEN_MAX])
{
    size_t len = 0;
    if (is_within_limit(e, now_ms) && signer_accepts(k->form, content))
        len = sign(k, content, out);
    if (len > 0)
        e->given++;
    else
        e->refused++;
    return len;
}

enum err signer_answer(struct signer *s, size_t edge, int64_t now_ms, struct str message,
                       struct writer *answers)
{
    struct signing_requests all;
    uint8_t signature[SIGNATURE_LEN_MAX];
    ASSERT(edge < SIGNER_EDGES_MAX);
    struct signer_edge *e = &s->edges[edge];
    if (signing_requests_take(message, &all) != OK) {
        e->refused++;
        return ERR_PEER;
    }
    for (size_t i = 0; i < all.count; i++) {
        struct signer_key *k = find_key(s, all.of[i].key);
        if (k == NULL)
            continue;
        size_t len = judge(k, e, now_ms, all.of[i].content, signature);
        struct signing_answer a = {all.of[i].id, str_from(signature, len)};
        TRY(signing_answer_put(answers, &a));
    }
    return OK;
}
