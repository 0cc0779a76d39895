/* Which networks belong to data centres and the like: what an address says about who has it.
 *
 * Owns:     the range_list table, and one table in memory made of all its lists and of our own.
 * Promise:  an answer in O(log n), 50,000 networks in less than 2 MB. Of networks that lie in each
 *           other the smallest answers, of equal ones that whose list names the provider, then the
 *           newer list, our own being the oldest.
 * Source:   SECURITY.md row M2.
 * Watch:    an answer is a hint for people, and never refuses anybody. */
#ifndef OC_DOMAIN_RANGES_H
#define OC_DOMAIN_RANGES_H

#include "server/domain/domain.h"
#include "server/domain/limits.h"
#include "server/domain/range_list.h"

#define RANGE_LISTS_MAX     16
#define RANGE_LIST_NAME_MAX 40
#define RANGE_SOURCE_MAX    280
#define RANGES_STORED_MAX   400000 /* of all lists together: 10 MB while they are read */
#define RANGE_LABELS_MAX    2048   /* pairs of a list and a provider */
#define RANGES_OLD_MS       (90 * DAY_MS)

enum range_kind {
    RANGE_DATACENTRE,
    RANGE_VPN,
    RANGE_PROXY,
    RANGE_TOR,
    RANGE_BOT,
    RANGE_KIND_COUNT,
};

/* Views are good until the next ranges_load(). */
struct range_hit {
    uint8_t first[16]; /* the network, as networks.h writes it with its prefix */
    unsigned prefix;
    struct str provider; /* empty: its list does not say */
    struct str list;     /* "built-in", or the name that the operator gave */
    enum range_kind kind;
    int64_t loaded_at_ms; /* how old the list is: when it was stored */
};

struct str range_kind_name(enum range_kind kind);
MUST_CHECK enum err range_kind_read(struct str name, enum range_kind *out);

/* ERR_NO_MEMORY; it knows nothing before ranges_load(). */
MUST_CHECK enum err ranges_new(struct ranges **out);
void ranges_free(struct ranges *r);

/* Fill d->ranges from the store, if there are other lists than before. */
MUST_CHECK enum err ranges_load(struct domain *d);

/* False: in none. r may be NULL: then nothing is known. */
bool ranges_find(const struct ranges *r, const uint8_t address[static PEER_LEN],
                 struct range_hit *out);

/* For the log and for tests: lists that did not read back or had no room, places where the answer
 * changes, bytes of memory. */
size_t ranges_damaged(const struct ranges *r);
size_t ranges_count(const struct ranges *r);
size_t ranges_memory(const struct ranges *r);

/* ---- changes, from the command line ---------------------------------------------------------- */

struct range_list_info {
    struct str name, source;
    enum range_kind kind;
};

bool range_list_name_is_valid(struct str name);

/* In place of the list of that name. ERR_LIMIT: that would be one list too many. */
MUST_CHECK enum err range_list_store(struct domain *d, const struct range_list_info *info,
                                     const struct range_list *list);

/* ERR_NOT_FOUND. */
MUST_CHECK enum err range_list_drop(struct domain *d, struct str name);

#endif
