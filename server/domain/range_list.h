/* One published list of networks: what an operator stores, and how it lies in the database.
 *
 * Owns:     the entries of a list that was read from text; a packed list is only a view.
 * Promise:  a list is taken whole or not at all, and a refusal names the line. Networks are sorted,
 *           each once.
 * Source:   the two forms in use: a network a line (X4BNet/lists_vpn), "provider network" a line
 *           (lord-alfred/ipranges); '#' and ';' begin remarks.
 * Watch:    an address is a key of 64 bits: an IPv4 address itself, or the first half of an IPv6
 *           address, which hosting companies give whole to one customer. No IPv6 network that is
 *           routed begins with 32 zero bits, so the two cannot meet. */
#ifndef OC_DOMAIN_RANGE_LIST_H
#define OC_DOMAIN_RANGE_LIST_H

#include "common/base/reader.h"
#include "common/base/writer.h"

#define RANGE_TEXT_MAX      (16 * 1024 * 1024)
#define RANGE_LINES_MAX     200000
#define RANGE_PROVIDERS_MAX 512 /* in one list */
#define RANGE_PROVIDER_MAX  32
#define RANGE_PACKED_MAX                                                                           \
    (RANGE_PROVIDERS_MAX * (RANGE_PROVIDER_MAX + 1) + RANGE_LINES_MAX * 11 + 16)
/* The largest real ones are a /9 and a /16; a slip of the pen would be everybody. */
#define RANGE_PREFIX_V4_LEAST 8
#define RANGE_PREFIX_V6_LEAST 16

struct range {
    uint64_t first;    /* key */
    uint16_t provider; /* which of its list; 0: the list does not say */
    uint8_t prefix;    /* 8 to 32 of an IPv4 key, 16 to 64 of an IPv6 one */
};

struct range_provider {
    char text[RANGE_PROVIDER_MAX];
    uint8_t len;
};

struct range_list {
    struct range *ranges; /* owned, room for RANGE_LINES_MAX */
    size_t count;
    struct range_provider providers[RANGE_PROVIDERS_MAX]; /* the first is empty */
    size_t provider_count;
};

/* Of an address as networks.h has it: IPv6, or IPv4-mapped. */
uint64_t range_key(const uint8_t address[static 16]);
uint64_t range_last(const struct range *r);
bool range_is_v4(uint64_t key);

MUST_CHECK enum err range_list_init(struct range_list *list);
void range_list_done(struct range_list *list);

/* ERR_PEER: *line is not what it should be, and *why says so in words. */
MUST_CHECK enum err range_list_read(struct range_list *out, struct str text, unsigned *line,
                                    const char **why);

/* As it lies in the database. RANGE_PACKED_MAX is enough for every list. */
void range_list_pack(const struct range_list *list, struct writer *out);

/* Walk over a packed list: the names, then the ranges. */
struct packed_ranges {
    struct reader reader;
    uint32_t left;
    uint16_t provider_count;
    struct range before;
};
struct packed_ranges packed_ranges_of(struct str packed);   /* reads how many providers there are */
struct str packed_ranges_provider(struct packed_ranges *p); /* provider_count times, then */
void packed_ranges_begin(struct packed_ranges *p);
bool packed_ranges_next(struct packed_ranges *p, struct range *out); /* until it is false, then */
MUST_CHECK enum err packed_ranges_end(const struct packed_ranges *p);

#endif
