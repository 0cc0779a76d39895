/* API keys, for an owner's scripts.
 *
 * Owns:     nothing.
 * Promise:  a key is shown once, in the answer that makes it.
 * Source:   api/openapi.yaml; SECURITY.md row A1.
 * Watch:    only browsers get here: a key makes no other key. */
#include "queries.h"
#include "server/api/device_json.h"
#include "server/api/input.h"
#include "server/api/rate.h"
#include "server/api/routes.h"
#include "server/domain/account.h"

static void key_json(struct json_out *o, const struct sql_api_key_list_row *row)
{
    json_out_object(o);
    json_out_name_int(o, STR("id"), row->id);
    json_out_name_string(o, STR("name"), row->name);
    json_out_name_string(o, STR("scope"), scope_name((enum scope)row->scope));
    json_out_name_time(o, STR("created_at"), row->created_at_ms);
    json_out_name_time(o, STR("expires_at"), row->expires_at_ms);
    json_out_name_time(o, STR("last_used_at"), row->last_used_at_ms);
    json_out_object_end(o);
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
    while (sql_api_key_list_next(&cursor, &row))
        key_json(&o, &row);
    TRY(cursor_end(&cursor));
    json_out_array_end(&o);
    json_out_object_end(&o);
    answer_json(c, 200);
    return OK;
}

struct wish {
    struct str name;
    enum scope scope;
    int64_t days;
};

/* False after the problem has been answered. */
static bool read_wish(struct call *c, struct wish *out)
{
    struct str scope;
    if (!input_is_object(c) || !input_string(c, "name", &out->name) ||
        !input_string(c, "scope", &scope) ||
        !input_optional_int(c, "expires_in_days", 1, API_KEY_DAYS_MAX, &out->days))
        return false;
    if (scope_read(scope, &out->scope) == OK)
        return true;
    answer_invalid(c, "scope", "A scope is read, control or manage.");
    return false;
}

static void answer_key(struct call *c, int64_t id, const struct wish *wish,
                       const struct credential *key)
{
    struct json_out o = json_into(&c->body);
    json_out_object(&o);
    json_out_name_int(&o, STR("id"), id);
    json_out_name_string(&o, STR("name"), wish->name);
    json_out_name_string(&o, STR("scope"), scope_name(wish->scope));
    json_out_name_time(&o, STR("expires_at"),
                       wish->days == API_KEY_FOR_EVER ? 0 : c->d->now_ms + wish->days * DAY_MS);
    json_out_name_string(&o, STR("key"), credential_text(key));
    json_out_object_end(&o);
    answer_json(c, 201);
}

enum err api_keys_post(struct call *c)
{
    struct wish wish;
    struct credential key;
    int64_t id;
    static const struct rate_rule rule = {"new-keys", 60, 3600}; /* each is told by mail */
    if (!read_wish(c, &wish) || !rate_takes_of_account(c, "key ", &rule))
        return OK;
    enum err e = api_key_add(c->d, c->account_id, wish.name, wish.scope, wish.days, &key, &id);
    if (e == ERR_PEER) {
        answer_invalid(c, "name", "A name has 1 to 64 characters.");
        return OK;
    }
    if (e == ERR_LIMIT) {
        answer_problem(c, PROBLEM_CONFLICT, "You have 50 keys. Remove one that is not in use.");
        return OK;
    }
    TRY(e);
    TRY(account_tell(c->d, &c->arena, c->account_id, MAIL_KEY_ADDED, wish.name));
    answer_key(c, id, &wish, &key);
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
