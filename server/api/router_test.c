#include "server/api/router.h"

#include "server/api/honeypot.h"
#include "server/api/routes.h"
#include "tests/check.h"
#include "tests/support/house.h"

/* A request over the only life that this link has had. */
static struct origin of(uint32_t link, uint64_t id)
{
    return (struct origin){.link = link, .life = 1, .id = id};
}

/* The published table once more, for going through it. */
#define SCOPE_NONE 0
#define KIND_EMPTY 0
#define KIND_JSON  1
#define KIND_MERGE 2
#define ROUTE_ROW(method, path, caller, scope, body, handler)                                      \
    {METHOD_##method, path, CALLER_##caller, SCOPE_##scope, KIND_##body},
static const struct route_row {
    enum method method;
    const char *path;
    enum caller caller;
    int scope;
    int body;
} table[] = {ROUTES(ROUTE_ROW)};
#define TABLE_COUNT (sizeof table / sizeof table[0])

static struct house house;
static struct api *api;
static struct house_device buoy;
static int64_t ada, eve;
static struct credential cookie, keys[SCOPE_MANAGE + 1];
static char csrf[64], cookie_field[100];
static uint16_t status;
static char body[4096];
static int64_t banned_for_s;

static void on_reply(void *ctx, struct origin to, const struct reply *reply)
{
    (void)ctx, (void)to;
    status = reply->status;
    size_t len = reply->body.len < sizeof body ? reply->body.len : sizeof body - 1;
    if (len > 0)
        memcpy(body, reply->body.ptr, len);
    body[len] = 0;
}

static void on_held(void *ctx, struct origin to, principal caller)
{
    (void)ctx, (void)to, (void)caller;
    status = 1;
}

static void on_stream(void *ctx, struct origin to, const struct reply *head)
{
    (void)ctx, (void)to;
    status = head->status;
}

static void on_data(void *ctx, struct origin to, struct str data)
{
    (void)ctx, (void)to, (void)data;
}

static void on_end(void *ctx, struct origin to)
{
    (void)ctx, (void)to;
}

static void on_ban(void *ctx, uint32_t link, const uint8_t address[static 16], int64_t seconds)
{
    (void)ctx, (void)link, (void)address;
    banned_for_s = seconds;
}

static enum err on_hash(void *ctx, const struct errand *e)
{
    (void)ctx, (void)e;
    return ERR_LIMIT;
}

static enum err on_turnstile(void *ctx, const struct errand *e, struct str token,
                             const uint8_t peer[static 16])
{
    (void)ctx, (void)e, (void)token, (void)peer;
    return ERR_LIMIT;
}

static bool on_busy(void *ctx)
{
    (void)ctx;
    return false;
}

static enum err on_challenge(void *ctx, struct arena *a, struct str token, struct str *out)
{
    (void)ctx, (void)a;
    *out = STR("proof");
    return str_eq(token, STR("known")) ? OK : ERR_NOT_FOUND;
}

static void open_api(void)
{
    static const struct outlet outlet = {.reply = on_reply,
                                         .held = on_held,
                                         .stream = on_stream,
                                         .stream_data = on_data,
                                         .stream_end = on_end,
                                         .ban = on_ban,
                                         .hash = on_hash,
                                         .turnstile = on_turnstile,
                                         .is_busy = on_busy,
                                         .challenge = on_challenge};
    struct browser_session s;
    int64_t id, alarm, ended;
    house_open(&house);
    struct limit_rules limits = limit_rules_default();
    HOUSE_MUST(api_new(&house.d, &outlet, &limits, &api));
    house_begin(&house);
    ada = house_account(&house, "ada@example.org");
    eve = house_account(&house, "eve@example.org");
    house_register(&house, ada, 1, &buoy);
    HOUSE_MUST(house_sign_in(&house, &buoy, credential_text(&buoy.registered.key), &alarm));
    struct sign_in in = {
        .account_id = ada, .way = SIGNED_IN_WITH_PASSWORD, .user_agent = user_agent_read(STR_NONE)};
    HOUSE_MUST(
        browser_session_open(&house.d, &house.arena, &in, STR("ada@example.org"), &s, &ended));
    cookie = s.cookie;
    for (enum scope scope = SCOPE_READ; scope <= SCOPE_MANAGE; scope++)
        HOUSE_MUST(
            api_key_add(&house.d, ada, STR("key"), scope, API_KEY_FOR_EVER, &keys[scope], &id));
    snprintf(csrf, sizeof csrf, "%.*s", STR_ARGS(s.csrf_token));
    snprintf(cookie_field, sizeof cookie_field, "a=b; __Host-session=%.*s; c=d",
             STR_ARGS(credential_text(&cookie)));
}

static void close_api(void)
{
    house_commit(&house);
    api_free(api);
    house_close(&house);
}

/* The path of a row with the device's name, or a key's number, in its place. */
static struct str path_of(const struct route_row *row)
{
    static char path[128];
    const char *at = strstr(row->path, "{id}");
    if (at == NULL)
        return str_from_cstr(row->path);
    int len = snprintf(
        path, sizeof path, "%.*s%.*s%s", (int)(at - row->path), row->path,
        STR_ARGS(strstr(row->path, "api-keys") != NULL ? STR("1") : house_public_id(&buoy)),
        at + 4);
    return str_from(path, (size_t)len);
}

static struct request request_of(const struct route_row *row)
{
    struct request r = {.method = row->method, .target = path_of(row)};
    r.field[FIELD_HOST] = STR("ocean.example:8443");
    r.field[FIELD_CONTENT_TYPE] = STR("application/json");
    return r;
}

static struct str bearer(const struct credential *c)
{
    static char text[100];
    int len = snprintf(text, sizeof text, "Bearer %.*s", STR_ARGS(credential_text(c)));
    return str_from(text, (size_t)len);
}

static void by_browser(struct request *r)
{
    r->field[FIELD_COOKIE] = str_from_cstr(cookie_field);
    r->field[FIELD_CSRF_TOKEN] = str_from_cstr(csrf);
}

static uint16_t call(const struct request *r)
{
    status = 0;
    HOUSE_MUST(api_request(api, of(0, 1), r));
    CHECK(status != 0);
    api_gone(api, of(0, 1));
    return status;
}

/* Not turned away before the handler looked at it. */
static bool is_let_in(uint16_t got)
{
    return got != 401 && got != 403 && got != 405 && got != 415;
}

static bool is_unsafe(enum method m)
{
    return m != METHOD_GET && m != METHOD_HEAD;
}

static void for_each_route(void (*check)(const struct route_row *row))
{
    for (size_t i = 0; i < TABLE_COUNT; i++) {
        open_api();
        check_row = table[i].path;
        check(&table[i]);
        check_row = NULL;
        close_api();
    }
}

/* ---- who ------------------------------------------------------------------------------------- */

static void check_stranger(const struct route_row *row)
{
    struct request r = request_of(row);
    uint16_t got = call(&r);
    if (row->caller != CALLER_ANYONE)
        CHECK_INT(got, 401);
    else
        CHECK(got != 401 && got != 403);
}

TEST(route_call__without_credentials__is_401_unless_anyone_may)
{
    for_each_route(check_stranger);
}

static void check_bad_credentials(const struct route_row *row)
{
    static const char *const bad[] = {"Bearer oc_api_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
                                      "Bearer oc_sess_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
                                      "Bearer", "Basic YTpi", "x"};
    if (row->caller == CALLER_ANYONE)
        return;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct request r = request_of(row);
        r.field[FIELD_AUTHORIZATION] = str_from_cstr(bad[i]);
        CHECK_INT(call(&r), 401);
        r.field[FIELD_AUTHORIZATION] = STR_NONE;
        r.field[FIELD_COOKIE] = STR("__Host-session=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA");
        CHECK_INT(call(&r), 401);
    }
}

TEST(route_call__credentials_that_are_none__are_401)
{
    for_each_route(check_bad_credentials);
}

static void check_key(const struct route_row *row)
{
    for (enum scope scope = SCOPE_READ; scope <= SCOPE_MANAGE; scope++) {
        struct request r = request_of(row);
        r.field[FIELD_AUTHORIZATION] = bearer(&keys[scope]);
        uint16_t got = call(&r);
        if (row->caller == CALLER_BROWSER)
            CHECK_INT(got, 403);
        else if (row->caller == CALLER_DEVICE)
            CHECK_INT(got, 401);
        else if (row->caller == CALLER_OWNER && (int)scope < row->scope)
            CHECK_INT(got, 403);
        else if (row->caller == CALLER_OWNER)
            CHECK(is_let_in(got));
    }
}

TEST(route_call__an_api_key__reaches_what_its_scope_says)
{
    for_each_route(check_key);
}

static void check_device(const struct route_row *row)
{
    struct request r = request_of(row);
    r.field[FIELD_AUTHORIZATION] = bearer(&buoy.session.session);
    r.field[FIELD_DEVICE_MAC] = STR("24:6F:28:AA:BB:01");
    uint16_t got = call(&r);
    if (row->caller == CALLER_DEVICE)
        CHECK(is_let_in(got));
    else if (row->caller != CALLER_ANYONE)
        CHECK_INT(got, 401);
    if (row->caller != CALLER_DEVICE)
        return;
    r.field[FIELD_DEVICE_MAC] = STR("24:6F:28:AA:BB:02");
    CHECK_INT(call(&r), 401);
    CHECK(strstr(body, "mac-mismatch") != NULL);
}

TEST(route_call__a_device_session__reaches_the_devices_routes_with_its_mac)
{
    for_each_route(check_device);
}

/* ---- forgery --------------------------------------------------------------------------------- */

static void check_browser(const struct route_row *row)
{
    static const struct {
        const char *site, *origin;
        bool good;
    } pages[] = {
        {"", "", true},
        {"same-origin", "https://ocean.example:8443", true},
        {"none", "", true},
        {"", "https://OCEAN.example:8443", true},
        {"same-site", "", false},
        {"cross-site", "", false},
        {"", "https://evil.example", false},
        {"", "https://ocean.example", false},
        {"", "http://ocean.example:8443", false},
        {"", "https://ocean.example:8443.evil.example", false},
        {"", "null", false},
        {"same-origin", "https://evil.example", false},
    };
    if (row->caller != CALLER_OWNER && row->caller != CALLER_BROWSER)
        return;
    if (strcmp(row->path, "/api/v1/logout") == 0 || row->method == METHOD_DELETE)
        return; /* asked below, once: they end what the others need */
    for (size_t i = 0; i < sizeof pages / sizeof pages[0]; i++) {
        struct request r = request_of(row);
        by_browser(&r);
        r.field[FIELD_SEC_FETCH_SITE] = str_from_cstr(pages[i].site);
        r.field[FIELD_ORIGIN] = str_from_cstr(pages[i].origin);
        uint16_t got = call(&r);
        if (pages[i].good)
            CHECK(is_let_in(got));
        else
            CHECK_INT(got, 403);
    }
}

TEST(route_call__a_browser__is_let_in_from_our_own_pages)
{
    for_each_route(check_browser);
}

static void check_token(const struct route_row *row)
{
    char wrong[64];
    if ((row->caller != CALLER_OWNER && row->caller != CALLER_BROWSER) || !is_unsafe(row->method))
        return;
    strcpy(wrong, csrf);
    wrong[5] ^= 1;
    struct request r = request_of(row);
    by_browser(&r);
    r.field[FIELD_CSRF_TOKEN] = STR_NONE;
    CHECK_INT(call(&r), 403);
    r.field[FIELD_CSRF_TOKEN] = str_from_cstr(wrong);
    CHECK_INT(call(&r), 403);
    r.field[FIELD_CSRF_TOKEN] = str_from(csrf, 10);
    CHECK_INT(call(&r), 403);
    r.field[FIELD_CSRF_TOKEN] = str_from_cstr(csrf);
    CHECK(is_let_in(call(&r)));
}

TEST(route_call__a_browser_without_its_token__changes_nothing)
{
    for_each_route(check_token);
}

/* ---- what ------------------------------------------------------------------------------------ */

static void check_types(const struct route_row *row)
{
    static const struct {
        const char *type;
        bool json, merge;
    } rows[] = {
        {"application/json", true, true},
        {"Application/JSON; charset=utf-8", true, true},
        {"application/merge-patch+json", false, true},
        {"", false, false},
        {"text/plain", false, false},
        {"application/x-www-form-urlencoded", false, false},
        {"multipart/form-data; boundary=x", false, false},
        {"application/jsonp", false, false},
        {"text/plain; application/json", false, false},
    };
    if (row->body == KIND_EMPTY || row->caller == CALLER_DEVICE)
        return;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct request r = request_of(row);
        by_browser(&r);
        r.field[FIELD_CONTENT_TYPE] = str_from_cstr(rows[i].type);
        r.body = STR("{}");
        bool good = row->body == KIND_JSON ? rows[i].json : rows[i].merge;
        uint16_t got = call(&r);
        if (good)
            CHECK(got != 415);
        else
            CHECK_INT(got, 415);
    }
}

TEST(route_call__bodies__come_as_json)
{
    for_each_route(check_types);
}

static void check_methods(const struct route_row *row)
{
    for (enum method m = METHOD_GET; m <= METHOD_OPTIONS; m++) {
        bool exists = m == METHOD_HEAD; /* asked as GET */
        for (size_t i = 0; i < TABLE_COUNT; i++)
            exists = exists || (strcmp(table[i].path, row->path) == 0 && table[i].method == m);
        if (exists)
            continue;
        struct request r = request_of(row);
        r.method = m;
        CHECK_INT(call(&r), 405);
    }
}

TEST(route_call__other_methods__are_405_before_anybody_is_asked_who_they_are)
{
    for_each_route(check_methods);
}

TEST(route_call__other_paths__are_404)
{
    static const char *const rows[] = {
        "/",
        "/api",
        "/api/",
        "/api/v1",
        "/api/v1/",
        "/api/v1/device",
        "/api/v1/devices/",
        "/api/v1/devices/x/",
        "/api/v1/devices/x/y",
        "/api/v1/devices/x/readings/",
        "/api/v1/devices//readings",
        "/api/v2/devices",
        "/API/v1/devices",
        "/device/v1",
        "/device/v1/readings/x",
        "/healthz/",
        "/api/v1/devicesx",
    };
    open_api();
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct request r = {.method = METHOD_GET, .target = str_from_cstr(rows[i])};
        check_row = rows[i];
        CHECK_INT(call(&r), 404);
    }
    check_row = NULL;
    close_api();
}

TEST(challenge_get__table)
{
    static const struct {
        const char *path;
        uint16_t expected;
    } rows[] = {
        {"known", 200},  {"known?a=b", 200}, {"unknown", 404}, {"known/", 404},
        {"kno.wn", 404}, {"known%00", 404},  {"", 404},        {"known=", 404},
    };
    open_api();
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char target[300];
        int len = snprintf(target, sizeof target, "/.well-known/acme-challenge/%s", rows[i].path);
        struct request r = {.method = METHOD_GET, .target = str_from(target, (size_t)len)};
        check_row = rows[i].path;
        CHECK_INT(call(&r), rows[i].expected);
        CHECK_INT(strcmp(body, "proof") == 0, rows[i].expected == 200);
    }
    check_row = NULL;
    close_api();
}

/* ---- whose ----------------------------------------------------------------------------------- */

static void check_other_owner(const struct route_row *row)
{
    struct credential key;
    int64_t id;
    if (strstr(row->path, "/devices/{id}") == NULL)
        return;
    HOUSE_MUST(api_key_add(&house.d, eve, STR("key"), SCOPE_MANAGE, API_KEY_FOR_EVER, &key, &id));
    struct request r = request_of(row);
    r.field[FIELD_AUTHORIZATION] = bearer(&key);
    r.body = STR("{\"name\":\"mine now\"}");
    if (strstr(row->path, "readings") != NULL) {
        static char target[200];
        int len = snprintf(target, sizeof target, "%.*s?metric=t", STR_ARGS(r.target));
        r.target = str_from(target, (size_t)len);
    }
    CHECK_INT(call(&r), 404);
}

TEST(route_call__another_owners_device__is_404_on_every_route)
{
    for_each_route(check_other_owner);
}

/* ---- bait ------------------------------------------------------------------------------------ */

static int64_t ask_for(const char *path, struct str cookies)
{
    struct request r = {.method = METHOD_GET, .target = str_from_cstr(path)};
    r.field[FIELD_COOKIE] = cookies;
    r.peer[10] = r.peer[11] = 0xFF;
    r.peer[15] = (uint8_t)strlen(path);
    banned_for_s = -1;
    (void)call(&r);
    return banned_for_s;
}

TEST(honeypot__bait_bans_its_address_once__and_nobody_who_is_signed_in)
{
    open_api();
    CHECK_INT(ask_for("/.env", str_from_cstr(cookie_field)), -1);
    CHECK_INT(status, 404);
    CHECK_INT(ask_for("/.env", STR_NONE), 24 * 3600);
    CHECK_INT(status, 200);
    CHECK_INT(ask_for("/.env", STR("__Host-session=nonsense")), -1); /* banned already */
    CHECK_INT(ask_for("/nothing", STR_NONE), -1);
    CHECK_INT(status, 404);
    banned_for_s = -1;
    api_link_up(api, 3); /* an edge that starts later hears of it */
    CHECK_INT(banned_for_s, 24 * 3600);
    close_api();
}

TEST(honeypot__what_another_sites_page_asks_for__bans_nobody)
{
    struct request r = {.method = METHOD_GET, .target = STR("/.env")};
    open_api();
    r.peer[10] = r.peer[11] = 0xFF;
    r.field[FIELD_SEC_FETCH_SITE] = STR("cross-site"); /* <img src="https://…/.env"> */
    banned_for_s = -1;
    CHECK_INT(call(&r), 404);
    CHECK_INT(banned_for_s, -1);
    r.field[FIELD_SEC_FETCH_SITE] = STR("none"); /* typed */
    CHECK_INT(call(&r), 200);
    CHECK_INT(banned_for_s, 24 * 3600);
    close_api();
}

TEST(honeypot__a_made_up_cookie__is_no_way_to_the_sign_in)
{
    struct request r = {.method = METHOD_POST,
                        .target = STR("/api/v1/login"),
                        .body = STR("{\"email\":\"ada@example.org\",\"password\":\"x\"}")};
    open_api();
    r.field[FIELD_CONTENT_TYPE] = STR("application/json");
    r.field[FIELD_COOKIE] = STR("__Host-session=made-up");
    r.peer[10] = r.peer[11] = 0xFF;
    r.peer[15] = (uint8_t)strlen("/.env"); /* see ask_for() */
    CHECK_INT(call(&r), 503);              /* our queue of hashes is always full */
    CHECK_INT(ask_for("/.env", STR_NONE), 24 * 3600);
    CHECK_INT(call(&r), 403);
    r.field[FIELD_COOKIE] = str_from_cstr(cookie_field);
    CHECK_INT(call(&r), 503);
    close_api();
}

TEST(honeypot__what_is_bait_and_what_is_not)
{
    static const struct {
        const char *path;
        bool is_bait;
    } rows[] = {
        {"/admin", true},
        {"/admin/", true},
        {"/Admin/index.php", true},
        {"/administrators", false},
        {"/wp-login.php", true},
        {"/blog/wp-login.php", true},
        {"//wp-login.php", true},
        {"/wp-login.phps", false},
        {"/.git/config", true},
        {"/.gitignore", false},
        {"/app/.env", true},
        {"/.environment", false},
        {"/", false},
        {"", false},
        {"/favicon.ico", false},
        {"/robots.txt", false},
        {"/index.html", false},
        {"/openapi.json", false},
        {"/.well-known/acme-challenge/x", false},
    };
    CHECK(honeypot_path_count() >= 60);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        check_row = rows[i].path;
        CHECK_INT(honeypot_is_bait(str_from_cstr(rows[i].path)), rows[i].is_bait);
    }
    for (size_t i = 0; i < TABLE_COUNT; i++) {
        check_row = table[i].path;
        CHECK(!honeypot_is_bait(str_from_cstr(table[i].path)));
    }
    check_row = NULL;
}

TESTS(router, TEST_ROW(challenge_get__table),
      TEST_ROW(honeypot__bait_bans_its_address_once__and_nobody_who_is_signed_in),
      TEST_ROW(honeypot__what_another_sites_page_asks_for__bans_nobody),
      TEST_ROW(honeypot__a_made_up_cookie__is_no_way_to_the_sign_in),
      TEST_ROW(honeypot__what_is_bait_and_what_is_not),
      TEST_ROW(route_call__without_credentials__is_401_unless_anyone_may),
      TEST_ROW(route_call__credentials_that_are_none__are_401),
      TEST_ROW(route_call__an_api_key__reaches_what_its_scope_says),
      TEST_ROW(route_call__a_device_session__reaches_the_devices_routes_with_its_mac),
      TEST_ROW(route_call__a_browser__is_let_in_from_our_own_pages),
      TEST_ROW(route_call__a_browser_without_its_token__changes_nothing),
      TEST_ROW(route_call__bodies__come_as_json),
      TEST_ROW(route_call__other_methods__are_405_before_anybody_is_asked_who_they_are),
      TEST_ROW(route_call__other_paths__are_404),
      TEST_ROW(route_call__another_owners_device__is_404_on_every_route))
