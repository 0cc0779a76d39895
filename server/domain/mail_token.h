/* The links in mails: proof that whoever shows one reads the mails of an address.
 *
 * Owns:     the mail_token table.
 * Promise:  256 bits, only the digest stored, a life of hours; one use ends all links of the same
 *           subject and purpose.
 * Source:   SECURITY.md row U2; OWASP ASVS 6.4.
 * Watch:    each attempt to send a mail makes another token, because an attempt that failed may
 *           have arrived all the same. */
#ifndef OC_DOMAIN_MAIL_TOKEN_H
#define OC_DOMAIN_MAIL_TOKEN_H

#include "server/domain/credential.h"
#include "server/domain/mail.h"

struct mail_token {
    enum mail_purpose purpose;
    int64_t subject_id;
    struct str email; /* the address that the mail went to; in the arena */
};

/* expires_at_ms: that of the mail. The caller wipes the token. */
MUST_CHECK enum err mail_token_make(struct domain *d, enum mail_purpose purpose, int64_t subject_id,
                                    struct str email, int64_t expires_at_ms,
                                    struct credential *out);

/* What it is for, if its purpose is one of these (bits 1 << purpose). ERR_DENIED: used, over, of
 * another purpose, none at all. */
MUST_CHECK enum err mail_token_find(struct domain *d, struct arena *a, struct str text,
                                    unsigned purposes, struct mail_token *out);

/* It has been used, or must not be any more. */
MUST_CHECK enum err mail_token_drop(struct domain *d, enum mail_purpose purpose,
                                    int64_t subject_id);

/* Housekeeping. */
MUST_CHECK enum err mail_token_expire(struct domain *d);

#endif
