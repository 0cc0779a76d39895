#include "server/edge/gate.h"

#include <arpa/inet.h>
#include <string.h>

#include "server/edge/conn_parts.h"
#include "server/os/log.h"

#define SECOND_US INT64_C(1000000)
/* Seconds of the rate at once: a house full of boards after a power cut, a page and its parts. */
#define HANDSHAKE_BURST 4
#define API_BURST       2
#define NAMES_MAX       16 /* of limits */

static int64_t now_us(const struct edge *e)
{
    return e->now_ms * 1000;
}

/* Each limit has lines of its own: one that is reached all the time hides no other. */
static struct log_limit *lines_of(const char *limit)
{
    static struct {
        const char *name;
        struct log_limit lines;
    } all[NAMES_MAX];
    size_t i = 0;
    while (i < NAMES_MAX - 1 && all[i].name != NULL && strcmp(all[i].name, limit) != 0)
        i++;
    all[i].name = limit;
    return &all[i].lines;
}

static void log_refusal(const struct edge *e, const uint8_t peer[static 16], const char *limit)
{
    char address[INET6_ADDRSTRLEN];
    if (inet_ntop(AF_INET6, peer, address, sizeof address) == NULL)
        address[0] = 0;
    log_event_limited(lines_of(limit), e->rules.dry_run ? "edge.would_refuse" : "edge.refused",
                      "limit=%s peer=%s", limit, address);
}

/* ---- the door -------------------------------------------------------------------------------- */

/* At most the rule's number; a dry run counts on and only says so. */
static bool counts(struct edge *e, uint64_t key, int64_t max, uint32_t index,
                   const uint8_t peer[static 16], const char *name)
{
    if (limit_enter(e->limits, key, max, index, now_us(e)))
        return true;
    log_refusal(e, peer, name);
    return e->rules.dry_run && limit_enter(e->limits, key, INT32_MAX, index, now_us(e));
}

bool gate_knocks(struct edge *e, const uint8_t peer[static 16], uint64_t *address)
{
    int64_t per_s = e->rules.handshakes_per_s;
    struct gcra_rate rate = {per_s < SECOND_US ? SECOND_US / per_s : 1, per_s * HANDSHAKE_BURST};
    *address = limit_key_of_address(e->limits, peer);
    if (!e->rules.dry_run && limit_held(e->limits, *address) >= e->rules.connections_per_address) {
        log_refusal(e, peer, "connections");
        return false;
    }
    if (limit_take(e->limits, *address, LIMIT_HANDSHAKES, rate, now_us(e)).is_allowed)
        return true;
    log_refusal(e, peer, "handshakes");
    return e->rules.dry_run;
}

bool gate_admits(struct edge *e, const uint8_t peer[static 16], uint32_t index, uint64_t address)
{
    return counts(e, address, e->rules.connections_per_address, index, peer, "connections");
}

void gate_make_room(struct edge *e)
{
    static struct log_limit limit;
    if (e->conn_count < e->conn_cap || e->oldest_stranger == NULL)
        return;
    log_event_limited(&limit, "edge.full", "connections=%u", e->conn_count);
    conn_reset(e->oldest_stranger);
}

/* ---- strangers ------------------------------------------------------------------------------- */

void gate_enter(struct conn *c)
{
    struct edge *e = c->edge;
    c->older = e->newest_stranger;
    c->newer = NULL;
    if (c->older != NULL)
        c->older->newer = c;
    else
        e->oldest_stranger = c;
    e->newest_stranger = c;
}

void gate_leave(struct conn *c)
{
    struct edge *e = c->edge;
    if (c->older == NULL && c->newer == NULL && e->oldest_stranger != c)
        return; /* not among them */
    if (c->older != NULL)
        c->older->newer = c->newer;
    else
        e->oldest_stranger = c->newer;
    if (c->newer != NULL)
        c->newer->older = c->older;
    else
        e->newest_stranger = c->older;
    c->older = c->newer = NULL;
}

/* ---- requests -------------------------------------------------------------------------------- */

/* A request that shows something which only the core can check. */
static bool has_credential(const struct http1_request *r)
{
    return r->field[FIELD_AUTHORIZATION].len > 0 || r->field[FIELD_COOKIE].len > 0;
}

/* Devices that prove who they are, or come with a registration token, are no anonymous callers. */
static bool is_device_door(const struct http1_request *r)
{
    return r->method == METHOD_POST && (str_eq(r->path, STR("/device/v1/session")) ||
                                        str_eq(r->path, STR("/device/v1/register")));
}

static bool take(struct conn *c, enum limit_bucket bucket, struct gcra_rate rate,
                 struct limit_reached *reached)
{
    struct edge *e = c->edge;
    struct gcra_verdict v = limit_take(e->limits, c->address, bucket, rate, now_us(e));
    reached->wait_us = v.wait_us;
    if (v.is_allowed)
        return true;
    log_refusal(e, c->client, reached->name);
    return e->rules.dry_run;
}

static bool may(struct conn *c, enum limit_bucket bucket, const char *name, int64_t quota,
                int64_t window_s, struct limit_reached *reached)
{
    *reached = (struct limit_reached){name, quota, window_s, 0};
    return take(c, bucket, gcra_rate_of(quota, window_s * SECOND_US), reached);
}

static struct gcra_rate api_rate(const struct edge *e)
{
    int64_t per_s = e->rules.api_per_s;
    return (struct gcra_rate){per_s < SECOND_US ? SECOND_US / per_s : 1, per_s * API_BURST};
}

static bool may_ask(struct conn *c, struct limit_reached *reached)
{
    *reached = (struct limit_reached){"requests", c->edge->rules.api_per_s, 1, 0};
    c->is_counted = take(c, LIMIT_REQUESTS, api_rate(c->edge), reached);
    return c->is_counted;
}

enum guarded {
    ANY_REQUEST,
    SIGN_IN,    /* a secret is guessed at */
    WANTS_MAIL, /* a mail leaves, or an account is made */
};

static enum guarded guard_of(const struct http1_request *r)
{
    static const struct {
        const char *path;
        enum guarded kind;
    } rows[] = {
        {"/api/v1/login", SIGN_IN},
        {"/api/v1/login/passkey", SIGN_IN},
        {"/api/v1/session/confirmation", SIGN_IN},
        {"/api/v1/confirmation", SIGN_IN},
        {"/api/v1/password-reset/finish", SIGN_IN},
        {"/api/v1/registration", WANTS_MAIL},
        {"/api/v1/confirmation/resend", WANTS_MAIL},
        {"/api/v1/password-reset", WANTS_MAIL},
    };
    for (size_t i = 0; r->method == METHOD_POST && i < sizeof rows / sizeof rows[0]; i++) {
        if (str_eq(r->path, str_from_cstr(rows[i].path)))
            return rows[i].kind;
    }
    return ANY_REQUEST;
}

static bool is_often_enough(struct conn *c, const struct http1_request *r,
                            struct limit_reached *reached)
{
    const struct limit_rules *rules = &c->edge->rules;
    c->is_counted = false;
    enum guarded kind = guard_of(r);
    if (kind == SIGN_IN)
        return may(c, LIMIT_LOGINS, "logins", rules->login_per_min, 60, reached);
    if (kind == WANTS_MAIL)
        return may(c, LIMIT_REGISTRATIONS, "registrations", rules->register_per_min, 60, reached) &&
               may(c, LIMIT_REGISTRATIONS_LONG, "registrations-long", rules->register_per_10min,
                   600, reached);
    /* Who is known counts with the core, which looks at the credential of each request. */
    if (c->caller != 0 && has_credential(r))
        return true;
    return may_ask(c, reached);
}

static bool is_banned(struct conn *c, const struct http1_request *r)
{
    struct edge *e = c->edge;
    return limit_is_banned(e->limits, c->address, now_us(e)) && !has_credential(r) &&
           !is_device_door(r);
}

enum gate_verdict gate_asks(struct conn *c, const struct http1_request *r,
                            struct limit_reached *reached)
{
    if (is_banned(c, r)) {
        log_refusal(c->edge, c->client, "ban");
        if (!c->edge->rules.dry_run)
            return GATE_BANNED;
    }
    if (is_often_enough(c, r, reached)) {
        c->refusals = 0;
        return GATE_PASS;
    }
    if (++c->refusals >= REFUSALS_MAX)
        c->close_after = true;
    return GATE_TOO_OFTEN;
}

void gate_ban(struct edge *e, const struct ban_notice *ban)
{
    uint64_t key = limit_key_of_address(e->limits, ban->address);
    int64_t until_us = ban->seconds == 0 ? 0 : now_us(e) + ban->seconds * SECOND_US;
    limit_ban(e->limits, key, until_us, now_us(e));
}

/* ---- who it was ------------------------------------------------------------------------------ */

/* Back to counting with its address, if there is room. */
static void become_stranger(struct conn *c)
{
    struct edge *e = c->edge;
    c->caller = 0;
    gate_enter(c);
    if (!counts(e, c->address, e->rules.connections_per_address, c->index, c->peer, "connections"))
        c->close_after = true;
}

/* A board that lost its network leaves connections behind that seem to live: of those on this edge,
 * the one nearest to its deadline gives way to the new one. */
static struct conn *stalest_of(struct edge *e, const struct conn *but)
{
    struct conn *stalest = NULL;
    for (uint32_t i = 0; i < e->conn_cap; i++) {
        struct conn *c = e->conns[i];
        if (c == NULL || c == but || c->caller != but->caller ||
            (c->state != CONN_IDLE && c->state != CONN_HELD))
            continue;
        if (stalest == NULL || c->timer.at_ms < stalest->timer.at_ms)
            stalest = c;
    }
    return stalest;
}

static void become_known(struct conn *c, principal caller)
{
    struct edge *e = c->edge;
    bool is_device = PRINCIPAL_KIND(caller) == PRINCIPAL_DEVICE;
    int64_t max = is_device ? e->rules.connections_per_device : e->rules.connections_per_account;
    uint64_t key = limit_key_of_principal(e->limits, caller);
    gate_leave(c);
    c->caller = caller;
    if (limit_enter(e->limits, key, max, c->index, now_us(e)))
        return;
    /* The table has no room for it: a caller who is known does not pay for that. */
    if (limit_held(e->limits, key) == 0)
        return;
    struct conn *stalest = e->rules.dry_run ? NULL : stalest_of(e, c);
    if (stalest != NULL)
        conn_close(stalest);
    if (!counts(e, key, max, c->index, c->peer, is_device ? "device" : "account"))
        c->close_after = true;
}

/* It came uncounted, over a connection that is known, with a credential of which the core has made
 * no use: then it counts like anybody's after all, and what follows does. */
static void count_late(struct conn *c)
{
    struct limit_reached ignored;
    if (!may_ask(c, &ignored))
        become_stranger(c);
}

/* Over a proxy's connection come requests of many: none of them makes it anybody's. Whoever was
 * authenticated did not count with the address after all. */
static void settle(struct conn *c, uint16_t status, principal caller)
{
    if (c->is_counted && status != 401 && caller != 0)
        limit_give_back(c->edge->limits, c->address, LIMIT_REQUESTS, api_rate(c->edge));
    c->is_counted = false;
}

void gate_answered(struct conn *c, uint16_t status, principal caller)
{
    if (c->is_shared) {
        settle(c, status, caller);
        return;
    }
    if (status == 401 && c->caller != 0)
        become_stranger(c);
    else if (status != 401 && caller != 0 && caller != c->caller)
        become_known(c, caller);
    else if (caller == 0 && c->caller != 0 && !c->is_counted && !c->was_held && status < 500)
        count_late(c);
    /* Behind a banned address only good credentials keep a connection. */
    if (status == 401 && limit_is_banned(c->edge->limits, c->address, now_us(c->edge)))
        c->close_after = true;
}
