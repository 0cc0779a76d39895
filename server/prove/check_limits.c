/* Rows S2, A4, U6 and M4: what is too much.
 *
 * Owns:     nothing.
 * Promise:  each limit is reached once, by the least that shows it: 11 connections, 100 small
 *           requests, 6 sign-ins, 3 registrations. A stricter limit than the page's is kept, too.
 * Source:   SECURITY.md row S2; RFC 9110 section 10.2.3 (Retry-After); the RateLimit fields.
 * Watch:    somebody else behind our address may have used a part: less than the page allows is
 *           never broken. Afterwards this address waits a minute before it can sign in. */
#include <string.h>

#include "server/os/clock.h"
#include "server/prove/prove.h"

/* ---- connections ----------------------------------------------------------------------------- */

#define CONNECTIONS_MAX 10
#define GONE_MS         1500 /* for the server to notice that our others have left */
#define REFUSED_MS      1000

/* How many come in before one is refused; CONNECTIONS_MAX + 1: none was. */
static size_t open_many(struct prove *p, struct wire *wires)
{
    for (size_t i = 0; i <= CONNECTIONS_MAX; i++) {
        if (wire_open(&wires[i], &p->target, &(struct wire_rules){.verify = p->is_verified}) != OK)
            return i;
        if (i == CONNECTIONS_MAX && wire_ends_within(&wires[i], REFUSED_MS)) {
            wire_close(&wires[i]);
            return i;
        }
        pause_ms(1000 / 8);
    }
    return CONNECTIONS_MAX + 1;
}

void check_connections(struct prove *p, const struct check *self, struct finding *f)
{
    (void)self;
    static struct wire wires[CONNECTIONS_MAX + 1];
    drop_wire(p);
    pause_ms(GONE_MS);
    size_t count = open_many(p, wires);
    for (size_t i = 0; i < count; i++)
        wire_close(&wires[i]);
    pause_ms(GONE_MS);
    if (count > CONNECTIONS_MAX)
        broken(f, "%d connections of one address are open", CONNECTIONS_MAX + 1);
    else if (count == 0)
        broken(f, "not even one comes in: %s", wires[0].problem);
    else if (count < CONNECTIONS_MAX)
        kept(f, "%zu came in beside others of this address, the next was refused", count);
    else
        kept(f, "10 came in, the 11th was refused");
}

/* ---- requests -------------------------------------------------------------------------------- */

#define API_PER_S  20
#define API_BURST  40 /* two seconds' worth may come at once */
#define API_ASKED  100
#define API_MARGIN 2

struct burst {
    size_t passed, refused;
    int64_t took_ms;
};

static void keep_head(char *room, const struct answer *a)
{
    if (room[0] == 0)
        snprintf(room, ANSWER_HEAD_ROOM, "%.*s", STR_ARGS(a->head));
}

/* Everything at once over one connection, which the server may end when it has enough of us. */
static struct burst ask_burst(struct prove *p)
{
    static char room[API_ASKED * 256];
    struct burst b = {0};
    struct question q = {"GET", "/api/v1/healthz", NULL, NULL};
    size_t len = 0;
    for (int i = 0; i < API_ASKED; i++)
        len += request_text(p, &q, room + len, sizeof room - len).len;
    int64_t began_ms = clock_monotonic_ms();
    if (wire_send(&p->wire, str_from(room, len)) != OK)
        return b;
    for (int i = 0; i < API_ASKED && wire_answer(&p->wire, false, &p->answer) == OK; i++) {
        b.passed += p->answer.status == 200;
        b.refused += p->answer.status == 429;
        if (p->answer.status == 429)
            keep_head(p->limited_api, &p->answer);
    }
    b.took_ms = clock_monotonic_ms() - began_ms;
    return b;
}

void check_api_rate(struct prove *p, const struct check *self, struct finding *f)
{
    (void)self;
    p->has_filled_api = true;
    drop_wire(p);
    pause_ms(2000); /* so that a full burst is allowed */
    if (open_wire(p, &p->wire, &(struct wire_rules){0}) != OK) {
        broken(f, "%s", p->wire.problem);
        return;
    }
    p->is_open = true;
    struct burst b = ask_burst(p);
    drop_wire(p);
    size_t most = API_BURST + API_MARGIN + (size_t)(b.took_ms * API_PER_S / 1000);
    if (b.passed == 0)
        broken(f, "no request was answered 200");
    else if (b.refused == 0 || b.passed > most)
        broken(f, "%zu of %d in %lld ms passed, %zu were refused", b.passed, API_ASKED,
               (long long)b.took_ms, b.refused);
    else
        kept(f, "after a burst of %zu the next got 429", b.passed);
    pause_ms(2000);
}

/* ---- sign-ins and registrations -------------------------------------------------------------- */

#define LOGIN_PER_MIN    5
#define REGISTER_PER_MIN 2
#define TRIES_MAX        12

/* Send until one is refused, having sent so many since then: how many passed. -1: there was no
 * refusal, and f says why. Time that goes by earns more of them, as with any steady rate. */
static int passes_before_429(struct prove *p, const struct question *q, int passed, int per_minute,
                             int64_t began_ms, struct finding *f)
{
    for (; passed < TRIES_MAX; passed++) {
        int64_t elapsed_ms = clock_monotonic_ms() - began_ms;
        if (passed > per_minute + elapsed_ms * per_minute / 60000) {
            broken(f, "%d passed without a 429", passed);
            return -1;
        }
        if (!ask_once(p, q, f))
            return -1;
        if (p->answer.status == 429)
            return passed;
        p->refused_logins += p->answer.status == 401;
    }
    not_here(f, "each takes so long that the limit is not reached");
    return -1;
}

void check_login_rate(struct prove *p, const struct check *self, struct finding *f)
{
    (void)self;
    char body[160];
    snprintf(body, sizeof body, "{\"email\":\"%s\",\"password\":\"not a password of anybody\"}",
             p->stranger);
    struct question q = {"POST", "/api/v1/login", NULL, body};
    int64_t began_ms = clock_monotonic_ms();
    p->has_filled_logins = true;
    /* The first with patience: what was asked before may have left nothing. */
    if (!ask(p, &q, f))
        return;
    if (p->answer.status != 401) {
        broken(f, "a wrong sign-in is answered %u", p->answer.status);
        return;
    }
    p->refused_logins = 1;
    int passed = passes_before_429(p, &q, 1, LOGIN_PER_MIN, began_ms, f);
    if (passed < 0)
        return;
    keep_head(p->limited_login, &p->answer);
    kept(f, "429 after %d, and the other sign-ins of these questions", passed);
}

void check_registration_rate(struct prove *p, const struct check *self, struct finding *f)
{
    (void)self;
    struct question q = {"POST", "/api/v1/registration", NULL, "{}"};
    int asked = p->registrations_asked;
    int64_t since_ms = asked > 0 ? p->registrations_since_ms : clock_monotonic_ms();
    int passed = passes_before_429(p, &q, asked, REGISTER_PER_MIN, since_ms, f);
    if (passed >= 0)
        kept(f, "429 after %d, before anything looks at it", passed);
}

/* ---- the shape of a refusal ------------------------------------------------------------------ */

/* Retry-After of at least a second, and the two fields of the RateLimit draft. */
static void check_429(struct finding *f, const char *head)
{
    struct answer a = {.head = str_from_cstr(head)};
    struct str after = answer_field(&a, "Retry-After", 0);
    struct str policy = answer_field(&a, "RateLimit-Policy", 0);
    struct str limit = answer_field(&a, "RateLimit", 0);
    struct str type = answer_field(&a, "Content-Type", 0);
    uint64_t seconds = 0;
    if (head[0] == 0)
        not_here(f, "no request was refused");
    else if (str_u64(after, 3600, &seconds) != OK || seconds == 0)
        broken(f, "Retry-After is '%.*s'", STR_ARGS(str_slice(after, 0, 40)));
    else if (policy.len == 0 || limit.len == 0)
        broken(f, "%s is missing", policy.len == 0 ? "RateLimit-Policy" : "RateLimit");
    else if (!str_eq(type, STR("application/problem+json")))
        broken(f, "it is no problem document but '%.*s'", STR_ARGS(str_slice(type, 0, 60)));
    else
        kept(f, "429, Retry-After: %llu, RateLimit-Policy: %.*s", (unsigned long long)seconds,
             STR_ARGS(str_slice(policy, 0, 60)));
}

void check_api_429(struct prove *p, const struct check *self, struct finding *f)
{
    struct finding of_limit;
    if (!p->has_filled_api)
        check_api_rate(p, self, &of_limit);
    check_429(f, p->limited_api);
}

void check_login_429(struct prove *p, const struct check *self, struct finding *f)
{
    struct finding of_limit;
    if (!p->has_filled_logins)
        check_login_rate(p, self, &of_limit);
    check_429(f, p->limited_login);
}
