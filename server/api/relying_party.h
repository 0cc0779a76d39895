/* The name that passkeys know this server by.
 *
 * Owns:     nothing.
 * Promise:  with the setting `url`, its host and no other; without one, the host that the request
 *           came for, which its browser's origin has to equal in whatever is signed. An address is
 *           no name: browsers make no passkeys for one.
 * Source:   WebAuthn level 2 sections 5.1.2 (RP ID: a domain string) and 13.4.9 (origin).
 * Watch:    a forged Host gains nothing: a passkey works where its browser says that it is, and
 *           what a browser says is signed. */
#ifndef OC_API_RELYING_PARTY_H
#define OC_API_RELYING_PARTY_H

#include "server/api/call.h"
#include "server/webauthn/verify.h"

struct relying_party {
    char id[RP_ID_MAX + 1];
    struct str origin; /* https://HOST[:PORT], in the arena or in the settings */
};

/* False: this server has no such name here, or the request came for another; *why says what to do.
 */
bool relying_party_of(struct call *c, struct relying_party *out, const char **why);

#endif
