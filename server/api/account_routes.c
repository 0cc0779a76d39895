/* Signing in and out, who am I, API keys.
 *
 * Owns:     nothing.
 * Promise:  unknown and known addresses are answered alike, and after the same work.
 * Source:   api/openapi.yaml; SECURITY.md rows U5 and U6.
 * Watch:    a sign-in is two halves: login_post() queues the hash, api_hashed() goes on. */
#include <string.h>

#include "server/api/cookie.h"
#include "server/api/device_json.h"
#include "server/api/honeypot.h"
#include "server/api/input.h"
#include "server/api/router.h"
#include "server/api/routes.h"
#include "server/domain/account.h"
#include "server/domain/audit.h"
#include "server/domain/password.h"

/* Verified for addresses that nobody has: no password gives this hash. */
static struct str decoy_hash(const struct domain *d, uint8_t out[static PASSWORD_HASH_TEXT_MAX])
{
    struct writer w = writer_into(out, PASSWORD_HASH_TEXT_MAX);
    writer_str(&w, STR("pbkdf2_sha256$"));
    writer_decimal(&w, d->password_iterations);
    writer_str(&w, STR("$decoydecoydecoydecoyde$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="));
    return str_from(out, w.len);
}

static size_t keep(uint8_t *to, size_t cap, struct str from)
{
    size_t len = from.len < cap ? from.len : cap;
    if (len > 0)
        memcpy(to, from.ptr, len); /* an empty view may point nowhere */
    return len;
}

static enum err queue_verification(struct call *c, struct str email, struct str password)
{
    struct account account = {0};
    uint8_t normal_bytes[EMAIL_MAX], decoy[PASSWORD_HASH_TEXT_MAX];
    struct str normal = STR_NONE;
    struct hash_job job = {.origin = c->from, .iterations = c->d->password_iterations};
    enum err e = email_normalise(email, normal_bytes, &normal);
    if (e == OK)
        e = account_find(c->d, &c->arena, normal, &account);
    if (e != OK && e != ERR_NOT_FOUND && e != ERR_PEER)
        return e;
    bool is_known = e == OK && account.is_active;
    job.account_id = is_known ? account.id : 0;
    job.email_len = keep(job.email, sizeof job.email, normal);
    job.stored_len =
        keep(job.stored, sizeof job.stored, is_known ? account.password : decoy_hash(c->d, decoy));
    job.password_len = keep(job.password, sizeof job.password, password);
    memcpy(job.peer, c->request->peer, sizeof job.peer);
    e = c->api->outlet.hash(c->api->outlet.ctx, &job);
    wipe(&job, sizeof job);
    if (e != OK)
        answer_problem(c, PROBLEM_BUSY, "Many people are signing in. Try again in a second.");
    c->answered = true;
    return OK;
}

enum err login_post(struct call *c)
{
    struct str email, password;
    if (honeypot_has_banned(c) && !caller_is_signed_in(c)) {
        answer_problem(c, PROBLEM_ADDRESS_BLOCKED,
                       "Somebody at your address has looked for weak spots here: for a while "
                       "nobody signs in there. Whoever runs the server can lift it: oceanremote "
                       "ban lift ADDRESS.");
        return OK;
    }
    if (!input_is_object(c) || !input_string(c, "email", &email) ||
        !input_string(c, "password", &password))
        return OK;
    if (password.len > PASSWORD_MAX)
        password = STR_NONE; /* no such password can exist; answered like any wrong one */
    return queue_verification(c, email, password);
}

static enum err sign_in(struct call *c, const struct hash_job *job)
{
    struct credential cookie;
    struct browser_session session;
    struct str email = str_from(job->email, job->email_len);
    if (job->renewed_len > 0)
        TRY(account_rehash(c->d, job->account_id, str_from(job->renewed, job->renewed_len)));
    TRY(browser_session_open(c->d, &c->arena, job->account_id, email, &cookie, &session));
    c->account_id = job->account_id;
    writer_str(&c->headers, STR("Set-Cookie: " SESSION_COOKIE "="));
    writer_str(&c->headers, credential_text(&cookie));
    writer_str(&c->headers, STR("; Path=/; Secure; HttpOnly; SameSite=Strict\r\n"));
    wipe(&cookie, sizeof cookie);
    struct json_out o = json_into(&c->body);
    json_out_object(&o);
    json_out_name_string(&o, STR("email"), email);
    json_out_name_string(&o, STR("csrf"), session.csrf_token);
    json_out_object_end(&o);
    answer_json(c, 200);
    return OK;
}

static enum err refuse_sign_in(struct call *c, const struct hash_job *job)
{
    TRY(audit_add(c->d, job->account_id, STR("login.refused"), str_from(job->email, job->email_len),
                  STR_NONE));
    answer_problem(c, PROBLEM_CREDENTIALS_REFUSED,
                   "Check the e-mail address and the password; both are as you chose them when "
                   "the account was made.");
    return OK;
}

enum err api_hashed(struct api *api, const struct hash_job *job)
{
    struct call c = {.api = api, .d = api->d, .from = job->origin};
    c.arena = arena_over(api->arena_block, API_ARENA_SIZE);
    c.headers = writer_into(api->headers, sizeof api->headers);
    c.body = writer_into(api->body, FRAME_REPLY_MAX);
    api->d->peer = job->peer;
    enum err e = ERR_CONFLICT;
    if (job->verdict == OK && job->account_id != 0)
        e = sign_in(&c, job); /* ERR_CONFLICT: the account was removed meanwhile */
    if (e == ERR_CONFLICT)
        e = refuse_sign_in(&c, job);
    api->d->peer = NULL;
    return e;
}

enum err logout_post(struct call *c)
{
    TRY(browser_session_end(c->d, &c->session));
    events_end_session(&c->api->events, &c->api->outlet, c->session.digest);
    answer_header(c, STR("Set-Cookie"),
                  STR(SESSION_COOKIE "=; Path=/; Secure; HttpOnly; SameSite=Strict; Max-Age=0"));
    answer_header(c, STR("Clear-Site-Data"), STR("\"cookies\", \"storage\""));
    answer_empty(c, 204);
    return OK;
}

enum err me_get(struct call *c)
{
    struct account account;
    TRY(account_get(c->d, &c->arena, c->account_id, &account));
    struct json_out o = json_into(&c->body);
    json_out_object(&o);
    json_out_name_string(&o, STR("email"), account.email);
    json_out_name_bool(&o, STR("admin"), account.is_admin);
    if (c->by_browser)
        json_out_name_string(&o, STR("csrf"), c->session.csrf_token);
    json_out_name_string(&o, STR("server_version"), STR(OC_VERSION));
    json_out_name_int(&o, STR("server_time_ms"), c->d->now_ms);
    json_out_name_raw(&o, STR("presence"), STR("{\"late_after\":1.5,\"offline_after\":3}"));
    json_out_object_end(&o);
    answer_json(c, 200);
    return OK;
}

enum err api_keys_get(struct call *c)
{
    struct cursor cursor;
    struct sql_api_key_list_row row;
    TRY(sql_api_key_list(c->d->store, c->account_id, &cursor));
    struct json_out o = json_into(&c->body);
    json_out_object(&o);
    json_out_name(&o, STR("api_keys"));
    json_out_array(&o);
    while (sql_api_key_list_next(&cursor, &row)) {
        json_out_object(&o);
        json_out_name_int(&o, STR("id"), row.id);
        json_out_name_string(&o, STR("name"), row.name);
        json_out_name_string(&o, STR("scope"), scope_name((enum scope)row.scope));
        json_out_name_time(&o, STR("created_at"), row.created_at_ms);
        json_out_name_time(&o, STR("last_used_at"), row.last_used_at_ms);
        json_out_object_end(&o);
    }
    TRY(cursor_end(&cursor));
    json_out_array_end(&o);
    json_out_object_end(&o);
    answer_json(c, 200);
    return OK;
}

enum err api_keys_post(struct call *c)
{
    struct str name, scope_text;
    enum scope scope;
    struct credential key;
    int64_t id;
    if (!input_is_object(c) || !input_string(c, "name", &name) ||
        !input_string(c, "scope", &scope_text))
        return OK;
    if (scope_read(scope_text, &scope) != OK) {
        answer_invalid(c, "scope", "A scope is read, control or manage.");
        return OK;
    }
    enum err e = api_key_add(c->d, c->account_id, name, scope, &key, &id);
    if (e == ERR_PEER) {
        answer_invalid(c, "name", "A name has 1 to 64 characters.");
        return OK;
    }
    if (e == ERR_LIMIT) {
        answer_problem(c, PROBLEM_CONFLICT, "You have 50 keys. Remove one that is not in use.");
        return OK;
    }
    TRY(e);
    struct json_out o = json_into(&c->body);
    json_out_object(&o);
    json_out_name_int(&o, STR("id"), id);
    json_out_name_string(&o, STR("name"), name);
    json_out_name_string(&o, STR("scope"), scope_name(scope));
    json_out_name_string(&o, STR("key"), credential_text(&key));
    json_out_object_end(&o);
    answer_json(c, 201);
    wipe(&key, sizeof key);
    return OK;
}

enum err api_key_delete(struct call *c)
{
    uint64_t id;
    if (str_u64(c->id, INT64_MAX, &id) != OK)
        return ERR_NOT_FOUND;
    TRY(api_key_remove(c->d, c->account_id, (int64_t)id));
    events_end_key(&c->api->events, &c->api->outlet, (int64_t)id);
    answer_empty(c, 204);
    return OK;
}
