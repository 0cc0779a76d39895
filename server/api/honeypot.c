#include "server/api/honeypot.h"

#include <stdlib.h>
#include <string.h>

#include "queries.h"
#include "server/api/router.h"
#include "server/domain/ban.h"
#include "server/limit/gcra.h"
#include "server/os/log.h"

/* Strangers write these rows of the audit trail, from as many addresses as they have. */
#define HITS_AUDITED_AT_ONCE 1000
#define HIT_AUDITED_EVERY_US INT64_C(10000000)

/* ---- bait ------------------------------------------------------------------------------------ */

enum match {
    EXACT,
    UNDER, /* this, and everything below it */
    END,   /* however deep it is looked for */
};

enum answer_kind {
    NOTHING, /* 404: as if it had been tried in vain */
    LOGIN,   /* a page that asks for a name and a password */
    SETTINGS,
    REPOSITORY,
    LISTING,
};

static const struct bait {
    enum match match;
    enum answer_kind answer;
    const char *path;
} baits[] = {
    {UNDER, LOGIN, "/admin"},
    {UNDER, LOGIN, "/administrator"},
    {EXACT, LOGIN, "/admin.php"},
    {END, LOGIN, "/wp-login.php"},
    {UNDER, LOGIN, "/wp-admin"},
    {UNDER, NOTHING, "/wp-content"},
    {UNDER, LISTING, "/wp-includes"},
    {UNDER, NOTHING, "/wp-json"},
    {END, NOTHING, "/xmlrpc.php"},
    {END, NOTHING, "/wlwmanifest.xml"},
    {END, SETTINGS, "/wp-config.php"},
    {END, SETTINGS, "/wp-config.php.bak"},
    {UNDER, NOTHING, "/wordpress"},
    {UNDER, LOGIN, "/phpmyadmin"},
    {UNDER, LOGIN, "/pma"},
    {UNDER, LOGIN, "/myadmin"},
    {UNDER, LOGIN, "/mysql"},
    {EXACT, LOGIN, "/adminer.php"},
    {END, NOTHING, "/phpinfo.php"},
    {EXACT, NOTHING, "/info.php"},
    {EXACT, NOTHING, "/test.php"},
    {EXACT, NOTHING, "/shell.php"},
    {EXACT, NOTHING, "/config.php"},
    {EXACT, NOTHING, "/install.php"},
    {EXACT, NOTHING, "/setup.php"},
    {END, NOTHING, "/eval-stdin.php"},
    {UNDER, NOTHING, "/vendor"},
    {END, SETTINGS, "/.env"},
    {END, SETTINGS, "/.env.local"},
    {END, SETTINGS, "/.env.production"},
    {END, SETTINGS, "/.env.backup"},
    {END, SETTINGS, "/.env.bak"},
    {UNDER, REPOSITORY, "/.git"},
    {UNDER, NOTHING, "/.svn"},
    {UNDER, NOTHING, "/.hg"},
    {UNDER, SETTINGS, "/.aws"},
    {UNDER, NOTHING, "/.ssh"},
    {UNDER, NOTHING, "/.docker"},
    {UNDER, NOTHING, "/.vscode"},
    {END, NOTHING, "/.ds_store"},
    {END, NOTHING, "/.htpasswd"},
    {END, NOTHING, "/.htaccess"},
    {EXACT, NOTHING, "/.npmrc"},
    {EXACT, NOTHING, "/.bash_history"},
    {UNDER, NOTHING, "/cgi-bin"},
    {EXACT, NOTHING, "/server-status"},
    {EXACT, NOTHING, "/web.config"},
    {UNDER, NOTHING, "/actuator"},
    {UNDER, LOGIN, "/manager"},
    {UNDER, LOGIN, "/jenkins"},
    {UNDER, NOTHING, "/solr"},
    {UNDER, NOTHING, "/struts"},
    {UNDER, NOTHING, "/_ignition"},
    {UNDER, NOTHING, "/telescope"},
    {UNDER, LOGIN, "/owa"},
    {UNDER, NOTHING, "/ecp"},
    {UNDER, NOTHING, "/autodiscover"},
    {UNDER, NOTHING, "/boaform"},
    {UNDER, NOTHING, "/hnap1"},
    {UNDER, NOTHING, "/goform"},
    {UNDER, LOGIN, "/remote"},
    {UNDER, NOTHING, "/dana-na"},
    {UNDER, NOTHING, "/geoserver"},
    {EXACT, LISTING, "/backup"},
    {EXACT, NOTHING, "/backup.zip"},
    {EXACT, NOTHING, "/backup.sql"},
    {EXACT, NOTHING, "/backup.tar.gz"},
    {EXACT, NOTHING, "/dump.sql"},
    {EXACT, NOTHING, "/database.sql"},
    {EXACT, NOTHING, "/db.sql"},
    {EXACT, NOTHING, "/docker-compose.yml"},
    {EXACT, NOTHING, "/config.json"},
    {EXACT, SETTINGS, "/config.yml"},
    {EXACT, NOTHING, "/id_rsa"},
    {EXACT, NOTHING, "/credentials"},
    {EXACT, LOGIN, "/login.php"},
    {EXACT, LOGIN, "/user/login"},
    {UNDER, NOTHING, "/laravel"},
    {UNDER, NOTHING, "/drupal"},
    {UNDER, NOTHING, "/joomla"},
    {UNDER, NOTHING, "/magento"},
};
#define BAIT_COUNT (sizeof baits / sizeof baits[0])

size_t honeypot_path_count(void)
{
    return BAIT_COUNT;
}

static bool ends_with(struct str path, struct str end)
{
    return path.len >= end.len && str_eq_nocase(str_slice(path, path.len - end.len, path.len), end);
}

/* The path itself or something below it. */
static bool is_under(struct str path, struct str top)
{
    return path.len >= top.len && str_eq_nocase(str_slice(path, 0, top.len), top) &&
           (path.len == top.len || path.ptr[top.len] == '/');
}

static const struct bait *find_bait(struct str path)
{
    while (path.len > 1 && path.ptr[0] == '/' && path.ptr[1] == '/')
        path = str_slice(path, 1, path.len); /* //wp-login.php */
    for (size_t i = 0; i < BAIT_COUNT; i++) {
        const struct bait *b = &baits[i];
        struct str wanted = str_from_cstr(b->path);
        if ((b->match == EXACT && str_eq_nocase(path, wanted)) ||
            (b->match == UNDER && is_under(path, wanted)) ||
            (b->match == END && ends_with(path, wanted)))
            return b;
    }
    return NULL;
}

bool honeypot_is_bait(struct str path)
{
    return find_bait(path) != NULL;
}

/* ---- what scanners see ----------------------------------------------------------------------- */

static const char login_page[] =
    "<!doctype html><html><head><title>Log in</title></head><body><form method=\"post\">"
    "<p><label>Username <input name=\"log\"></label></p>"
    "<p><label>Password <input type=\"password\" name=\"pwd\"></label></p>"
    "<p><input type=\"submit\" value=\"Log in\"></p></form></body></html>\n";

static const char settings_text[] = "APP_ENV=production\nAPP_DEBUG=false\nDB_HOST=10.0.0.12\n"
                                    "DB_DATABASE=main\nDB_USERNAME=app\nDB_PASSWORD=changeme\n";

static const char repository_text[] =
    "[core]\n\trepositoryformatversion = 0\n\tfilemode = true\n\tbare = false\n";

static const char listing_page[] = "<!doctype html><html><head><title>Index</title></head><body>"
                                   "<h1>Index</h1><p>Empty.</p></body></html>\n";

static void answer_bait(struct call *c, const struct bait *bait)
{
    static const struct {
        const char *body, *type;
    } rows[] = {
        [LOGIN] = {login_page, "text/html; charset=utf-8"},
        [SETTINGS] = {settings_text, "text/plain; charset=utf-8"},
        [REPOSITORY] = {repository_text, "text/plain; charset=utf-8"},
        [LISTING] = {listing_page, "text/html; charset=utf-8"},
    };
    if (bait->answer == NOTHING) {
        answer_problem(c, PROBLEM_NOT_FOUND, "There is nothing at this path.");
        return;
    }
    writer_str(&c->body, str_from_cstr(rows[bait->answer].body));
    answer_body(c, 200, str_from_cstr(rows[bait->answer].type));
}

/* ---- bans ------------------------------------------------------------------------------------ */

struct honeypot {
    struct bans now, before;  /* before: to find what a reload has changed */
    int64_t audit_arrival_us; /* how many hits are audited: see gcra.h */
};

enum err honeypot_new(struct honeypot **out)
{
    *out = calloc(1, sizeof **out);
    return *out == NULL ? ERR_NO_MEMORY : OK;
}

void honeypot_free(struct honeypot *h)
{
    free(h);
}

static void tell(struct api *api, uint32_t link, const struct ban *ban, int64_t until_ms)
{
    int64_t left_ms = until_ms - api->d->now_ms;
    api->outlet.ban(api->outlet.ctx, link, ban->address, left_ms <= 0 ? 0 : (left_ms + 999) / 1000);
}

void honeypot_tell(struct api *api, uint32_t link)
{
    const struct bans *b = &api->honeypot->now;
    for (size_t i = 0; i < b->count; i++)
        tell(api, link, &b->list[i], b->list[i].until_ms);
}

enum err honeypot_load(struct api *api)
{
    struct honeypot *h = api->honeypot;
    h->before.count = h->now.count;
    memcpy(h->before.list, h->now.list, h->now.count * sizeof h->now.list[0]);
    TRY(bans_load(api->d, &h->now));
    for (size_t i = 0; i < h->before.count; i++) {
        if (ban_find(&h->now, h->before.list[i].address) == NULL)
            tell(api, LINK_EVERY, &h->before.list[i], 0);
    }
    honeypot_tell(api, LINK_EVERY);
    return OK;
}

enum err honeypot_tick(struct api *api)
{
    return bans_expire(api->d, &api->honeypot->now);
}

/* ---- a hit ----------------------------------------------------------------------------------- */

/* The trail of a stranger's making stays small; what it leaves out, the log counts. */
static bool may_audit(struct honeypot *h, int64_t now_us)
{
    static struct log_limit limit;
    struct gcra_rate rate = {HIT_AUDITED_EVERY_US, HITS_AUDITED_AT_ONCE};
    if (h->audit_arrival_us > now_us + HITS_AUDITED_AT_ONCE * HIT_AUDITED_EVERY_US)
        h->audit_arrival_us = 0; /* of a clock that was set back */
    struct gcra_verdict v = gcra(h->audit_arrival_us, rate, now_us);
    h->audit_arrival_us = v.arrival_us;
    if (!v.is_allowed)
        log_event_limited(&limit, "honeypot.hits_not_audited", "wait_s=%lld",
                          (long long)(v.wait_us / 1000000));
    return v.is_allowed;
}

/* A page of another site can have any browser ask for anything: its visitor has looked for nothing,
 * and must not be shut out for it. Scanners do not say that they are led. */
static bool is_led_by_another_site(const struct request *r)
{
    struct str site = r->field[FIELD_SEC_FETCH_SITE];
    return site.len > 0 && !str_eq(site, STR("same-origin")) && !str_eq(site, STR("none"));
}

bool honeypot_has_banned(struct call *c)
{
    uint8_t address[PEER_LEN];
    memcpy(address, c->d->peer, PEER_LEN);
    ban_normalise(address);
    return !c->api->limits.dry_run && ban_find(&c->api->honeypot->now, address) != NULL;
}

enum err honeypot_call(struct call *c, bool *is_bait)
{
    const struct bait *bait = find_bait(c->path);
    const struct ban *ban;
    *is_bait = bait != NULL;
    if (bait == NULL)
        return OK;
    if (caller_is_signed_in(c) || is_led_by_another_site(c->request)) {
        answer_problem(c, PROBLEM_NOT_FOUND, "There is nothing at this path.");
        return OK;
    }
    int64_t for_ms = c->api->limits.ban_hours * HOUR_MS;
    struct honeypot *h = c->api->honeypot;
    TRY(ban_add(c->d, &h->now, c->path, for_ms, may_audit(h, c->d->now_ms * 1000), &ban));
    if (ban != NULL)
        tell(c->api, LINK_EVERY, ban, ban->until_ms);
    answer_bait(c, bait);
    return OK;
}
