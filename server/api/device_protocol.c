/* /device/v1: what devices ask.
 *
 * Owns:     nothing.
 * Promise:  204 on readings means that they are in the transaction whose commit lets the answer
 *           out.
 * Source:   docs/protocol/device.md, section by section.
 * Watch:    device_readings_post is the hottest function of the core: no allocation, no store call
 *           but for a metric never seen before. */
#include "common/base/encoding.h"
#include "server/api/device_json.h"
#include "server/api/input.h"
#include "server/api/routes.h"
#include "server/domain/device.h"
#include "server/domain/registration.h"
#include "server/domain/telemetry.h"

#define EVENT_DATA_MAX (32 * 1024)

static uint8_t event_buffer[EVENT_DATA_MAX];

static void answer_malformed(struct call *c, const char *section)
{
    answer_problem(c, PROBLEM_MALFORMED_REQUEST, section);
}

static void publish(struct call *c, int64_t account_id, struct str event, const struct writer *w)
{
    struct str data;
    if (writer_end(w, &data) == OK)
        events_publish(&c->api->events, &c->api->outlet, account_id, event, data);
}

static struct str live_id(const struct live *live)
{
    return str_from(live->public_id, live->public_id_len);
}

/* ---- section 1: registration ----------------------------------------------------------------- */

enum err device_register_post(struct call *c)
{
    struct register_request request;
    struct registration r;
    int64_t account_id;
    if (register_request_read(c->request->body, c->api->scratch, FRAME_BODY_MAX, &request) != OK) {
        answer_malformed(c, "Send registration_token, mac, chip and firmware_version: "
                            "docs/protocol/device.md section 1.");
        return OK;
    }
    enum err e = registration_redeem(c->d, &c->arena, &request, &r, &account_id);
    if (e == ERR_DENIED) {
        answer_problem(c, PROBLEM_REGISTRATION_REFUSED,
                       "The registration token is not valid. The owner sees why on the device's "
                       "page, and can make a fresh one there.");
        return account_id == 0 ? OK : publish_device(c->api, &c->arena, account_id, r.public_id);
    }
    TRY(e);
    uint8_t salt[BASE64_LEN(SCRAM_SALT_LEN)];
    struct writer w = writer_into(salt, sizeof salt);
    base64_write(&w, str_from(r.salt, sizeof r.salt));
    struct register_reply reply = {.device_id = live_id(r.live),
                                   .device_key = credential_text(&r.key),
                                   .salt = str_from(salt, w.len),
                                   .iterations = SCRAM_ITERATIONS,
                                   .interval_s = (uint32_t)r.interval_s,
                                   .server_time_ms = c->d->now_ms};
    register_reply_write(&c->body, &reply);
    wipe(&r.key, sizeof r.key);
    c->device = r.live;
    exchanges_forget_device(c->api->exchanges, r.live->device_id);
    if (r.live->hold != NULL) /* of the identity before */
        holds_answer(&c->api->holds, &c->api->outlet, r.live, &holds_nothing_new);
    answer_json(c, 201);
    r.live->last_seen_ms = c->d->now_ms;
    r.live->presence = live_presence(r.live, c->d->now_ms);
    return publish_device(c->api, &c->arena, account_id, live_id(r.live));
}

/* ---- section 2: sessions --------------------------------------------------------------------- */

static void answer_credentials_refused(struct call *c)
{
    answer_problem(c, PROBLEM_CREDENTIALS_REFUSED,
                   "The device could not prove who it is. If its owner has deleted it or "
                   "registered it anew, give it a fresh registration token.");
}

static enum err begin_session(struct call *c, const struct session_request *request)
{
    struct credential id;
    uint8_t first[SCRAM_MESSAGE_MAX];
    struct writer w = writer_into(first, sizeof first);
    enum err e = device_session_begin(c->d, c->api->exchanges, &c->arena, request, &id, &w);
    if (e == ERR_PEER) {
        answer_malformed(c, "client_first is not a SCRAM-SHA-256 message: docs/protocol/device.md "
                            "section 2.");
        return OK;
    }
    TRY(e);
    struct session_reply reply = {.exchange = credential_text(&id),
                                  .server_first = str_from(first, w.len)};
    session_reply_write(&c->body, &reply);
    answer_json(c, 200);
    return OK;
}

static enum err open_session(struct call *c, const struct session_request *request)
{
    struct session_opened s;
    int64_t owner_to_alarm;
    uint8_t final[SCRAM_MESSAGE_MAX];
    struct writer w = writer_into(final, sizeof final);
    enum err e = device_session_open(c->d, c->api->exchanges, request, &s, &w, &owner_to_alarm);
    if (e == ERR_DENIED || e == ERR_PEER) {
        if (owner_to_alarm != 0)
            publish_clone_alarm(c->api, owner_to_alarm, live_id(s.live));
        answer_credentials_refused(c);
        return OK;
    }
    TRY(e);
    struct session_reply reply = {.server_final = str_from(final, w.len),
                                  .session = credential_text(&s.session),
                                  .expires_in_s = DEVICE_SESSION_S,
                                  .renew_in_s = DEVICE_RENEW_S,
                                  .interval_s = (uint32_t)s.interval_s,
                                  .server_time_ms = c->d->now_ms};
    session_reply_write(&c->body, &reply);
    wipe(&s.session, sizeof s.session);
    c->device = s.live;
    answer_json(c, 200);
    s.live->presence = live_presence(s.live, c->d->now_ms);
    return publish_device(c->api, &c->arena, s.live->account_id, live_id(s.live));
}

enum err device_session_post(struct call *c)
{
    struct session_request request;
    if (session_request_read(c->request->body, c->api->scratch, FRAME_BODY_MAX, &request) != OK) {
        answer_malformed(c, "Send mac with client_first, or with exchange and client_final: "
                            "docs/protocol/device.md section 2.");
        return OK;
    }
    return request.client_first.len > 0 ? begin_session(c, &request) : open_session(c, &request);
}

/* ---- section 3: readings --------------------------------------------------------------------- */

static void publish_readings(struct call *c, const struct readings_request *batch)
{
    struct live *live = c->device;
    if (!events_wanted(&c->api->events, live->account_id))
        return;
    struct writer w = writer_into(event_buffer, sizeof event_buffer);
    struct json_out o = json_into(&w);
    json_out_object(&o);
    json_out_name_string(&o, STR("id"), live_id(live));
    json_out_name_int(&o, STR("last_seen_ms"), live->last_seen_ms);
    json_out_name(&o, STR("readings"));
    json_out_array(&o);
    for (size_t i = 0; i < batch->count; i++) {
        const struct reading *r = &batch->readings[i];
        json_out_object(&o);
        json_out_name_string(&o, STR("metric"), r->metric);
        json_out_name_int(&o, STR("time_ms"), r->time_ms);
        if (r->error.len > 0) {
            json_out_name_string(&o, STR("error"), r->error);
        } else {
            json_out_name(&o, STR("value"));
            json_out_decimal(&o, r->value);
        }
        json_out_object_end(&o);
    }
    json_out_array_end(&o);
    json_out_object_end(&o);
    publish(c, live->account_id, STR("reading"), &w);
}

enum err device_readings_post(struct call *c)
{
    static struct readings_request batch; /* 20 KB, filled anew by every request */
    enum taken taken;
    if (readings_request_read(c->request->body, c->api->scratch, FRAME_BODY_MAX, &batch) != OK) {
        answer_malformed(c, "Send batch and 1 to 256 readings, each with metric, time_ms and value "
                            "or error: docs/protocol/device.md section 3.");
        return OK;
    }
    bool is_first = !c->device->has_readings;
    TRY(telemetry_take(c->d, c->device, &batch, &taken));
    switch (taken) {
    case REFUSED_CLOCK:
        answer_problem(c, PROBLEM_CLOCK_SKEW,
                       "A time_ms is more than 5 minutes ahead of the server or older than 31 "
                       "days. Count on from server_time_ms and send the batch again.");
        return OK;
    case REFUSED_METRICS:
        answer_invalid(c, "metric", "A device has at most 64 different metrics.");
        return OK;
    case TAKEN_BEFORE: answer_empty(c, 204); return OK;
    case TAKEN: break;
    }
    answer_empty(c, 204);
    publish_readings(c, &batch);
    if (!is_first)
        return OK;
    return publish_device(c->api, &c->arena, c->device->account_id, live_id(c->device));
}

/* ---- section 4: state ------------------------------------------------------------------------ */

static enum err answer_desired(struct call *c)
{
    struct sql_device_state_row row;
    TRY(sql_device_state(c->d->store, &c->arena, c->device->device_id, &row));
    struct desired_reply reply = {.version = row.desired_version, .desired = row.desired};
    desired_reply_write(&c->body, &reply);
    answer_json(c, 200);
    return OK;
}

/* after: -1 when it was not given. */
static enum err read_wait(struct call *c, int64_t *after, uint64_t *wait_s)
{
    struct str after_text, wait_text;
    uint64_t version = 0;
    *after = -1;
    *wait_s = 0;
    TRY(query_value(c, STR("after"), &after_text));
    TRY(query_value(c, STR("wait"), &wait_text));
    if (wait_text.len > 0)
        TRY(str_u64(wait_text, HOLD_S_MAX, wait_s));
    if (after_text.len > 0) {
        TRY(str_u64(after_text, INT64_MAX, &version));
        *after = (int64_t)version;
    }
    return OK;
}

enum err device_desired_get(struct call *c)
{
    struct live *live = c->device;
    int64_t after;
    uint64_t wait_s;
    if (read_wait(c, &after, &wait_s) != OK) {
        answer_invalid(c, "wait", "after is a version, wait is 0 to 300 seconds.");
        return OK;
    }
    /* Not only older ones: after a restore from a backup a device may know a newer version than we.
     */
    if (after != live->desired_version)
        return answer_desired(c);
    if (wait_s == 0) {
        answer_empty(c, 204);
        return OK;
    }
    holds_answer(&c->api->holds, &c->api->outlet, live, &holds_nothing_new);
    int64_t ends_at_ms = c->d->now_ms + (int64_t)wait_s * 1000;
    TRY(holds_add(&c->api->holds, live, c->from, ends_at_ms));
    c->api->outlet.held(c->api->outlet.ctx, c->from, caller_of(c));
    c->answered = true;
    return OK;
}

static void publish_reported(struct call *c, const struct reported_request *request)
{
    if (!events_wanted(&c->api->events, c->device->account_id))
        return;
    struct writer w = writer_into(event_buffer, sizeof event_buffer);
    struct json_out o = json_into(&w);
    json_out_object(&o);
    json_out_name_string(&o, STR("id"), live_id(c->device));
    json_out_name_int(&o, STR("version"), request->version);
    json_out_name_raw(&o, STR("state"), request->state);
    json_out_name_time(&o, STR("reported_at"), c->d->now_ms);
    json_out_object_end(&o);
    publish(c, c->device->account_id, STR("reported"), &w);
}

enum err device_reported_post(struct call *c)
{
    struct reported_request request;
    if (reported_request_read(c->request->body, c->api->scratch, FRAME_BODY_MAX, &request) != OK) {
        answer_malformed(c, "Send version and state, an object of at most 4,096 bytes: "
                            "docs/protocol/device.md section 4.");
        return OK;
    }
    TRY(device_set_reported(c->d, c->device->device_id, request.state, request.version));
    answer_empty(c, 204);
    publish_reported(c, &request);
    return OK;
}
