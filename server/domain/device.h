/* Devices as their owners see them: added, renamed, told what to do, removed.
 *
 * Owns:     the device table, and the registration token of a device until it is used.
 * Promise:  every call names the owner, and another owner's device is ERR_NOT_FOUND.
 * Source:   SECURITY.md rows A2 and D2.
 * Watch:    struct sql_device_of_owner_row is the device as stored; what is only in memory
 *           (latest values, presence) is in struct live. */
#ifndef OC_DOMAIN_DEVICE_H
#define OC_DOMAIN_DEVICE_H

#include "queries.h"
#include "server/domain/credential.h"
#include "server/domain/domain.h"

struct device_added {
    uint8_t public_id[PUBLIC_ID_MAX];
    size_t public_id_len;
    struct credential token; /* wiped by the caller */
    int64_t expires_at_ms;
};

/* ERR_PEER: name or board not acceptable. ERR_LIMIT: DEVICES_PER_OWNER reached. */
MUST_CHECK enum err device_add(struct domain *d, int64_t account_id, struct str name,
                               struct str board, struct device_added *out);

/* A fresh registration token; the one before it dies. A device that is registered already keeps
 * its identity until the token is used. */
MUST_CHECK enum err device_renew_token(struct domain *d, int64_t account_id, int64_t device_id,
                                       struct str public_id, struct credential *token,
                                       int64_t *expires_at_ms);

MUST_CHECK enum err device_rename(struct domain *d, int64_t account_id, int64_t device_id,
                                  struct str public_id, struct str name);

MUST_CHECK enum err device_remove(struct domain *d, int64_t account_id, int64_t device_id,
                                  struct str public_id);

/* desired: a JSON object that has been checked. The version rises by one. */
MUST_CHECK enum err device_set_desired(struct domain *d, int64_t account_id,
                                       const struct sql_device_of_owner_row *device,
                                       struct str desired, int64_t interval_s, int64_t *version);

/* From the device itself: its session has named it. */
MUST_CHECK enum err device_set_reported(struct domain *d, int64_t device_id, struct str reported,
                                        int64_t version);

bool board_name_is_valid(struct str board);

#endif
