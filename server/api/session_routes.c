/* An owner's sessions: which there are, and ending them.
 *
 * Owns:     nothing.
 * Promise:  an owner sees and ends their own sessions, and no others exist for them.
 * Source:   api/openapi.yaml; SECURITY.md row U5; OWASP ASVS 7.5.2.
 * Watch:    a session has a number for lists; its id is the cookie and is shown nowhere. */
#include "server/api/session_routes.h"

#include "queries.h"
#include "server/api/cookie.h"
#include "server/api/device_json.h"
#include "server/api/routes.h"
#include "server/domain/limits.h"
#include "server/domain/place.h"
#include "server/domain/ranges.h"

enum err session_renew(struct call *c)
{
    return browser_session_renew(c->d, &c->session, c->session.confirmed_at_ms);
}

enum err sessions_end_all(struct call *c, int64_t account_id, int64_t but_id, struct str how)
{
    TRY(browser_session_end_all(c->d, account_id, but_id, how));
    events_end_sessions(&c->api->events, &c->api->outlet, account_id, but_id);
    return OK;
}

/* Ours, or whose lists say it is; nothing of a network where people live. */
static struct str network_of(struct call *c, struct str peer)
{
    struct range_hit hit;
    struct str near = place_network(peer);
    if (near.len > 0 || peer.len != PEER_LEN || !ranges_find(c->d->ranges, peer.ptr, &hit))
        return near;
    return hit.provider.len > 0 ? hit.provider : range_kind_name(hit.kind);
}

static void session_json(struct call *c, struct json_out *o,
                         const struct sql_browser_session_list_row *row)
{
    uint8_t address[PLACE_TEXT_MAX];
    struct str network = network_of(c, row->peer);
    json_out_object(o);
    json_out_name_int(o, STR("id"), row->id);
    json_out_name_bool(o, STR("current"), row->id == c->session.id);
    json_out_name_string(o, STR("browser"), row->browser);
    json_out_name_string(o, STR("system"), row->system);
    json_out_name_string(o, STR("address"), place_address(row->peer, address));
    if (network.len > 0)
        json_out_name_string(o, STR("network"), network);
    json_out_name_time(o, STR("created_at"), row->created_at_ms);
    json_out_name_time(o, STR("last_used_at"), row->last_used_at_ms);
    json_out_name_string(o, STR("signed_in_with"),
                         sign_in_way_name((enum sign_in_way)row->signed_in_with));
    json_out_object_end(o);
}

enum err sessions_json(struct call *c, struct json_out *o)
{
    struct cursor cursor;
    struct sql_browser_session_list_row row;
    TRY(sql_browser_session_list(c->d->store, c->account_id, c->d->now_ms - SESSION_ABSOLUTE_MS,
                                 c->d->now_ms - SESSION_IDLE_MS, &cursor));
    json_out_array(o);
    while (sql_browser_session_list_next(&cursor, &row))
        session_json(c, o, &row);
    json_out_array_end(o);
    return cursor_end(&cursor);
}

enum err sessions_get(struct call *c)
{
    struct json_out o = json_into(&c->body);
    json_out_object(&o);
    json_out_name(&o, STR("sessions"));
    TRY(sessions_json(c, &o));
    json_out_object_end(&o);
    answer_json(c, 200);
    return OK;
}

static enum err end(struct call *c, int64_t id, struct str how)
{
    TRY(browser_session_end(c->d, c->account_id, id, how));
    events_end_session(&c->api->events, &c->api->outlet, id);
    if (id == c->session.id) {
        c->session.is_renewed = false; /* there is nothing to tell any more */
        cookie_remove_session(&c->headers);
    }
    return OK;
}

enum err session_delete(struct call *c)
{
    uint64_t id;
    if (str_u64(c->id, INT64_MAX, &id) != OK)
        return ERR_NOT_FOUND;
    TRY(end(c, (int64_t)id, STR("from the list of sessions")));
    answer_empty(c, 204);
    return OK;
}

enum err sessions_delete(struct call *c)
{
    TRY(sessions_end_all(c, c->account_id, c->session.id, STR("from the list of sessions")));
    answer_empty(c, 204);
    return OK;
}

/* Not "cookies": that would take __Host-browser along, and with it the owner's own tries when
 * strangers have used up those of the account. */
enum err logout_post(struct call *c)
{
    TRY(end(c, c->session.id, STR("signed out")));
    answer_header(c, STR("Clear-Site-Data"), STR("\"cache\", \"storage\""));
    answer_empty(c, 204);
    return OK;
}
