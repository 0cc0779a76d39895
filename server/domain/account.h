/* Owners' accounts.
 *
 * Owns:     the account table.
 * Promise:  an address is one account whatever its case; a password is never stored, only its hash.
 * Source:   SECURITY.md rows S5 and U6.
 * Watch:    verifying a password is slow and happens elsewhere (the hash pool): a sign-in is
 *           account_find() before it and browser_session_open() after it. */
#ifndef OC_DOMAIN_ACCOUNT_H
#define OC_DOMAIN_ACCOUNT_H

#include "server/domain/domain.h"
#include "server/domain/limits.h"
#include "server/domain/mail.h"

struct account {
    int64_t id;
    struct str email;
    struct str password; /* the stored hash */
    bool is_admin;
    bool is_active;
};

/* Lower case into out. ERR_PEER when it cannot be a mail address. */
MUST_CHECK enum err email_normalise(struct str email, uint8_t out[static EMAIL_MAX],
                                    struct str *normal);

/* password_hash: as password_hash() made it. ERR_CONFLICT when the address is taken. */
MUST_CHECK enum err account_add(struct domain *d, struct str email, struct str password_hash,
                                bool is_admin);

/* ERR_NOT_FOUND. email as from email_normalise(). Text is kept in the arena. */
MUST_CHECK enum err account_find(struct domain *d, struct arena *a, struct str email,
                                 struct account *out);
MUST_CHECK enum err account_get(struct domain *d, struct arena *a, int64_t id, struct account *out);

/* A mail to its owner about something that has happened to it. */
MUST_CHECK enum err account_tell(struct domain *d, struct arena *a, int64_t id, enum mail_kind kind,
                                 struct str detail);

/* Somebody signs in. *is_first: nobody has before. */
MUST_CHECK enum err account_signed_in(struct domain *d, int64_t id, bool *is_first);

/* A stronger hash of the same password. */
MUST_CHECK enum err account_rehash(struct domain *d, int64_t id, struct str password_hash);

#endif
