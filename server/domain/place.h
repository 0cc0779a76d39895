/* An address as an owner reads it: its text, and whose network it is in.
 *
 * Owns:     nothing.
 * Promise:  IPv4 is written as IPv4, however it came.
 * Source:   RFC 5952 for the text; RFC 1918, 3927, 4193, 4291, 6598 for networks of one's own.
 * Watch:    an address says which network somebody used, never who they are. */
#ifndef OC_DOMAIN_PLACE_H
#define OC_DOMAIN_PLACE_H

#include "server/domain/domain.h"

#define PLACE_TEXT_MAX 48

/* "192.0.2.7", "2001:db8::7"; empty when it is no address. */
struct str place_address(struct str peer, uint8_t out[static PLACE_TEXT_MAX]);

/* "this machine", "local network"; empty when it is anywhere else. */
struct str place_network(struct str peer);

#endif
