/* Listening sockets: bound by the parent, given to the edges.
 *
 * Owns:     the descriptors until they are closed.
 * Promise:  one socket an edge on the same address (SO_REUSEPORT), so that the kernel spreads
 *           connections; the parent keeps them open, so that a connection made while an edge
 *           restarts waits instead of failing.
 * Source:   socket(7).
 * Watch:    port 0 asks the kernel for one; the other sockets then take the same. */
#ifndef OC_PROCESS_LISTENER_H
#define OC_PROCESS_LISTENER_H

#include "common/base/str.h"

#define LISTENER_COPIES_MAX 64
#define LISTENER_URL_MAX    300

struct listener {
    int fds[LISTENER_COPIES_MAX];
    size_t count;
    char url[LISTENER_URL_MAX]; /* https://HOST:PORT, where a browser on this machine finds it */
    char host[256];             /* as it was written, without brackets */
};

/* text: ADDR:PORT. ERR_PEER: no such address. ERR_CONFLICT: in use. ERR_DENIED: a port that needs
 * more rights. ERR_IO: anything else. */
MUST_CHECK enum err listener_open(const char *text, size_t copies, struct listener *out);
void listener_close(struct listener *l);

#endif
