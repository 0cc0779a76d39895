#include "server/domain/minutes.h"

#include <stdlib.h>
#include <string.h>

#include "common/base/assert.h"
#include "server/domain/slots.h"

#define SLOTS (2 * (size_t)MINUTES_MAX)

enum err minutes_init(struct minutes *m)
{
    m->count = 0;
    m->slot = calloc(SLOTS, sizeof *m->slot);
    return m->slot == NULL ? ERR_NO_MEMORY : OK;
}

void minutes_done(struct minutes *m)
{
    free(m->slot);
    m->slot = NULL;
}

void minutes_clear(struct minutes *m)
{
    if (m->count > 0)
        memset(m->slot, 0, SLOTS * sizeof *m->slot);
    m->count = 0;
}

static struct minute *find(struct minutes *m, int64_t series_id, int64_t minute)
{
    uint64_t key = slots_spread((uint64_t)series_id + slots_spread((uint64_t)minute));
    size_t at = (size_t)(key >> 32) % SLOTS;
    while (m->slot[at].series_id != 0 &&
           (m->slot[at].series_id != series_id || m->slot[at].minute != minute))
        at = (at + 1) % SLOTS;
    return &m->slot[at];
}

void minutes_add(struct minutes *m, int64_t series_id, int64_t minute, double value)
{
    struct minute *at = find(m, series_id, minute);
    if (at->series_id == 0) {
        ASSERT(m->count < MINUTES_MAX && series_id != 0);
        *at = (struct minute){series_id, minute, 0, value, value, 0};
        m->count++;
    }
    at->min = value < at->min ? value : at->min;
    at->max = value > at->max ? value : at->max;
    at->sum += value;
    at->count++;
}

const struct minute *minutes_next(const struct minutes *m, size_t *position)
{
    while (*position < SLOTS) {
        const struct minute *at = &m->slot[(*position)++];
        if (at->series_id != 0)
            return at;
    }
    return NULL;
}
