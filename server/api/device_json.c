#include "server/api/device_json.h"

#include "server/api/time_text.h"
#include "server/domain/live.h"

void json_out_name_time(struct json_out *o, struct str name, int64_t time_ms)
{
    uint8_t text[TIME_TEXT_MAX];
    json_out_name(o, name);
    if (time_ms == 0)
        json_out_null(o);
    else
        json_out_string(o, time_text(time_ms, text));
}

static void name_text(struct json_out *o, struct str name, struct str text)
{
    json_out_name(o, name);
    if (text.len == 0)
        json_out_null(o);
    else
        json_out_string(o, text);
}

static void name_mac(struct json_out *o, struct str name, struct str mac)
{
    uint8_t text[MAC_TEXT_LEN];
    struct writer w = writer_into(text, sizeof text);
    if (mac.len == MAC_LEN)
        mac_write(&w, mac.ptr);
    name_text(o, name, str_from(text, w.len));
}

static struct str state_of(const struct sql_device_of_owner_row *row, const struct live *live,
                           int64_t now_ms)
{
    if (row->registered_at_ms == 0 || live == NULL)
        return STR("pending");
    switch (live_presence(live, now_ms)) {
    case PRESENCE_ONLINE: return STR("online");
    case PRESENCE_LATE: return STR("late");
    case PRESENCE_OFFLINE: break;
    }
    return STR("offline");
}

static void registration(struct json_out *o, const struct domain *d,
                         const struct sql_device_of_owner_row *row)
{
    json_out_name(o, STR("registration"));
    if (row->token_expires_at_ms == 0) {
        json_out_null(o);
        return;
    }
    bool is_used = row->token_spent_at_ms > 0;
    bool is_expired = !is_used && row->token_expires_at_ms <= d->now_ms;
    json_out_object(o);
    json_out_name_time(o, STR("expires_at"), row->token_expires_at_ms);
    json_out_name_string(o, STR("state"),
                         is_used      ? STR("used")
                         : is_expired ? STR("expired")
                                      : STR("waiting"));
    json_out_name_int(o, STR("attempts"), row->token_refusals + (is_used ? 1 : 0));
    json_out_name(o, STR("last_refusal"));
    if (row->token_refused_at_ms == 0) {
        json_out_null(o);
    } else {
        json_out_object(o);
        json_out_name_time(o, STR("at"), row->token_refused_at_ms);
        json_out_name_string(o, STR("reason"), row->token_refused_reason);
        name_mac(o, STR("mac"), row->token_refused_mac);
        json_out_object_end(o);
    }
    json_out_object_end(o);
}

static void timeline(struct json_out *o, const struct sql_device_of_owner_row *row)
{
    json_out_name(o, STR("timeline"));
    json_out_object(o);
    json_out_name_time(o, STR("added_at"), row->created_at_ms);
    json_out_name_time(o, STR("registered_at"), row->registered_at_ms);
    json_out_name_time(o, STR("session_at"), row->session_at_ms);
    json_out_name_time(o, STR("first_reading_at"), row->first_reading_at_ms);
    json_out_object_end(o);
}

static void name_good_value(struct json_out *o, struct str name, const struct latest *l)
{
    json_out_name(o, name);
    if (l->good_ms == 0)
        json_out_null(o);
    else
        json_out_decimal(o, l->good);
}

static void latest_value(struct json_out *o, const struct latest *l)
{
    json_out_name(o, str_from(l->metric, l->metric_len));
    json_out_object(o);
    json_out_name_int(o, STR("time_ms"), l->time_ms);
    if (l->error_len > 0) {
        json_out_name(o, STR("value"));
        json_out_null(o);
        json_out_name_string(o, STR("error"), str_from(l->error, l->error_len));
    } else {
        name_good_value(o, STR("value"), l);
    }
    name_good_value(o, STR("last_value"), l);
    json_out_name_int(o, STR("last_value_ms"), l->good_ms);
    json_out_object_end(o);
}

static void latest_values(struct json_out *o, const struct live *live)
{
    json_out_name(o, STR("latest"));
    json_out_object(o);
    for (size_t i = 0; live != NULL && i < live->latest_count; i++) {
        if (live->latest[i].time_ms > 0)
            latest_value(o, &live->latest[i]);
    }
    json_out_object_end(o);
}

void device_json(struct json_out *o, const struct domain *d,
                 const struct sql_device_of_owner_row *row)
{
    const struct live *live = live_find(d->live, row->id);
    int64_t last_seen_ms = live == NULL ? 0 : live->hold != NULL ? d->now_ms : live->last_seen_ms;
    json_out_object(o);
    json_out_name_string(o, STR("id"), row->public_id);
    json_out_name_string(o, STR("name"), row->name);
    json_out_name_string(o, STR("board"), row->board);
    json_out_name_string(o, STR("state"), state_of(row, live, d->now_ms));
    json_out_name_time(o, STR("created_at"), row->created_at_ms);
    json_out_name_time(o, STR("registered_at"), row->registered_at_ms);
    json_out_name_time(o, STR("last_seen_at"), last_seen_ms);
    json_out_name(o, STR("last_seen_ms"));
    if (last_seen_ms == 0)
        json_out_null(o);
    else
        json_out_int(o, last_seen_ms);
    json_out_name_time(o, STR("limited_at"), live == NULL ? 0 : live->limited_at_ms);
    json_out_name_int(o, STR("interval_s"), row->interval_s);
    name_mac(o, STR("mac"), row->mac);
    name_text(o, STR("chip"), row->chip);
    name_text(o, STR("firmware_version"), row->firmware_version);
    registration(o, d, row);
    timeline(o, row);
    json_out_name_raw(o, STR("desired"), row->desired);
    json_out_name_int(o, STR("desired_version"), row->desired_version);
    json_out_name_raw(o, STR("reported"), row->reported);
    json_out_name_int(o, STR("reported_version"), row->reported_version);
    json_out_name_time(o, STR("reported_at"), row->reported_at_ms);
    latest_values(o, live);
    json_out_object_end(o);
}

struct sql_device_of_owner_row device_row(const struct sql_device_list_row *row)
{
    /* Both queries name the same columns; the compiler checks each. */
    return (struct sql_device_of_owner_row){.id = row->id,
                                            .public_id = row->public_id,
                                            .name = row->name,
                                            .board = row->board,
                                            .created_at_ms = row->created_at_ms,
                                            .registered_at_ms = row->registered_at_ms,
                                            .mac = row->mac,
                                            .chip = row->chip,
                                            .firmware_version = row->firmware_version,
                                            .session_at_ms = row->session_at_ms,
                                            .first_reading_at_ms = row->first_reading_at_ms,
                                            .interval_s = row->interval_s,
                                            .desired = row->desired,
                                            .desired_version = row->desired_version,
                                            .reported = row->reported,
                                            .reported_version = row->reported_version,
                                            .reported_at_ms = row->reported_at_ms,
                                            .token_expires_at_ms = row->token_expires_at_ms,
                                            .token_spent_at_ms = row->token_spent_at_ms,
                                            .token_refusals = row->token_refusals,
                                            .token_refused_at_ms = row->token_refused_at_ms,
                                            .token_refused_reason = row->token_refused_reason,
                                            .token_refused_mac = row->token_refused_mac};
}

enum err publish_device(struct api *api, struct arena *a, int64_t account_id, struct str public_id)
{
    static uint8_t buffer[32 * 1024];
    struct sql_device_of_owner_row row;
    if (!events_wanted(&api->events, account_id))
        return OK;
    enum err e = sql_device_of_owner(api->d->store, a, account_id, public_id, &row);
    if (e == ERR_NOT_FOUND)
        return OK;
    TRY(e);
    struct writer w = writer_into(buffer, sizeof buffer);
    struct json_out o = json_into(&w);
    device_json(&o, api->d, &row);
    struct str data;
    if (writer_end(&w, &data) == OK)
        events_publish(&api->events, &api->outlet, account_id, STR("device"), data);
    return OK;
}

void publish_clone_alarm(struct api *api, int64_t account_id, struct str public_id)
{
    uint8_t buffer[256];
    struct writer w = writer_into(buffer, sizeof buffer);
    struct json_out o = json_into(&w);
    json_out_object(&o);
    json_out_name_string(&o, STR("event"), STR("device.clone_alarm"));
    json_out_name_string(&o, STR("id"), public_id);
    json_out_name_time(&o, STR("at"), api->d->now_ms);
    json_out_object_end(&o);
    events_publish(&api->events, &api->outlet, account_id, STR("audit"), str_from(buffer, w.len));
}
