/* Listening sockets: bound by the parent, given to the edges.
 *
 * Owns:     the descriptors until they are closed.
 * Promise:  one socket an edge on the same address (SO_REUSEPORT), so that the kernel spreads
 *           connections; the parent keeps them open, so that a connection made while an edge
 *           restarts waits instead of failing.
 * Source:   socket(7).
 * Watch:    port 0 asks the kernel for one; the other sockets then take the same, those of the
 *           other addresses of a name too. */
#ifndef OC_PROCESS_LISTENER_H
#define OC_PROCESS_LISTENER_H

#include "common/base/str.h"

#define LISTENER_COPIES_MAX    64
#define LISTENER_ADDRESSES_MAX 4 /* of one name */
#define LISTENER_URL_MAX       300

struct listener {
    int fds[LISTENER_COPIES_MAX];
    size_t count;
    uint16_t port;
    char url[LISTENER_URL_MAX]; /* //HOST:PORT, where a browser on this machine finds it */
    char host[256];             /* as it was written, without brackets */
};

/* text: ADDR:PORT. One listener for each address that a name has here, at most room of them; an
 * address of a name that this machine does not have is left out while another one is there.
 * ERR_PEER: no such address. ERR_CONFLICT: in use. ERR_DENIED: a port that needs more rights.
 * ERR_LIMIT: no room. ERR_IO: anything else. */
MUST_CHECK enum err listener_open(const char *text, size_t copies, struct listener *out,
                                  size_t room, size_t *count);
void listener_close(struct listener *l);

/* Does this host mean every address of the machine? */
bool listener_host_is_any(const char *host);

#endif
