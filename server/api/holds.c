#include "server/api/holds.h"

#include <stdlib.h>

const struct reply holds_nothing_new = {.status = 204};

static uint64_t origin_key(struct origin o)
{
    return slots_spread(o.id ^ (uint64_t)o.link << 56);
}

static uint64_t hold_key(const void *entry)
{
    return origin_key(((const struct hold *)entry)->origin);
}

static bool is_origin(const void *entry, const void *it)
{
    const struct origin *a = &((const struct hold *)entry)->origin;
    const struct origin *b = it;
    return a->link == b->link && a->id == b->id;
}

void holds_init(struct holds *h)
{
    *h = (struct holds){0};
    slots_init(&h->by_origin, hold_key);
}

void holds_done(struct holds *h)
{
    size_t position = 0;
    for (struct hold *hold; (hold = slots_next(&h->by_origin, &position)) != NULL;)
        free(hold);
    slots_done(&h->by_origin);
}

enum err holds_add(struct holds *h, struct live *live, struct origin origin, int64_t ends_at_ms)
{
    struct hold *hold = calloc(1, sizeof *hold);
    if (hold == NULL)
        return ERR_NO_MEMORY;
    *hold = (struct hold){origin, live->device_id, ends_at_ms};
    if (slots_add(&h->by_origin, hold) != OK) {
        free(hold);
        return ERR_NO_MEMORY;
    }
    live->hold = hold;
    return OK;
}

struct hold *holds_find(const struct holds *h, struct origin origin)
{
    return slots_find(&h->by_origin, origin_key(origin), is_origin, &origin);
}

void holds_forget(struct holds *h, struct live_table *t, struct hold *hold)
{
    struct live *live = live_find(t, hold->device_id);
    if (live != NULL && live->hold == hold)
        live->hold = NULL;
    slots_remove(&h->by_origin, hold);
    free(hold);
}

void holds_answer(struct holds *h, const struct outlet *outlet, struct live *live,
                  const struct reply *reply)
{
    struct hold *hold = live->hold;
    if (hold == NULL)
        return;
    outlet->reply(outlet->ctx, hold->origin, reply);
    live->hold = NULL;
    slots_remove(&h->by_origin, hold);
    free(hold);
}

/* The next hold for which is_over() says so, looking from *position on. */
static struct hold *next_hold(struct holds *h, size_t *position,
                              bool (*is_over)(const struct hold *hold, int64_t arg), int64_t arg)
{
    struct hold *hold;
    while ((hold = slots_next(&h->by_origin, position)) != NULL) {
        if (is_over(hold, arg))
            return hold;
    }
    return NULL;
}

/* Removing an entry moves others, so a walk that removes starts again behind a moved one: stepping
 * back by one slot is enough, since entries only ever move backwards into the hole. */
static void step_back(size_t *position)
{
    (*position)--;
}

static bool is_of_link(const struct hold *hold, int64_t link)
{
    return hold->origin.link == link;
}

void holds_forget_link(struct holds *h, struct live_table *t, uint32_t link, int64_t now_ms)
{
    size_t position = 0;
    for (struct hold *hold; (hold = next_hold(h, &position, is_of_link, link)) != NULL;) {
        struct live *live = live_find(t, hold->device_id);
        if (live != NULL)
            live->last_seen_ms = now_ms;
        holds_forget(h, t, hold);
        step_back(&position);
    }
}

static bool has_ended(const struct hold *hold, int64_t now_ms)
{
    return hold->ends_at_ms <= now_ms;
}

static void answer_nothing_new(struct holds *h, const struct outlet *outlet, struct live_table *t,
                               struct hold *hold)
{
    outlet->reply(outlet->ctx, hold->origin, &holds_nothing_new);
    holds_forget(h, t, hold);
}

void holds_check(struct holds *h, const struct outlet *outlet, struct live_table *t, int64_t now_ms)
{
    if (now_ms < h->next_check_ms)
        return;
    h->next_check_ms = now_ms + HOLD_CHECK_MS;
    size_t position = 0;
    for (struct hold *hold; (hold = next_hold(h, &position, has_ended, now_ms)) != NULL;) {
        struct live *live = live_find(t, hold->device_id);
        if (live != NULL)
            live->last_seen_ms = now_ms; /* it was there all the time */
        answer_nothing_new(h, outlet, t, hold);
        step_back(&position);
    }
}

static bool is_any(const struct hold *hold, int64_t unused)
{
    (void)hold;
    (void)unused;
    return true;
}

void holds_relink(struct holds *h, const struct outlet *outlet, struct live_table *t)
{
    size_t position = 0;
    for (struct hold *hold; (hold = next_hold(h, &position, is_any, 0)) != NULL;) {
        struct live *live = live_find(t, hold->device_id);
        if (live != NULL && live->hold == NULL) {
            live->hold = hold;
            continue;
        }
        answer_nothing_new(h, outlet, t, hold);
        step_back(&position);
    }
}

void holds_answer_all(struct holds *h, const struct outlet *outlet, struct live_table *t)
{
    size_t position = 0;
    for (struct hold *hold; (hold = next_hold(h, &position, is_any, 0)) != NULL;) {
        answer_nothing_new(h, outlet, t, hold);
        step_back(&position);
    }
}
