/* What an authenticator says, as bytes: authenticator data, and the attestation object around it.
 *
 * Owns:     nothing; everything is a view into the input.
 * Promise:  read to the last byte or refused whole; every length has its bound.
 * Source:   WebAuthn level 2 sections 6.1, 6.5.1 and 8; RFC 8152 section 7 for keys.
 * Watch:    nothing is verified here: that is verify.h. */
#ifndef OC_WEBAUTHN_AUTHENTICATOR_H
#define OC_WEBAUTHN_AUTHENTICATOR_H

#include "common/base/str.h"

#define AUTHENTICATOR_HASH_LEN 32
#define CREDENTIAL_ID_MAX      1023 /* section 4, credential id */
#define ATTESTATION_MAX        4096

/* Section 6.1. */
#define AUTHENTICATOR_USER_PRESENT  0x01
#define AUTHENTICATOR_USER_VERIFIED 0x04
#define AUTHENTICATOR_HAS_KEY       0x40
#define AUTHENTICATOR_HAS_MORE      0x80

/* Of COSE; those that we ask for. */
enum cose_algorithm {
    COSE_ALGORITHM_ES256 = -7,
    COSE_ALGORITHM_EDDSA = -8,
    COSE_ALGORITHM_RS256 = -257,
};

struct authenticator_data {
    struct str whole;
    struct str rp_hash;
    uint8_t flags;
    uint32_t count;
    /* with AUTHENTICATOR_HAS_KEY */
    struct str credential_id;
    int64_t algorithm; /* of its key */
};

/* ERR_PEER: not one. */
MUST_CHECK enum err authenticator_data_read(struct str bytes, struct authenticator_data *out);

struct attestation {
    struct authenticator_data data;
    struct str signature; /* by the new key itself; empty: none (format "none") */
};

/* ERR_PEER: not one, or of a format that was not asked for: only "none", and "packed" by the
 * credential's own key, reach us when a page asks for none. */
MUST_CHECK enum err attestation_read(struct str object, struct attestation *out);

#endif
