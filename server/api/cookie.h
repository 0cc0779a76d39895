/* The session cookie among what a browser sends.
 *
 * Owns:     nothing; the value points into what was given.
 * Promise:  any bytes may be given. Only a cookie of exactly our name is ours; the first one
 * counts. Source:   RFC 6265 section 4.2.1; section 4.1.3.2 of its successor for the prefix. Watch:
 * a value is a claim: browser_session_find() judges it. */
#ifndef OC_API_COOKIE_H
#define OC_API_COOKIE_H

#include "common/base/str.h"

#define SESSION_COOKIE "__Host-session"

/* Empty when there is none. */
struct str cookie_session(struct str cookies);

#endif
