/* Shared by the three halves of telemetry: taking in, rolling up, asking. */
#ifndef OC_DOMAIN_TELEMETRY_INTERNAL_H
#define OC_DOMAIN_TELEMETRY_INTERNAL_H

#include "common/base/writer.h"
#include "server/domain/minutes.h"

struct telemetry {
    uint8_t *buffer;
    struct writer chunk; /* of the batch under way */
    int64_t chunk_id;    /* it will be written under */
    int64_t newest_id;   /* written */
    /* roll-ups: minutes hold what chunks up to counted_up_to add, beyond the watermark */
    struct minutes minutes;
    int64_t counted_up_to;
    int64_t watermark;        /* as written */
    int64_t oldest_minute_ms; /* when the first of minutes came */
    int64_t damaged_chunks;
    int64_t saving_up_to; /* live values: the watermark once all slices are done; 0: none begun */
};

#endif
