/* A device as the API shows it, made of its row and of what the core remembers.
 *
 * Owns:     the shape "Device" of api/openapi.yaml.
 * Promise:  no secret in it: neither verifier nor token nor digest.
 * Source:   api/openapi.yaml.
 * Watch:    queries read from a cursor: text in the row is copied before the cursor moves. */
#ifndef OC_API_DEVICE_JSON_H
#define OC_API_DEVICE_JSON_H

#include "server/api/call.h"
#include "server/domain/device.h"

void device_json(struct json_out *o, const struct domain *d,
                 const struct sql_device_of_owner_row *row);

/* A row of a list is the same device. */
struct sql_device_of_owner_row device_row(const struct sql_device_list_row *row);

/* Send event "device" to the owner's streams, if there are any. */
MUST_CHECK enum err publish_device(struct api *api, struct arena *a, int64_t account_id,
                                   struct str public_id);

/* Tell the owner that somebody poses as a device: event "audit". */
void publish_clone_alarm(struct api *api, int64_t account_id, struct str public_id);

/* A time as text, or null for 0. */
void json_out_name_time(struct json_out *o, struct str name, int64_t time_ms);

#endif
