/* All readings of an account, to take along: minute by minute, in pages.
 *
 * Owns:     nothing.
 * Promise:  each minute of each series of the owner once, and of nobody else; a page goes on behind
 *           the one before it, whatever has gone in between.
 * Source:   api/openapi.yaml; the right to one's data (GDPR article 20).
 * Watch:    a place is outside text: any numbers may stand in it; they only say where to go on. */
#ifndef OC_DOMAIN_EXPORT_H
#define OC_DOMAIN_EXPORT_H

#include "server/domain/domain.h"

/* The last minute that was given: of this series of this device. */
struct export_place {
    int64_t device_id;
    int64_t series_id;
    int64_t minute;
};

/* Three numbers and two dots. Empty: the beginning. ERR_PEER: no such text. */
#define EXPORT_PLACE_MAX 60
MUST_CHECK enum err export_place_read(struct str text, struct export_place *out);
struct str export_place_write(const struct export_place *place,
                              uint8_t out[static EXPORT_PLACE_MAX]);

struct export_row {
    struct str device_id, device, metric; /* borrowed for the call */
    int64_t minute;                       /* minutes since 1970-01-01 UTC */
    double min, mean, max;
    int64_t count;
};

/* Give up to at_most rows behind *place to take(), until it says that it has no room for another,
 * and move *place behind the last. *more: others follow. */
MUST_CHECK enum err export_minutes(struct domain *d, int64_t account_id, struct export_place *place,
                                   int64_t at_most,
                                   bool (*take)(void *ctx, const struct export_row *row), void *ctx,
                                   bool *more);

#endif
