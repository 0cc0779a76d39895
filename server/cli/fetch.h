/* All of a file, of standard input, or of an address that begins with https://.
 *
 * Owns:     the text, until fetch_free().
 * Promise:  never more than its bound, never over anything but TLS with a verified certificate, no
 *           redirect that leaves it, no longer than FETCH_TIMEOUT_S.
 * Source:   libcurl, loaded only when there is an address (server/courier/curl_lib.h).
 * Watch:    before database_open(): afterwards nothing outside can be reached. */
#ifndef OC_CLI_FETCH_H
#define OC_CLI_FETCH_H

#include "common/base/str.h"

#define FETCH_TIMEOUT_S 120
#define FETCH_REDIRECTS 5

/* An exit code; not EXIT_DONE: said why on standard error. ca: a file, NULL for the system's. */
int fetch(const char *source, const char *ca, size_t size_max, struct str *out);
/* The same of a file or standard input alone. */
int fetch_file(const char *path, size_t size_max, struct str *out);

/* Wiped: it may hold hashes of passwords. */
void fetch_free(struct str text);

#endif
