/* Who this device is to its server: kept in two slots, so that no power cut loses it.
 *
 * Owns:     nothing; the slots are the port's.
 * Promise:  identity_load() finds the newest whole one; a torn write leaves the one before it.
 * Source:   two slots, a sequence number and a CRC; the newer whole one counts (docs/PORTING.md).
 * Watch:    whoever reads the two keys is the device. Never logged, wiped when no longer needed. */
#ifndef OC_FIRMWARE_IDENTITY_H
#define OC_FIRMWARE_IDENTITY_H

#include "common/proto/device_messages.h"
#include "common/proto/scram.h"
#include "firmware/port/contract.h"

struct identity {
    uint64_t sequence; /* rises with every store; 0 for none */
    char device_id[SCRAM_USER_MAX];
    size_t device_id_len;
    uint8_t mac[MAC_LEN]; /* the server bound the device to it */
    uint8_t salt[SCRAM_SALT_LEN];
    uint32_t iterations;
    struct scram_client_keys keys;
};

/* ERR_NOT_FOUND: no slot holds one. */
MUST_CHECK enum err identity_load(const struct port_slots *slots, struct identity *out);

/* Into the slot that does not hold the present one; raises id->sequence. ERR_IO: nothing changed.
 */
MUST_CHECK enum err identity_store(const struct port_slots *slots, struct identity *id);

#endif
