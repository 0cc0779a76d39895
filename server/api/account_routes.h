/* An owner's trail as the API shows it.
 *
 * Owns:     the shape "AuditEntry" of api/openapi.yaml.
 * Promise:  what stands in the trail, and no secret: there is none in it.
 * Source:   api/openapi.yaml.
 * Watch:    text in the row is borrowed from a cursor. */
#ifndef OC_API_ACCOUNT_ROUTES_H
#define OC_API_ACCOUNT_ROUTES_H

#include "queries.h"
#include "server/api/call.h"

void trail_entry_json(struct json_out *o, const struct sql_audit_page_row *row);

#endif
