/* Where a request that came unencrypted should have gone.
 *
 * Owns:     nothing.
 * Promise:  https:// on the host that the client itself named, if that is a host name or address
 *           and nothing else, or else on ours; then the target as it was parsed. No byte of it can
 *           end a line or lead elsewhere.
 * Source:   RFC 9110 section 15.4.9; RFC 1123 section 2.1 for names.
 * Watch:    the host field is the client's own word: whoever can set it for a victim's browser has
 *           that browser already, but a cache must not keep the answer. */
#ifndef OC_EDGE_REDIRECT_H
#define OC_EDGE_REDIRECT_H

#include "server/edge/front.h"

/* The longest origin, its port included. */
#define ORIGIN_SIZE_MAX (FRONT_NAME_MAX + 20)

/* "https://example.org:8443" */
void origin_write(struct writer *w, struct str host_field, const struct front *f);

/* Is this a host as RFC 1123 wants it, an IPv4 address, or an IPv6 address in brackets? */
bool is_strict_host(struct str host);

#endif
