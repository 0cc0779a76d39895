/* A board becomes a device: its registration token is redeemed for a device key.
 *
 * Owns:     the registration_token table once a device has been added, and a device's verifier.
 * Promise:  among any number of attempts with one token exactly one MAC wins. A lost answer may be
 *           asked for again by that MAC for an hour, as long as no session was opened. Strangers
 *           learn "refused"; why is kept for the owner.
 * Source:   SECURITY.md row D2; docs/protocol/device.md section 1.
 * Watch:    the refusal itself is written down, so a refused attempt still commits. */
#ifndef OC_DOMAIN_REGISTRATION_H
#define OC_DOMAIN_REGISTRATION_H

#include "common/proto/device_messages.h"
#include "common/proto/scram.h"
#include "server/domain/credential.h"
#include "server/domain/domain.h"
#include "server/domain/live.h"

struct registration {
    struct credential key; /* wiped by the caller */
    uint8_t salt[SCRAM_SALT_LEN];
    int64_t interval_s;
    struct live *live;
    struct str public_id; /* in the arena; also when a known token was refused */
};

/* OK: this MAC has won. ERR_DENIED: refused; account_id is then the owner to tell, or 0, and what
 * was written about the refusal must be kept. */
MUST_CHECK enum err registration_redeem(struct domain *d, struct arena *a,
                                        const struct register_request *request,
                                        struct registration *out, int64_t *account_id);

#endif
