/* What other handlers do to sessions.
 *
 * Owns:     nothing.
 * Promise:  whatever ends a session ends its event streams too.
 * Source:   OWASP ASVS 7.2.4, 7.4.2, 7.4.3.
 * Watch:    call these before answering: the new cookie goes out with the answer. */
#ifndef OC_API_SESSION_ROUTES_H
#define OC_API_SESSION_ROUTES_H

#include "server/api/call.h"

/* The rights of the calling browser's session have changed (a second factor, a password): it gets
 * another id. */
MUST_CHECK enum err session_renew(struct call *c);

/* The caller's sessions, as an array. */
MUST_CHECK enum err sessions_json(struct call *c, struct json_out *o);

/* All sessions of this account end but one; 0: all. how: for the trail. */
MUST_CHECK enum err sessions_end_all(struct call *c, int64_t account_id, int64_t but_id,
                                     struct str how);

#endif
