/* The addresses that Cloudflare's proxies come from: published data with a date.
 *
 * Owns:     DIR/cloudflare.txt, once the operator has stored a newer list.
 * Promise:  a stored list is used instead of ours, never beside it; one that cannot be what it
 *           claims to be (not CIDR, a network as large as a continent, empty) is refused whole.
 * Source:   https://www.cloudflare.com/ips/ (ips-v4, ips-v6: one network a line).
 * Watch:    whoever is on this list can be anybody: take it from the source over https only. */
#ifndef OC_PROCESS_CLOUDFLARE_H
#define OC_PROCESS_CLOUDFLARE_H

#include "server/net/networks.h"

#define CLOUDFLARE_FILE         "cloudflare.txt"
#define CLOUDFLARE_SIZE_MAX     (32 * 1024)
#define CLOUDFLARE_NETWORKS_MAX 512

/* One network a line; empty lines and what follows '#' are let pass. Nothing is added unless all of
 * it is good. *line: where it is not. */
MUST_CHECK enum err cloudflare_parse(struct str text, struct networks *out, unsigned *line);

/* The stored list, or ours. *stored_at_s: 0 when it is ours. ERR_CORRUPT: the stored one is no
 * list. */
MUST_CHECK enum err cloudflare_load(const char *data_dir, struct networks *out,
                                    int64_t *stored_at_s);

MUST_CHECK enum err cloudflare_store(const char *data_dir, struct str text);

#endif
