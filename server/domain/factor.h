/* Second factors of accounts: which there are, authenticator apps, recovery codes.
 *
 * Owns:     the second_factor and recovery_code tables.
 * Promise:  each code of an app is good once, whatever the clocks say; each recovery code is; every
 *           change is audited and mailed in its own transaction. Recovery codes are there as long
 *           as they stand in for something: they go with the last factor.
 * Source:   SECURITY.md row U4; RFC 6238 section 5.2; OWASP ASVS 6.5.
 * Watch:    seeds are here as the vault has sealed them. Whether a code is right is the vault's to
 *           say; how often somebody may be wrong is counted by the api. */
#ifndef OC_DOMAIN_FACTOR_H
#define OC_DOMAIN_FACTOR_H

#include "server/domain/domain.h"
#include "server/domain/limits.h"

/* ---- who has what ---------------------------------------------------------------------------- */

struct factors {
    int64_t totp_since_ms; /* 0: no authenticator app */
    int64_t passkeys;
    int64_t recovery_codes; /* left */
    bool is_required;       /* by the setting second_factor, of this account */
};

/* ERR_NOT_FOUND: no such account. Needs d->store, and of d->rules what is_required is made of. */
MUST_CHECK enum err factors_of(struct domain *d, int64_t account_id, struct factors *out);

/* Is the account asked for more than its password? */
bool factors_has_one(const struct factors *f);

/* For whoever has lost them all and proved it to whoever runs the server: none is asked for any
 * more, whatever the setting wants. ERR_CONFLICT: there is none. */
MUST_CHECK enum err factors_forget(struct domain *d, struct arena *a, int64_t account_id);

/* ---- authenticator apps ---------------------------------------------------------------------- */

struct totp {
    struct str sealed; /* in the arena; empty: none */
    int64_t step;      /* the last that was used */
};

/* A seed is shown: it waits for its first code, for TOTP_PENDING_MS. */
MUST_CHECK enum err totp_begin(struct domain *d, int64_t account_id, struct str sealed);

/* Empty when there is none. */
MUST_CHECK enum err totp_pending(struct domain *d, struct arena *a, int64_t account_id,
                                 struct str *sealed);
MUST_CHECK enum err totp_get(struct domain *d, struct arena *a, int64_t account_id,
                             struct totp *out);

/* Its first code was right, of this step: it is a factor now. ERR_CONFLICT: none was pending. */
MUST_CHECK enum err totp_activate(struct domain *d, struct arena *a, int64_t account_id,
                                  int64_t step);

/* A right code of this step. ERR_DENIED: one of it, or of a later one, was used before. */
MUST_CHECK enum err totp_use(struct domain *d, int64_t account_id, int64_t step);

/* ERR_NOT_FOUND: there is none. ERR_CONFLICT: it is the last factor, and one is required. */
MUST_CHECK enum err totp_remove(struct domain *d, struct arena *a, int64_t account_id);

/* ---- recovery codes -------------------------------------------------------------------------- */

#define RECOVERY_CODE_TEXT_LEN 19 /* xxxx-xxxx-xxxx-xxxx: 80 bits in base32 */

struct recovery_codes {
    uint8_t text[RECOVERY_CODES][RECOVERY_CODE_TEXT_LEN];
};

/* A new set; the one before is good no more. The caller wipes it. */
MUST_CHECK enum err recovery_make(struct domain *d, struct arena *a, int64_t account_id,
                                  struct recovery_codes *out);

/* In any case, with or without hyphens and spaces. ERR_DENIED: not one of those left. */
MUST_CHECK enum err recovery_use(struct domain *d, struct arena *a, int64_t account_id,
                                 struct str code);

/* For whoever removes a factor: without any, the codes go too. ERR_CONFLICT: one is required, and
 * this was the last; the caller's transaction is to be undone, or nothing removed yet. */
MUST_CHECK enum err factors_may_lose_one(struct domain *d, int64_t account_id);
MUST_CHECK enum err factors_lost_one(struct domain *d, int64_t account_id);

#endif
