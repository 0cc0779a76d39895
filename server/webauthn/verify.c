#include "server/webauthn/verify.h"

#include <string.h>

#include <fido.h>
#include <fido/eddsa.h>
#include <fido/es256.h>
#include <fido/rs256.h>

#include <openssl/evp.h>

#include "common/crypto/crypto.h"

_Static_assert(COSE_ES256 == COSE_ALGORITHM_ES256 && COSE_EDDSA == COSE_ALGORITHM_EDDSA &&
                   COSE_RS256 == COSE_ALGORITHM_RS256,
               "the numbers are COSE's, ours and libfido2's");

/* ---- keys ------------------------------------------------------------------------------------ */

/* The key as libfido2 takes it: one of the three, as the algorithm says. */
struct key {
    es256_pk_t *es256;
    eddsa_pk_t *eddsa;
    rs256_pk_t *rs256;
    const void *any;
};

static void key_free(struct key *k)
{
    es256_pk_free(&k->es256);
    eddsa_pk_free(&k->eddsa);
    rs256_pk_free(&k->rs256);
}

/* OpenSSL takes it: a point on its curve, an RSA key of a sound size. */
static bool is_taken(EVP_PKEY *key)
{
    bool is_good = key != NULL;
    EVP_PKEY_free(key);
    return is_good;
}

static bool key_read(int algorithm, struct str bytes, struct key *k)
{
    switch (algorithm) {
    case COSE_ALGORITHM_ES256:
        k->any = k->es256 = es256_pk_new();
        return k->any != NULL && es256_pk_from_ptr(k->es256, bytes.ptr, bytes.len) == FIDO_OK &&
               is_taken(es256_pk_to_EVP_PKEY(k->es256));
    case COSE_ALGORITHM_EDDSA:
        k->any = k->eddsa = eddsa_pk_new();
        return k->any != NULL && eddsa_pk_from_ptr(k->eddsa, bytes.ptr, bytes.len) == FIDO_OK &&
               is_taken(eddsa_pk_to_EVP_PKEY(k->eddsa));
    case COSE_ALGORITHM_RS256:
        k->any = k->rs256 = rs256_pk_new();
        return k->any != NULL && rs256_pk_from_ptr(k->rs256, bytes.ptr, bytes.len) == FIDO_OK &&
               is_taken(rs256_pk_to_EVP_PKEY(k->rs256));
    default: return false; /* of an authenticator that was not asked for it */
    }
}

static bool key_is_usable(int algorithm, struct str bytes)
{
    struct key k = {0};
    bool is_usable = key_read(algorithm, bytes, &k);
    key_free(&k);
    return is_usable;
}

/* ---- what is asked of both ------------------------------------------------------------------- */

static bool is_for(const char *rp_id, const struct authenticator_data *d, bool needs_user)
{
    uint8_t hash[SHA256_LEN], wanted = AUTHENTICATOR_USER_PRESENT;
    if (needs_user)
        wanted |= AUTHENTICATOR_USER_VERIFIED;
    sha256(str_from_cstr(rp_id), hash);
    return str_eq(str_from(hash, sizeof hash), d->rp_hash) && (d->flags & wanted) == wanted;
}

/* ---- a new passkey --------------------------------------------------------------------------- */

static bool cred_set(fido_cred_t *cred, const char *rp_id, struct str client_data,
                     const struct attestation *a)
{
    uint8_t hash[SHA256_LEN];
    sha256(client_data, hash);
    return fido_cred_set_type(cred, (int)a->data.algorithm) == FIDO_OK &&
           fido_cred_set_rp(cred, rp_id, NULL) == FIDO_OK &&
           fido_cred_set_clientdata_hash(cred, hash, sizeof hash) == FIDO_OK &&
           fido_cred_set_authdata_raw(cred, a->data.whole.ptr, a->data.whole.len) == FIDO_OK;
}

static bool cred_signs_itself(fido_cred_t *cred, struct str signature)
{
    return fido_cred_set_fmt(cred, "packed") == FIDO_OK &&
           fido_cred_set_sig(cred, signature.ptr, signature.len) == FIDO_OK &&
           fido_cred_verify_self(cred) == FIDO_OK;
}

static bool cred_key(const fido_cred_t *cred, int algorithm, struct public_key *out)
{
    struct str key = str_from(fido_cred_pubkey_ptr(cred), fido_cred_pubkey_len(cred));
    if (key.ptr == NULL || key.len == 0 || key.len > PUBLIC_KEY_MAX ||
        !key_is_usable(algorithm, key))
        return false;
    *out = (struct public_key){.algorithm = algorithm, .len = key.len};
    memcpy(out->bytes, key.ptr, key.len);
    return true;
}

enum err registration_verify(const char *rp_id, struct str client_data, const struct attestation *a,
                             struct public_key *out)
{
    int64_t algorithm = a->data.algorithm;
    if ((algorithm != COSE_ALGORITHM_ES256 && algorithm != COSE_ALGORITHM_EDDSA &&
         algorithm != COSE_ALGORITHM_RS256) ||
        !is_for(rp_id, &a->data, false))
        return ERR_DENIED;
    fido_cred_t *cred = fido_cred_new();
    if (cred == NULL)
        return ERR_NO_MEMORY;
    bool is_good = cred_set(cred, rp_id, client_data, a) &&
                   (a->signature.len == 0 || cred_signs_itself(cred, a->signature)) &&
                   cred_key(cred, (int)algorithm, out);
    fido_cred_free(&cred);
    return is_good ? OK : ERR_DENIED;
}

/* ---- one that is used ------------------------------------------------------------------------ */

static bool assert_set(fido_assert_t *assert, const char *rp_id, const struct assertion *a)
{
    uint8_t hash[SHA256_LEN];
    sha256(a->client_data, hash);
    return fido_assert_set_count(assert, 1) == FIDO_OK &&
           fido_assert_set_rp(assert, rp_id) == FIDO_OK &&
           fido_assert_set_clientdata_hash(assert, hash, sizeof hash) == FIDO_OK &&
           fido_assert_set_up(assert, FIDO_OPT_TRUE) == FIDO_OK &&
           fido_assert_set_uv(assert, a->needs_user ? FIDO_OPT_TRUE : FIDO_OPT_OMIT) == FIDO_OK &&
           fido_assert_set_authdata_raw(assert, 0, a->data.whole.ptr, a->data.whole.len) ==
               FIDO_OK &&
           fido_assert_set_sig(assert, 0, a->signature.ptr, a->signature.len) == FIDO_OK;
}

static bool is_signed(const char *rp_id, const struct assertion *a, int algorithm,
                      const struct key *k)
{
    fido_assert_t *assert = fido_assert_new();
    bool is_good = assert != NULL &&assert_set(assert, rp_id, a) &&
                   fido_assert_verify(assert, 0, algorithm, k->any) == FIDO_OK;
    fido_assert_free(&assert);
    return is_good;
}

enum err assertion_verify(const char *rp_id, const struct assertion *a, int algorithm,
                          struct str public_key)
{
    struct key k = {0};
    enum err e = ERR_CORRUPT; /* it was stored by us */
    if (key_read(algorithm, public_key, &k))
        e = is_for(rp_id, &a->data, a->needs_user) && is_signed(rp_id, a, algorithm, &k)
                ? OK
                : ERR_DENIED;
    key_free(&k);
    return e;
}
