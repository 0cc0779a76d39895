#include "server/net/timers.h"

#include <limits.h>
#include <stddef.h>

#include "common/base/assert.h"

#define SLOT_MASK (TIMERS_SLOTS - 1)

static void list_init(struct timer *head)
{
    head->prev = head->next = head;
}

void timers_init(struct timers *w, int64_t now_ms)
{
    *w = (struct timers){.tick = now_ms / TIMERS_TICK_MS};
    for (int level = 0; level < TIMERS_LEVELS; level++) {
        for (int i = 0; i < TIMERS_SLOTS; i++)
            list_init(&w->slot[level][i]);
    }
}

/* The first tick that is not before the deadline. */
static int64_t due_tick(const struct timer *t)
{
    return (t->at_ms + TIMERS_TICK_MS - 1) / TIMERS_TICK_MS;
}

/* File t, due at earliest or later, by its distance from now. */
static void file(struct timers *w, struct timer *t, int64_t earliest)
{
    int64_t tick = due_tick(t) > earliest ? due_tick(t) : earliest;
    int64_t furthest = w->tick + ((int64_t)1 << (TIMERS_BITS * TIMERS_LEVELS)) - 1;
    if (tick > furthest)
        tick = furthest;
    int level = 0;
    while ((tick - w->tick) >> (TIMERS_BITS * (level + 1)) != 0)
        level++;
    int i = (int)(tick >> (TIMERS_BITS * level)) & SLOT_MASK;
    struct timer *head = &w->slot[level][i];
    t->filed_tick = tick;
    t->prev = head->prev;
    t->next = head;
    head->prev->next = t;
    head->prev = t;
    w->used[level] |= (uint64_t)1 << i;
}

static void unfile(struct timers *w, struct timer *t)
{
    struct timer *neighbour = t->prev;
    t->prev->next = t->next;
    t->next->prev = t->prev;
    t->prev = t->next = NULL;
    if (neighbour->next != neighbour)
        return;
    /* Only a head is left. It may also be the private one of take_slot(). */
    uintptr_t offset = (uintptr_t)neighbour - (uintptr_t)w->slot;
    if (offset < sizeof w->slot) {
        size_t i = offset / sizeof w->slot[0][0];
        w->used[i / TIMERS_SLOTS] &= ~((uint64_t)1 << (i % TIMERS_SLOTS));
    }
}

bool timer_is_set(const struct timer *t)
{
    return t->next != NULL;
}

void timer_cancel(struct timers *w, struct timer *t)
{
    if (timer_is_set(t))
        unfile(w, t);
}

void timer_set(struct timers *w, struct timer *t, int64_t at_ms)
{
    ASSERT(t->fire != NULL && at_ms >= 0);
    t->at_ms = at_ms;
    if (timer_is_set(t)) {
        if (due_tick(t) >= t->filed_tick)
            return; /* later: see Watch */
        unfile(w, t);
    }
    file(w, t, w->tick + 1);
}

/* Move a slot's list to a head of our own, so that what is filed meanwhile is not met again. */
static void take_slot(struct timers *w, int level, int i, struct timer *taken)
{
    struct timer *head = &w->slot[level][i];
    list_init(taken);
    if (head->next != head) {
        taken->next = head->next;
        taken->prev = head->prev;
        taken->next->prev = taken;
        taken->prev->next = taken;
        list_init(head);
    }
    w->used[level] &= ~((uint64_t)1 << i);
}

static void slot_refile(struct timers *w, int level)
{
    struct timer taken;
    take_slot(w, level, (int)(w->tick >> (TIMERS_BITS * level)) & SLOT_MASK, &taken);
    while (taken.next != &taken) {
        struct timer *t = taken.next;
        unfile(w, t);
        file(w, t, w->tick);
    }
}

static void slot_fire(struct timers *w)
{
    struct timer taken;
    int i = (int)w->tick & SLOT_MASK;
    if ((w->used[0] >> i & 1) == 0)
        return;
    take_slot(w, 0, i, &taken);
    while (taken.next != &taken) {
        struct timer *t = taken.next;
        unfile(w, t);
        if (due_tick(t) > w->tick)
            file(w, t, w->tick + 1); /* it was moved later */
        else
            t->fire(t);
    }
}

void timers_run(struct timers *w, int64_t now_ms)
{
    int64_t now = now_ms / TIMERS_TICK_MS;
    while (w->tick < now) {
        w->tick++;
        /* From the highest level down: what comes from one may belong to the next. */
        for (int level = TIMERS_LEVELS - 1; level > 0; level--) {
            if ((w->tick & (((int64_t)1 << (TIMERS_BITS * level)) - 1)) == 0)
                slot_refile(w, level);
        }
        slot_fire(w);
    }
}

int timers_wait_ms(const struct timers *w, int64_t now_ms)
{
    int64_t soonest = INT64_MAX;
    for (int level = 0; level < TIMERS_LEVELS; level++) {
        if (w->used[level] == 0)
            continue;
        int64_t here = w->tick >> (TIMERS_BITS * level);
        unsigned turn = (unsigned)(here + 1) & SLOT_MASK;
        uint64_t ahead = w->used[level] >> turn;
        if (turn > 0)
            ahead |= w->used[level] << (TIMERS_SLOTS - turn);
        int64_t tick = (here + 1 + __builtin_ctzll(ahead)) << (TIMERS_BITS * level);
        if (tick < soonest)
            soonest = tick;
    }
    if (soonest == INT64_MAX)
        return -1;
    int64_t wait_ms = soonest * TIMERS_TICK_MS - now_ms;
    return wait_ms < 0 ? 0 : wait_ms > INT_MAX ? INT_MAX : (int)wait_ms;
}

void timers_check(const struct timers *w)
{
    for (int level = 0; level < TIMERS_LEVELS; level++) {
        for (int i = 0; i < TIMERS_SLOTS; i++) {
            const struct timer *head = &w->slot[level][i];
            ASSERT((head->next != head) == ((w->used[level] >> i & 1) == 1));
            for (const struct timer *t = head->next; t != head; t = t->next) {
                ASSERT(t->next->prev == t && t->prev->next == t);
                ASSERT(t->filed_tick > w->tick);
                ASSERT((t->filed_tick >> (TIMERS_BITS * level) & SLOT_MASK) == i);
                ASSERT((t->filed_tick - w->tick) >> (TIMERS_BITS * TIMERS_LEVELS) == 0);
            }
        }
    }
}
