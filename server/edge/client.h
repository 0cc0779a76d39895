/* Whose request is it? The address of the client, as far as we can know it.
 *
 * Owns:     nothing.
 * Promise:  the words of a request count only when its connection came from a listed proxy; then
 *           the nearest address that is no listed proxy is the client, and what stands further
 *           away, where the client can write, is not looked at.
 * Source:   OWASP ASVS 4.1.3; RFC 7239 section 8.1 on why the end of the list is to be believed.
 * Watch:    used for limits and records, never to let anybody in. */
#ifndef OC_EDGE_CLIENT_H
#define OC_EDGE_CLIENT_H

#include "server/edge/front.h"
#include "server/edge/http1.h"

/* May somebody from this address speak to us at all? */
bool client_is_admitted(const struct front *f, const uint8_t peer[static ADDRESS_LEN]);

/* Does a connection from there begin with a PROXY header? */
bool client_sends_proxy_header(const struct front *f, const uint8_t peer[static ADDRESS_LEN]);

/* Do requests of many clients come over one connection from there? */
bool client_is_shared(const struct front *f, const uint8_t peer[static ADDRESS_LEN]);

/* peer: of the connection. ERR_PEER: a proxy has told us what is no address. */
MUST_CHECK enum err client_find(const struct front *f, const uint8_t peer[static ADDRESS_LEN],
                                const struct http1_request *r, uint8_t out[static ADDRESS_LEN]);

#endif
