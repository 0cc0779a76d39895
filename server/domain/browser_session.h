/* A browser that has signed in: a cookie, and a token against forged requests.
 *
 *   The cookie's text is the session's id. It changes while the session lives:
 *
 *     after an hour of use   browser_session_use()    a new id, made of the old one and a salt
 *     with the rights        browser_session_renew()  a new id, made of nothing
 *
 *   An answer may be lost, and a page asks many things at once, so after an hour the old id goes on
 *   until the new one has been shown, and for a minute more. Until then each request that shows the
 *   old one is told the same new one: it follows from the old text, which we do not keep, and from
 *   the salt, which we keep until the new id has been shown. An old id that is shown after that is
 *   in two hands: the session ends.
 *   After a change of rights the old id goes on for a minute, without what was gained.
 *
 * Owns:     the browser_session table.
 * Promise:  no id's text is in the store; a session ends after a day unused or two weeks in all,
 *           whichever comes first; at most SESSIONS_PER_OWNER, then the one that was used longest
 *           ago gives way.
 * Source:   SECURITY.md row U5; OWASP ASVS 7.2 to 7.5.
 * Watch:    the CSRF token belongs to the session and outlives its ids: open pages go on. */
#ifndef OC_DOMAIN_BROWSER_SESSION_H
#define OC_DOMAIN_BROWSER_SESSION_H

#include "server/domain/credential.h"
#include "server/domain/domain.h"
#include "server/domain/user_agent.h"

/* What somebody has shown to be let in. Stored: add, never renumber. */
enum sign_in_way {
    SIGNED_IN_WITH_PASSWORD = 1,
    SIGNED_IN_WITH_PASSWORD_AND_CODE,
    SIGNED_IN_WITH_PASSWORD_AND_RECOVERY_CODE,
    SIGNED_IN_WITH_PASSWORD_AND_PASSKEY,
    SIGNED_IN_WITH_PASSKEY,
};
/* "password", "password+code", "password+recovery-code", "password+passkey", "passkey". */
struct str sign_in_way_name(enum sign_in_way way);

struct browser_session {
    int64_t id; /* a number, no secret: names it in lists */
    int64_t account_id;
    struct str csrf_token;     /* in the arena */
    int64_t confirmed_at_ms;   /* 0 for the holder of an old id */
    uint8_t shown[SHA256_LEN]; /* the id that the browser has */
    bool is_renewed;           /* cookie is to be told to the browser with the answer */
    struct credential cookie;  /* wiped by the caller */
};

struct sign_in {
    int64_t account_id;
    enum sign_in_way way;
    struct user_agent user_agent;
};

/* Sign in. email is for the trail. out->cookie is new, and confirmed. *ended: the session that had
 * to give way, 0 for none. */
MUST_CHECK enum err browser_session_open(struct domain *d, struct arena *a,
                                         const struct sign_in *in, struct str email,
                                         struct browser_session *out, int64_t *ended);

/* Whose cookie is this? Nothing changes. ERR_DENIED: no such session, or its time is over.
 * ERR_CONFLICT: an id of before, in two hands; *out says whose. */
MUST_CHECK enum err browser_session_find(struct domain *d, struct arena *a, struct str cookie,
                                         struct browser_session *out);

/* The same for a request that uses it: it is used now, and out->cookie may be new. ERR_CONFLICT:
 * the session has ended, and that is to be kept. */
MUST_CHECK enum err browser_session_use(struct domain *d, struct arena *a, struct str cookie,
                                        struct browser_session *out);

/* Its rights have changed: s->cookie is new. confirmed_at_ms: when its owner has proved who they
 * are. */
MUST_CHECK enum err browser_session_renew(struct domain *d, struct browser_session *s,
                                          int64_t confirmed_at_ms);

/* how: for the trail. ERR_NOT_FOUND: not this owner's. */
MUST_CHECK enum err browser_session_end(struct domain *d, int64_t account_id, int64_t id,
                                        struct str how);
/* All of an owner but one; 0: all. */
MUST_CHECK enum err browser_session_end_all(struct domain *d, int64_t account_id, int64_t but_id,
                                            struct str how);

/* Housekeeping: drop what is over. */
MUST_CHECK enum err browser_session_expire(struct domain *d);

#endif
