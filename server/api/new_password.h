/* A password that somebody chooses: judged, and hashed away from the loop.
 *
 * Owns:     nothing.
 * Promise:  what is hashed may be an account's password; whoever chose another is told why not.
 * Source:   SECURITY.md row S5; NIST SP 800-63B-4 section 3.1.1.2.
 * Watch:    asks a question (errand.h): call it after all that can be refused at once. */
#ifndef OC_API_NEW_PASSWORD_H
#define OC_API_NEW_PASSWORD_H

#include "server/api/call.h"

/* "password" of the body. email: whose it will be. is_known: whoever chooses it has shown more than
 * a stranger. True: its hash. False: asked, or answered. */
bool new_password(struct call *c, struct str email, bool is_known, struct str *hash);

#endif
