/* A browser that has signed in: a cookie, and a token against forged requests.
 *
 * Owns:     the browser_session table.
 * Promise:  the cookie's text is nowhere in the store; a session ends after a day unused or two
 *           weeks in all, whichever comes first.
 * Source:   SECURITY.md row U5; OWASP ASVS 7.2 and 7.3.
 * Watch:    the CSRF token belongs to the session and changes with it. */
#ifndef OC_DOMAIN_BROWSER_SESSION_H
#define OC_DOMAIN_BROWSER_SESSION_H

#include "server/domain/credential.h"
#include "server/domain/domain.h"

struct browser_session {
    int64_t account_id;
    struct str csrf_token;   /* in the arena */
    int64_t confirmed_at_ms; /* when its owner last proved who they are */
    uint8_t digest[SHA256_LEN];
};

/* Sign in: cookie is for the Set-Cookie line, and wiped by the caller. */
MUST_CHECK enum err browser_session_open(struct domain *d, struct arena *a, int64_t account_id,
                                         struct str email, struct credential *cookie,
                                         struct browser_session *out);

/* ERR_DENIED: no such session, or its time is over. */
MUST_CHECK enum err browser_session_find(struct domain *d, struct arena *a, struct str cookie,
                                         struct browser_session *out);

MUST_CHECK enum err browser_session_end(struct domain *d, const struct browser_session *s);

/* Housekeeping: drop what is over. */
MUST_CHECK enum err browser_session_expire(struct domain *d);

#endif
