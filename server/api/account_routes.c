/* Who am I, and what has happened to my account.
 *
 * Owns:     nothing.
 * Promise:  an owner's own trail and nobody else's.
 * Source:   api/openapi.yaml; SECURITY.md row M1.
 * Watch:    the trail is read newest first, a page at a time. */
#include "server/api/account_routes.h"

#include "server/api/device_json.h"
#include "server/api/input.h"
#include "server/api/routes.h"
#include "server/api/second_factor.h"
#include "server/domain/account.h"
#include "server/domain/place.h"

enum err me_get(struct call *c)
{
    struct account account;
    bool is_missing;
    TRY(account_get(c->d, &c->arena, c->account_id, &account));
    TRY(second_factor_is_missing(c, c->account_id, &is_missing));
    struct json_out o = json_into(&c->body);
    json_out_object(&o);
    json_out_name_string(&o, STR("email"), account.email);
    json_out_name_bool(&o, STR("admin"), account.is_admin);
    if (c->by_browser && is_missing)
        json_out_name_bool(&o, STR("second_factor_required"), true);
    if (c->by_browser)
        json_out_name_string(&o, STR("csrf"), c->session.csrf_token);
    json_out_name_int(&o, STR("password_min"), c->d->rules->password_min);
    json_out_name_string(&o, STR("server_version"), STR(OC_VERSION));
    json_out_name_int(&o, STR("server_time_ms"), c->d->now_ms);
    json_out_name_raw(&o, STR("presence"), STR("{\"late_after\":1.5,\"offline_after\":3}"));
    json_out_object_end(&o);
    answer_json(c, 200);
    return OK;
}

/* null for what was done at the server itself. */
static void name_address(struct json_out *o, struct str peer)
{
    static const uint8_t nobody[PEER_LEN];
    uint8_t text[PLACE_TEXT_MAX];
    json_out_name(o, STR("address"));
    if (str_eq(peer, str_from(nobody, sizeof nobody)))
        json_out_null(o);
    else
        json_out_string(o, place_address(peer, text));
}

void trail_entry_json(struct json_out *o, const struct sql_audit_page_row *row)
{
    json_out_object(o);
    json_out_name_int(o, STR("id"), row->id);
    json_out_name_time(o, STR("at"), row->at_ms);
    json_out_name_string(o, STR("event"), row->event);
    json_out_name_string(o, STR("subject"), row->subject);
    name_address(o, row->peer);
    json_out_name_string(o, STR("detail"), row->detail);
    json_out_object_end(o);
}

/* One more than a page is asked for, to know whether there is more. */
static enum err entries(struct call *c, uint64_t before, struct json_out *o, int64_t *next)
{
    struct cursor cursor;
    struct sql_audit_page_row row;
    int64_t last = 0;
    size_t count = 0;
    *next = 0;
    TRY(sql_audit_page(c->d->store, c->account_id, (int64_t)before, AUDIT_PAGE + 1, &cursor));
    while (sql_audit_page_next(&cursor, &row)) {
        if (count++ == AUDIT_PAGE) {
            *next = last;
            continue;
        }
        trail_entry_json(o, &row);
        last = row.id;
    }
    return cursor_end(&cursor);
}

enum err audit_get(struct call *c)
{
    struct str text;
    uint64_t before = INT64_MAX;
    int64_t next;
    if (query_value(c, STR("before"), &text) != OK ||
        (text.len > 0 && str_u64(text, INT64_MAX, &before) != OK)) {
        answer_invalid(c, "before", "Give the id of an entry, or leave it out.");
        return OK;
    }
    struct json_out o = json_into(&c->body);
    json_out_object(&o);
    json_out_name(&o, STR("entries"));
    json_out_array(&o);
    TRY(entries(c, before, &o, &next));
    json_out_array_end(&o);
    if (next != 0)
        json_out_name_int(&o, STR("next"), next);
    json_out_object_end(&o);
    answer_json(c, 200);
    return OK;
}
