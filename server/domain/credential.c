#include "server/domain/credential.h"

#include "common/base/assert.h"
#include "common/base/encoding.h"

#define SECRET_LEN 32

static struct str prefix_of(enum credential_kind kind)
{
    switch (kind) {
    case CREDENTIAL_REGISTRATION_TOKEN: return STR("oc_reg_");
    case CREDENTIAL_DEVICE_KEY: return STR("oc_key_");
    case CREDENTIAL_DEVICE_SESSION: return STR("oc_sess_");
    case CREDENTIAL_API_KEY: return STR("oc_api_");
    case CREDENTIAL_BROWSER_SESSION: return STR("");
    case CREDENTIAL_KNOWN_BROWSER: return STR("oc_kb_");
    case CREDENTIAL_EXCHANGE: return STR("oc_exc_");
    case CREDENTIAL_MAIL_TOKEN: return STR("oc_mail_");
    }
    return STR_NONE;
}

static void write_text(enum credential_kind kind, const uint8_t secret[static SECRET_LEN],
                       struct credential *out)
{
    struct writer w = writer_into(out->text, sizeof out->text);
    writer_str(&w, prefix_of(kind));
    base64url_write(&w, str_from(secret, SECRET_LEN));
    ASSERT(!w.overflow);
    out->len = w.len;
    sha256(credential_text(out), out->digest);
}

void credential_make(const struct domain *d, enum credential_kind kind, struct credential *out)
{
    uint8_t secret[SECRET_LEN];
    d->entropy(secret, sizeof secret);
    write_text(kind, secret, out);
    wipe(secret, sizeof secret);
}

void credential_derive(enum credential_kind kind, struct str before, struct str salt,
                       struct credential *out)
{
    uint8_t secret[SHA256_LEN];
    _Static_assert(SHA256_LEN == SECRET_LEN, "as many bits as one from the kernel");
    hmac_sha256(salt, before, secret);
    write_text(kind, secret, out);
    wipe(secret, sizeof secret);
}

struct str credential_text(const struct credential *c)
{
    return str_from(c->text, c->len);
}

enum err credential_digest(enum credential_kind kind, struct str text,
                           uint8_t digest[static SHA256_LEN])
{
    struct str prefix = prefix_of(kind);
    if (text.len != prefix.len + BASE64URL_LEN(SECRET_LEN) || !str_starts(text, prefix))
        return ERR_DENIED;
    sha256(text, digest);
    return OK;
}

struct str public_id_make(const struct domain *d, uint8_t out[static PUBLIC_ID_MAX])
{
    uint8_t random[9];
    d->entropy(random, sizeof random);
    struct writer w = writer_into(out, PUBLIC_ID_MAX);
    writer_str(&w, STR("dev_"));
    base64url_write(&w, str_from(random, sizeof random));
    return str_from(out, w.len);
}
