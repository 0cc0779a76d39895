#include "server/net/far_key.h"

#include <string.h>

#include <openssl/core_dispatch.h>
#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/provider.h>

#define GROUP        "prime256v1"
#define SIGNER_PARAM "oceanremote-signer" /* the address of a struct far_signer */

/* What OpenSSL calls a key of ours. */
struct far_key {
    uint8_t point[SIGNING_POINT_LEN];
    const struct far_signer *signer; /* NULL: somebody's public key, brought here to be compared */
};

/* ---- the key: its public half, and where to ask for the rest --------------------------------- */

static void *key_new(void *provider)
{
    (void)provider;
    return OPENSSL_zalloc(sizeof(struct far_key));
}

static void key_free(void *key)
{
    OPENSSL_free(key);
}

/* Whatever OpenSSL asks for, it may believe to be here. */
static int key_has(const void *key, int selection)
{
    (void)key;
    (void)selection;
    return 1;
}

static int key_match(const void *a, const void *b, int selection)
{
    const struct far_key *one = a, *other = b;
    (void)selection;
    return memcmp(one->point, other->point, SIGNING_POINT_LEN) == 0;
}

static bool is_p256(const OSSL_PARAM *group)
{
    return group == NULL || (group->data_type == OSSL_PARAM_UTF8_STRING &&
                             (OPENSSL_strcasecmp(group->data, GROUP) == 0 ||
                              OPENSSL_strcasecmp(group->data, "P-256") == 0));
}

static int key_import(void *into, int selection, const OSSL_PARAM params[])
{
    struct far_key *key = into;
    void *point = key->point;
    void *signer = &key->signer;
    size_t len = 0;
    (void)selection;
    const OSSL_PARAM *public = OSSL_PARAM_locate_const(params, OSSL_PKEY_PARAM_PUB_KEY);
    const OSSL_PARAM *ours = OSSL_PARAM_locate_const(params, SIGNER_PARAM);
    if (!is_p256(OSSL_PARAM_locate_const(params, OSSL_PKEY_PARAM_GROUP_NAME)) || public == NULL ||
        !OSSL_PARAM_get_octet_string(public, &point, SIGNING_POINT_LEN, &len) ||
        len != SIGNING_POINT_LEN)
        return 0;
    return ours == NULL ||
           (OSSL_PARAM_get_octet_string(ours, &signer, sizeof key->signer, &len) == 1 &&
            len == sizeof key->signer);
}

static const OSSL_PARAM *key_import_types(int selection)
{
    static const OSSL_PARAM types[] = {OSSL_PARAM_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, NULL, 0),
                                       OSSL_PARAM_octet_string(OSSL_PKEY_PARAM_PUB_KEY, NULL, 0),
                                       OSSL_PARAM_octet_string(SIGNER_PARAM, NULL, 0),
                                       OSSL_PARAM_END};
    (void)selection;
    return types;
}

/* OpenSSL tries to bring every key to the default provider first. That is fine for comparing public
 * keys; only because the private half is refused does it come to us for a signature. */
static int key_export(void *of, int selection, OSSL_CALLBACK *give, void *ctx)
{
    struct far_key *key = of;
    char group[] = GROUP;
    if ((selection & OSSL_KEYMGMT_SELECT_PRIVATE_KEY) != 0)
        return 0;
    OSSL_PARAM params[] = {
        OSSL_PARAM_construct_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, group, 0),
        OSSL_PARAM_construct_octet_string(OSSL_PKEY_PARAM_PUB_KEY, key->point, sizeof key->point),
        OSSL_PARAM_construct_end()};
    return give(params, ctx);
}

static const OSSL_PARAM *key_export_types(int selection)
{
    static const OSSL_PARAM types[] = {OSSL_PARAM_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, NULL, 0),
                                       OSSL_PARAM_octet_string(OSSL_PKEY_PARAM_PUB_KEY, NULL, 0),
                                       OSSL_PARAM_END};
    static const OSSL_PARAM nothing[] = {OSSL_PARAM_END};
    return (selection & OSSL_KEYMGMT_SELECT_PRIVATE_KEY) != 0 ? nothing : types;
}

static bool give_int(OSSL_PARAM params[], const char *name, int value)
{
    OSSL_PARAM *p = OSSL_PARAM_locate(params, name);
    return p == NULL || OSSL_PARAM_set_int(p, value) == 1;
}

static bool give_text(OSSL_PARAM params[], const char *name, const char *value)
{
    OSSL_PARAM *p = OSSL_PARAM_locate(params, name);
    return p == NULL || OSSL_PARAM_set_utf8_string(p, value) == 1;
}

static bool give_point(OSSL_PARAM params[], const char *name, const struct far_key *key)
{
    OSSL_PARAM *p = OSSL_PARAM_locate(params, name);
    return p == NULL || OSSL_PARAM_set_octet_string(p, key->point, sizeof key->point) == 1;
}

static int key_get_params(void *key, OSSL_PARAM params[])
{
    return give_int(params, OSSL_PKEY_PARAM_BITS, 256) &&
           give_int(params, OSSL_PKEY_PARAM_SECURITY_BITS, 128) &&
           give_int(params, OSSL_PKEY_PARAM_MAX_SIZE, SIGNATURE_LEN_MAX) &&
           give_text(params, OSSL_PKEY_PARAM_GROUP_NAME, GROUP) &&
           give_text(params, OSSL_PKEY_PARAM_DEFAULT_DIGEST, "SHA256") &&
           give_point(params, OSSL_PKEY_PARAM_PUB_KEY, key) &&
           give_point(params, OSSL_PKEY_PARAM_ENCODED_PUBLIC_KEY, key);
}

static const OSSL_PARAM *key_gettable_params(void *provider)
{
    static const OSSL_PARAM types[] = {
        OSSL_PARAM_int(OSSL_PKEY_PARAM_BITS, NULL),
        OSSL_PARAM_int(OSSL_PKEY_PARAM_SECURITY_BITS, NULL),
        OSSL_PARAM_int(OSSL_PKEY_PARAM_MAX_SIZE, NULL),
        OSSL_PARAM_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, NULL, 0),
        OSSL_PARAM_utf8_string(OSSL_PKEY_PARAM_DEFAULT_DIGEST, NULL, 0),
        OSSL_PARAM_octet_string(OSSL_PKEY_PARAM_PUB_KEY, NULL, 0),
        OSSL_PARAM_octet_string(OSSL_PKEY_PARAM_ENCODED_PUBLIC_KEY, NULL, 0),
        OSSL_PARAM_END};
    (void)provider;
    return types;
}

static const char *key_operation(int operation)
{
    return operation == OSSL_OP_SIGNATURE ? "ECDSA" : NULL;
}

/* ---- the signature --------------------------------------------------------------------------- */

struct signing {
    const struct far_key *key;
};

static void *signing_new(void *provider, const char *properties)
{
    (void)provider;
    (void)properties;
    return OPENSSL_zalloc(sizeof(struct signing));
}

static void signing_free(void *signing)
{
    OPENSSL_free(signing);
}

static int signing_begin(void *ctx, const char *digest, void *key, const OSSL_PARAM params[])
{
    struct signing *s = ctx;
    const struct far_key *k = key;
    (void)params;
    bool is_sha256 = digest == NULL || OPENSSL_strcasecmp(digest, "SHA256") == 0 ||
                     OPENSSL_strcasecmp(digest, "SHA2-256") == 0;
    if (k == NULL || k->signer == NULL || !is_sha256)
        return 0;
    s->key = k;
    return 1;
}

static int signing_sign(void *ctx, unsigned char *to, size_t *len, size_t cap,
                        const unsigned char *content, size_t content_len)
{
    const struct signing *s = ctx;
    struct signature signature = {.len = 0};
    uint8_t name[SIGNING_KEY_LEN];
    if (to == NULL) {
        *len = SIGNATURE_LEN_MAX;
        return 1;
    }
    signing_key_name(s->key->point, name);
    const struct far_signer *signer = s->key->signer;
    if (signer->sign(signer->ctx, name, str_from(content, content_len), &signature) != OK ||
        signature.len == 0 || signature.len > cap)
        return 0;
    memcpy(to, signature.der, signature.len);
    *len = signature.len;
    return 1;
}

/* ---- the provider ---------------------------------------------------------------------------- */

#define ENTRY(number, fn)                                                                          \
    {                                                                                              \
        number, (void (*)(void))fn                                                                 \
    }

static const OSSL_DISPATCH key_functions[] = {
    ENTRY(OSSL_FUNC_KEYMGMT_NEW, key_new),
    ENTRY(OSSL_FUNC_KEYMGMT_FREE, key_free),
    ENTRY(OSSL_FUNC_KEYMGMT_HAS, key_has),
    ENTRY(OSSL_FUNC_KEYMGMT_MATCH, key_match),
    ENTRY(OSSL_FUNC_KEYMGMT_IMPORT, key_import),
    ENTRY(OSSL_FUNC_KEYMGMT_IMPORT_TYPES, key_import_types),
    ENTRY(OSSL_FUNC_KEYMGMT_EXPORT, key_export),
    ENTRY(OSSL_FUNC_KEYMGMT_EXPORT_TYPES, key_export_types),
    ENTRY(OSSL_FUNC_KEYMGMT_GET_PARAMS, key_get_params),
    ENTRY(OSSL_FUNC_KEYMGMT_GETTABLE_PARAMS, key_gettable_params),
    ENTRY(OSSL_FUNC_KEYMGMT_QUERY_OPERATION_NAME, key_operation),
    {0, NULL}};

static const OSSL_DISPATCH signing_functions[] = {
    ENTRY(OSSL_FUNC_SIGNATURE_NEWCTX, signing_new),
    ENTRY(OSSL_FUNC_SIGNATURE_FREECTX, signing_free),
    ENTRY(OSSL_FUNC_SIGNATURE_DIGEST_SIGN_INIT, signing_begin),
    ENTRY(OSSL_FUNC_SIGNATURE_DIGEST_SIGN, signing_sign),
    {0, NULL}};

static const OSSL_ALGORITHM *algorithms(void *provider, int operation, int *no_cache)
{
    /* TLS looks the key of a certificate up under this name. */
    static const OSSL_ALGORITHM keys[] = {{"EC:id-ecPublicKey:1.2.840.10045.2.1",
                                           "provider=keyring", key_functions, "a key elsewhere"},
                                          {NULL, NULL, NULL, NULL}};
    static const OSSL_ALGORITHM signatures[] = {
        {"ECDSA", "provider=keyring", signing_functions, "a signature from elsewhere"},
        {NULL, NULL, NULL, NULL}};
    (void)provider;
    *no_cache = 0;
    return operation == OSSL_OP_KEYMGMT ? keys : operation == OSSL_OP_SIGNATURE ? signatures : NULL;
}

static const OSSL_DISPATCH provider_functions[] = {
    ENTRY(OSSL_FUNC_PROVIDER_QUERY_OPERATION, algorithms), {0, NULL}};

static int provider_init(const OSSL_CORE_HANDLE *core, const OSSL_DISPATCH *in,
                         const OSSL_DISPATCH **out, void **ctx)
{
    static char nothing; /* a provider without a context counts as broken */
    (void)core;
    (void)in;
    *out = provider_functions;
    *ctx = &nothing;
    return 1;
}

static bool load_provider(void)
{
    static bool is_loaded;
    if (!is_loaded)
        is_loaded = OSSL_PROVIDER_load(NULL, "default") != NULL &&
                    OSSL_PROVIDER_add_builtin(NULL, "keyring", provider_init) == 1 &&
                    OSSL_PROVIDER_load(NULL, "keyring") != NULL &&
                    EVP_set_default_properties(NULL, "?provider=default") == 1;
    return is_loaded;
}

/* ---- making one ------------------------------------------------------------------------------ */

EVP_PKEY *far_key_new(EVP_PKEY *public_key, const struct far_signer *signer)
{
    uint8_t point[SIGNING_POINT_LEN];
    char group[] = GROUP, actual[64] = "";
    size_t len = 0;
    EVP_PKEY *key = NULL;
    if (!load_provider() || !EVP_PKEY_is_a(public_key, "EC") ||
        EVP_PKEY_get_group_name(public_key, actual, sizeof actual, &len) != 1 ||
        strcmp(actual, GROUP) != 0 ||
        EVP_PKEY_get_octet_string_param(public_key, OSSL_PKEY_PARAM_PUB_KEY, point, sizeof point,
                                        &len) != 1 ||
        len != sizeof point)
        return NULL;
    OSSL_PARAM params[] = {
        OSSL_PARAM_construct_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, group, 0),
        OSSL_PARAM_construct_octet_string(OSSL_PKEY_PARAM_PUB_KEY, point, sizeof point),
        OSSL_PARAM_construct_octet_string(SIGNER_PARAM, &signer, sizeof signer),
        OSSL_PARAM_construct_end()};
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, "EC", "provider=keyring");
    if (ctx == NULL || EVP_PKEY_fromdata_init(ctx) != 1 ||
        EVP_PKEY_fromdata(ctx, &key, EVP_PKEY_KEYPAIR, params) != 1)
        key = NULL;
    EVP_PKEY_CTX_free(ctx);
    return key;
}
