/* Is this signature an authenticator's, for this server? With libfido2.
 *
 * Owns:     nothing.
 * Promise:  a passkey is what verifies: made for this server (the hash of its name), with somebody
 *           at the authenticator, who was recognised when that was asked. All else is ERR_DENIED.
 * Source:   WebAuthn level 2 sections 7.1 steps 13 to 24 and 7.2 steps 15 to 21;
 *           fido_assert_verify(3), fido_cred_verify(3).
 * Watch:    about 0.1 ms each, so it is done in the core's loop. libfido2 sees only what our own
 *           readers have understood: its CBOR library sizes memory by what a length says. */
#ifndef OC_WEBAUTHN_VERIFY_H
#define OC_WEBAUTHN_VERIFY_H

#include "server/webauthn/authenticator.h"

#define PUBLIC_KEY_MAX 260 /* RSA of 2,048 bits and its exponent */
#define RP_ID_MAX      253

struct public_key {
    int algorithm; /* enum cose_algorithm */
    uint8_t bytes[PUBLIC_KEY_MAX];
    size_t len;
};

/* A new passkey. client_data: clientDataJSON as it came. */
MUST_CHECK enum err registration_verify(const char *rp_id, struct str client_data,
                                        const struct attestation *a, struct public_key *out);

struct assertion {
    struct authenticator_data data;
    struct str client_data;
    struct str signature;
    bool needs_user; /* to have been recognised: fingerprint, face, PIN */
};

MUST_CHECK enum err assertion_verify(const char *rp_id, const struct assertion *a, int algorithm,
                                     struct str public_key);

#endif
