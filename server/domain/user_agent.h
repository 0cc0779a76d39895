/* What a browser calls itself, in words that an owner knows.
 *
 * Owns:     nothing.
 * Promise:  any bytes may be given; only words of our own table come out, so that nothing a
 *           stranger wrote is stored or shown.
 * Source:   RFC 9110 section 10.1.5; what the browsers of 2026 send.
 * Watch:    a claim of the caller's: good for telling one's own browsers apart, for nothing else.
 */
#ifndef OC_DOMAIN_USER_AGENT_H
#define OC_DOMAIN_USER_AGENT_H

#include "common/base/str.h"
#include "common/base/writer.h"

struct user_agent {
    struct str browser; /* "Firefox"; "Unknown browser" */
    struct str system;  /* "Linux"; "unknown system" */
};

struct user_agent user_agent_read(struct str field);

/* "Firefox on Linux" */
#define USER_AGENT_TEXT_MAX 64
void user_agent_write(struct writer *w, const struct user_agent *ua);

#endif
