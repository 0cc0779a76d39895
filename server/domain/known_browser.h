/* Browsers that an owner has signed in with before.
 *
 * Owns:     the known_browser table.
 * Promise:  it opens no door: whoever shows it is asked for everything all the same. It keeps an
 *           owner's own few tries a minute when strangers have used up those of the account, and
 *           a mail away when nothing is new.
 * Source:   SECURITY.md row U6; OWASP "device cookies" against lockout by guessing.
 * Watch:    one browser, one token, however many accounts are signed in to with it in turn; it is
 *           replaced at each sign-in, and outlives signing out. */
#ifndef OC_DOMAIN_KNOWN_BROWSER_H
#define OC_DOMAIN_KNOWN_BROWSER_H

#include "server/domain/credential.h"
#include "server/domain/domain.h"

/* Has the browser that shows this cookie signed in to the account? digest: names it. */
MUST_CHECK enum err known_browser_is(struct domain *d, int64_t account_id, struct str cookie,
                                     uint8_t digest[static SHA256_LEN], bool *is_known);

/* It has signed in: out is what it shows from now on, wiped by the caller. */
MUST_CHECK enum err known_browser_renew(struct domain *d, int64_t account_id, struct str cookie,
                                        struct credential *out);

/* None is known any more: the password was reset. */
MUST_CHECK enum err known_browser_forget(struct domain *d, int64_t account_id);

/* Housekeeping. */
MUST_CHECK enum err known_browser_expire(struct domain *d);

#endif
