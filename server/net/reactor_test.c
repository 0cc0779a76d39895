#include "server/net/reactor.h"

#include <sys/socket.h>
#include <unistd.h>

#include "tests/check.h"

static struct reactor reactor;

/* One watched end of a pair; what it hears is counted. */
struct ear {
    int fd, other;
    uint32_t slot;
    int heard;
    struct ear *victim, *heir; /* removed, and added in its place, when this one hears */
};

static void on_event(void *ctx, uint32_t events);

static void open_ear(struct ear *e)
{
    int fds[2];
    CHECK_INT(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fds), 0);
    *e = (struct ear){.fd = fds[0], .other = fds[1]};
}

static void watch(struct ear *e)
{
    CHECK_INT(reactor_add(&reactor, e->fd, EPOLLIN, on_event, e, &e->slot), OK);
}

static void close_ear(struct ear *e)
{
    close(e->fd);
    close(e->other);
}

static void speak(struct ear *e)
{
    CHECK_INT(write(e->other, "x", 1), 1);
}

static void on_event(void *ctx, uint32_t events)
{
    struct ear *e = ctx;
    char c;
    CHECK((events & EPOLLIN) != 0);
    CHECK_INT(read(e->fd, &c, 1), 1);
    e->heard++;
    if (e->victim == NULL)
        return;
    reactor_remove(&reactor, e->victim->slot);
    close(e->victim->fd);
    e->victim->fd = -1;
    if (e->heir != NULL) { /* likely with the very number, and surely in the very slot */
        open_ear(e->heir);
        watch(e->heir);
        CHECK_INT(e->heir->slot, e->victim->slot);
    }
    e->victim->victim = NULL;
    e->victim = NULL;
}

static void turn(void)
{
    reactor_wait(&reactor, 0);
    reactor_deliver(&reactor);
}

TEST(reactor__events_reach_those_they_are_for)
{
    struct ear ears[3];
    CHECK_INT(reactor_open(&reactor), OK);
    for (size_t i = 0; i < 3; i++) {
        open_ear(&ears[i]);
        watch(&ears[i]);
    }
    speak(&ears[1]);
    turn();
    CHECK(ears[0].heard == 0 && ears[1].heard == 1 && ears[2].heard == 0);
    turn();
    CHECK_INT(ears[1].heard, 1);
    reactor_remove(&reactor, ears[1].slot);
    speak(&ears[1]);
    speak(&ears[2]);
    turn();
    CHECK(ears[1].heard == 1 && ears[2].heard == 1);
    for (size_t i = 0; i < 3; i++)
        close_ear(&ears[i]);
    reactor_close(&reactor);
}

/* Both have something to say in one turn; whoever is called first ends the other. */
static void remove_each_other(bool with_heir)
{
    struct ear a, b, heir = {.fd = -1, .other = -1};
    CHECK_INT(reactor_open(&reactor), OK);
    open_ear(&a);
    open_ear(&b);
    watch(&a);
    watch(&b);
    a.victim = &b;
    b.victim = &a;
    a.heir = b.heir = with_heir ? &heir : NULL;
    speak(&a);
    speak(&b);
    turn();
    CHECK_INT(a.heard + b.heard, 1);
    CHECK_INT(heir.heard, 0); /* what was collected for the one before is not for the heir */
    if (with_heir) {
        speak(&heir);
        turn();
        CHECK_INT(heir.heard, 1);
        close_ear(&heir);
    }
    if (a.fd >= 0)
        close(a.fd);
    if (b.fd >= 0)
        close(b.fd);
    close(a.other);
    close(b.other);
    reactor_close(&reactor);
}

TEST(reactor_deliver__a_descriptor_removed_in_the_same_turn__hears_nothing)
{
    remove_each_other(false);
}

TEST(reactor_deliver__a_new_one_in_its_slot__does_not_hear_what_was_meant_for_the_old)
{
    remove_each_other(true);
}

static int adding;
static struct ear crowd[200];

static void add_many(void *ctx, uint32_t events)
{
    struct ear *e = ctx;
    char c;
    (void)events;
    CHECK_INT(read(e->fd, &c, 1), 1);
    for (; adding < 200; adding++) { /* the table grows under the turn's feet */
        open_ear(&crowd[adding]);
        watch(&crowd[adding]);
    }
}

TEST(reactor_deliver__the_table_may_grow_meanwhile)
{
    struct ear first, second;
    adding = 0;
    CHECK_INT(reactor_open(&reactor), OK);
    open_ear(&first);
    open_ear(&second);
    CHECK_INT(reactor_add(&reactor, first.fd, EPOLLIN, add_many, &first, &first.slot), OK);
    watch(&second);
    speak(&first);
    speak(&second);
    turn();
    CHECK_INT(second.heard, 1);
    for (int i = 0; i < 200; i++)
        speak(&crowd[i]);
    turn();
    for (int i = 0; i < 200; i++) {
        CHECK_INT(crowd[i].heard, 1);
        reactor_remove(&reactor, crowd[i].slot);
        close_ear(&crowd[i]);
    }
    close_ear(&first);
    close_ear(&second);
    reactor_close(&reactor);
}

TEST(reactor_change__is_what_is_waited_for_from_then_on)
{
    struct ear e;
    CHECK_INT(reactor_open(&reactor), OK);
    open_ear(&e);
    watch(&e);
    CHECK_INT(reactor_change(&reactor, e.slot, 0), OK);
    speak(&e);
    turn();
    CHECK_INT(e.heard, 0);
    CHECK_INT(reactor_change(&reactor, e.slot, EPOLLIN), OK);
    turn();
    CHECK_INT(e.heard, 1);
    close_ear(&e);
    reactor_close(&reactor);
}

TEST(reactor_add__what_cannot_be_watched__is_told)
{
    uint32_t slot;
    struct ear e;
    CHECK_INT(reactor_open(&reactor), OK);
    CHECK_INT(reactor_add(&reactor, -1, EPOLLIN, on_event, NULL, &slot), ERR_IO);
    open_ear(&e);
    watch(&e);
    CHECK_INT(reactor_add(&reactor, e.fd, EPOLLIN, on_event, &e, &slot), ERR_IO); /* twice */
    speak(&e);
    turn();
    CHECK_INT(e.heard, 1);
    close_ear(&e);
    reactor_close(&reactor);
}

TESTS(reactor, TEST_ROW(reactor__events_reach_those_they_are_for),
      TEST_ROW(reactor_deliver__a_descriptor_removed_in_the_same_turn__hears_nothing),
      TEST_ROW(reactor_deliver__a_new_one_in_its_slot__does_not_hear_what_was_meant_for_the_old),
      TEST_ROW(reactor_deliver__the_table_may_grow_meanwhile),
      TEST_ROW(reactor_change__is_what_is_waited_for_from_then_on),
      TEST_ROW(reactor_add__what_cannot_be_watched__is_told))
