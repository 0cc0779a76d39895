/* What the browser says that it was asked, and by whom: clientDataJSON.
 *
 * Owns:     nothing; texts are views into the input or lie in the caller's scratch.
 * Promise:  one JSON object with type, challenge and origin once each, of this type, and not from a
 *           frame in a page of another site.
 * Source:   WebAuthn level 2 sections 5.8.1, 7.1 steps 7 to 10, 7.2 steps 11 to 14.
 * Watch:    that the challenge is ours and the origin is this server is the caller's to compare. */
#ifndef OC_WEBAUTHN_CLIENT_DATA_H
#define OC_WEBAUTHN_CLIENT_DATA_H

#include "common/base/str.h"

#define CLIENT_DATA_MAX 2048

enum client_data_type {
    CLIENT_DATA_CREATE, /* webauthn.create: a new passkey */
    CLIENT_DATA_GET,    /* webauthn.get: one is used */
};

struct client_data {
    struct str challenge; /* base64url, as we gave it */
    struct str origin;
};

/* scratch: as long as the text. ERR_PEER: not one of this type. */
MUST_CHECK enum err client_data_read(struct str text, enum client_data_type type, uint8_t *scratch,
                                     struct client_data *out);

#endif
