#include "server/webauthn/authenticator.h"

#include "server/webauthn/cbor.h"

#define AAGUID_LEN          16
#define COSE_LABEL_ALG      3
#define SIGNATURE_MAX       1024
#define ATTESTATION_MEMBERS 3

static uint64_t big_endian(struct reader *r, size_t len)
{
    uint64_t value = 0;
    for (size_t i = 0; i < len; i++)
        value = value << 8 | reader_u8(r);
    return value;
}

/* A COSE key: of its members only the algorithm is for us, libfido2 reads the rest. */
static int64_t key_algorithm(struct reader *r)
{
    int64_t algorithm = 0;
    uint64_t count = cbor_map(r);
    for (uint64_t i = 0; i < count && !r->failed; i++) {
        if (cbor_int(r) != COSE_LABEL_ALG) {
            cbor_skip(r);
            continue;
        }
        if (algorithm != 0)
            reader_fail(r);
        algorithm = cbor_int(r);
    }
    return algorithm;
}

static void key_read(struct reader *r, struct authenticator_data *d)
{
    reader_bytes(r, AAGUID_LEN);
    size_t id_len = (size_t)big_endian(r, 2);
    d->credential_id = reader_bytes(r, id_len);
    if (id_len == 0 || id_len > CREDENTIAL_ID_MAX)
        reader_fail(r);
    d->algorithm = key_algorithm(r);
}

enum err authenticator_data_read(struct str bytes, struct authenticator_data *out)
{
    struct reader r = reader_of(bytes);
    struct authenticator_data d = {.whole = bytes};
    d.rp_hash = reader_bytes(&r, AUTHENTICATOR_HASH_LEN);
    d.flags = reader_u8(&r);
    d.count = (uint32_t)big_endian(&r, 4);
    if ((d.flags & AUTHENTICATOR_HAS_KEY) != 0)
        key_read(&r, &d);
    if ((d.flags & AUTHENTICATOR_HAS_MORE) != 0) {
        struct reader more = r;
        cbor_map(&more);
        if (more.failed)
            reader_fail(&r);
        cbor_skip(&r);
    }
    TRY(reader_end(&r));
    *out = d;
    return OK;
}

/* Section 8.2: alg and sig, and no certificate. Section 8.7: nothing. */
static struct str statement_read(struct reader *r, int64_t *algorithm)
{
    struct str signature = STR_NONE;
    uint64_t count = cbor_map(r);
    *algorithm = 0;
    for (uint64_t i = 0; i < count && !r->failed; i++) {
        struct str name = cbor_text(r);
        if (str_eq(name, STR("alg")) && *algorithm == 0)
            *algorithm = cbor_int(r);
        else if (str_eq(name, STR("sig")) && signature.len == 0)
            signature = cbor_bytes(r);
        else
            reader_fail(r);
    }
    return signature;
}

static bool is_expected(struct str format, const struct attestation *a, int64_t algorithm)
{
    if (str_eq(format, STR("none")))
        return a->signature.len == 0 && algorithm == 0;
    return str_eq(format, STR("packed")) && a->signature.len > 0 &&
           a->signature.len <= SIGNATURE_MAX && algorithm == a->data.algorithm;
}

enum err attestation_read(struct str object, struct attestation *out)
{
    struct reader r = reader_of(object);
    struct attestation a = {.signature = STR_NONE};
    struct str format = STR_NONE, data = STR_NONE;
    int64_t algorithm = 0;
    if (object.len > ATTESTATION_MAX || cbor_map(&r) != ATTESTATION_MEMBERS)
        return ERR_PEER;
    bool has_statement = false;
    for (size_t i = 0; i < ATTESTATION_MEMBERS && !r.failed; i++) {
        struct str name = cbor_text(&r);
        if (str_eq(name, STR("fmt")) && format.len == 0) {
            format = cbor_text(&r);
        } else if (str_eq(name, STR("authData")) && data.len == 0) {
            data = cbor_bytes(&r);
        } else if (str_eq(name, STR("attStmt")) && !has_statement) {
            a.signature = statement_read(&r, &algorithm);
            has_statement = true;
        } else {
            reader_fail(&r);
        }
    }
    TRY(reader_end(&r));
    TRY(authenticator_data_read(data, &a.data));
    if (a.data.credential_id.len == 0 || !is_expected(format, &a, algorithm))
        return ERR_PEER;
    *out = a;
    return OK;
}
