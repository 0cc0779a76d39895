/* Everything an owner has here, to take along.
 *
 *   GET /api/v1/account/export            JSON: the account, and a page of its devices
 *   GET /api/v1/account/export/readings   CSV: a page of the minutes of all its devices
 *
 * Owns:     nothing.
 * Promise:  an owner's own and nobody else's, whole if one follows the pages; no secret, not even a
 *           digest. A page fits into one answer whatever devices have said.
 * Source:   api/openapi.yaml; GDPR article 20; RFC 4180 for CSV.
 * Watch:    text of outside in CSV is quoted when it has to be, and stays what it was. */
#include <stdio.h>

#include "server/api/account_routes.h"
#include "server/api/device_json.h"
#include "server/api/input.h"
#include "server/api/routes.h"
#include "server/api/session_routes.h"
#include "server/api/time_text.h"
#include "server/domain/account.h"
#include "server/domain/export.h"
#include "server/domain/limits.h"

#define TRAIL_MAX 1000
#define TRAIL_ROOM                                                                                 \
    (512 * 1024)                /* for what comes before the devices; an entry has 16 KB at worst  \
                                 */
#define DEVICE_ROOM (32 * 1024) /* one device as JSON, at worst, and the end of the page */
#define MINUTES_MAX 8000        /* in a page: some 10 ms of the core's time */
#define MINUTE_ROOM 1024        /* one of them as CSV, at worst: a name of 64 quotation marks */

/* ---- the account, as JSON -------------------------------------------------------------------- */

static enum err keys_json(struct call *c, struct json_out *o)
{
    struct cursor cursor;
    struct sql_api_key_list_row row;
    TRY(sql_api_key_list(c->d->store, c->account_id, &cursor));
    json_out_array(o);
    while (sql_api_key_list_next(&cursor, &row)) {
        json_out_object(o);
        json_out_name_string(o, STR("name"), row.name);
        json_out_name_string(o, STR("scope"), scope_name((enum scope)row.scope));
        json_out_name_time(o, STR("created_at"), row.created_at_ms);
        json_out_name_time(o, STR("last_used_at"), row.last_used_at_ms);
        json_out_object_end(o);
    }
    json_out_array_end(o);
    return cursor_end(&cursor);
}

/* Newest first. *is_whole: nothing older was left out. */
static enum err trail_json(struct call *c, struct json_out *o, bool *is_whole)
{
    struct cursor cursor;
    struct sql_audit_page_row row;
    size_t count = 0;
    TRY(sql_audit_page(c->d->store, c->account_id, INT64_MAX, TRAIL_MAX + 1, &cursor));
    *is_whole = true;
    json_out_array(o);
    while (*is_whole && sql_audit_page_next(&cursor, &row)) {
        *is_whole = count++ < TRAIL_MAX && c->body.len < TRAIL_ROOM;
        if (*is_whole)
            trail_entry_json(o, &row);
    }
    json_out_array_end(o);
    return cursor_end(&cursor);
}

static enum err account_json(struct call *c, struct json_out *o)
{
    struct account account;
    bool trail_is_whole;
    TRY(account_get(c->d, &c->arena, c->account_id, &account));
    json_out_name_time(o, STR("exported_at"), c->d->now_ms);
    json_out_name(o, STR("account"));
    json_out_object(o);
    json_out_name_string(o, STR("email"), account.email);
    json_out_name_bool(o, STR("admin"), account.is_admin);
    json_out_object_end(o);
    json_out_name(o, STR("api_keys"));
    TRY(keys_json(c, o));
    json_out_name(o, STR("sessions"));
    TRY(sessions_json(c, o));
    json_out_name(o, STR("trail"));
    TRY(trail_json(c, o, &trail_is_whole));
    json_out_name_bool(o, STR("trail_is_whole"), trail_is_whole);
    return OK;
}

static enum err devices_json(struct call *c, struct json_out *o, int64_t after_id)
{
    struct cursor cursor;
    struct sql_device_list_row row;
    uint8_t last[PUBLIC_ID_MAX];
    struct writer last_id = writer_into(last, sizeof last);
    TRY(sql_device_list(c->d->store, c->account_id, after_id, DEVICES_PER_OWNER, &cursor));
    json_out_name(o, STR("devices"));
    json_out_array(o);
    bool more = sql_device_list_next(&cursor, &row);
    while (more && writer_left(&c->body) >= DEVICE_ROOM) {
        struct sql_device_of_owner_row device = device_row(&row);
        device_json(o, c->d, &device);
        last_id.len = 0;
        writer_str(&last_id, row.public_id);
        more = sql_device_list_next(&cursor, &row);
    }
    json_out_array_end(o);
    if (more)
        json_out_name_string(o, STR("next"), str_from(last, last_id.len));
    return cursor_end(&cursor);
}

/* False after it has been answered. *after_id: 0 for the first page. */
static enum err read_after(struct call *c, int64_t *after_id)
{
    struct str after;
    struct sql_device_of_owner_row row;
    *after_id = 0;
    TRY(query_value(c, STR("after"), &after));
    if (after.len == 0)
        return OK;
    enum err e = sql_device_of_owner(c->d->store, &c->arena, c->account_id, after, &row);
    if (e == OK)
        *after_id = row.id;
    return e == ERR_NOT_FOUND ? ERR_PEER : e;
}

enum err account_export_get(struct call *c)
{
    int64_t after_id;
    enum err e = read_after(c, &after_id);
    if (e == ERR_PEER) {
        answer_invalid(c, "after", "after is the next of the page before.");
        return OK;
    }
    TRY(e);
    struct json_out o = json_into(&c->body);
    json_out_object(&o);
    if (after_id == 0)
        TRY(account_json(c, &o));
    TRY(devices_json(c, &o, after_id));
    json_out_object_end(&o);
    answer_header(c, STR("Content-Disposition"), STR("attachment; filename=\"account.json\""));
    answer_json(c, 200);
    return OK;
}

/* ---- readings, as CSV ------------------------------------------------------------------------ */

/* RFC 4180 section 2: quoted when it has a comma, a quote or a line end. */
static void csv_text(struct writer *w, struct str text)
{
    if (str_find(text, ',') == text.len && str_find(text, '"') == text.len) {
        writer_str(w, text); /* a name has no line end */
        return;
    }
    writer_u8(w, '"');
    for (size_t i = 0; i < text.len; i++) {
        if (text.ptr[i] == '"')
            writer_u8(w, '"');
        writer_u8(w, text.ptr[i]);
    }
    writer_u8(w, '"');
}

static void csv_real(struct writer *w, double v)
{
    char text[32];
    int len = snprintf(text, sizeof text, ",%.10g", v);
    writer_bytes(w, text, (size_t)len);
}

static bool csv_row(void *ctx, const struct export_row *row)
{
    struct writer *w = ctx;
    uint8_t time[TIME_TEXT_MAX];
    writer_str(w, row->device_id);
    writer_u8(w, ',');
    csv_text(w, row->device);
    writer_u8(w, ',');
    writer_str(w, row->metric);
    writer_u8(w, ',');
    writer_str(w, time_text(row->minute * MINUTE_MS, time));
    csv_real(w, row->min);
    csv_real(w, row->mean);
    csv_real(w, row->max);
    writer_u8(w, ',');
    writer_decimal(w, row->count);
    writer_str(w, STR("\r\n"));
    return writer_left(w) >= MINUTE_ROOM;
}

enum err account_export_readings_get(struct call *c)
{
    struct str after;
    struct export_place place;
    uint8_t next[EXPORT_PLACE_MAX];
    bool more;
    if (query_value(c, STR("after"), &after) != OK || export_place_read(after, &place) != OK) {
        answer_invalid(c, "after", "after is the X-Next of the page before.");
        return OK;
    }
    writer_str(&c->body, STR("device_id,device,metric,minute,min,mean,max,count\r\n"));
    TRY(export_minutes(c->d, c->account_id, &place, MINUTES_MAX, csv_row, &c->body, &more));
    if (more)
        answer_header(c, STR("X-Next"), export_place_write(&place, next));
    answer_header(c, STR("Content-Disposition"), STR("attachment; filename=\"readings.csv\""));
    answer_body(c, 200, STR("text/csv; charset=utf-8"));
    return OK;
}
