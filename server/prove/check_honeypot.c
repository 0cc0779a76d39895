/* Row M4: one path of a scanner, and the ban that follows, which is lifted again.
 *
 * Owns:     nothing.
 * Promise:  asked only where somebody can lift the ban: through the store of DIR, or because the
 *           caller said so with --bans. The ban is found by the path, which nobody else has.
 * Source:   SECURITY.md row M4.
 * Watch:    the last question: from here on this address is a scanner's. */
#include <string.h>

#include "queries.h"
#include "server/os/clock.h"
#include "server/os/entropy.h"
#include "server/prove/inside.h"
#include "server/prove/prove.h"

#define LIFTED_MS 20000 /* the server looks for changes every few seconds */

/* The ban of our path, if there is one, its entries in the trail, the number of exempt networks. */
static enum err find_ban(struct store *s, struct str path, uint8_t address[static 16],
                         struct store_answer *out)
{
    struct cursor cursor;
    struct sql_ban_all_row row;
    struct sql_ban_exemption_all_row exempt;
    struct sql_audit_count_row trail;
    TRY(sql_audit_count(s, STR("honeypot.hit"), path, 0, &trail));
    out->logged = trail.count;
    TRY(sql_ban_all(s, clock_wall_ms(), &cursor));
    while (sql_ban_all_next(&cursor, &row)) {
        if (!str_eq(row.path, path) || row.address.len != 16)
            continue;
        memcpy(address, row.address.ptr, 16);
        out->count = 1;
    }
    TRY(cursor_end(&cursor));
    TRY(sql_ban_exemption_all(s, &cursor));
    while (sql_ban_exemption_all_next(&cursor, &exempt))
        out->of++;
    return cursor_end(&cursor);
}

/* count: the bans that were lifted. */
static enum err lift(struct store *s, const struct prove *p, struct store_answer *out)
{
    uint8_t address[16];
    TRY(find_ban(s, str_from_cstr(p->bait), address, out));
    if (out->count == 0)
        return OK;
    TRY(store_begin(s));
    enum err e = sql_ban_lift(s, str_from(address, sizeof address));
    if (e == OK)
        return store_commit(s);
    store_rollback(s);
    return e;
}

/* Until the server has noticed that the ban is over. */
static bool gets_in_again(struct prove *p, struct finding *f)
{
    int64_t late_ms = clock_monotonic_ms() + LIFTED_MS;
    while (clock_monotonic_ms() < late_ms) {
        pause_ms(500);
        if (!ask(p, &(struct question){"GET", "/healthz", NULL, NULL}, f))
            return false;
        if (p->answer.status == 200)
            return true;
    }
    return false;
}

/* How it was answered, and whether the next request is turned away. */
static bool is_banned_after(struct prove *p, struct finding *f, uint16_t *bait)
{
    if (!ask(p, &(struct question){"GET", p->bait, NULL, NULL}, f))
        return false;
    *bait = p->answer.status;
    pause_ms(300); /* every edge is told, none waits for it */
    if (!ask(p, &(struct question){"GET", "/healthz", NULL, NULL}, f))
        return false;
    if (p->answer.status == 403)
        return true;
    broken(f, "after %s, answered %u, the next request is answered %u", p->bait, *bait,
           p->answer.status);
    return false;
}

static void judge_and_lift(struct prove *p, struct finding *f)
{
    struct store_answer a = {0};
    struct finding of_store;
    uint16_t bait = 0;
    bool is_banned = is_banned_after(p, f, &bait);
    bool is_answered = inside_ask_store(p, lift, &a, &of_store);
    if (!is_banned && is_answered && a.count == 0 && a.of > 0 && bait != 0)
        not_here(f, "not banned; there are exempt networks, this address may be in one");
    else if (is_banned && (!is_answered || a.count == 0))
        broken(f, "banned, but the ban cannot be lifted: %s",
               is_answered ? "it is not in this store" : of_store.text);
    else if (is_banned && !gets_in_again(p, f))
        broken(f, "banned, lifted, and still turned away after %d s", LIFTED_MS / 1000);
    else if (is_banned && a.logged == 0)
        broken(f, "banned, but there is no entry in the trail");
    else if (is_banned)
        kept(f, "answered %u, then 403; it is in the trail, and the ban is lifted again", bait);
}

/* Nobody lifts this one for us. */
static void judge(struct prove *p, struct finding *f)
{
    uint16_t bait = 0;
    if (is_banned_after(p, f, &bait))
        kept(f, "answered %u, then 403; `oceanremote ban` lifts it before the day is over", bait);
}

static void choose_bait(struct prove *p)
{
    uint8_t random[8];
    size_t len = (size_t)snprintf(p->bait, sizeof p->bait, "/wp-admin/prove-");
    entropy_fill(random, sizeof random);
    for (size_t i = 0; i < sizeof random; i++)
        len += (size_t)snprintf(p->bait + len, sizeof p->bait - len, "%02x", random[i]);
}

void check_honeypot(struct prove *p, const struct check *self, struct finding *f)
{
    (void)self;
    struct store_answer a = {0};
    choose_bait(p);
    drop_wire(p);
    if (inside_ask_store(p, lift, &a, f)) /* it can be lifted: there is nothing yet */
        judge_and_lift(p, f);
    else if (p->may_ban)
        judge(p, f);
    else
        not_here(f, "needs --data DIR of this server, to lift the ban again; or --bans");
}
