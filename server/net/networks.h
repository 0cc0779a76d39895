/* Addresses and networks as text, and a table that answers "is this address in one of them?".
 *
 * Owns:     nothing; the table is plain memory of its holder.
 * Promise:  one way to write each: no leading zeros, no zone, no bits beyond the prefix. The table
 *           is sorted and merged once, and asked in O(log n).
 * Source:   RFC 4291 section 2.2, RFC 4632 section 3.1; inet_pton(3).
 * Watch:    IPv4 lives as ::ffff:a.b.c.d everywhere. networks_seal() before the first question. */
#ifndef OC_NET_NETWORKS_H
#define OC_NET_NETWORKS_H

#include "common/base/str.h"
#include "common/base/writer.h"

#define ADDRESS_LEN      16
#define NETWORKS_MAX     640 /* what an operator lists, and the published list of a proxy service */
#define NETWORK_TEXT_MAX 50  /* an IPv6 address with IPv4 at its end, a slash, three digits */

struct network {
    uint8_t first[ADDRESS_LEN], last[ADDRESS_LEN];
};

struct networks {
    struct network list[NETWORKS_MAX];
    size_t count;
};

/* "192.0.2.1" or "2001:db8::1". ERR_PEER: neither. */
MUST_CHECK enum err address_read(struct str text, uint8_t out[static ADDRESS_LEN]);

/* "192.0.2.0/24", "2001:db8::/32", or an address alone. ERR_PEER: none, or bits stand behind the
 * prefix. *prefix counts in the address's own kind: 24, 32; *is_v6 says which kind. */
MUST_CHECK enum err network_read(struct str text, struct network *out, unsigned *prefix,
                                 bool *is_v6);

/* IPv4-mapped. */
bool address_is_v4(const uint8_t address[static ADDRESS_LEN]);

/* "192.0.2.0/24"; of a single address the address alone. prefix counts as network_read() does. */
void network_write(struct writer *w, const uint8_t first[static ADDRESS_LEN], unsigned prefix);

/* ERR_LIMIT: full. */
MUST_CHECK enum err networks_add(struct networks *n, const struct network *one);

/* Sort and merge; again after each networks_add(). */
void networks_seal(struct networks *n);

bool networks_have(const struct networks *n, const uint8_t address[static ADDRESS_LEN]);

#endif
