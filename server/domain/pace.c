#include "server/domain/pace.h"

#include "server/domain/limits.h"

#define BUSY_BITS 2

void pace_note(struct pace *p, int64_t now_ms)
{
    int64_t minute = now_ms / MINUTE_MS;
    unsigned at = (unsigned)(minute % PACE_MINUTES);
    if (p->minute[at] != minute) {
        p->minute[at] = minute;
        p->count[at] = 0;
    }
    if (p->count[at] < UINT32_MAX / PACE_MINUTES)
        p->count[at]++;
}

uint32_t pace_recent(const struct pace *p, int64_t now_ms)
{
    int64_t minute = now_ms / MINUTE_MS;
    uint32_t sum = 0;
    for (unsigned i = 0; i < PACE_MINUTES; i++) {
        if (p->minute[i] > minute - PACE_MINUTES && p->minute[i] <= minute)
            sum += p->count[i];
    }
    return sum;
}

uint8_t pace_bits(const struct pace *p, int64_t now_ms, bool is_busy)
{
    unsigned bits = WORK_BITS + (is_busy ? BUSY_BITS : 0);
    for (uint32_t left = pace_recent(p, now_ms) / PACE_USUAL; left > 1; left /= 2)
        bits++;
    return (uint8_t)(bits < WORK_BITS_MAX ? bits : WORK_BITS_MAX);
}
