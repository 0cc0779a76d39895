/* What a caller is told when it asks too often.
 *
 * Owns:     nothing.
 * Promise:  Retry-After in whole seconds, never too few; RateLimit fields as the draft has them.
 * Source:   RFC 9110 section 10.2.3; draft-ietf-httpapi-ratelimit-headers.
 * Watch:    name is ours: a plain word. */
#ifndef OC_LIMIT_FIELDS_H
#define OC_LIMIT_FIELDS_H

#include "common/base/writer.h"

#define LIMIT_FIELDS_MAX 160

/* A limit that has been reached: so many in so many seconds, and when the next one may come. */
struct limit_reached {
    const char *name; /* "logins" */
    int64_t quota, window_s;
    int64_t wait_us;
};

int64_t limit_wait_s(const struct limit_reached *r);

/* Three whole field lines. */
void limit_fields_write(struct writer *w, const struct limit_reached *r);

#endif
