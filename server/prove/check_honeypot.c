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

/* OK: it is lifted. ERR_NOT_FOUND: there is no such ban. */
static enum err lift(struct store *s, struct str path)
{
    struct cursor cursor;
    struct sql_ban_all_row row;
    uint8_t address[16];
    bool is_found = false;
    TRY(sql_ban_all(s, clock_wall_ms(), &cursor));
    while (sql_ban_all_next(&cursor, &row)) {
        if (!str_eq(row.path, path) || row.address.len != sizeof address)
            continue;
        memcpy(address, row.address.ptr, sizeof address);
        is_found = true;
    }
    TRY(cursor_end(&cursor));
    if (!is_found)
        return ERR_NOT_FOUND;
    TRY(store_begin(s));
    enum err e = sql_ban_lift(s, str_from(address, sizeof address));
    if (e == OK)
        return store_commit(s);
    store_rollback(s);
    return e;
}

static bool is_exempt_somewhere(struct store *s)
{
    struct cursor cursor;
    struct sql_ban_exemption_all_row row;
    size_t count = 0;
    if (sql_ban_exemption_all(s, &cursor) != OK)
        return false;
    while (sql_ban_exemption_all_next(&cursor, &row))
        count++;
    return cursor_end(&cursor) == OK && count > 0;
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
static bool is_banned_for(struct prove *p, const char *path, struct finding *f, uint16_t *bait)
{
    if (!ask(p, &(struct question){"GET", path, NULL, NULL}, f))
        return false;
    *bait = p->answer.status;
    pause_ms(300); /* every edge is told, none waits for it */
    if (!ask(p, &(struct question){"GET", "/healthz", NULL, NULL}, f))
        return false;
    if (p->answer.status == 403)
        return true;
    broken(f, "after %s, answered %u, the next request is answered %u", path, *bait,
           p->answer.status);
    return false;
}

static void judge(struct prove *p, const char *path, struct finding *f)
{
    uint16_t bait = 0;
    struct store *s = p->inside.store;
    bool is_banned = is_banned_for(p, path, f, &bait);
    enum err lifted = s == NULL ? ERR_NOT_FOUND : lift(s, str_from_cstr(path));
    if (!is_banned) {
        if (s != NULL && lifted == ERR_NOT_FOUND && is_exempt_somewhere(s))
            not_here(f, "not banned; there are exempt networks, this address may be in one");
        return;
    }
    if (s == NULL)
        kept(f, "answered %u, then 403; this address is banned until `oceanremote ban` lifts it",
             bait);
    else if (lifted != OK)
        broken(f, "banned, and the ban cannot be found in the store: %s", err_name(lifted));
    else if (!gets_in_again(p, f))
        broken(f, "banned, lifted, and still turned away after %d s", LIFTED_MS / 1000);
    else
        kept(f, "answered %u, then 403; the ban was logged, and is lifted again", bait);
}

void check_honeypot(struct prove *p, const struct check *self, struct finding *f)
{
    (void)self;
    uint8_t random[8];
    char path[64] = "/wp-admin/prove-";
    if (!inside_store(p, f) && !p->may_ban) {
        size_t len = strlen(f->text);
        snprintf(f->text + len, sizeof f->text - len,
                 "; --bans tries it, and this address is "
                 "banned for a day");
        return;
    }
    entropy_fill(random, sizeof random);
    for (size_t i = 0; i < sizeof random; i++)
        snprintf(path + strlen(path), 3, "%02x", random[i]);
    drop_wire(p);
    judge(p, path, f);
}
