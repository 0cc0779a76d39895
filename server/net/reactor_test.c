#include "server/net/reactor.h"

#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/check.h"

#define MANY 300 /* more than the table has at first, and than one turn delivers */

struct watched {
    struct reactor *reactor;
    int fd;
    uint32_t slot;
    int calls;
    uint32_t events;
    struct watched *removes; /* another one, when this is called */
    struct watched *adds;    /* in its place */
};

static void on_event(void *ctx, uint32_t events)
{
    struct watched *w = ctx;
    w->calls++;
    w->events = events;
    if (w->removes != NULL) {
        reactor_remove(w->reactor, w->removes->slot);
        close(w->removes->fd);
        w->removes = NULL;
    }
    if (w->adds != NULL) {
        w->adds->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
        CHECK_INT(reactor_add(w->reactor, w->adds->fd, EPOLLIN, on_event, w->adds, &w->adds->slot),
                  OK);
        w->adds = NULL;
    }
}

static void watch(struct reactor *r, struct watched *w, uint32_t events, unsigned value)
{
    *w = (struct watched){.reactor = r, .fd = eventfd(value, EFD_CLOEXEC | EFD_NONBLOCK)};
    CHECK_INT(reactor_add(r, w->fd, events, on_event, w, &w->slot), OK);
}

static void turn(struct reactor *r)
{
    reactor_wait(r, 0);
    reactor_deliver(r);
}

TEST(reactor__what_happens__reaches_its_owner)
{
    struct reactor r;
    struct watched level, edge, quiet;
    CHECK_INT(reactor_open(&r), OK);
    watch(&r, &level, EPOLLIN, 1);
    watch(&r, &edge, EPOLLIN | EPOLLET, 1);
    watch(&r, &quiet, EPOLLIN, 0);
    turn(&r);
    turn(&r);
    CHECK_INT(level.calls, 2);
    CHECK_INT(edge.calls, 1);
    CHECK_INT(quiet.calls, 0);
    CHECK_INT(level.events, EPOLLIN);
    CHECK_INT(reactor_change(&r, level.slot, 0), OK);
    turn(&r);
    CHECK_INT(level.calls, 2);
    CHECK_INT(reactor_change(&r, level.slot, EPOLLIN | EPOLLOUT), OK);
    turn(&r);
    CHECK_INT(level.events, EPOLLIN | EPOLLOUT);
    reactor_close(&r);
    close(level.fd);
    close(edge.fd);
    close(quiet.fd);
}

/* Both have an event in the same turn; the first one called ends the other, whose descriptor number
 * and slot are given to a new one at once. */
TEST(reactor__an_event_of_a_closed_descriptor__does_not_reach_the_new_one)
{
    struct reactor r;
    struct watched a, b, fresh = {0};
    CHECK_INT(reactor_open(&r), OK);
    watch(&r, &a, EPOLLIN, 1);
    watch(&r, &b, EPOLLIN, 1);
    fresh.reactor = &r;
    a.removes = &b;
    b.removes = &a;
    a.adds = b.adds = &fresh;
    turn(&r);
    CHECK_INT(a.calls + b.calls, 1);
    CHECK_INT(fresh.calls, 0);
    struct watched *ended = a.calls == 1 ? &b : &a;
    CHECK_INT(fresh.fd, ended->fd); /* the kernel gives the lowest free number */
    CHECK_INT(fresh.slot, ended->slot);
    turn(&r);
    CHECK_INT(fresh.calls, 0);
    reactor_close(&r);
    close(fresh.fd);
    close(a.calls == 1 ? a.fd : b.fd);
}

TEST(reactor__many__are_all_served_and_their_slots_used_again)
{
    static struct watched many[MANY];
    struct reactor r;
    CHECK_INT(reactor_open(&r), OK);
    for (int i = 0; i < MANY; i++)
        watch(&r, &many[i], EPOLLIN, 1);
    turn(&r);
    turn(&r);
    for (int i = 0; i < MANY; i++)
        CHECK(many[i].calls >= 1);
    uint32_t cap = r.cap;
    for (int round = 0; round < 3; round++) {
        for (int i = 0; i < MANY; i++) {
            reactor_remove(&r, many[i].slot);
            close(many[i].fd);
        }
        for (int i = 0; i < MANY; i++)
            watch(&r, &many[i], EPOLLIN, 0);
    }
    CHECK_INT(r.cap, cap);
    turn(&r);
    for (int i = 0; i < MANY; i++) {
        CHECK_INT(many[i].calls, 0);
        close(many[i].fd);
    }
    reactor_close(&r);
}

TEST(reactor__a_descriptor_that_cannot_be_watched__is_refused)
{
    struct reactor r;
    uint32_t slot;
    CHECK_INT(reactor_open(&r), OK);
    CHECK_INT(reactor_add(&r, -1, EPOLLIN, on_event, NULL, &slot), ERR_IO);
    turn(&r);
    reactor_close(&r);
}

TESTS(reactor, TEST_ROW(reactor__what_happens__reaches_its_owner),
      TEST_ROW(reactor__an_event_of_a_closed_descriptor__does_not_reach_the_new_one),
      TEST_ROW(reactor__many__are_all_served_and_their_slots_used_again),
      TEST_ROW(reactor__a_descriptor_that_cannot_be_watched__is_refused))
