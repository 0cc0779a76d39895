/* Sign-ups: people who have registered and not yet shown that the address is theirs.
 *
 * Owns:     the signup table.
 * Promise:  there is no account before its address is confirmed, and then it has the password of
 *           the sign-up whose link was followed: nobody can prepare an account for a stranger's
 *           address and wait for its owner. One link followed ends all sign-ups of its address.
 * Source:   SECURITY.md row U2; "Pre-hijacked accounts" (Sudhodanan, Paverd; USENIX Security 2022).
 * Watch:    a known address signs up like any other, so that both cost the same; its sign-up gets
 *           no link, and cannot be confirmed while there is the account. */
#ifndef OC_DOMAIN_SIGNUP_H
#define OC_DOMAIN_SIGNUP_H

#include "server/domain/domain.h"

struct signup {
    int64_t id;
    struct str email;    /* as from email_normalise() */
    struct str password; /* the hash */
    bool is_disputed;    /* somebody at another address of the network has registered it as well */
};

/* One more of this address; beyond SIGNUPS_PER_ADDRESS its oldest gives way, beyond SIGNUPS_MAX the
 * oldest of all. */
MUST_CHECK enum err signup_add(struct domain *d, struct str email, struct str password_hash,
                               int64_t *id);

/* The newest one of an address that waits: what a sign-in before the confirmation is compared with,
 * and what another link is for. ERR_NOT_FOUND. Text is kept in the arena. */
MUST_CHECK enum err signup_find_newest(struct domain *d, struct arena *a, struct str email,
                                       struct signup *out);

/* Its link was followed: now there is an account, with its password, or in dispute with none and a
 * mail to choose one. ERR_DENIED: gone, too old, or the address has an
 * account already. */
MUST_CHECK enum err signup_confirm(struct domain *d, struct arena *a, int64_t id,
                                   struct signup *out);

/* Housekeeping. */
MUST_CHECK enum err signup_expire(struct domain *d);

#endif
