/* How often somebody may try to sign in to one account.
 *
 * Owns:     nothing; the buckets are the core's (rate.h), so they begin anew with it.
 * Promise:  strangers, from however many addresses, have few tries at one account, and a browser
 *           that has signed in to it before has its own. An address that nobody has is limited
 *           like one that somebody has, in the same words.
 * Source:   SECURITY.md row U6; OWASP ASVS 6.3.1; NIST SP 800-63B-4 section 3.2.2: a success
 *           makes failures before it forgotten.
 * Watch:    asked before any hash, and once: a request that runs again has been counted. */
#ifndef OC_API_SIGN_IN_LIMIT_H
#define OC_API_SIGN_IN_LIMIT_H

#include "server/api/call.h"

/* May this name (as normalised, or whatever it was) be tried with a password? account_id: whose it
 * is, 0: nobody's. *is_known: by a browser that has signed in to it before. If not *is_allowed,
 * the call has been answered. */
MUST_CHECK enum err sign_in_allows(struct call *c, struct str name, int64_t account_id,
                                   bool *is_known, bool *is_allowed);

/* Somebody has signed in with this name, in a browser that was not known: what was tried before is
 * forgotten. One that is known used none of it, and must not give strangers theirs back. */
void sign_in_forgive(struct call *c, struct str name);

/* May whoever sits at a signed-in browser try to prove who they are? If not, it has been answered.
 */
bool confirmation_allows(struct call *c);

#endif
