/* The secrets we hand out: made here, kept as digests only.
 *
 * Owns:     nothing.
 * Promise:  256 bits from the kernel each; the prefix says which of them it is, so that none is
 *           ever taken for another; the store sees the SHA-256 of the text and nothing else.
 * Source:   docs/GLOSSARY.md: four secrets, four names.
 * Watch:    the text leaves the server once, in the answer that announces it. */
#ifndef OC_DOMAIN_CREDENTIAL_H
#define OC_DOMAIN_CREDENTIAL_H

#include "common/crypto/crypto.h"
#include "server/domain/domain.h"

enum credential_kind {
    CREDENTIAL_REGISTRATION_TOKEN, /* oc_reg_   24 h, single use, one pending device */
    CREDENTIAL_DEVICE_KEY,         /* oc_key_   issued once, at registration */
    CREDENTIAL_DEVICE_SESSION,     /* oc_sess_  60 minutes, renewed from 45 */
    CREDENTIAL_API_KEY,            /* oc_api_   an owner's, scoped, for scripts */
    CREDENTIAL_BROWSER_SESSION,    /* (none)    a cookie */
    CREDENTIAL_KNOWN_BROWSER,      /* oc_kb_    a cookie that opens nothing */
    CREDENTIAL_EXCHANGE,           /* oc_exc_   names one SCRAM exchange for seconds */
    CREDENTIAL_MAIL_TOKEN,         /* oc_mail_  a link in a mail, 24 h, single use */
};

#define CREDENTIAL_TEXT_MAX 56

struct credential {
    uint8_t text[CREDENTIAL_TEXT_MAX];
    size_t len;
    uint8_t digest[SHA256_LEN];
};

/* A new one. The caller wipes it. */
void credential_make(const struct domain *d, enum credential_kind kind, struct credential *out);
/* The one that follows from the one before and a salt of 256 bits: whoever has both makes it again.
 */
void credential_derive(enum credential_kind kind, struct str before, struct str salt,
                       struct credential *out);
struct str credential_text(const struct credential *c);

/* The digest to look a presented one up by. ERR_DENIED when it cannot be one of this kind. */
MUST_CHECK enum err credential_digest(enum credential_kind kind, struct str text,
                                      uint8_t digest[static SHA256_LEN]);

/* A short public name, "dev_" and 12 characters, not secret and not guessable in a row. */
#define PUBLIC_ID_MAX 24
struct str public_id_make(const struct domain *d, uint8_t out[static PUBLIC_ID_MAX]);

#endif
