/* How many mails strangers may cause for one address.
 *
 * Owns:     the mail_asked table.
 * Promise:  nobody's mailbox is flooded by us: MAILS_ASKED_PER_HOUR of a kind to one address,
 *           whoever asks, counted exactly and over restarts.
 * Source:   SECURITY.md row U3; OWASP Forgot Password Cheat Sheet.
 * Watch:    known and unknown addresses count alike, and nobody is told when the hour's mails are
 *           spent: it would tell what others have asked for. */
#ifndef OC_DOMAIN_MAIL_ALLOWANCE_H
#define OC_DOMAIN_MAIL_ALLOWANCE_H

#include "server/domain/mail.h"

/* One more of this kind to this address? It counts when it may be sent. */
MUST_CHECK enum err mail_allowance_take(struct domain *d, struct str to, enum mail_kind kind,
                                        bool *may_be_sent);

/* Housekeeping. */
MUST_CHECK enum err mail_allowance_expire(struct domain *d);

#endif
