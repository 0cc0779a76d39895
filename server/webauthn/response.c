#include "server/webauthn/response.h"

#include "common/base/encoding.h"
#include "common/wire/json.h"
#include "server/webauthn/authenticator.h"
#include "server/webauthn/client_data.h"

#define DATA_MAX      1024 /* of an assertion: 37 bytes, and extensions */
#define SIGNATURE_MAX 1024
#define HANDLE_MAX    64 /* section 5.4.3 */

/* Which of the two it is. */
enum kind {
    NEW,
    USED,
};

/* A member in base64url that stands there once. */
static void take_bytes(struct json *j, struct arena *a, size_t max, struct str *out)
{
    struct str text = json_string(j);
    size_t len;
    if (out->ptr != NULL || text.len > BASE64URL_LEN(max)) {
        json_fail(j);
        return;
    }
    uint8_t *bytes = arena_alloc(a, text.len + 1);
    if (bytes == NULL || base64url_read(text, bytes, text.len, &len) != OK)
        json_fail(j);
    else
        *out = str_from(bytes, len);
}

/* Where a member belongs, and how long it may be; NULL: it is not for us. */
static struct str *member_of(struct passkey_response *r, enum kind kind, struct str name,
                             size_t *max)
{
    const struct {
        enum kind kind;
        struct str name;
        size_t max;
        struct str *to;
    } rows[] = {
        {NEW, STR("clientDataJSON"), CLIENT_DATA_MAX, &r->client_data},
        {NEW, STR("attestationObject"), ATTESTATION_MAX, &r->attestation},
        {USED, STR("clientDataJSON"), CLIENT_DATA_MAX, &r->client_data},
        {USED, STR("authenticatorData"), DATA_MAX, &r->data},
        {USED, STR("signature"), SIGNATURE_MAX, &r->signature},
        {USED, STR("userHandle"), HANDLE_MAX, &r->user_handle},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        if (rows[i].kind == kind && str_eq(rows[i].name, name)) {
            *max = rows[i].max;
            return rows[i].to;
        }
    }
    return NULL;
}

static void take_response(struct json *j, struct arena *a, enum kind kind,
                          struct passkey_response *r)
{
    struct str name;
    size_t max = 0;
    json_object(j);
    while (json_member(j, &name)) {
        struct str *to = member_of(r, kind, name, &max);
        if (to == NULL || json_peek(j) == JSON_NULL) /* no userHandle may be said like this */
            json_skip(j);
        else
            take_bytes(j, a, max, to);
    }
}

static enum err read(struct arena *a, struct str text, enum kind kind, struct passkey_response *out)
{
    struct passkey_response r = {.credential_id = STR_NONE};
    struct str name, type = STR_NONE;
    bool has_response = false;
    uint8_t *scratch = arena_alloc(a, text.len + 1);
    if (scratch == NULL)
        return ERR_NO_MEMORY;
    struct json j = json_of(text, scratch, text.len + 1);
    json_object(&j);
    while (json_member(&j, &name)) {
        if (str_eq(name, STR("rawId"))) {
            take_bytes(&j, a, CREDENTIAL_ID_MAX, &r.credential_id);
        } else if (str_eq(name, STR("type"))) {
            type = json_string(&j);
        } else if (str_eq(name, STR("response")) && !has_response) {
            take_response(&j, a, kind, &r);
            has_response = true;
        } else {
            json_skip(&j);
        }
    }
    TRY(json_end(&j));
    if (!str_eq(type, STR("public-key")) || r.credential_id.len == 0 || r.client_data.len == 0)
        return ERR_PEER;
    *out = r;
    return OK;
}

enum err registration_response_read(struct arena *a, struct str json, struct passkey_response *out)
{
    struct passkey_response r;
    TRY(read(a, json, NEW, &r));
    if (r.attestation.len == 0)
        return ERR_PEER;
    *out = r;
    return OK;
}

enum err assertion_response_read(struct arena *a, struct str json, struct passkey_response *out)
{
    struct passkey_response r;
    TRY(read(a, json, USED, &r));
    if (r.data.len == 0 || r.signature.len == 0)
        return ERR_PEER;
    *out = r;
    return OK;
}
