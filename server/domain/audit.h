/* The trail of what was done, to what, by whom, from where.
 *
 * Owns:     the audit table.
 * Promise:  an entry is written in the transaction of the act: neither exists without the other.
 * Source:   SECURITY.md rows M1 and M3; OWASP ASVS 16.2 for what an entry tells.
 * Watch:    detail never holds a secret; outside text in it is bounded by the caller. */
#ifndef OC_DOMAIN_AUDIT_H
#define OC_DOMAIN_AUDIT_H

#include "server/domain/domain.h"

/* account_id: whose trail this belongs to, 0 when nobody's. */
MUST_CHECK enum err audit_add(struct domain *d, int64_t account_id, struct str event,
                              struct str subject, struct str detail);

#endif
