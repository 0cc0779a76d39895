/* The server's database, as a command beside the server uses it.
 *
 * Owns:     nothing; the store is the caller's.
 * Promise:  what a command makes belongs to whom it would belong had the server made it: root
 *           becomes the core's user, or the user whose directory it is. From database_open() on the
 *           process reaches no other file.
 * Source:   server/process/data_dir.h, server/os/sandbox.h.
 * Watch:    read what you need from elsewhere, and ask what you have to ask, before it. */
#ifndef OC_CLI_DATABASE_H
#define OC_CLI_DATABASE_H

#include "server/process/config.h"
#include "server/process/data_dir.h"
#include "server/store/store.h"

/* Find the directory, or make it. An exit code; not EXIT_DONE: said why on standard error. */
int database_reach(const struct config *config, struct data_dir *data);

/* As store_open(): *out is there to be asked and closed even after a failure. */
MUST_CHECK enum err database_open(const struct data_dir *data, struct store **out);

/* The same, and a schema that is not this program's is left as it is: ERR_CONFLICT. */
MUST_CHECK enum err database_look(const struct data_dir *data, struct store **out);

#endif
