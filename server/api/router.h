/* See router.c. */
#ifndef OC_API_ROUTER_H
#define OC_API_ROUTER_H

#include "server/api/call.h"

/* Find the route, check the caller, run the handler. Errors as api_request(). */
MUST_CHECK enum err route_call(struct call *c);

/* Neither Origin nor Sec-Fetch-Site says that another site sent this. */
bool request_is_same_origin(const struct request *r);

/* Does a browser session that is good come with it? */
bool caller_is_signed_in(struct call *c);

#endif
