/* Registrations from networks where people do not live: told to admins, never refused.
 *
 * Owns:     the signup_watch row: how many mails this hour has seen.
 * Promise:  an audit entry for each; at most SIGNUP_WATCH_MAILS mails an hour in all, then one to
 *           each admin that says how many more there were. What goes wrong here is an error of the
 *           store, never a reason to refuse.
 * Source:   SECURITY.md row M2.
 * Watch:    signup_watch() belongs into the transaction of the registration. */
#ifndef OC_DOMAIN_SIGNUP_WATCH_H
#define OC_DOMAIN_SIGNUP_WATCH_H

#include "server/domain/domain.h"

#define SIGNUP_WATCH_MAILS 10

/* Somebody at peer (PEER_LEN bytes) has registered with this address, as from email_normalise(). */
MUST_CHECK enum err signup_watch(struct domain *d, struct str email,
                                 const uint8_t peer[static PEER_LEN]);

/* Now and then: an hour that is over may have left somebody unsaid. */
MUST_CHECK enum err signup_watch_tick(struct domain *d);

#endif
