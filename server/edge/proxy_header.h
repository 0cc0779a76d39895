/* PROXY protocol, versions 1 and 2: what a proxy says about its client before the first byte.
 *
 * Owns:     nothing.
 * Promise:  one grammar; bounded; what comes behind the header is left for TLS. Additional
 *           vectors (TLV) are skipped: nothing here depends on them.
 * Source:   The PROXY protocol, versions 1 and 2 (haproxy.org, 2020-03-05), sections 2.1, 2.2.
 * Watch:    to be read only from listed proxies: these bytes make anybody anyone. */
#ifndef OC_EDGE_PROXY_HEADER_H
#define OC_EDGE_PROXY_HEADER_H

#include "server/net/networks.h"

/* Version 1 has at most 107 bytes; version 2 has 52 and vectors, with certificates the longest. */
#define PROXY_HEADER_MAX 4096

struct proxy_header {
    bool has_client; /* false: the proxy speaks for itself, or knows no address */
    uint8_t client[ADDRESS_LEN];
};

/* OK: *taken bytes were the header. ERR_AGAIN: more is needed. ERR_PEER: it is none. */
MUST_CHECK enum err proxy_header_read(struct str bytes, struct proxy_header *out, size_t *taken);

#endif
