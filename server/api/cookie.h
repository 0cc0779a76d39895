/* Our cookies among what a browser sends, and the lines that set them.
 *
 * Owns:     nothing; a value points into what was given.
 * Promise:  any bytes may be given. Only a cookie of exactly the name is it; the first one counts.
 *           What is set goes to this host alone, over TLS alone, and to no script.
 * Source:   RFC 6265 section 4.2.1; section 4.1.3.2 of its successor for the prefix.
 * Watch:    a value is a claim: browser_session_find() and known_browser_is() judge it. */
#ifndef OC_API_COOKIE_H
#define OC_API_COOKIE_H

#include "common/base/str.h"
#include "common/base/writer.h"

#define SESSION_COOKIE "__Host-session" /* until the browser is closed, or the session ends */
#define BROWSER_COOKIE "__Host-browser" /* known_browser.h */

/* Empty when there is none. */
struct str cookie_session(struct str cookies);
struct str cookie_browser(struct str cookies);

/* A whole Set-Cookie line each. */
void cookie_set_session(struct writer *w, struct str value);
void cookie_remove_session(struct writer *w);
void cookie_set_browser(struct writer *w, struct str value, int64_t life_s);

#endif
