/* Addresses that looked for weak spots.
 *
 * Owns:     the ban tables, and what of them the core keeps in memory.
 * Promise:  a ban outlives a restart and ends by itself; an exempt network is never banned. At most
 *           BANS_MAX: then the one nearest to its end gives way.
 * Source:   SECURITY.md row M4.
 * Watch:    an address is IPv6 or IPv4-mapped; IPv6 counts by its /64 (ban_normalise()). */
#ifndef OC_DOMAIN_BAN_H
#define OC_DOMAIN_BAN_H

#include "server/domain/domain.h"

#define BANS_MAX       10000 /* of 131,072 entries in the table of limits */
#define EXEMPTIONS_MAX 1000
#define BAN_PATH_MAX   200 /* of what it asked for, as kept */

struct ban {
    uint8_t address[PEER_LEN];
    int64_t until_ms;
};

struct ban_exemption {
    uint8_t first[PEER_LEN], last[PEER_LEN];
};

/* In the order of addresses. */
struct bans {
    struct ban list[BANS_MAX];
    size_t count;
    struct ban_exemption exempt[EXEMPTIONS_MAX];
    size_t exempt_count;
};

/* Zero what lies behind the /64 of an IPv6 address. */
void ban_normalise(uint8_t address[static PEER_LEN]);

/* Fill from the store. */
MUST_CHECK enum err bans_load(struct domain *d, struct bans *b);

struct ban *ban_find(struct bans *b, const uint8_t address[static PEER_LEN]);

/* Who asked (d->peer) is banned for so long, 0 for not at all; is_audited: and the trail says so.
 * *out: the ban, NULL when there is none or it was there already. */
MUST_CHECK enum err ban_add(struct domain *d, struct bans *b, struct str path, int64_t for_ms,
                            bool is_audited, const struct ban **out);

/* Forget those whose time is over. */
MUST_CHECK enum err bans_expire(struct domain *d, struct bans *b);

#endif
