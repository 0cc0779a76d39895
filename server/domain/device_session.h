/* Devices prove who they are, and get a session bound to their MAC.
 *
 * Owns:     the device_session table, and SCRAM exchanges between their two requests (memory only:
 *           at most EXCHANGES_MAX for EXCHANGE_MS each).
 * Promise:  a session needs the key at its start and the MAC at every use. An unknown device, a
 *           wrong proof and a wrong MAC look alike from outside, in the first answer too.
 * Source:   SECURITY.md rows D3 and D4; docs/protocol/device.md section 2; RFC 5802.
 * Watch:    renewing overlaps: the session before goes on until its own end. */
#ifndef OC_DOMAIN_DEVICE_SESSION_H
#define OC_DOMAIN_DEVICE_SESSION_H

#include "common/proto/device_messages.h"
#include "common/proto/scram.h"
#include "server/domain/credential.h"
#include "server/domain/domain.h"
#include "server/domain/live.h"

struct exchanges;

MUST_CHECK enum err exchanges_new(struct exchanges **out);
void exchanges_free(struct exchanges *x);

/* First request. id (for the second) and the server-first-message. ERR_PEER: malformed.
 * Never too many: where EXCHANGES_MAX are under way, the oldest gives way. */
MUST_CHECK enum err device_session_begin(struct domain *d, struct exchanges *x, struct arena *a,
                                         const struct session_request *request,
                                         struct credential *id, struct writer *server_first);

void exchanges_forget_all(struct exchanges *x);

/* The device has got a new key: what was begun with the old one ends. */
void exchanges_forget_device(struct exchanges *x, int64_t device_id);

struct session_opened {
    struct credential session; /* wiped by the caller */
    struct live *live;
    int64_t interval_s;
};

/* Second request. ERR_DENIED: whatever the reason; what was audited about it must be kept, and
 * *owner_to_alarm is whose device (then out->live) was posed as with the right key from a wrong
 * MAC, else 0. */
MUST_CHECK enum err device_session_open(struct domain *d, struct exchanges *x,
                                        const struct session_request *request,
                                        struct session_opened *out, struct writer *server_final,
                                        int64_t *owner_to_alarm);

/* Who sends this request? authorization: the header field as it came. mac: likewise.
 * ERR_DENIED: no such session. ERR_CONFLICT: the session is good and the MAC is not; the session
 * has ended, *out is still whose it was. */
MUST_CHECK enum err device_session_find(struct domain *d, struct str authorization, struct str mac,
                                        struct live **out);

/* Housekeeping: drop what is over. */
MUST_CHECK enum err device_session_expire(struct domain *d);

/* "Bearer " and the rest. ERR_DENIED when it is anything else. */
MUST_CHECK enum err bearer_read(struct str authorization, struct str *credential);

#endif
