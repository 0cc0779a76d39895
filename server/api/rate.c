#include "server/api/rate.h"

#include <stdlib.h>
#include <unistd.h>

#include "server/limit/table.h"
#include "server/os/log.h"

#define SECOND_US     INT64_C(1000000)
#define DAY_US        (24 * 3600 * SECOND_US)
#define BURST_SECONDS 4 /* what a caller may do at once, in seconds of its rate */

struct rate {
    struct limit_table *buckets;
};

enum err rate_new(struct rate **out)
{
    int fd;
    struct rate *r = calloc(1, sizeof *r);
    if (r == NULL)
        return ERR_NO_MEMORY;
    enum err e = limit_table_create(1, 1, &fd);
    if (e == OK) {
        e = limit_table_map(fd, 0, &r->buckets);
        close(fd);
    }
    if (e != OK) {
        free(r);
        return ERR_NO_MEMORY;
    }
    *out = r;
    return OK;
}

void rate_free(struct rate *r)
{
    if (r != NULL)
        limit_table_unmap(r->buckets);
    free(r);
}

/* In place: in its sandbox a core makes no other table. */
void rate_clock_set_back(struct rate *r, struct live_table *lives)
{
    size_t position = 0;
    for (struct live *l; (l = live_next(lives, &position)) != NULL;)
        l->rate_arrival_us = l->quota_arrival_us = 0;
    limit_forget_requests(r->buckets);
}

static struct gcra_rate per_second(int64_t count)
{
    return (struct gcra_rate){count < SECOND_US ? SECOND_US / count : 1, count * BURST_SECONDS};
}

static bool refuse(struct call *c, const char *name, int64_t quota, int64_t window_s,
                   int64_t wait_us, const char *detail)
{
    struct limit_reached reached = {name, quota, window_s, wait_us};
    if (c->api->limits.dry_run) {
        static struct log_limit limit;
        log_event_limited(&limit, "api.would_refuse", "limit=%s caller=%llu", name,
                          (unsigned long long)caller_of(c));
        return true;
    }
    answer_limited(c, &reached, detail);
    return false;
}

/* Its owner sees on the device's page that it was slowed down. */
static bool device_allows(struct call *c, int64_t now_us)
{
    const struct limit_rules *rules = &c->api->limits;
    struct live *live = c->device;
    struct gcra_verdict day =
        gcra(live->quota_arrival_us, gcra_rate_of(rules->device_per_day, DAY_US), now_us);
    struct gcra_verdict v = gcra(live->rate_arrival_us, per_second(rules->device_per_s), now_us);
    if (day.is_allowed && v.is_allowed) {
        live->quota_arrival_us = day.arrival_us;
        live->rate_arrival_us = v.arrival_us;
        return true;
    }
    live->limited_at_ms = c->d->now_ms;
    if (!day.is_allowed)
        return refuse(c, "device-day", rules->device_per_day, DAY_US / SECOND_US, day.wait_us,
                      "The device has asked more often than a device may in a day. Send "
                      "readings in batches, and less often.");
    return refuse(c, "device", rules->device_per_s, 1, v.wait_us,
                  "The device asks too often. Send readings in batches, and wait as "
                  "Retry-After says.");
}

static bool bucket_allows(struct call *c, const char *name, int64_t quota, int64_t now_us)
{
    struct limit_table *t = c->api->rate->buckets;
    struct gcra_verdict v = limit_take(t, limit_key_of_principal(t, caller_of(c)), LIMIT_REQUESTS,
                                       per_second(quota), now_us);
    if (v.is_allowed)
        return true;
    return refuse(c, name, quota, 1, v.wait_us,
                  "You ask too often. Wait as Retry-After says, and ask for more at once.");
}

bool rate_allows(struct call *c)
{
    int64_t now_us = c->d->now_ms * 1000;
    switch (PRINCIPAL_KIND(caller_of(c))) {
    case PRINCIPAL_NOBODY: return true;
    case PRINCIPAL_DEVICE: return device_allows(c, now_us);
    case PRINCIPAL_ACCOUNT:
        return bucket_allows(c, "account", c->api->limits.account_per_s, now_us);
    case PRINCIPAL_KEY: return bucket_allows(c, "key", c->api->limits.key_per_s, now_us);
    }
    return true;
}

bool rate_takes(struct call *c, struct str bucket, const struct rate_rule *rule, const char *detail)
{
    struct limit_table *t = c->api->rate->buckets;
    struct gcra_verdict v =
        limit_take(t, limit_key_of_name(t, bucket), LIMIT_LOGINS,
                   gcra_rate_of(rule->quota, rule->window_s * SECOND_US), c->d->now_ms * 1000);
    return v.is_allowed || refuse(c, rule->name, rule->quota, rule->window_s, v.wait_us, detail);
}

void rate_forget(struct call *c, struct str bucket)
{
    struct limit_table *t = c->api->rate->buckets;
    limit_forget(t, limit_key_of_name(t, bucket), LIMIT_LOGINS);
}

bool rate_takes_of_account(struct call *c, const char *bucket, const struct rate_rule *rule)
{
    uint8_t text[48];
    struct writer w = writer_into(text, sizeof text);
    if (c->errand != NULL)
        return true; /* it was counted before it waited */
    writer_str(&w, str_from_cstr(bucket));
    writer_decimal(&w, c->account_id);
    return rate_takes(c, str_from(text, w.len), rule,
                      "You do this very often. Wait as Retry-After says.");
}
