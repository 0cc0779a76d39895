/* Asking a browser for a passkey, and believing its answer.
 *
 * Owns:     nothing.
 * Promise:  an answer is good once, for minutes, for the account that it was asked of (or for
 *           anybody, who then has to have been recognised by the authenticator), from a page of
 *           this server, with a count that goes on.
 * Source:   WebAuthn level 2 section 7.2, step by step in passkey_shown().
 * Watch:    verifying takes about 0.1 ms, so it is done here, in the core's loop. */
#ifndef OC_API_PASSKEY_USE_H
#define OC_API_PASSKEY_USE_H

#include "server/api/relying_party.h"
#include "server/domain/passkey.h"

/* PublicKeyCredentialRequestOptionsJSON. account_id: whose passkeys; 0: whoever has one. */
MUST_CHECK enum err passkey_question(struct call *c, const struct relying_party *rp,
                                     int64_t account_id, struct json_out *o);

/* The account's, or everybody's, in "allowCredentials" and "excludeCredentials". */
MUST_CHECK enum err passkey_list_json(struct call *c, int64_t account_id, struct json_out *o);

/* A fresh challenge as the member "challenge". */
void passkey_challenge_json(struct call *c, enum challenge_kind kind, int64_t account_id,
                            struct json_out *o);

/* AuthenticationResponseJSON. account_id: whose it has to be; 0: anybody's. needs_user: to have
 * been recognised (fingerprint, face, PIN), because no password was shown. ERR_DENIED: it proves
 * nothing; what is to be kept of that is in the trail. */
MUST_CHECK enum err passkey_shown(struct call *c, struct str json, int64_t account_id,
                                  bool needs_user, struct passkey *out);

#endif
