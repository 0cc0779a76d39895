#include "server/limit/gcra.h"

struct gcra_rate gcra_rate_of(int64_t count, int64_t window_us)
{
    int64_t interval_us = window_us / count;
    return (struct gcra_rate){interval_us < 1 ? 1 : interval_us, count};
}

struct gcra_verdict gcra(int64_t arrival_us, struct gcra_rate rate, int64_t now_us)
{
    int64_t tolerance_us = rate.interval_us * (rate.burst - 1);
    int64_t from_us = arrival_us > now_us ? arrival_us : now_us;
    int64_t ahead_us = from_us - now_us;
    if (ahead_us > tolerance_us)
        return (struct gcra_verdict){false, 0, ahead_us - tolerance_us, arrival_us};
    return (struct gcra_verdict){true, (tolerance_us - ahead_us) / rate.interval_us, 0,
                                 from_us + rate.interval_us};
}
