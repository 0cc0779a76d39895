/* The parent: binds, starts, restarts, drains; holds no data and speaks to no network.
 *
 * Owns:     the lock on the data directory, the listening sockets, the control socket of each
 *           child, both ends of the pairs between edges and keyring, the ticket keys; no key.
 * Promise:  a killed child is back at once and the others do not notice; a child that cannot start
 *           the first time ends the server with a clear line; SIGTERM lets requests under way
 *           finish, then exits 0; SIGUSR1 looks at the certificate now.
 * Source:   OpenBSD relayd proc.c; ARCHITECTURE.md.
 * Watch:    children are executed anew (fresh address space), never only forked. */
#ifndef OC_PROCESS_PARENT_H
#define OC_PROCESS_PARENT_H

#include "server/process/config.h"

/* Serve until SIGTERM; the value is the exit code. */
int parent_main(const struct config *config);

#endif
