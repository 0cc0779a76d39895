/* Paths that only scanners ask for.
 *
 * Owns:     the bans in memory.
 * Promise:  a hit is answered plausibly, audited, and bans the address for the time that is set, in
 *           one transaction; whoever is signed in is not banned for being curious, nor a browser
 *           for what another site's page has it ask.
 * Source:   SECURITY.md row M4; what scanners ask a fresh server for.
 * Watch:    no page of ours may match: router_test.c compares. */
#ifndef OC_API_HONEYPOT_H
#define OC_API_HONEYPOT_H

#include "server/api/call.h"

struct honeypot;

MUST_CHECK enum err honeypot_new(struct honeypot **out);
void honeypot_free(struct honeypot *h);

/* From the store, at start, when a command has changed it, and after a batch that failed. Whoever
 * should be told is told. */
MUST_CHECK enum err honeypot_load(struct api *api);

/* Tell one link's edge about every ban. */
void honeypot_tell(struct api *api, uint32_t link);

/* Bans that are over. */
MUST_CHECK enum err honeypot_tick(struct api *api);

/* Is the address of this call banned? An edge lets through whatever comes with a credential, and
 * cannot tell whether that is one. */
bool honeypot_has_banned(struct call *c);

/* Is this path bait? Then the call has been answered. */
MUST_CHECK enum err honeypot_call(struct call *c, bool *is_bait);

size_t honeypot_path_count(void);
bool honeypot_is_bait(struct str path);

#endif
