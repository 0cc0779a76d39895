/* Networks that are known to everybody: published, or registered to one company for years.
 *
 * Owns:     constant data.
 * Promise:  text as the operator would write it, so that our own list is read by the same code and
 *           meets the same checks as a newer one.
 * Source:   https://www.cloudflare.com/ips/; for hosting companies common knowledge of their large
 *           allocations, compared with public lists of data centres (X4BNet, lord-alfred/ipranges).
 * Watch:    facts with a date; `oceanremote ranges` takes newer and complete lists. */
#ifndef OC_NET_KNOWN_NETWORKS_H
#define OC_NET_KNOWN_NETWORKS_H

#define KNOWN_NETWORKS_ON    "2026-11-22"
#define KNOWN_NETWORKS_ON_MS INT64_C(1795305600000) /* its midnight, UTC */

/* Where Cloudflare's proxies come from: a network a line. */
extern const char cloudflare_networks[];

/* Large aggregates of hosting companies: "provider network" a line. Far from complete, none of them
 * given to homes. */
extern const char hosting_networks[];

#endif
