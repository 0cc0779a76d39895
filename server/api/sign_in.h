/* The end of every sign-in, whatever was shown.
 *
 * Owns:     nothing.
 * Promise:  a session that is new, in place of the one that this browser had; the owner hears of a
 *           browser that is not known.
 * Source:   SECURITY.md row U5; OWASP ASVS 6.3.5 and 7.2.4.
 * Watch:    called when everything that is asked has been shown, and by nobody else. */
#ifndef OC_API_SIGN_IN_H
#define OC_API_SIGN_IN_H

#include "server/api/call.h"
#include "server/domain/account.h"

/* May anybody at this address sign in? If not, it has been answered: somebody there has looked for
 * weak spots. */
bool sign_in_is_open(struct call *c);

/* Answers 200 with both cookies. */
MUST_CHECK enum err sign_in_finish(struct call *c, const struct account *account,
                                   enum sign_in_way way);

#endif
