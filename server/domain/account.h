/* Owners' accounts.
 *
 * Owns:     the account table.
 * Promise:  an address is one account whatever its case; a password is never stored, only its hash.
 * Source:   SECURITY.md rows S5 and U6.
 * Watch:    an account that makes itself begins as a sign-up (signup.h). Verifying a password is
 *           slow and happens elsewhere (the hash pool): a sign-in is account_find() before it and
 *           browser_session_open() after it. */
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

/* Another password. Links to choose one, those on their way too, are good no more; nor are links to
 * another address, which whoever had the old password may have asked for. how: for the trail. */
MUST_CHECK enum err account_set_password(struct domain *d, const struct account *account,
                                         struct str password_hash, struct str how);

/* Its owner wants another address: a link goes there, a warning to the one they have. A link to
 * any other is good no more. An address that somebody has gets none, and the caller is not told.
 * browser: of whoever asks, for the mail. */
MUST_CHECK enum err account_ask_email(struct domain *d, const struct account *account,
                                      struct str email, struct str browser);

/* Another address, which its owner has confirmed. Links to the old one are good no more.
 * ERR_CONFLICT: it is another account's. */
MUST_CHECK enum err account_set_email(struct domain *d, const struct account *account,
                                      struct str email);

/* Would nobody be left who may administer the server? */
MUST_CHECK enum err account_is_last_admin(struct domain *d, const struct account *account,
                                          bool *out);

/* The account is no more, at once: neither its owner, its keys nor its devices are anybody, and its
 * address is free. Its trail stays. What the core has in memory is its caller's to forget; what it
 * owned goes with account_purge(), because a year of minutes is too much for one transaction. */
MUST_CHECK enum err account_retire(struct domain *d, const struct account *account);

/* Housekeeping: an account that is no more and has something left; ERR_NOT_FOUND. */
MUST_CHECK enum err account_find_retired(struct domain *d, int64_t *id);
/* Housekeeping: a slice of what it has. */
MUST_CHECK enum err account_purge(struct domain *d, int64_t id);

#endif
