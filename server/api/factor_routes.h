/* What the routes of second factors share.
 *
 * Owns:     nothing.
 * Promise:  as factor_routes.c.
 * Source:   api/openapi.yaml.
 * Watch:    codes are in the answer's body when it leaves, and nowhere after it. */
#ifndef OC_API_FACTOR_ROUTES_H
#define OC_API_FACTOR_ROUTES_H

#include "server/api/call.h"

/* A fresh set as the member "recovery_codes". The caller answers, and wipes the body. */
MUST_CHECK enum err recovery_codes_json(struct call *c, struct json_out *o);

/* 409: one is required, and this was the last. */
void answer_last_factor(struct call *c);

#endif
