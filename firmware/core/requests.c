/* What the client asks, and in which order: identity, session, state, readings, and when there is
 * nothing to say, for news.
 *
 * Owns:     c->out, which it fills with one request.
 * Promise:  at most one request unanswered, and one more behind a hold.
 * Source:   docs/protocol/device.md.
 * Watch:    a request that is asked again (a lost answer, a new session) must be the same one: the
 *           batch keeps its id, a report repeats the present state. */
#include <string.h>

#include "common/base/assert.h"
#include "common/wire/json.h"
#include "firmware/core/client_parts.h"

/* A body is written behind the room for its head, which is then written in front of it. */
#define HEAD_MAX 512

/* A report is composed at the end of the buffer, out of its body's way: no room for it on a small
 * chip's stack. */
#define REPORT_MAX 3072
_Static_assert(HEAD_MAX + REPORT_MAX + 64 <= OC_REQUEST_MAX - REPORT_MAX, "body meets report");

static struct writer body_writer(struct oc_client *c)
{
    return writer_into(c->out + HEAD_MAX, sizeof c->out - HEAD_MAX);
}

static void send_request(struct oc_client *c, enum oc_request kind, struct str method,
                         struct str target, struct str body, bool with_session)
{
    uint8_t mac[MAC_TEXT_LEN];
    struct writer mac_text = writer_into(mac, sizeof mac);
    mac_write(&mac_text, c->config.mac);
    struct http_request m = {.method = method,
                             .target = target,
                             .host = c->config.host,
                             .session =
                                 with_session ? str_from(c->session, c->session_len) : STR_NONE,
                             .mac = str_from(mac, sizeof mac),
                             .body = body};
    /* The body stands behind the room for a head; it moves down to meet the head there is. */
    uint8_t head[HEAD_MAX];
    struct writer w = writer_into(head, sizeof head);
    struct str text;
    http_request_head_write(&w, &m);
    enum err e = writer_end(&w, &text);
    ASSERT(e == OK && text.len + body.len <= sizeof c->out);
    if (body.len > 0)
        memmove(c->out + text.len, body.ptr, body.len);
    memcpy(c->out, text.ptr, text.len);
    c->out_len = text.len + body.len;
    c->out_sent = 0;
    c->asked[c->asked[0] == OC_REQUEST_NONE ? 0 : 1] = kind;
    c->answer_deadline_ms = client_now(c) + ANSWER_TIMEOUT_MS;
    wipe(head, sizeof head);
}

static bool post(struct oc_client *c, enum oc_request kind, struct str target,
                 const struct writer *body, bool with_session)
{
    struct str text;
    if (writer_end(body, &text) != OK)
        return false;
    send_request(c, kind, STR("POST"), target, text, with_session);
    return true;
}

static bool ask_register(struct oc_client *c)
{
    struct register_request m = {.registration_token = c->config.registration_token,
                                 .chip = c->config.chip,
                                 .firmware_version = c->config.firmware_version};
    memcpy(m.mac, c->config.mac, MAC_LEN);
    struct writer w = body_writer(c);
    register_request_write(&w, &m);
    return post(c, OC_REQUEST_REGISTER, STR("/device/v1/register"), &w, false);
}

static bool ask_session_first(struct oc_client *c)
{
    uint8_t nonce[SCRAM_NONCE_LEN];
    char text[SCRAM_MESSAGE_MAX];
    struct writer first = writer_into(text, sizeof text);
    struct session_request m = {0};
    struct str user = str_from(c->identity.device_id, c->identity.device_id_len);
    if (c->port->system->entropy(c->port->system->ctx, nonce, sizeof nonce) != OK ||
        scram_client_first(&c->exchange, user, nonce, &first) != OK ||
        writer_end(&first, &m.client_first) != OK) {
        client_fail(c, STR("no source of random numbers"), REFUSED_RETRY_MS);
        return false;
    }
    memcpy(m.mac, c->config.mac, MAC_LEN);
    struct writer w = body_writer(c);
    session_request_write(&w, &m);
    return post(c, OC_REQUEST_SESSION_FIRST, STR("/device/v1/session"), &w, false);
}

static bool ask_session_final(struct oc_client *c)
{
    char text[SCRAM_MESSAGE_MAX];
    struct writer final = writer_into(text, sizeof text);
    struct session_request m = {.exchange = str_from(c->exchange_id, c->exchange_id_len),
                                .firmware_version = c->config.firmware_version};
    enum err e =
        scram_client_final(&c->exchange, str_from(c->server_first, c->server_first_len),
                           c->identity.salt, c->identity.iterations, &c->identity.keys, &final);
    c->server_first_len = 0;
    if (e == ERR_DENIED) {
        /* A server makes up a salt for a device it does not know, so as not to tell strangers. */
        client_key_refused(c, STR("it was deleted there, or this is another server; add the device "
                                  "again and give its registration token"));
        return false;
    }
    if (e != OK || writer_end(&final, &m.client_final) != OK) {
        client_fail(c, STR("the server's answer is not understood"), 0);
        return false;
    }
    memcpy(m.mac, c->config.mac, MAC_LEN);
    struct writer w = body_writer(c);
    session_request_write(&w, &m);
    return post(c, OC_REQUEST_SESSION_FINAL, STR("/device/v1/session"), &w, false);
}

static void write_switches(const struct oc_client *c, struct json_out *o)
{
    struct str name;
    bool on;
    json_out_name(o, STR("switches"));
    json_out_object(o);
    for (size_t i = 0; c->board->switch_get(c->board->ctx, i, &name, &on); i++)
        json_out_name_bool(o, name, on);
    json_out_object_end(o);
}

static bool ask_reported(struct oc_client *c)
{
    struct writer state = writer_into(c->out + sizeof c->out - REPORT_MAX, REPORT_MAX);
    struct json_out o = json_into(&state);
    json_out_object(&o);
    write_switches(c, &o);
    json_out_name_int(&o, STR("interval_s"), client_interval_s(c));
    if (c->port->system->reset_reason != NULL)
        json_out_name_string(&o, STR("reset_reason"),
                             c->port->system->reset_reason(c->port->system->ctx));
    json_out_object_end(&o);
    struct reported_request m = {.version = c->desired_version};
    if (writer_end(&state, &m.state) != OK) {
        client_log(c, STR("reported: more switches than one report holds"));
        c->report_is_due = false;
        return false;
    }
    struct writer w = body_writer(c);
    reported_request_write(&w, &m);
    /* Due again at once when something changes while this one is on its way. */
    c->report_is_due = false;
    return post(c, OC_REQUEST_REPORTED, STR("/device/v1/reported"), &w, true);
}

/* The server's time of a record: certain when it was known then or the boot is this one. */
static int64_t record_time(void *ctx, const struct journal_time *t)
{
    const struct oc_client *c = ctx;
    if (c->time_is_known && t->boot_id == c->port->system->boot_id)
        return t->monotonic_ms + c->time_offset_ms;
    return t->time_ms;
}

static bool ask_readings(struct oc_client *c)
{
    enum err e = OK;
    while (e == OK && !journal_is_empty(&c->journal)) {
        struct writer w = body_writer(c);
        e = journal_batch(&c->journal, record_time, c, &w);
        if (e == OK)
            return post(c, OC_REQUEST_READINGS, STR("/device/v1/readings"), &w, true);
        if (e == ERR_NOT_FOUND)
            e = journal_acknowledge(&c->journal); /* nothing in it reads back: on to the next */
    }
    if (e != OK)
        client_fail(c, STR("the readings buffer cannot be read"), REFUSED_RETRY_MS);
    return false;
}

static bool ask_desired(struct oc_client *c)
{
    char target[96];
    struct writer w = writer_into(target, sizeof target);
    struct str text;
    int64_t wait_s = 0;
    writer_str(&w, STR("/device/v1/desired"));
    if (c->desired_is_known) {
        /* Until the next reading is due, which then ends the hold; and a little longer, so that it
         * is not ended twice. */
        wait_s = (c->sample_at_ms - client_now(c)) / 1000 + 5;
        wait_s = wait_s < 1 ? 1 : wait_s > HOLD_MAX_S ? HOLD_MAX_S : wait_s;
        writer_str(&w, STR("?after="));
        writer_decimal(&w, c->desired_version);
        writer_str(&w, STR("&wait="));
        writer_decimal(&w, wait_s);
    }
    enum err e = writer_end(&w, &text);
    ASSERT(e == OK);
    send_request(c, wait_s > 0 ? OC_REQUEST_DESIRED_HOLD : OC_REQUEST_DESIRED, STR("GET"), text,
                 STR_NONE, true);
    c->answer_deadline_ms += wait_s * 1000;
    return true;
}

bool client_ask(struct oc_client *c)
{
    int64_t now = client_now(c);
    if (now < c->quiet_until_ms)
        return false;
    if (c->identity.sequence == 0 || c->key_is_refused)
        return ask_register(c);
    if (c->server_first_len > 0)
        return ask_session_final(c);
    if (c->session_len > 0 && now >= c->session_expires_at_ms)
        c->session_len = 0;
    if (c->session_len == 0 || now >= c->session_renew_at_ms)
        return ask_session_first(c);
    if (c->desired_is_known && c->report_is_due)
        return ask_reported(c);
    if (!c->desired_is_known)
        return ask_desired(c);
    if (!journal_is_empty(&c->journal))
        return ask_readings(c);
    return c->asked[0] == OC_REQUEST_NONE && ask_desired(c);
}
