/* Row S1: the listeners beside the one that is proved: without encryption, and for old devices.
 *
 * Owns:     nothing.
 * Promise:  asked where the settings of DIR, or the caller, say that they are; a few small
 * requests. Source:   SECURITY.md row S1; RFC 9325 section 4.2 for what TLS 1.2 may still offer.
 * Watch:    nobody listening is no proof of anything: the command line of the server may differ. */
#include <string.h>

#include "server/prove/prove.h"

/* Settings say [::]:8080 and mean every address of this machine: then it is the host that is
 * proved. ERR_NOT_FOUND: there is no such host. */
static enum err door_find(const struct prove *p, const char *text, struct target *out)
{
    char url[CONFIG_ITEM_MAX + 16];
    bool is_any = strncmp(text, "[::]:", 5) == 0 || strncmp(text, "0.0.0.0:", 8) == 0;
    snprintf(url, sizeof url, "https://%s", text);
    TRY(target_read(url, out));
    if (is_any)
        memcpy(out->host, p->target.host, sizeof out->host);
    out->trust = p->target.trust;
    return target_find(out);
}

static void door_done(struct target *t)
{
    t->trust = NULL; /* borrowed */
    target_done(t);
}

/* One question on a connection of its own; the answer is p->answer. */
static bool ask_door(struct prove *p, const struct target *t, const struct wire_rules *rules,
                     const struct question *q, struct finding *f)
{
    char room[512];
    struct str request = request_text(p, q, room, sizeof room);
    drop_wire(p);
    enum err e = rules == NULL ? wire_open_plain(&p->wire, t) : wire_open(&p->wire, t, rules);
    if (e != OK) {
        not_here(f, "%s port %s: %s", t->host, t->port, p->wire.problem);
        return false;
    }
    e = wire_send(&p->wire, request);
    if (e == OK)
        e = wire_answer(&p->wire, false, &p->answer);
    wire_close(&p->wire);
    pause_ms(1000 / 8);
    if (e != OK)
        broken(f, "%s %s on port %s: %s", q->method, q->path, t->port, p->wire.problem);
    return e == OK;
}

/* ---- without encryption ---------------------------------------------------------------------- */

/* NULL: there is none, or it cannot be known where. */
static const char *plain_door(const struct prove *p, struct finding *f)
{
    const struct config *c = p->inside.config;
    if (p->plain != NULL)
        return p->plain;
    if (!p->inside.is_there)
        not_here(f, "where is it? --http HOST:PORT, or --data DIR");
    else if (config_list_is_off(&c->http) || (c->http.count == 0 && c->https.count > 0))
        not_here(f, "by its settings the server has none");
    else
        return c->http.count > 0 ? c->http.items[0] : "[::]:8080";
    return NULL;
}

static bool leads_to_https(const struct answer *a)
{
    bool is_moved = a->status == 301 || a->status == 308;
    return is_moved && str_starts(answer_field(a, "Location", 0), STR("https://"));
}

static void judge_plain(struct prove *p, const struct target *t, struct finding *f)
{
    static const struct question closed[] = {
        {"GET", "/api/v1/me", NULL, NULL},
        {"GET", "/device/v1/desired", NULL, NULL},
        {"POST", "/api/v1/login", NULL, "{}"},
    };
    if (!ask_door(p, t, NULL, &(struct question){"GET", "/", NULL, NULL}, f))
        return;
    if (!leads_to_https(&p->answer)) {
        broken(f, "/ is answered %u, and does not lead to https", p->answer.status);
        return;
    }
    for (size_t i = 0; i < sizeof closed / sizeof closed[0]; i++) {
        if (!ask_door(p, t, NULL, &closed[i], f))
            return;
        bool is_led = answer_field(&p->answer, "Location", 0).len > 0;
        if (p->answer.status == 403 && !is_led)
            continue;
        broken(f, "%s %s is answered %u%s", closed[i].method, closed[i].path, p->answer.status,
               is_led ? " and led on" : "");
        return;
    }
    kept(f, "port %s: / leads to https, /api/ and /device/ are 403", t->port);
}

void check_plain(struct prove *p, const struct check *self, struct finding *f)
{
    (void)self;
    struct target t = {0};
    const char *door = plain_door(p, f);
    if (door == NULL)
        return;
    if (door_find(p, door, &t) == OK)
        judge_plain(p, &t, f);
    else
        not_here(f, "%s is no place that can be asked", door);
    door_done(&t);
}

/* ---- for old devices ------------------------------------------------------------------------- */

static const char *legacy_door(const struct prove *p, struct finding *f)
{
    const struct config *c = p->inside.config;
    if (p->legacy != NULL)
        return p->legacy;
    if (!p->inside.is_there)
        not_here(f, "where would it be? --legacy HOST:PORT, or --data DIR");
    else if (c->tls_legacy_devices == 0)
        kept(f, "by its settings the server speaks it nowhere");
    else
        return c->legacy_https.count > 0 ? c->legacy_https.items[0] : "[::]:8444";
    return NULL;
}

static void judge_legacy(struct prove *p, const struct target *t, struct finding *f)
{
    static const char *const weak[] = {"ECDHE-ECDSA-AES128-SHA:@SECLEVEL=0",
                                       "ECDHE-ECDSA-AES128-SHA256:@SECLEVEL=0",
                                       "AES128-GCM-SHA256:@SECLEVEL=0", "kRSA:@SECLEVEL=0"};
    const struct wire_rules good = {.version = TLS1_2_VERSION};
    for (size_t i = 0; i < sizeof weak / sizeof weak[0]; i++) {
        struct wire_rules rules = {.version = TLS1_2_VERSION, .ciphers = weak[i]};
        drop_wire(p);
        enum err e = wire_open(&p->wire, t, &rules);
        if (e == ERR_PEER)
            continue;
        if (e != OK) {
            not_here(f, "port %s: %s", t->port, p->wire.problem);
            return;
        }
        broken(f, "port %s takes %s", t->port, SSL_get_cipher_name(p->wire.ssl));
        wire_close(&p->wire);
        return;
    }
    if (!ask_door(p, t, &good, &(struct question){"GET", "/device/v1/desired", NULL, NULL}, f))
        return;
    uint16_t device = p->answer.status;
    if (!ask_door(p, t, &good, &(struct question){"GET", "/api/v1/me", NULL, NULL}, f))
        return;
    if (device == 401 && p->answer.status == 404)
        kept(f, "port %s: ECDHE with AEAD, /device/ and nothing else", t->port);
    else
        broken(f, "port %s answers %u to a device and %u to others", t->port, device,
               p->answer.status);
}

void check_legacy(struct prove *p, const struct check *self, struct finding *f)
{
    (void)self;
    struct target t = {0};
    const char *door = legacy_door(p, f);
    if (door == NULL)
        return;
    if (door_find(p, door, &t) == OK)
        judge_legacy(p, &t, f);
    else
        not_here(f, "%s is no place that can be asked", door);
    door_done(&t);
}
