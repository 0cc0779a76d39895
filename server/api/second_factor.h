/* The second factor of a sign-in: is one needed, was one shown, is it right?
 *
 * Owns:     nothing.
 * Promise:  asked only when the password was right, so that nobody learns without it what factors
 *           an account has. Five wrong codes in a quarter of an hour, of whatever kind; then a
 *           right one is refused too, until time has passed.
 * Source:   SECURITY.md row U4; RFC 6238 section 5.2; OWASP ASVS 6.5.1 and 6.6.3.
 * Watch:    a code is checked by the vault, so the handler that asks runs once more: see errand.h.
 */
#ifndef OC_API_SECOND_FACTOR_H
#define OC_API_SECOND_FACTOR_H

#include "server/api/call.h"

/* Members "code" and "passkey" of the request's body. *is_enough: *way says what was shown together
 * with the password. If not, the request has been answered, or waits. */
MUST_CHECK enum err second_factor_ask(struct call *c, int64_t account_id, enum sign_in_way *way,
                                      bool *is_enough);

/* Does the setting `second_factor` ask for one that this account has not got? */
MUST_CHECK enum err second_factor_is_missing(struct call *c, int64_t account_id, bool *is_missing);

/* Six digits. False: no such code. */
bool totp_code_read(struct str text, uint32_t *code);

#endif
