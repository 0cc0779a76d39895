/* Rows A1, D2, S4 and U5, U6: who gets in.
 *
 * Owns:     nothing.
 * Promise:  the routes asked are those the server is built from: a new one is asked too.
 * Source:   server/api/routes.h; SECURITY.md.
 * Watch:    asks at our pace; see session.h for whoever is signed in. */
#include <string.h>

#include "server/api/routes.h"
#include "server/prove/paths.h"
#include "server/prove/prove.h"
#include "server/prove/session.h"

/* ---- A1 -------------------------------------------------------------------------------------- */

#define CALLER_IS_ANYONE_ANYONE    true
#define CALLER_IS_ANYONE_OWNER     false
#define CALLER_IS_ANYONE_BROWSER   false
#define CALLER_IS_ANYONE_CONFIRMED false
#define CALLER_IS_ANYONE_DEVICE    false

static const struct {
    const char *method, *path;
    bool is_open;
} routes[] = {
#define ROUTE_ROW(method, path, caller, scope, body, handler)                                      \
    {#method, path, CALLER_IS_ANYONE_##caller},
    ROUTES(ROUTE_ROW)
#undef ROUTE_ROW
};
#define ROUTE_COUNT (sizeof routes / sizeof routes[0])

/* Something that looks like a name for every {id}. */
static void fill_in(const char *path, char out[static 128])
{
    const char *mark = strstr(path, "{id}");
    int before = mark == NULL ? (int)strlen(path) : (int)(mark - path);
    snprintf(out, 128, "%.*s%s%s", before, path, mark == NULL ? "" : "dev_0000000000000000000000",
             mark == NULL ? "" : mark + strlen("{id}"));
}

static void check_routes(struct prove *p, const char *fields, struct finding *f)
{
    size_t count = 0;
    for (size_t i = 0; i < ROUTE_COUNT; i++) {
        char path[128];
        if (routes[i].is_open)
            continue;
        fill_in(routes[i].path, path);
        bool has_body = routes[i].method[0] == 'P'; /* POST and PATCH */
        struct question q = {routes[i].method, path, fields, has_body ? "{}" : NULL};
        if (!ask(p, &q, f))
            return;
        if (p->answer.status != 401) {
            broken(f, "%s %s is answered %u", routes[i].method, path, p->answer.status);
            return;
        }
        count++;
    }
    kept(f, "401 from all %zu that are not for everybody", count);
}

void check_routes_closed(struct prove *p, const struct check *self, struct finding *f)
{
    (void)self;
    check_routes(p, NULL, f);
}

void check_routes_made_up(struct prove *p, const struct check *self, struct finding *f)
{
    (void)self;
    check_routes(p,
                 "Authorization: Bearer oc_api_0000000000000000000000000000000000000000000\r\n"
                 "X-Device-MAC: 02:00:00:00:00:01\r\n",
                 f);
}

void check_unknown_paths(struct prove *p, const struct check *self, struct finding *f)
{
    (void)self;
    for (size_t i = 0; i < unknown_path_count; i++) {
        struct question q = {"GET", unknown_paths[i], NULL, NULL};
        if (!ask(p, &q, f))
            return;
        if (p->answer.status != 404) {
            broken(f, "%s is answered %u", unknown_paths[i], p->answer.status);
            return;
        }
    }
    kept(f, "%zu of them", unknown_path_count);
}

void check_made_up_token(struct prove *p, const struct check *self, struct finding *f)
{
    (void)self;
    struct question q = {
        "POST", "/device/v1/register", NULL,
        "{\"registration_token\":\"oc_reg_0000000000000000000000000000000000000000000\","
        "\"mac\":\"02:00:00:00:00:01\",\"chip\":\"prove\",\"firmware_version\":\"0\"}"};
    if (!ask(p, &q, f))
        return;
    if (p->answer.status == 401 && body_has(&p->answer, "registration-refused"))
        kept(f, "401 registration-refused");
    else
        broken(f, "answered %u", p->answer.status);
}

/* ---- signing in ------------------------------------------------------------------------------ */

static bool has_attribute(struct str cookie, const char *wanted)
{
    struct str one;
    bool more = cookie.len > 0;
    while (more) {
        more = str_cut(cookie, ';', &one, &cookie);
        if (str_eq_nocase(str_trim(one), str_from_cstr(wanted)))
            return true;
    }
    return false;
}

void check_cookie(struct prove *p, const struct check *self, struct finding *f)
{
    (void)self;
    static const char *const wanted[] = {"Secure", "HttpOnly", "SameSite=Strict", "Path=/"};
    if (!session_begin(p, f))
        return;
    struct str cookie = str_from_cstr(p->set_cookie);
    if (!str_starts(cookie, STR("__Host-"))) {
        broken(f, "its name has no __Host- before it");
        return;
    }
    for (size_t i = 0; i < sizeof wanted / sizeof wanted[0]; i++) {
        if (has_attribute(cookie, wanted[i]))
            continue;
        broken(f, "it is not %s", wanted[i]);
        return;
    }
    kept(f, "__Host-, Secure, HttpOnly, SameSite=Strict");
}

void check_csrf_token(struct prove *p, const struct check *self, struct finding *f)
{
    (void)self;
    char fields[COOKIE_MAX + 16];
    if (!session_begin(p, f))
        return;
    snprintf(fields, sizeof fields, "Cookie: %s\r\n", p->cookie);
    if (!ask(p, &(struct question){"POST", "/api/v1/logout", fields, ""}, f))
        return;
    if (p->answer.status == 403 && body_has(&p->answer, "csrf-refused"))
        kept(f, "403 csrf-refused");
    else
        broken(f, "answered %u", p->answer.status);
}

void check_sign_out(struct prove *p, const struct check *self, struct finding *f)
{
    (void)self;
    char fields[SESSION_FIELDS_MAX];
    if (!session_begin(p, f) || !session_end(p, fields, f))
        return;
    uint16_t said = p->answer.status;
    if (!ask(p, &(struct question){"GET", "/api/v1/me", fields, NULL}, f))
        return;
    if (p->answer.status == 401)
        kept(f, "its cookie is worth nothing afterwards");
    else
        broken(f, "sign-out is answered %u, and the cookie then %u", said, p->answer.status);
}

/* The text of both refusals, byte by byte. */
void check_same_answer(struct prove *p, const struct check *self, struct finding *f)
{
    (void)self;
    static uint8_t known[2048];
    if (!session_is_possible(p, f) ||
        !session_try(p, p->email, STR("not this account's password"), f))
        return;
    uint16_t status = p->answer.status;
    size_t len = p->answer.body.len < sizeof known ? p->answer.body.len : sizeof known;
    memcpy(known, p->answer.body.ptr, len);
    if (!session_try(p, p->stranger, STR("not this account's password"), f))
        return;
    if (status == 401 && p->answer.status == 401 && str_eq(str_from(known, len), p->answer.body))
        kept(f, "401 with the same words");
    else
        broken(f, "answered %u to a known account, %u to an unknown one", status, p->answer.status);
}

/* ---- forgery --------------------------------------------------------------------------------- */

static void check_forged(struct prove *p, const char *fields, struct finding *f)
{
    struct question q = {"POST", "/api/v1/login", fields, "{\"email\":\"\",\"password\":\"\"}"};
    if (!ask(p, &q, f))
        return;
    if (p->answer.status == 403 && body_has(&p->answer, "csrf-refused"))
        kept(f, "403 csrf-refused");
    else
        broken(f, "answered %u", p->answer.status);
}

void check_foreign_origin(struct prove *p, const struct check *self, struct finding *f)
{
    (void)self;
    check_forged(p, "Origin: https://evil.example\r\n", f);
}

void check_foreign_site(struct prove *p, const struct check *self, struct finding *f)
{
    (void)self;
    check_forged(p, "Sec-Fetch-Site: cross-site\r\n", f);
}
