/* One thread's wait for its descriptors.
 *
 * Owns:     the epoll descriptor and a table of slots; never the descriptors that it watches.
 * Promise:  an event collected for a descriptor that was removed since, even in the same turn and
 *           even when its number was given to a new one, reaches nobody.
 * Source:   epoll(7); nginx ngx_epoll_module.c for the stale-event problem, solved there with a
 *           bit in the pointer, here with a generation beside the slot.
 * Watch:    connections register once, edge-triggered for everything, and remember what they may
 *           do: no epoll_ctl on the data path. Listeners and links are level-triggered. */
#ifndef OC_NET_REACTOR_H
#define OC_NET_REACTOR_H

#include <sys/epoll.h>

#include "common/base/str.h"

#define REACTOR_BATCH 256 /* events taken in one turn */

typedef void reactor_fn(void *ctx, uint32_t events);

struct reactor_slot {
    reactor_fn *fn; /* NULL: free */
    void *ctx;
    int fd;
    uint32_t generation;
    uint32_t next_free;
};

struct reactor {
    int epoll;
    struct reactor_slot *slots;
    uint32_t cap;
    uint32_t free; /* first free slot, cap when there is none */
    int ready;     /* events of this turn */
    struct epoll_event events[REACTOR_BATCH];
};

MUST_CHECK enum err reactor_open(struct reactor *r);
void reactor_close(struct reactor *r);

/* Watch fd for events (EPOLLIN, EPOLLET, …); fn is called with ctx, which is kept. */
MUST_CHECK enum err reactor_add(struct reactor *r, int fd, uint32_t events, reactor_fn *fn,
                                void *ctx, uint32_t *slot);
MUST_CHECK enum err reactor_change(struct reactor *r, uint32_t slot, uint32_t events);

/* Call it before closing the descriptor. */
void reactor_remove(struct reactor *r, uint32_t slot);

/* Wait at most timeout_ms (-1: for ever). The clock is read between this and the delivery. */
void reactor_wait(struct reactor *r, int timeout_ms);

/* Call everybody to whom something has happened. */
void reactor_deliver(struct reactor *r);

#endif
