/* Passkeys of accounts: public keys, and how often each was used.
 *
 * Owns:     the passkey table, and the handle of second_factor.
 * Promise:  a credential belongs to one account; a count that goes back is refused and audited: the
 *           authenticator has a copy. Every change is audited and mailed in its own transaction.
 * Source:   WebAuthn level 2 sections 4, 6.1.1 and 14.6.1: the handle says nothing of its owner.
 * Watch:    whether a signature is right was asked before (server/webauthn). */
#ifndef OC_DOMAIN_PASSKEY_H
#define OC_DOMAIN_PASSKEY_H

#include "server/domain/domain.h"
#include "server/domain/limits.h"

#define PASSKEY_HANDLE_LEN 32

/* What authenticators know the account by; made when it is first asked for. */
MUST_CHECK enum err passkey_handle(struct domain *d, struct arena *a, int64_t account_id,
                                   struct str *out);

struct passkey {
    int64_t id;
    int64_t account_id;
    struct str name;
    int algorithm; /* COSE */
    struct str public_key;
    int64_t sign_count;
    struct str handle; /* of its account */
};

struct passkey_new {
    struct str name;
    struct str credential_id;
    int algorithm;
    struct str public_key;
    int64_t sign_count;
};

/* ERR_PEER: name not acceptable. ERR_LIMIT: PASSKEYS_PER_OWNER reached. ERR_CONFLICT: the
 * credential is somebody's already. */
MUST_CHECK enum err passkey_add(struct domain *d, struct arena *a, int64_t account_id,
                                const struct passkey_new *fresh, int64_t *id);

/* ERR_NOT_FOUND: nobody's, or of an account that may not be used. Text is kept in the arena. */
MUST_CHECK enum err passkey_find(struct domain *d, struct arena *a, struct str credential_id,
                                 struct passkey *out);

/* It has signed, and says that it has done so this often. ERR_DENIED: less than before; audited, to
 * be kept. */
MUST_CHECK enum err passkey_use(struct domain *d, const struct passkey *p, int64_t sign_count);

/* ERR_NOT_FOUND: not this owner's. */
MUST_CHECK enum err passkey_rename(struct domain *d, int64_t account_id, int64_t id,
                                   struct str name);
/* ERR_CONFLICT: it is the last factor, and one is required. */
MUST_CHECK enum err passkey_remove(struct domain *d, struct arena *a, int64_t account_id,
                                   int64_t id);

#endif
