/* Which file answers a request, and in which form.
 *
 * Owns:     nothing; the files are constants of the program (assets.h).
 * Promise:  no file system, no path arithmetic: a path is in the table or it is not.
 * Source:   RFC 9110 sections 12.5.3 (Accept-Encoding), 13.1.2 (If-None-Match), 15.4.5 (304).
 * Watch:    brotli before gzip before plain, unless the client weighs them otherwise. */
#ifndef OC_EDGE_STATIC_H
#define OC_EDGE_STATIC_H

#include "server/edge/assets.h"
#include "server/edge/http1.h"

/* NULL: no such file. */
const struct asset *asset_find(struct str path);

enum coding {
    CODING_IDENTITY,
    CODING_GZIP,
    CODING_BROTLI,
};

/* The best coding of this file that the client accepts. */
enum coding coding_choose(struct str accept_encoding, const struct asset *file);

/* Does If-None-Match name this version of the file? */
bool etag_matches(struct str if_none_match, struct str etag);

#endif
