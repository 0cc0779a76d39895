/* Callers who are known, and how often they may ask.
 *
 * Owns:     the buckets of accounts and API keys; a device's are in its struct live.
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

#endif
