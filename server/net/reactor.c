#include "server/net/reactor.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "common/base/assert.h"

#define SLOTS_AT_FIRST 64U

enum err reactor_open(struct reactor *r)
{
    *r = (struct reactor){.epoll = epoll_create1(EPOLL_CLOEXEC)};
    return r->epoll < 0 ? ERR_IO : OK;
}

void reactor_close(struct reactor *r)
{
    if (r->epoll >= 0)
        close(r->epoll);
    free(r->slots);
    *r = (struct reactor){.epoll = -1};
}

static enum err slots_grow(struct reactor *r)
{
    uint32_t cap = r->cap == 0 ? SLOTS_AT_FIRST : r->cap * 2;
    struct reactor_slot *slots = reallocarray(r->slots, cap, sizeof *slots);
    if (slots == NULL)
        return ERR_NO_MEMORY;
    for (uint32_t i = r->cap; i < cap; i++)
        slots[i] = (struct reactor_slot){.fd = -1, .next_free = i + 1};
    r->slots = slots;
    r->cap = cap;
    return OK;
}

static uint64_t label(const struct reactor *r, uint32_t slot)
{
    return (uint64_t)r->slots[slot].generation << 32 | slot;
}

enum err reactor_add(struct reactor *r, int fd, uint32_t events, reactor_fn *fn, void *ctx,
                     uint32_t *slot)
{
    if (r->free == r->cap)
        TRY(slots_grow(r));
    uint32_t chosen = r->free;
    struct epoll_event event = {.events = events, .data.u64 = label(r, chosen)};
    if (epoll_ctl(r->epoll, EPOLL_CTL_ADD, fd, &event) != 0)
        return ERR_IO;
    struct reactor_slot *s = &r->slots[chosen];
    r->free = s->next_free;
    s->fn = fn;
    s->ctx = ctx;
    s->fd = fd;
    *slot = chosen;
    return OK;
}

enum err reactor_change(struct reactor *r, uint32_t slot, uint32_t events)
{
    ASSERT(slot < r->cap && r->slots[slot].fn != NULL);
    struct epoll_event event = {.events = events, .data.u64 = label(r, slot)};
    return epoll_ctl(r->epoll, EPOLL_CTL_MOD, r->slots[slot].fd, &event) == 0 ? OK : ERR_IO;
}

void reactor_remove(struct reactor *r, uint32_t slot)
{
    ASSERT(slot < r->cap && r->slots[slot].fn != NULL);
    struct reactor_slot *s = &r->slots[slot];
    /* Closing would do it too, but only once the last copy of the descriptor is gone. */
    (void)epoll_ctl(r->epoll, EPOLL_CTL_DEL, s->fd, NULL);
    *s = (struct reactor_slot){.fd = -1, .generation = s->generation + 1, .next_free = r->free};
    r->free = slot;
}

void reactor_wait(struct reactor *r, int timeout_ms)
{
    r->ready = epoll_wait(r->epoll, r->events, REACTOR_BATCH, timeout_ms);
    ASSERT(r->ready >= 0 || errno == EINTR);
}

void reactor_deliver(struct reactor *r)
{
    for (int i = 0; i < r->ready; i++) {
        uint32_t slot = (uint32_t)r->events[i].data.u64;
        uint32_t generation = (uint32_t)(r->events[i].data.u64 >> 32);
        /* A copy: the call may add descriptors and move the table. */
        struct reactor_slot s = r->slots[slot];
        if (s.fn != NULL && s.generation == generation)
            s.fn(s.ctx, r->events[i].events);
    }
    r->ready = 0;
}
