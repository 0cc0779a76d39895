#include "server/api/api.h"

#include <stdlib.h>
#include <string.h>

#include "common/base/assert.h"
#include "server/api/account_end.h"
#include "queries.h"
#include "server/api/call.h"
#include "server/api/cookie.h"
#include "server/api/device_json.h"
#include "server/api/honeypot.h"
#include "server/api/rate.h"
#include "server/api/router.h"
#include "server/domain/known_browser.h"
#include "server/domain/mail_allowance.h"
#include "server/domain/mail_token.h"
#include "server/domain/signup.h"
#include "server/domain/ranges.h"
#include "server/domain/signup_watch.h"
#include "server/domain/telemetry.h"
#include "server/os/log.h"

#define EXPIRY_EVERY_MS MINUTE_MS
#define SAVE_EVERY_MS   MINUTE_MS
#define SAVE_SLICE      256
#define FOLD_SLICE      512

enum err api_new(struct domain *d, const struct outlet *outlet, const struct limit_rules *limits,
                 struct api **out)
{
    struct api *api = calloc(1, sizeof *api);
    if (api == NULL)
        return ERR_NO_MEMORY;
    api->d = d;
    api->outlet = *outlet;
    api->limits = *limits;
    holds_init(&api->holds);
    api->arena_block = malloc(API_ARENA_SIZE);
    api->body = malloc(FRAME_REPLY_MAX);
    api->scratch = malloc(FRAME_BODY_MAX);
    if (api->arena_block == NULL || api->body == NULL || api->scratch == NULL ||
        exchanges_new(&api->exchanges) != OK || rate_new(&api->rate) != OK ||
        honeypot_new(&api->honeypot) != OK || challenges_new(d->entropy, &api->challenges) != OK) {
        api_free(api);
        return ERR_NO_MEMORY;
    }
    *out = api;
    return OK;
}

void api_free(struct api *api)
{
    if (api == NULL)
        return;
    holds_done(&api->holds);
    exchanges_free(api->exchanges);
    rate_free(api->rate);
    honeypot_free(api->honeypot);
    challenges_free(api->challenges);
    free(api->arena_block);
    free(api->body);
    free(api->scratch);
    free(api);
}

/* What of the database is kept in memory, and commands beside us change. */
enum err api_load(struct api *api)
{
    struct sql_data_version_row version;
    TRY(sql_data_version(api->d->store, &version));
    api->data_version = version.version;
    TRY(ranges_load(api->d));
    if (ranges_damaged(api->d->ranges) > 0)
        log_event("core.ranges_damaged", "lists=%zu", ranges_damaged(api->d->ranges));
    return honeypot_load(api);
}

static enum err notice_commands(struct api *api)
{
    struct sql_data_version_row version;
    TRY(sql_data_version(api->d->store, &version));
    return version.version == api->data_version ? OK : api_load(api);
}

static struct call call_begin(struct api *api, struct origin from, const struct request *r)
{
    struct call c = {.api = api, .d = api->d, .request = r, .from = from};
    c.arena = arena_over(api->arena_block, API_ARENA_SIZE);
    c.headers = writer_into(api->headers, sizeof api->headers);
    c.body = writer_into(api->body, FRAME_REPLY_MAX);
    if (r != NULL)
        str_cut(r->target, '?', &c.path, &c.query);
    return c;
}

/* What the database itself says went wrong is for the log and fails the batch. */
static bool fails_the_batch(enum err e)
{
    return e == ERR_IO || e == ERR_CORRUPT || e == ERR_NO_MEMORY || e == ERR_LIMIT ||
           e == ERR_AGAIN;
}

static enum err run(struct api *api, struct origin from, const struct request *r,
                    const struct errand *errand)
{
    struct call c = call_begin(api, from, r);
    c.errand = errand;
    api->d->peer = r->peer;
    enum err e = route_call(&c);
    api->d->peer = NULL;
    bool fails = fails_the_batch(e);
    if (e != OK && !fails)
        answer_problem(&c, problem_of(e), problem_advice(e));
    wipe(&c.session.cookie, sizeof c.session.cookie);
    ASSERT(fails || c.answered);
    return fails ? e : OK;
}

enum err api_request(struct api *api, struct origin from, const struct request *r)
{
    return run(api, from, r, NULL);
}

enum err api_errand_done(struct api *api, const struct errand *e)
{
    struct frame f;
    struct request r;
    size_t taken;
    TRY(frame_take(str_from(e->request, e->request_len), FRAME_REQUEST_MAX, &f, &taken));
    TRY(request_take(f.payload, &r));
    return run(api, e->origin, &r, e);
}

/* ---- answers --------------------------------------------------------------------------------- */

void answer_header(struct call *c, struct str name, struct str value)
{
    writer_str(&c->headers, name);
    writer_str(&c->headers, STR(": "));
    writer_str(&c->headers, value);
    writer_str(&c->headers, STR("\r\n"));
}

principal caller_of(const struct call *c)
{
    if (c->device != NULL)
        return PRINCIPAL_OF(PRINCIPAL_DEVICE, c->device->device_id);
    if (c->api_key_id != 0)
        return PRINCIPAL_OF(PRINCIPAL_KEY, c->api_key_id);
    return c->account_id == 0 ? 0 : PRINCIPAL_OF(PRINCIPAL_ACCOUNT, c->account_id);
}

/* Whatever is answered, a session that has got another id tells the browser. */
static struct reply reply_of(struct call *c, uint16_t status, struct str body)
{
    struct reply reply = {.status = status, .body = body, .caller = caller_of(c)};
    if (c->session.is_renewed)
        cookie_set_session(&c->headers, credential_text(&c->session.cookie));
    enum err e = writer_end(&c->headers, &reply.headers);
    ASSERT(e == OK && !c->answered);
    c->answered = true;
    return reply;
}

static void answer(struct call *c, uint16_t status, struct str body)
{
    struct reply reply = reply_of(c, status, body);
    c->api->outlet.reply(c->api->outlet.ctx, c->from, &reply);
}

void answer_stream(struct call *c)
{
    answer_header(c, STR("Content-Type"), STR("text/event-stream"));
    answer_header(c, STR("Cache-Control"), STR("no-store"));
    struct reply head = reply_of(c, 200, STR_NONE);
    c->api->outlet.stream(c->api->outlet.ctx, c->from, &head);
}

void answer_empty(struct call *c, uint16_t status)
{
    answer(c, status, STR_NONE);
}

void answer_body(struct call *c, uint16_t status, struct str content_type)
{
    struct str body;
    if (writer_end(&c->body, &body) != OK) {
        answer_problem(c, PROBLEM_PAYLOAD_TOO_LARGE, "Ask for less at once.");
        return;
    }
    answer_header(c, STR("Content-Type"), content_type);
    answer(c, status, body);
}

void answer_json(struct call *c, uint16_t status)
{
    answer_body(c, status, STR("application/json"));
}

/* Whatever was being written gives way to the problem. */
struct json_out answer_problem_begin(struct call *c, enum problem_kind kind, const char *detail)
{
    c->body = writer_into(c->api->body, FRAME_REPLY_MAX);
    c->headers.len = 0;
    struct json_out o = json_into(&c->body);
    problem_open(&o, kind, str_from_cstr(detail));
    if (problem_status(kind) == 401)
        answer_header(c, STR("WWW-Authenticate"), STR("Bearer realm=\"oceanremote\""));
    if (problem_status(kind) == 405)
        answer_header(c, STR("Allow"), c->allow);
    if (problem_status(kind) == 503)
        answer_header(c, STR("Retry-After"), STR("1"));
    return o;
}

void answer_problem_end(struct call *c, struct json_out *o, enum problem_kind kind)
{
    json_out_object_end(o);
    answer_body(c, problem_status(kind), STR("application/problem+json"));
}

void answer_problem(struct call *c, enum problem_kind kind, const char *detail)
{
    struct json_out o = answer_problem_begin(c, kind, detail);
    if (kind == PROBLEM_CLOCK_SKEW)
        json_out_name_int(&o, STR("server_time_ms"), c->d->now_ms);
    answer_problem_end(c, &o, kind);
}

void answer_limited(struct call *c, const struct limit_reached *reached, const char *detail)
{
    struct json_out o = answer_problem_begin(c, PROBLEM_TOO_MANY_REQUESTS, detail);
    limit_fields_write(&c->headers, reached);
    answer_problem_end(c, &o, PROBLEM_TOO_MANY_REQUESTS);
}

void answer_invalid(struct call *c, const char *field, const char *detail)
{
    struct json_out o = answer_problem_begin(c, PROBLEM_INVALID_VALUE, detail);
    json_out_name_string(&o, STR("field"), str_from_cstr(field));
    answer_problem_end(c, &o, PROBLEM_INVALID_VALUE);
}

/* ---- what waits ------------------------------------------------------------------------------ */

void api_release(struct api *api, struct origin from)
{
    struct hold *hold = holds_find(&api->holds, from);
    struct live *live = hold == NULL ? NULL : live_find(api->d->live, hold->device_id);
    if (live == NULL)
        return; /* it has been answered in the meantime */
    live->last_seen_ms = api->d->now_ms;
    holds_answer(&api->holds, &api->outlet, live, &holds_nothing_new);
}

void api_gone(struct api *api, struct origin from)
{
    struct hold *hold = holds_find(&api->holds, from);
    if (hold != NULL) {
        struct live *live = live_find(api->d->live, hold->device_id);
        if (live != NULL)
            live->last_seen_ms = api->d->now_ms;
        holds_forget(&api->holds, api->d->live, hold);
    }
    events_remove(&api->events, from);
}

void api_link_up(struct api *api, uint32_t link)
{
    honeypot_tell(api, link);
}

void api_link_down(struct api *api, uint32_t link)
{
    holds_forget_link(&api->holds, api->d->live, link, api->d->now_ms);
    events_remove_link(&api->events, link);
}

/* Tell owners about devices that have become late, offline or online again. */
static enum err announce_presence(struct api *api)
{
    struct domain *d = api->d;
    size_t position = 0;
    for (struct live *l; (l = live_next(d->live, &position)) != NULL;) {
        enum presence now = live_presence(l, d->now_ms);
        if (now == l->presence)
            continue;
        l->presence = now;
        struct arena a = arena_over(api->arena_block, API_ARENA_SIZE);
        TRY(publish_device(api, &a, l->account_id, str_from(l->public_id, l->public_id_len)));
    }
    return OK;
}

static enum err expire(struct api *api)
{
    if (api->d->now_ms < api->next_expiry_ms)
        return OK;
    api->next_expiry_ms = api->d->now_ms + EXPIRY_EVERY_MS;
    TRY(signup_watch_tick(api->d));
    TRY(device_session_expire(api->d));
    TRY(signup_expire(api->d));
    TRY(mail_token_expire(api->d));
    TRY(mail_allowance_expire(api->d));
    TRY(known_browser_expire(api->d));
    return browser_session_expire(api->d);
}

static enum err save(struct api *api)
{
    if (!api->is_saving && api->d->now_ms < api->next_save_ms)
        return OK;
    api->next_save_ms = api->d->now_ms + SAVE_EVERY_MS;
    return telemetry_save_live(api->d, SAVE_SLICE, &api->is_saving);
}

void api_tick_waits(struct api *api)
{
    events_sweep(&api->events);
    holds_check(&api->holds, &api->outlet, api->d->live, api->d->now_ms);
    events_ping(&api->events, &api->outlet, api->d->now_ms);
}

void api_clock_set_back(struct api *api)
{
    struct domain *d = api->d;
    size_t position = 0;
    holds_answer_all(&api->holds, &api->outlet, d->live);
    exchanges_forget_all(api->exchanges);
    rate_clock_set_back(api->rate, d->live);
    for (struct live *l; (l = live_next(d->live, &position)) != NULL;)
        l->last_seen_ms = l->last_seen_ms < d->now_ms ? l->last_seen_ms : d->now_ms;
    api->holds.next_check_ms = api->events.next_ping_ms = 0;
    api->next_expiry_ms = api->next_save_ms = 0;
}

enum err api_tick_store(struct api *api)
{
    struct domain *d = api->d;
    bool more;
    TRY(announce_presence(api));
    TRY(notice_commands(api));
    TRY(honeypot_tick(api));
    if (d->storage_is_in_trouble)
        return OK;
    if (telemetry_wants_fold(d->telemetry, d->now_ms))
        TRY(telemetry_fold(d, FOLD_SLICE, &more));
    TRY(expire(api));
    TRY(account_end_tick(api));
    return save(api);
}

/* ---- a failed batch -------------------------------------------------------------------------- */

static void answer_failed(struct api *api, struct origin to, bool storage_is_full)
{
    struct call c = call_begin(api, to, NULL);
    if (storage_is_full)
        answer_problem(&c, PROBLEM_STORAGE_FULL, problem_advice(ERR_IO));
    else
        answer_problem(&c, PROBLEM_BUSY, problem_advice(ERR_AGAIN));
}

enum err api_batch_failed(struct api *api, const struct origin *requests, size_t count,
                          bool storage_is_full)
{
    events_end_all(&api->events, &api->outlet);
    api->is_saving = false;
    TRY(telemetry_load(api->d));
    TRY(live_load(api->d));
    TRY(honeypot_load(api));
    for (size_t i = 0; i < count; i++) {
        struct hold *hold = holds_find(&api->holds, requests[i]);
        if (hold != NULL)
            holds_forget(&api->holds, api->d->live, hold);
        answer_failed(api, requests[i], storage_is_full);
    }
    holds_relink(&api->holds, &api->outlet, api->d->live);
    return OK;
}

void api_drain(struct api *api)
{
    holds_answer_all(&api->holds, &api->outlet, api->d->live);
    events_end_all(&api->events, &api->outlet);
}
