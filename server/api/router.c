/* From a request to its handler: match, authenticate, authorise, check the body's kind.
 *
 * Owns:     the route table made from routes.h.
 * Promise:  the order is fixed and the same for every route: path, method, credential, scope,
 *           forgery, second factor,
 *           confirmation, rate, media type, handler. Nothing of a request is trusted
 * because an edge sent it. Source:   OWASP ASVS 3.5 (forgery), 4.1 (media types), 8.2 (owner in
 * every query). Watch:    a browser proves that it meant a request by its token; Origin and
 * Sec-Fetch-Site are checked besides, of reading requests too: nothing is read out to another site.
 * A key or a device carries no ambient credential: no token there. */
#include "server/api/router.h"

#include "server/api/cookie.h"
#include "server/api/device_json.h"
#include "server/api/honeypot.h"
#include "server/api/rate.h"
#include "server/api/routes.h"
#include "server/api/second_factor.h"
#include "server/domain/account.h"
#include "server/domain/limits.h"

enum body_kind {
    BODY_EMPTY, /* none is looked at */
    BODY_JSON,
    BODY_MERGE, /* JSON or application/merge-patch+json */
};

#define SCOPE_NONE ((enum scope)0)

struct route {
    enum method method;
    struct str path;
    enum caller caller;
    enum scope scope;
    enum body_kind body;
    handler_fn *handler;
};

#define ROUTE_ROW(method, path, caller, scope, body, handler)                                      \
    {METHOD_##method, {(const uint8_t *)path, sizeof(path) - 1},                                   \
     CALLER_##caller, SCOPE_##scope,                                                               \
     BODY_##body,     handler},
static const struct route routes[] = {ROUTES(ROUTE_ROW)};
#define ROUTE_COUNT (sizeof routes / sizeof routes[0])

/* Segment by segment; "{id}" matches one that is not empty. */
static bool path_matches(struct str pattern, struct str path, struct str *id)
{
    struct str want, have;
    bool more_want = true, more_have = true;
    *id = STR_NONE;
    while (more_want && more_have) {
        more_want = str_cut(pattern, '/', &want, &pattern);
        more_have = str_cut(path, '/', &have, &path);
        if (str_eq(want, STR("{id}")) && have.len > 0)
            *id = have;
        else if (!str_eq(want, have))
            return false;
    }
    return more_want == more_have;
}

/* The route, or NULL with the methods that the path has, a bit each; 0 tells 404 from 405. HEAD is
 * answered as GET: the edge leaves the body away. */
static const struct route *find_route(struct call *c, unsigned *methods)
{
    enum method method = c->request->method == METHOD_HEAD ? METHOD_GET : c->request->method;
    bool is_itself =
        false; /* a path that stands in the table is nobody's id: it comes first there */
    *methods = 0;
    for (size_t i = 0; i < ROUTE_COUNT; i++) {
        bool has_id = str_find(routes[i].path, '{') < routes[i].path.len;
        if (has_id ? is_itself : routes[i].path.len > c->path.len)
            continue;
        if (!path_matches(routes[i].path, c->path, &c->id))
            continue;
        is_itself = !has_id;
        if (routes[i].method == method)
            return &routes[i];
        *methods |= 1U << routes[i].method;
    }
    return NULL;
}

bool request_is_same_origin(const struct request *r)
{
    struct str site = r->field[FIELD_SEC_FETCH_SITE];
    if (site.len > 0 && !str_eq(site, STR("same-origin")) && !str_eq(site, STR("none")))
        return false;
    struct str origin = r->field[FIELD_ORIGIN];
    if (origin.len == 0)
        return true;
    return str_starts(origin, STR("https://")) &&
           str_eq_nocase(str_slice(origin, 8, origin.len), r->field[FIELD_HOST]);
}

static bool is_unsafe(enum method m)
{
    return m != METHOD_GET && m != METHOD_HEAD && m != METHOD_OPTIONS;
}

static bool passes_forgery_check(struct call *c)
{
    const struct request *r = c->request;
    return request_is_same_origin(r) &&
           (!is_unsafe(r->method) ||
            str_eq_secret(r->field[FIELD_CSRF_TOKEN], c->session.csrf_token));
}

bool caller_is_signed_in(struct call *c)
{
    struct str cookie = cookie_session(c->request->field[FIELD_COOKIE]);
    struct browser_session session;
    return browser_session_find(c->d, &c->arena, cookie, &session) == OK;
}

/* The cookie is in two hands. Who shows the old one may be either of them. */
static enum err refuse_stolen(struct call *c)
{
    uint8_t text[USER_AGENT_TEXT_MAX];
    struct writer w = writer_into(text, sizeof text);
    struct user_agent ua = user_agent_read(c->request->field[FIELD_USER_AGENT]);
    user_agent_write(&w, &ua);
    events_end_session(&c->api->events, &c->api->outlet, c->session.id);
    TRY(account_tell(c->d, &c->arena, c->session.account_id, MAIL_SESSION_STOLEN,
                     str_from(text, w.len)));
    answer_problem(c, PROBLEM_UNAUTHENTICATED,
                   "This session was used from two places and has been ended. Sign in again; if "
                   "the other place was not you, change the password.");
    return OK;
}

static enum err authenticate_browser(struct call *c)
{
    struct str cookie = cookie_session(c->request->field[FIELD_COOKIE]);
    enum err e = browser_session_use(c->d, &c->arena, cookie, &c->session);
    if (e == ERR_CONFLICT)
        return refuse_stolen(c);
    if (e == ERR_DENIED) {
        answer_problem(c, PROBLEM_UNAUTHENTICATED,
                       "Sign in with POST /api/v1/login, or send an API key.");
        return OK;
    }
    TRY(e);
    c->account_id = c->session.account_id;
    c->by_browser = true;
    if (!passes_forgery_check(c))
        answer_problem(c, PROBLEM_CSRF_REFUSED,
                       "Send the csrf value of /api/v1/me as X-CSRF-Token, from a page of this "
                       "server. Reload the page if you see this in the dashboard.");
    return OK;
}

static enum err authenticate_key(struct call *c, const struct route *route)
{
    struct str text;
    struct api_key key;
    enum err e = bearer_read(c->request->field[FIELD_AUTHORIZATION], &text);
    if (e == OK)
        e = api_key_find(c->d, text, &key);
    if (e == ERR_DENIED || e == ERR_CONFLICT) {
        answer_problem(c, PROBLEM_UNAUTHENTICATED,
                       e == ERR_DENIED
                           ? "The API key is not valid. Make a new one in the dashboard."
                           : "The API key has expired. Make a new one in the dashboard.");
        return OK;
    }
    TRY(e);
    bool is_for_browsers = route->caller != CALLER_OWNER;
    if (is_for_browsers || key.scope < route->scope) {
        answer_problem(
            c, PROBLEM_FORBIDDEN,
            is_for_browsers
                ? "API keys do not reach account settings: sign in with a browser."
                : "The key's scope does not include this: make one with a larger scope.");
        return OK;
    }
    c->account_id = key.account_id;
    c->api_key_id = key.id;
    return OK;
}

static enum err authenticate_device(struct call *c)
{
    enum err e = device_session_find(c->d, c->request->field[FIELD_AUTHORIZATION],
                                     c->request->field[FIELD_DEVICE_MAC], &c->device);
    if (e == ERR_DENIED) {
        answer_problem(c, PROBLEM_SESSION_EXPIRED, "Open a session with POST /device/v1/session.");
        return OK;
    }
    if (e == ERR_CONFLICT) {
        publish_clone_alarm(c->api, c->device->account_id,
                            str_from(c->device->public_id, c->device->public_id_len));
        answer_problem(c, PROBLEM_MAC_MISMATCH,
                       "X-Device-MAC is not the MAC this device registered with; the session has "
                       "ended and the owner was told. Send the registered MAC, or register again "
                       "with a fresh token.");
        return OK;
    }
    return e;
}

/* A sign-in, too, must not be another site's idea: its visitor would go on in a stranger's account.
 * Devices and programs send neither field. */
static void check_stranger(struct call *c)
{
    if (is_unsafe(c->request->method) && !request_is_same_origin(c->request))
        answer_problem(c, PROBLEM_CSRF_REFUSED,
                       "A page of another site may not ask for this. Use one of this server.");
}

/* OK without an answer: go on. OK with an answer: refused. */
static enum err authenticate(struct call *c, const struct route *route)
{
    switch (route->caller) {
    case CALLER_ANYONE: check_stranger(c); return OK;
    case CALLER_DEVICE: return authenticate_device(c);
    case CALLER_OWNER:
    case CALLER_BROWSER:
    case CALLER_CONFIRMED:
        return c->request->field[FIELD_AUTHORIZATION].len > 0 ? authenticate_key(c, route)
                                                              : authenticate_browser(c);
    }
    return ERR_CORRUPT;
}

/* What changes who may come in asks again who is there: a browser left open is not enough. */
static bool is_confirmed(struct call *c, const struct route *route)
{
    if (route->caller != CALLER_CONFIRMED ||
        c->session.confirmed_at_ms + CONFIRMED_MS > c->d->now_ms)
        return true;
    answer_problem(c, PROBLEM_CONFIRMATION_NEEDED,
                   "Prove that it is you with POST /api/v1/session/confirmation, then ask again.");
    return false;
}

/* What somebody may do who is to add a second factor first: see that, do it, and leave. */
static bool is_open_without_factor(const struct route *route)
{
    return str_eq(route->path, STR("/api/v1/me")) || str_eq(route->path, STR("/api/v1/logout")) ||
           str_eq(route->path, STR("/api/v1/session/confirmation")) ||
           str_starts(route->path, STR("/api/v1/factors"));
}

/* OK with an answer: refused. An API key is asked for nothing: it was made by a session. */
static enum err require_factor(struct call *c, const struct route *route)
{
    bool is_missing;
    if (!c->by_browser || is_open_without_factor(route))
        return OK;
    TRY(second_factor_is_missing(c, c->account_id, &is_missing));
    if (is_missing)
        answer_problem(
            c, PROBLEM_SECOND_FACTOR_REQUIRED,
            "This server asks for a second factor. Add an authenticator app or a passkey "
            "with /api/v1/factors, then ask again.");
    return OK;
}

/* The type before any parameter, as in "application/json; charset=utf-8". */
static bool media_type_is(struct str field, struct str type)
{
    struct str head, parameters;
    str_cut(field, ';', &head, &parameters);
    return str_eq_nocase(str_trim(head), type);
}

static bool body_is_acceptable(struct call *c, const struct route *route)
{
    struct str type = c->request->field[FIELD_CONTENT_TYPE];
    if (route->body == BODY_EMPTY || media_type_is(type, STR("application/json")))
        return true;
    return route->body == BODY_MERGE && media_type_is(type, STR("application/merge-patch+json"));
}

/* RFC 9110 section 15.5.6: a 405 names what is allowed. */
static struct str allow_text(struct arena *a, unsigned methods)
{
    static const struct {
        enum method method;
        const char *name;
    } names[] = {{METHOD_GET, "GET, HEAD"},
                 {METHOD_POST, "POST"},
                 {METHOD_PATCH, "PATCH"},
                 {METHOD_DELETE, "DELETE"}};
    uint8_t *text = arena_alloc(a, 64);
    struct writer w = writer_into(text, text == NULL ? 0 : 64);
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if ((methods & 1U << names[i].method) == 0)
            continue;
        if (w.len > 0)
            writer_str(&w, STR(", "));
        writer_str(&w, str_from_cstr(names[i].name));
    }
    return str_from(text, w.len);
}

static void answer_no_route(struct call *c, unsigned methods)
{
    c->allow = allow_text(&c->arena, methods);
    if (methods != 0)
        answer_problem(c, PROBLEM_METHOD_NOT_ALLOWED,
                       "This path exists, the method does not: see /api/v1/openapi.json.");
    else
        answer_problem(c, PROBLEM_NOT_FOUND,
                       "There is nothing at this path: see /api/v1/openapi.json.");
}

enum err route_call(struct call *c)
{
    unsigned methods;
    bool is_bait;
    const struct route *route = find_route(c, &methods);
    if (route == NULL) {
        TRY(honeypot_call(c, &is_bait));
        if (!is_bait)
            answer_no_route(c, methods);
        return OK;
    }
    TRY(authenticate(c, route));
    if (c->answered)
        return OK;
    TRY(require_factor(c, route));
    if (c->answered || !is_confirmed(c, route))
        return OK;
    if (c->errand == NULL && !rate_allows(c)) /* it was counted before it waited */
        return OK;
    if (!body_is_acceptable(c, route)) {
        answer_problem(c, PROBLEM_UNSUPPORTED_MEDIA_TYPE, "Send Content-Type: application/json.");
        return OK;
    }
    return route->handler(c);
}
