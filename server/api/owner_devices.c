/* Devices as their owner handles them.
 *
 * Owns:     nothing.
 * Promise:  another owner's device is 404, as if it did not exist.
 * Source:   api/openapi.yaml.
 * Watch:    every change is told to the owner's streams after it has been written. */
#include "server/api/device_json.h"
#include "server/api/input.h"
#include "server/api/merge_patch.h"
#include "server/api/routes.h"
#include "server/api/time_text.h"

#define PAGE_DEFAULT 100
#define PAGE_MAX     200
#define DEVICE_ROOM  (32 * 1024) /* one device as JSON, at worst, and the end of the page */

static enum err find_device(struct call *c, struct sql_device_of_owner_row *out)
{
    return sql_device_of_owner(c->d->store, &c->arena, c->account_id, c->id, out);
}

static enum err answer_device(struct call *c, uint16_t status)
{
    struct sql_device_of_owner_row row;
    TRY(find_device(c, &row));
    struct json_out o = json_into(&c->body);
    device_json(&o, c->d, &row);
    answer_json(c, status);
    return OK;
}

/* ---- listing --------------------------------------------------------------------------------- */

/* The page after the device with this id; 0 from the start. */
static enum err page_start(struct call *c, int64_t *after_id)
{
    struct str after;
    struct sql_device_of_owner_row row;
    *after_id = 0;
    TRY(query_value(c, STR("after"), &after));
    if (after.len == 0)
        return OK;
    TRY(sql_device_of_owner(c->d->store, &c->arena, c->account_id, after, &row));
    *after_id = row.id;
    return OK;
}

static enum err page_limit(struct call *c, uint64_t *limit)
{
    struct str text;
    *limit = PAGE_DEFAULT;
    TRY(query_value(c, STR("limit"), &text));
    if (text.len == 0)
        return OK;
    TRY(str_u64(text, PAGE_MAX, limit));
    return *limit == 0 ? ERR_PEER : OK;
}

static enum err write_page(struct call *c, int64_t after_id, int64_t limit)
{
    struct cursor cursor;
    struct sql_device_list_row row;
    uint8_t last[PUBLIC_ID_MAX];
    struct writer last_id = writer_into(last, sizeof last);
    int64_t count = 0;
    TRY(sql_device_list(c->d->store, c->account_id, after_id, limit + 1, &cursor));
    struct json_out o = json_into(&c->body);
    json_out_object(&o);
    json_out_name(&o, STR("devices"));
    json_out_array(&o);
    bool more = sql_device_list_next(&cursor, &row);
    /* Devices with much to tell make a page shorter than was asked for. */
    while (more && count < limit && writer_left(&c->body) >= DEVICE_ROOM) {
        struct sql_device_of_owner_row device = device_row(&row);
        device_json(&o, c->d, &device);
        last_id.len = 0;
        writer_str(&last_id, row.public_id);
        count++;
        more = sql_device_list_next(&cursor, &row);
    }
    TRY(cursor_end(&cursor));
    json_out_array_end(&o);
    if (more)
        json_out_name_string(&o, STR("next"), str_from(last, last_id.len));
    json_out_object_end(&o);
    answer_json(c, 200);
    return OK;
}

enum err devices_get(struct call *c)
{
    int64_t after_id;
    uint64_t limit;
    enum err e = page_start(c, &after_id);
    if (e == ERR_NOT_FOUND || e == ERR_PEER) {
        answer_invalid(c, "after", "after is the next of the page before.");
        return OK;
    }
    TRY(e);
    if (page_limit(c, &limit) != OK) {
        answer_invalid(c, "limit", "limit is 1 to 200.");
        return OK;
    }
    return write_page(c, after_id, (int64_t)limit);
}

enum err device_get(struct call *c)
{
    return answer_device(c, 200);
}

/* ---- adding, renaming, removing -------------------------------------------------------------- */

static void name_token(struct json_out *o, const struct credential *token, int64_t expires_at_ms)
{
    json_out_name_string(o, STR("registration_token"), credential_text(token));
    json_out_name_time(o, STR("registration_expires_at"), expires_at_ms);
}

/* The device object and, once, its token. */
static enum err answer_added(struct call *c, const struct device_added *added)
{
    struct sql_device_of_owner_row row;
    c->id = str_from(added->public_id, added->public_id_len);
    TRY(find_device(c, &row));
    struct json_out o = json_into(&c->body);
    device_json(&o, c->d, &row);
    /* Reopen the object for the two members that only this answer has. */
    c->body.len--;
    name_token(&o, &added->token, added->expires_at_ms);
    json_out_object_end(&o);
    answer_json(c, 201);
    return publish_device(c->api, &c->arena, c->account_id, c->id);
}

enum err devices_post(struct call *c)
{
    struct str name, board;
    struct device_added added;
    if (!input_is_object(c) || !input_string(c, "name", &name) || !input_string(c, "board", &board))
        return OK;
    enum err e = device_add(c->d, c->account_id, name, board, &added);
    if (e == ERR_PEER) {
        bool is_board = !board_name_is_valid(board);
        answer_invalid(c, is_board ? "board" : "name",
                       is_board ? "A board is 1 to 32 of a-z, 0-9 and -, such as linux."
                                : "A name has 1 to 64 characters.");
        return OK;
    }
    if (e == ERR_LIMIT) {
        answer_problem(c, PROBLEM_CONFLICT, "The account has 50,000 devices: delete some first.");
        return OK;
    }
    TRY(e);
    e = answer_added(c, &added);
    wipe(&added.token, sizeof added.token);
    return e;
}

enum err device_patch(struct call *c)
{
    struct sql_device_of_owner_row row;
    struct str name;
    TRY(find_device(c, &row));
    if (!input_is_object(c) || !input_string(c, "name", &name))
        return OK;
    enum err e = device_rename(c->d, c->account_id, row.id, row.public_id, name);
    if (e == ERR_PEER) {
        answer_invalid(c, "name", "A name has 1 to 64 characters.");
        return OK;
    }
    TRY(e);
    TRY(answer_device(c, 200));
    return publish_device(c->api, &c->arena, c->account_id, c->id);
}

static void publish_removed(struct call *c)
{
    uint8_t buffer[128];
    struct writer w = writer_into(buffer, sizeof buffer);
    struct json_out o = json_into(&w);
    json_out_object(&o);
    json_out_name_string(&o, STR("id"), c->id);
    json_out_name_bool(&o, STR("deleted"), true);
    json_out_object_end(&o);
    events_publish(&c->api->events, &c->api->outlet, c->account_id, STR("device"),
                   str_from(buffer, w.len));
}

enum err device_delete(struct call *c)
{
    struct sql_device_of_owner_row row;
    TRY(find_device(c, &row));
    struct live *live = live_find(c->d->live, row.id);
    if (live != NULL)
        holds_answer(&c->api->holds, &c->api->outlet, live, &holds_nothing_new);
    TRY(device_remove(c->d, c->account_id, row.id, row.public_id));
    answer_empty(c, 204);
    publish_removed(c);
    return OK;
}

enum err registration_token_post(struct call *c)
{
    struct sql_device_of_owner_row row;
    struct credential token;
    int64_t expires_at_ms;
    TRY(find_device(c, &row));
    TRY(device_renew_token(c->d, c->account_id, row.id, row.public_id, &token, &expires_at_ms));
    struct json_out o = json_into(&c->body);
    json_out_object(&o);
    name_token(&o, &token, expires_at_ms);
    json_out_object_end(&o);
    wipe(&token, sizeof token);
    answer_json(c, 201);
    return publish_device(c->api, &c->arena, c->account_id, c->id);
}

/* ---- desired state --------------------------------------------------------------------------- */

static void publish_desired(struct call *c, struct str desired, int64_t version)
{
    static uint8_t buffer[STATE_JSON_MAX + 256];
    if (!events_wanted(&c->api->events, c->account_id))
        return;
    struct writer w = writer_into(buffer, sizeof buffer);
    struct json_out o = json_into(&w);
    json_out_object(&o);
    json_out_name_string(&o, STR("id"), c->id);
    json_out_name_int(&o, STR("version"), version);
    json_out_name_raw(&o, STR("desired"), desired);
    json_out_object_end(&o);
    events_publish(&c->api->events, &c->api->outlet, c->account_id, STR("desired"),
                   str_from(buffer, w.len));
}

/* The device may be waiting for exactly this. */
static void wake_device(struct call *c, int64_t device_id, struct str desired, int64_t version)
{
    static uint8_t buffer[STATE_JSON_MAX + 256];
    struct live *live = live_find(c->d->live, device_id);
    if (live == NULL || live->hold == NULL)
        return;
    struct writer w = writer_into(buffer, sizeof buffer);
    struct desired_reply body = {.version = version, .desired = desired};
    desired_reply_write(&w, &body);
    struct reply reply = {.status = 200,
                          .headers = STR("Content-Type: application/json\r\n"),
                          .body = str_from(buffer, w.len)};
    holds_answer(&c->api->holds, &c->api->outlet, live, &reply);
}

static void answer_refused_patch(struct call *c, enum err e, const struct patched *p)
{
    if (e == ERR_LIMIT)
        answer_problem(c, PROBLEM_PAYLOAD_TOO_LARGE,
                       "The desired state may have 4,096 bytes and 8 levels.");
    else
        answer_invalid(c, p->wrong,
                       "switches is an object of names and true or false; interval_s is 1 to "
                       "3600.");
}

enum err desired_patch(struct call *c)
{
    struct sql_device_of_owner_row row;
    struct patched p;
    int64_t version;
    TRY(find_device(c, &row));
    if (!input_is_object(c))
        return OK;
    enum err e = merge_patch(&c->arena, row.desired, c->request->body, row.interval_s, &p);
    if (e == ERR_PEER || e == ERR_LIMIT) {
        answer_refused_patch(c, e, &p);
        return OK;
    }
    TRY(e);
    TRY(device_set_desired(c->d, c->account_id, &row, p.desired, p.interval_s, &version));
    struct json_out o = json_into(&c->body);
    json_out_object(&o);
    json_out_name_int(&o, STR("version"), version);
    json_out_object_end(&o);
    answer_json(c, 200);
    wake_device(c, row.id, p.desired, version);
    publish_desired(c, p.desired, version);
    return OK;
}
