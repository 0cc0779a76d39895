#include "server/domain/slots.h"

#include <stdlib.h>

#define CAP_MIN 64

void slots_init(struct slots *s, uint64_t (*key)(const void *entry))
{
    *s = (struct slots){.key = key};
}

void slots_done(struct slots *s)
{
    free(s->entry);
    slots_init(s, s->key);
}

uint64_t slots_spread(uint64_t number)
{
    return number * UINT64_C(0x9E3779B97F4A7C15);
}

/* The high half decides: slots_spread() mixes upwards. */
static size_t home(const struct slots *s, uint64_t key)
{
    return (size_t)(key >> 32) & (s->cap - 1);
}

static void place(struct slots *s, void *entry)
{
    size_t at = home(s, s->key(entry));
    while (s->entry[at] != NULL)
        at = (at + 1) & (s->cap - 1);
    s->entry[at] = entry;
}

static enum err grow(struct slots *s)
{
    struct slots bigger = *s;
    bigger.cap = s->cap == 0 ? CAP_MIN : s->cap * 2;
    bigger.entry = calloc(bigger.cap, sizeof *bigger.entry);
    if (bigger.entry == NULL)
        return ERR_NO_MEMORY;
    for (size_t i = 0; i < s->cap; i++) {
        if (s->entry[i] != NULL)
            place(&bigger, s->entry[i]);
    }
    free(s->entry);
    *s = bigger;
    return OK;
}

enum err slots_add(struct slots *s, void *entry)
{
    if (s->count + 1 > s->cap / 4 * 3)
        TRY(grow(s));
    place(s, entry);
    s->count++;
    return OK;
}

void slots_remove(struct slots *s, const void *entry)
{
    size_t at = home(s, s->key(entry));
    while (s->entry[at] != entry)
        at = (at + 1) & (s->cap - 1);
    s->entry[at] = NULL;
    s->count--;
    /* What was pushed past the hole is placed anew. */
    for (size_t next = (at + 1) & (s->cap - 1); s->entry[next] != NULL;
         next = (next + 1) & (s->cap - 1)) {
        void *moved = s->entry[next];
        s->entry[next] = NULL;
        place(s, moved);
    }
}

void *slots_find(const struct slots *s, uint64_t key, bool (*is)(const void *entry, const void *it),
                 const void *it)
{
    if (s->cap == 0)
        return NULL;
    for (size_t at = home(s, key); s->entry[at] != NULL; at = (at + 1) & (s->cap - 1)) {
        if (is(s->entry[at], it))
            return s->entry[at];
    }
    return NULL;
}

void *slots_next(const struct slots *s, size_t *position)
{
    while (*position < s->cap) {
        void *entry = s->entry[(*position)++];
        if (entry != NULL)
            return entry;
    }
    return NULL;
}
