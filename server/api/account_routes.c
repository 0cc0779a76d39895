/* Signing in and out, who am I, API keys.
 *
 * Owns:     nothing.
 * Promise:  unknown and known addresses are answered alike, and after the same work.
 * Source:   api/openapi.yaml; SECURITY.md rows U5 and U6.
 * Watch:    a handler that asks for a hash runs twice: see errand.h. */
#include "server/api/cookie.h"
#include "server/api/device_json.h"
#include "server/api/honeypot.h"
#include "server/api/input.h"
#include "server/api/router.h"
#include "server/api/routes.h"
#include "server/domain/account.h"
#include "server/domain/audit.h"
#include "server/domain/password.h"

static enum err sign_in(struct call *c, const struct account *account, struct str renewed)
{
    struct credential cookie;
    struct browser_session session;
    if (renewed.len > 0)
        TRY(account_rehash(c->d, account->id, renewed));
    TRY(browser_session_open(c->d, &c->arena, account->id, account->email, &cookie, &session));
    c->account_id = account->id;
    writer_str(&c->headers, STR("Set-Cookie: " SESSION_COOKIE "="));
    writer_str(&c->headers, credential_text(&cookie));
    writer_str(&c->headers, STR("; Path=/; Secure; HttpOnly; SameSite=Strict\r\n"));
    wipe(&cookie, sizeof cookie);
    struct json_out o = json_into(&c->body);
    json_out_object(&o);
    json_out_name_string(&o, STR("email"), account->email);
    json_out_name_string(&o, STR("csrf"), session.csrf_token);
    json_out_object_end(&o);
    answer_json(c, 200);
    return OK;
}

static enum err refuse_sign_in(struct call *c, int64_t account_id, struct str email)
{
    TRY(audit_add(c->d, account_id, STR("login.refused"), email, STR_NONE));
    answer_problem(c, PROBLEM_CREDENTIALS_REFUSED,
                   "Check the e-mail address and the password; both are as you chose them when "
                   "the account was made.");
    return OK;
}

static enum err verify(struct call *c, struct str email, struct str password)
{
    struct account account = {0};
    uint8_t normal_bytes[EMAIL_MAX], decoy[PASSWORD_HASH_TEXT_MAX];
    struct str normal = STR_NONE;
    struct hash_answer answer;
    enum err e = email_normalise(email, normal_bytes, &normal);
    if (e == OK)
        e = account_find(c->d, &c->arena, normal, &account);
    if (e != OK && e != ERR_NOT_FOUND && e != ERR_PEER)
        return e;
    bool is_known = e == OK && account.is_active;
    struct str stored = is_known ? account.password : hash_decoy(c->d->password_iterations, decoy);
    struct hash_question q = {.stored = stored, .password = password, .renews = is_known};
    if (!hash_ask(c, &q, &answer))
        return OK;
    if (is_known && answer.verdict == OK)
        return sign_in(c, &account, answer.made);
    return refuse_sign_in(c, is_known ? account.id : 0, normal);
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
    return verify(c, email, password);
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
