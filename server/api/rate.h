/* Callers who are known, and how often they may ask.
 *
 * Owns:     the buckets of accounts, API keys and sign-ins; a device's are in its struct live.
 * Promise:  exact, whichever edge and connection the requests came over; what is refused costs no
 *           transaction and is told with 429, Retry-After and RateLimit fields.
 * Source:   SECURITY.md rows A4 and D8.
 * Watch:    strangers are limited by address in the edges (server/edge/gate.c). */
#ifndef OC_API_RATE_H
#define OC_API_RATE_H

#include "server/api/call.h"

struct rate;

MUST_CHECK enum err rate_new(struct rate **out);
void rate_free(struct rate *r);

/* Buckets reckoned from a time that is ahead now are begun anew. */
void rate_clock_set_back(struct rate *r, struct live_table *lives);

/* May whoever this call has authenticated ask now? If not, the call has been answered. */
bool rate_allows(struct call *c);

struct rate_rule {
    const char *name; /* "account-logins" */
    int64_t quota, window_s;
};

/* One more of whatever this bucket counts. If it is too often, the call has been answered with 429
 * and this detail. */
bool rate_takes(struct call *c, struct str bucket, const struct rate_rule *rule,
                const char *detail);
void rate_forget(struct call *c, struct str bucket);

/* The same of whoever is signed in, for what costs a hash or a mail: once a request, however often
 * it runs. bucket: "password ". */
bool rate_takes_of_account(struct call *c, const char *bucket, const struct rate_rule *rule);

#endif
