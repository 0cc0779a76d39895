/* What a request says: its JSON body and its query.
 *
 * Owns:     nothing; text is a view into the request or lies in the call's arena.
 * Promise:  a body is one well-formed JSON object, a member that is asked for stands there once and
 *           has the right type, or the problem has been answered and names it.
 * Source:   RFC 8259, RFC 7493 (no repeated members).
 * Watch:    the same parser serves devices and owners: one grammar, one fuzz target. */
#ifndef OC_API_INPUT_H
#define OC_API_INPUT_H

#include "server/api/call.h"

/* False after the problem has been answered: the body is not one JSON object. */
bool input_is_object(struct call *c);

/* A string member of the body. False after the problem has been answered: missing, repeated or of
 * another type. */
bool input_string(struct call *c, const char *name, struct str *out);

/* A member that may be missing, or null: then *out is empty, or 0. An integer lies within least and
 * most. False after the problem has been answered. */
bool input_optional_string(struct call *c, const char *name, struct str *out);
/* An object, as its own text. */
bool input_object(struct call *c, const char *name, struct str *out);
bool input_optional_object(struct call *c, const char *name, struct str *out);
bool input_optional_int(struct call *c, const char *name, int64_t least, int64_t most,
                        int64_t *out);

/* The value of a query parameter, percent-decoded into the arena; empty when it is not there.
 * ERR_PEER: not decodable, or given twice. */
MUST_CHECK enum err query_value(struct call *c, struct str name, struct str *out);

#endif
