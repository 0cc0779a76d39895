/* What a page sends of an authenticator's answer: RegistrationResponseJSON,
 * AuthenticationResponseJSON.
 *
 * Owns:     nothing; bytes lie in the arena.
 * Promise:  one JSON object whose type is "public-key", with each member that we use once, in
 *           base64url and within its bound. Other members are passed over.
 * Source:   WebAuthn level 3 section 5.1 (the JSON forms of level 2's dictionaries).
 * Watch:    nothing is understood here yet: see client_data.h and authenticator.h. */
#ifndef OC_WEBAUTHN_RESPONSE_H
#define OC_WEBAUTHN_RESPONSE_H

#include "common/base/arena.h"
#include "common/base/str.h"

struct passkey_response {
    struct str credential_id;
    struct str client_data;
    struct str attestation; /* of a new passkey */
    struct str data;        /* authenticatorData, signature, userHandle of one that is used; */
    struct str signature;
    struct str user_handle; /* empty: none */
};

/* ERR_PEER: not one. ERR_NO_MEMORY: the arena is used up. */
MUST_CHECK enum err registration_response_read(struct arena *a, struct str json,
                                               struct passkey_response *out);
MUST_CHECK enum err assertion_response_read(struct arena *a, struct str json,
                                            struct passkey_response *out);

#endif
