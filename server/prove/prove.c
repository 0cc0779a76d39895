#include "server/prove/prove.h"

#include <stdarg.h>
#include <string.h>
#include <time.h>

#include "server/limit/gcra.h"
#include "server/os/clock.h"

/* Below the page's limits of 20 requests and 10 connections a second. */
#define REQUEST_RATE   ((struct gcra_rate){1000000 / 15, 15})
#define HANDSHAKE_RATE ((struct gcra_rate){1000000 / 8, 8})
/* How often, and for how long, we wait when somebody else behind our address uses up a limit. */
#define PATIENCE_TRIES  4
#define RETRY_AFTER_MAX 15
#define REQUEST_MAX     2048

/* ---- findings -------------------------------------------------------------------------------- */

static void find(struct finding *f, enum verdict verdict, const char *format, va_list args)
    __attribute__((format(printf, 3, 0)));

/* What the server said may stand in it: nothing that a terminal would obey. */
static void find(struct finding *f, enum verdict verdict, const char *format, va_list args)
{
    f->verdict = verdict;
    vsnprintf(f->text, sizeof f->text, format, args);
    for (char *c = f->text; *c != 0; c++) {
        if (*c < ' ' || *c > '~')
            *c = '?';
    }
}

#define FINDER(name, verdict)                                                                      \
    void name(struct finding *f, const char *format, ...)                                          \
    {                                                                                              \
        va_list args;                                                                              \
        va_start(args, format);                                                                    \
        find(f, verdict, format, args);                                                            \
        va_end(args);                                                                              \
    }
FINDER(kept, KEPT)
FINDER(broken, BROKEN)
FINDER(not_here, NOT_HERE)
#undef FINDER

/* ---- pace ------------------------------------------------------------------------------------ */

void pause_ms(int64_t ms)
{
    struct timespec t = {ms / 1000, (long)(ms % 1000) * 1000000};
    (void)nanosleep(&t, NULL);
}

static void pace(int64_t *arrival_us, struct gcra_rate rate)
{
    struct gcra_verdict v = gcra(*arrival_us, rate, clock_monotonic_us());
    while (!v.is_allowed) {
        pause_ms(v.wait_us / 1000 + 1);
        v = gcra(*arrival_us, rate, clock_monotonic_us());
    }
    *arrival_us = v.arrival_us;
}

/* ---- asking ---------------------------------------------------------------------------------- */

/* Strangers in the same house, or our own connections that have just gone, may fill a limit for a
 * moment: a closed door is tried again. */
enum err open_wire(struct prove *p, struct wire *w, const struct wire_rules *rules)
{
    struct wire_rules used = *rules;
    enum err e = ERR_IO;
    used.verify |= p->is_verified;
    for (int tries = 0; tries < PATIENCE_TRIES; tries++) {
        pace(&p->handshake_arrival_us, HANDSHAKE_RATE);
        e = wire_open(w, &p->target, &used);
        if (e == OK || e == ERR_DENIED || e == ERR_NO_MEMORY || rules->version != 0 ||
            rules->suites != NULL || rules->groups != NULL)
            break;
        pause_ms(1000);
    }
    return e;
}

bool verify(struct prove *p)
{
    if (p->is_verified)
        return true;
    drop_wire(p);
    p->is_open = p->is_verified =
        open_wire(p, &p->wire, &(struct wire_rules){.verify = true}) == OK;
    return p->is_verified;
}

void drop_wire(struct prove *p)
{
    if (p->is_open)
        wire_close(&p->wire);
    p->is_open = false;
}

struct str request_text(const struct prove *p, const struct question *q, char *room, size_t cap)
{
    bool is_v6 = strchr(p->target.host, ':') != NULL;
    const char *body = q->body == NULL ? "" : q->body;
    char framing[96] = "";
    if (q->body != NULL)
        snprintf(framing, sizeof framing,
                 "Content-Type: application/json\r\nContent-Length: %zu\r\n", strlen(body));
    int len = snprintf(room, cap, "%s %s HTTP/1.1\r\nHost: %s%s%s:%s\r\n%s%s\r\n%s", q->method,
                       q->path, is_v6 ? "[" : "", p->target.host, is_v6 ? "]" : "", p->target.port,
                       framing, q->fields == NULL ? "" : q->fields, body);
    return len < 0 || (size_t)len >= cap ? STR_NONE : str_from(room, (size_t)len);
}

static enum err ask_over_wire(struct prove *p, struct str request, bool is_head)
{
    if (!p->is_open) {
        TRY(open_wire(p, &p->wire, &(struct wire_rules){0}));
        p->is_open = true;
    }
    pace(&p->request_arrival_us, REQUEST_RATE);
    enum err e = wire_send(&p->wire, request);
    if (e == OK)
        e = wire_answer(&p->wire, is_head, &p->answer);
    if (e != OK || str_eq_nocase(answer_field(&p->answer, "Connection", 0), STR("close")))
        drop_wire(p);
    return e;
}

bool ask_once(struct prove *p, const struct question *q, struct finding *f)
{
    char room[REQUEST_MAX];
    struct str request = request_text(p, q, room, sizeof room);
    bool is_head = strcmp(q->method, "HEAD") == 0, was_open = p->is_open;
    enum err e = ask_over_wire(p, request, is_head);
    if (e == ERR_IO && was_open) /* it was closed while it was idle */
        e = ask_over_wire(p, request, is_head);
    if (e == OK)
        return true;
    broken(f, "%s %s: %s", q->method, q->path, p->wire.problem);
    return false;
}

bool ask(struct prove *p, const struct question *q, struct finding *f)
{
    for (int tries = 0; tries < PATIENCE_TRIES; tries++) {
        uint64_t wait_s = 1;
        if (!ask_once(p, q, f))
            return false;
        if (p->answer.status != 429 && p->answer.status != 503)
            return true;
        if (str_u64(answer_field(&p->answer, "Retry-After", 0), RETRY_AFTER_MAX, &wait_s) != OK)
            wait_s = 1;
        pause_ms((int64_t)wait_s * 1000);
    }
    broken(f, "%s %s: still %u after waiting as told", q->method, q->path, p->answer.status);
    return false;
}

bool body_has(const struct answer *a, const char *text)
{
    return memmem(a->body.ptr, a->body.len, text, strlen(text)) != NULL;
}

/* ---- the run --------------------------------------------------------------------------------- */

bool prove_has_row(const char *row)
{
    for (size_t i = 0; i < claim_count; i++) {
        if (strcmp(claims[i].row, row) == 0)
            return true;
    }
    return false;
}

bool prove_wants(const struct prove *p, const char *row)
{
    for (size_t i = 0; i < p->row_count; i++) {
        if (strcmp(p->rows[i], row) == 0)
            return true;
    }
    return p->row_count == 0;
}

enum err prove_run(struct prove *p)
{
    p->began_at_ms = clock_wall_ms();
    TRY(wire_open_plain(&p->wire, &p->target));
    wire_close(&p->wire);
    for (size_t i = 0; i < check_count && i < CHECKS_MAX; i++) {
        const struct check *c = &checks[i];
        struct finding *f = &p->findings[i];
        f->verdict = c->verdict;
        snprintf(f->text, sizeof f->text, "%s", c->note == NULL ? "" : c->note);
        if (c->run != NULL && prove_wants(p, c->row))
            c->run(p, c, f);
    }
    end_session(p);
    drop_wire(p);
    return OK;
}
