/* Mails to be sent: what happened, and to whom it is to be told.
 *
 * Owns:     the mail table.
 * Promise:  a mail is queued in the transaction of what it tells: neither exists without the other.
 *           What rests in the queue is what the mail is about; its words, and the token of its
 *           link, are made when it leaves.
 * Source:   SECURITY.md row U2.
 * Watch:    detail is one line that the words quote ("Firefox on Linux"); outside text in it is
 *           bounded and free of control characters, or the mail is not queued. */
#ifndef OC_DOMAIN_MAIL_H
#define OC_DOMAIN_MAIL_H

#include "server/domain/domain.h"

/* kind, its name in the table and in lists, purpose of its token, what it tells */
/* clang-format off */
#define MAIL_KINDS(ROW) \
    ROW(MAIL_CONFIRM_SIGNUP,   "confirm-signup",   MAIL_PURPOSE_SIGNUP, "confirm the address of a new account") \
    ROW(MAIL_SIGNUP_KNOWN,     "signup-known",     MAIL_PURPOSE_NONE,   "somebody registered with an address that has an account") \
    ROW(MAIL_RESET,            "reset",            MAIL_PURPOSE_RESET,  "choose a new password") \
    ROW(MAIL_CONFIRM_EMAIL,    "confirm-email",    MAIL_PURPOSE_EMAIL,  "confirm the new address of an account") \
    ROW(MAIL_EMAIL_CHANGING,   "email-changing",   MAIL_PURPOSE_NONE,   "to the old address: another one was asked for") \
    ROW(MAIL_EMAIL_CHANGED,    "email-changed",    MAIL_PURPOSE_NONE,   "to the old address: it is another one now") \
    ROW(MAIL_PASSWORD_CHANGED, "password-changed", MAIL_PURPOSE_NONE,   "the password is another one") \
    ROW(MAIL_NEW_BROWSER,      "new-browser",      MAIL_PURPOSE_NONE,   "a sign-in from a browser never seen") \
    ROW(MAIL_SESSION_STOLEN,   "session-stolen",   MAIL_PURPOSE_NONE,   "a session was used twice and has ended") \
    ROW(MAIL_FACTOR_ADDED,     "factor-added",     MAIL_PURPOSE_NONE,   "a second factor was added") \
    ROW(MAIL_FACTOR_REMOVED,   "factor-removed",   MAIL_PURPOSE_NONE,   "a second factor was removed") \
    ROW(MAIL_RECOVERY_USED,    "recovery-used",    MAIL_PURPOSE_NONE,   "a recovery code was used") \
    ROW(MAIL_RECOVERY_MADE,    "recovery-made",    MAIL_PURPOSE_NONE,   "recovery codes were made anew") \
    ROW(MAIL_KEY_ADDED,        "key-added",        MAIL_PURPOSE_NONE,   "an API key was made") \
    ROW(MAIL_ACCOUNT_REMOVED,  "account-removed",  MAIL_PURPOSE_NONE,   "the account is no more") \
    ROW(MAIL_WATCH,            "watch",            MAIL_PURPOSE_NONE,   "to admins: a registration from a data centre")
/* clang-format on */

/* What a link in a mail is good for. */
enum mail_purpose {
    MAIL_PURPOSE_NONE,
    MAIL_PURPOSE_SIGNUP, /* subject: a sign-up */
    MAIL_PURPOSE_RESET,  /* subject: an account */
    MAIL_PURPOSE_EMAIL,  /* subject: an account; the token's address is to be its own */
};

enum mail_kind {
#define MAIL_KIND(kind, name, purpose, meaning) kind,
    MAIL_KINDS(MAIL_KIND)
#undef MAIL_KIND
        MAIL_KIND_COUNT,
};

struct mail_note {
    enum mail_kind kind;
    struct str to;      /* as from email_normalise() */
    int64_t account_id; /* 0: nobody's */
    int64_t subject_id; /* of its token; 0 for mails without */
    struct str detail;
};

/* ERR_PEER: the address or the detail cannot be in a mail. A full queue drops the mail, counted
 * in d->mails_dropped alone: whoever causes mails must not learn how many wait. What strangers can
 * cause leaves room for what tells somebody about an account. */
MUST_CHECK enum err mail_add(struct domain *d, const struct mail_note *note);

struct str mail_kind_name(enum mail_kind kind);
MUST_CHECK enum err mail_kind_read(struct str name, enum mail_kind *out);
enum mail_purpose mail_purpose_of(enum mail_kind kind);
int64_t mail_token_life_ms(enum mail_purpose purpose);

#endif
