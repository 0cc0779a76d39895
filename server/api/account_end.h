/* An account that is no more, as far as the core remembers it.
 *
 * Owns:     nothing.
 * Promise:  its event streams end, its devices' requests that wait are answered, and its devices
 *           are nobody; what a command has removed beside the running server is noticed within a
 *           tick.
 * Source:   server/domain/account.h, account_retire().
 * Watch:    memory is changed last: after the store. */
#ifndef OC_API_ACCOUNT_END_H
#define OC_API_ACCOUNT_END_H

#include "server/api/call.h"

void account_end(struct api *api, int64_t account_id);

/* Housekeeping: a slice of what such an account has left. */
MUST_CHECK enum err account_end_tick(struct api *api);

#endif
