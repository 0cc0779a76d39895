/* What the client does with each answer: the table of docs/protocol/errors.md as code.
 *
 * Owns:     nothing.
 * Promise:  an answer changes the client only when it is whole and well formed; everything else is
 *           a failure of the link, and what it was about is asked again.
 * Source:   docs/protocol/device.md, docs/protocol/errors.md.
 * Watch:    answers are views into c->in and die with the next byte received; client_fail() wipes
 *           them, so nothing may be used after it. */
#include <string.h>

#include "common/base/encoding.h"
#include "common/wire/json.h"
#include "firmware/core/client_parts.h"

#define SCRATCH_MAX 256

static const struct str not_understood = {(const uint8_t *)"the server's answer is not understood",
                                          37};

/* ---- time ------------------------------------------------------------------------------------ */

static void time_set(struct oc_client *c, int64_t server_time_ms)
{
    c->time_is_known = true;
    c->time_offset_ms = server_time_ms - client_now(c);
}

/* ---- register -------------------------------------------------------------------------------- */

static void say(const struct oc_client *c, struct str words, struct str about)
{
    char text[200];
    struct writer w = writer_into(text, sizeof text);
    struct str line;
    writer_str(&w, words);
    writer_str(&w, about);
    if (writer_end(&w, &line) == OK)
        client_log(c, line);
}

static void hear_registered(struct oc_client *c, struct str body)
{
    uint8_t scratch[SCRATCH_MAX];
    struct register_reply m;
    struct identity id = {.sequence = c->identity.sequence};
    size_t salt_len;
    if (register_reply_read(body, scratch, sizeof scratch, &m) != OK ||
        base64_read(m.salt, id.salt, sizeof id.salt, &salt_len) != OK ||
        salt_len != SCRAM_SALT_LEN) {
        client_fail(c, not_understood, 0);
        return;
    }
    memcpy(id.device_id, m.device_id.ptr, m.device_id.len);
    id.device_id_len = m.device_id.len;
    memcpy(id.mac, c->config.mac, MAC_LEN);
    id.iterations = m.iterations;
    scram_derive_client_keys(m.device_key, id.salt, m.iterations, &id.keys);
    wipe(scratch, sizeof scratch);
    c->server_interval_s = m.interval_s;
    time_set(c, m.server_time_ms);
    if (identity_store(c->port->slots, &id) != OK) {
        /* The server hands a fresh key to the same MAC within the hour. */
        client_fail(c, STR("the identity cannot be stored"), 0);
    } else {
        c->identity = id;
        c->key_is_refused = false;
        c->status = OC_RUNNING;
        c->sample_at_ms = client_now(c);
        say(c, STR("registered as "), str_from(id.device_id, id.device_id_len));
    }
    wipe(&id, sizeof id);
}

/* ---- session --------------------------------------------------------------------------------- */

static void hear_session_first(struct oc_client *c, struct str body)
{
    uint8_t scratch[SCRATCH_MAX];
    struct session_reply m;
    if (session_reply_read(body, scratch, sizeof scratch, &m) != OK || m.server_first.len == 0) {
        client_fail(c, not_understood, 0);
        return;
    }
    memcpy(c->exchange_id, m.exchange.ptr, m.exchange.len);
    c->exchange_id_len = m.exchange.len;
    memcpy(c->server_first, m.server_first.ptr, m.server_first.len);
    c->server_first_len = m.server_first.len;
}

static void session_take(struct oc_client *c, const struct session_reply *m)
{
    int64_t now = client_now(c);
    /* Up to a tenth earlier than asked for, so that a fleet started together drifts apart. */
    uint32_t renew_ms = m->renew_in_s * 1000;
    memcpy(c->session, m->session.ptr, m->session.len);
    c->session_len = m->session.len;
    c->session_renew_at_ms = now + renew_ms - client_jitter(c, renew_ms / 10 + 1);
    c->session_expires_at_ms = now + (int64_t)m->expires_in_s * 1000;
    c->server_interval_s = m->interval_s;
    time_set(c, m->server_time_ms);
    c->session_was_good = false;
    c->status = OC_RUNNING;
}

static void hear_session_final(struct oc_client *c, struct str body)
{
    uint8_t scratch[SCRATCH_MAX];
    struct session_reply m;
    if (session_reply_read(body, scratch, sizeof scratch, &m) != OK || m.server_final.len == 0) {
        client_fail(c, not_understood, 0);
        return;
    }
    if (scram_client_verify(&c->exchange, m.server_final, &c->identity.keys) != OK) {
        client_fail(c, STR("this is not the server that enrolled the device"), REFUSED_RETRY_MS);
        return;
    }
    session_take(c, &m);
    wipe(&c->exchange, sizeof c->exchange);
    if (!c->online_said)
        client_log(c, STR("online"));
    c->online_said = true;
}

/* ---- desired --------------------------------------------------------------------------------- */

static void switch_say(const struct oc_client *c, struct str name, bool on, enum err e)
{
    char text[120];
    struct writer w = writer_into(text, sizeof text);
    struct str line;
    writer_str(&w, STR("switch "));
    writer_str(&w, name);
    writer_str(&w, on ? STR(" on") : STR(" off"));
    if (e == ERR_NOT_FOUND)
        writer_str(&w, STR(" wanted, but there is no such switch"));
    else if (e != OK)
        writer_str(&w, STR(" wanted, but it does not obey"));
    writer_str(&w, STR(" (desired version "));
    writer_decimal(&w, c->desired_version);
    writer_str(&w, STR(")"));
    if (writer_end(&w, &line) == OK)
        client_log(c, line);
}

static bool switch_is(const struct oc_client *c, struct str name, bool on)
{
    struct str other;
    bool state;
    for (size_t i = 0; c->board->switch_get(c->board->ctx, i, &other, &state); i++) {
        if (str_eq(other, name))
            return state == on;
    }
    return false;
}

/* Obey at once; say so only when something moved, for after each start all of it is read again. */
static void switches_obey(struct oc_client *c, struct json *j)
{
    struct str name;
    json_object(j);
    while (json_member(j, &name)) {
        enum json_type type = json_peek(j);
        if (type != JSON_TRUE && type != JSON_FALSE) {
            json_skip(j); /* null or something of a later time */
            continue;
        }
        bool on = json_bool(j);
        if (switch_is(c, name, on))
            continue;
        switch_say(c, name, on, c->board->switch_set(c->board->ctx, name, on));
    }
}

static void desired_obey(struct oc_client *c, struct str desired)
{
    uint8_t scratch[SCRATCH_MAX];
    struct json j = json_of(desired, scratch, sizeof scratch);
    struct str name;
    uint32_t interval_s = 0;
    json_object(&j);
    while (json_member(&j, &name)) {
        if (str_eq(name, STR("switches")) && json_peek(&j) == JSON_OBJECT) {
            switches_obey(c, &j);
        } else if (str_eq(name, STR("interval_s")) && json_peek(&j) == JSON_NUMBER) {
            int64_t v = json_int(&j);
            interval_s = v >= 1 && v <= 3600 ? (uint32_t)v : 0;
        } else {
            json_skip(&j);
        }
    }
    if (json_end(&j) != OK)
        client_log(c, STR("desired: not all of it is understood"));
    c->desired_interval_s = interval_s;
}

static void hear_desired(struct oc_client *c, const struct http_answer *answer)
{
    uint8_t scratch[SCRATCH_MAX];
    struct desired_reply m;
    if (answer->status == 204) {
        c->desired_is_known = true;
        return;
    }
    if (desired_reply_read(answer->body, scratch, sizeof scratch, &m) != OK) {
        client_fail(c, not_understood, 0);
        return;
    }
    bool is_news = !c->desired_is_known || m.version != c->desired_version;
    c->desired_version = m.version;
    c->desired_is_known = true;
    desired_obey(c, m.desired);
    c->report_is_due |= is_news;
}

/* ---- readings -------------------------------------------------------------------------------- */

static void batch_done(struct oc_client *c)
{
    c->batch_was_retimed = false;
    c->acknowledged_batches++;
    if (journal_acknowledge(&c->journal) != OK)
        client_log(c, STR("readings: the storage does not take the acknowledgement"));
}

/* ---- refusals -------------------------------------------------------------------------------- */

static struct problem problem_of(struct str body, uint8_t *scratch, size_t scratch_size)
{
    struct problem m;
    if (problem_read(body, scratch, scratch_size, &m) == OK)
        return m;
    return (struct problem){.type = STR("about:blank")};
}

/* "the server refuses the registration token: ..." with what the server says to do. */
static void fail_with(struct oc_client *c, struct str what, struct str detail, int64_t at_least_ms)
{
    char text[sizeof c->why];
    struct writer w = writer_into(text, sizeof text);
    writer_str(&w, what);
    if (detail.len > 0 && detail.len + 2 <= writer_left(&w)) {
        writer_str(&w, STR(": "));
        writer_str(&w, detail);
    }
    client_fail(c, str_from(text, w.len), at_least_ms);
}

void client_key_refused(struct oc_client *c, struct str detail)
{
    bool can_register = c->config.registration_token.len > 0;
    c->session_len = 0;
    c->key_is_refused = can_register;
    c->status = can_register ? c->status : OC_REFUSED;
    fail_with(c, STR("the server does not know this device's key"), detail,
              can_register ? 0 : REFUSED_RETRY_MS);
}

/* 401: which of the secrets is it? */
static void hear_denied(struct oc_client *c, enum oc_request asked, const struct problem *p)
{
    if (asked == OC_REQUEST_REGISTER) {
        c->status = OC_REFUSED;
        c->key_is_refused = false; /* the token is no way out either: try the key again, slowly */
        fail_with(c, STR("the server refuses the registration token"), p->detail, REFUSED_RETRY_MS);
    } else if (asked == OC_REQUEST_SESSION_FIRST || asked == OC_REQUEST_SESSION_FINAL) {
        client_key_refused(c, p->detail);
    } else if (str_eq(p->type, STR("/problems/mac-mismatch"))) {
        c->session_len = 0;
        fail_with(c, STR("the server knows this device by another MAC"), p->detail,
                  REFUSED_RETRY_MS);
    } else {
        /* Expired, or the server has forgotten it: open a new one on this same connection. But one
         * that was refused from its first use on is not opened again in a hurry. */
        c->session_len = 0;
        if (asked == OC_REQUEST_REPORTED)
            c->report_is_due = true;
        if (!c->session_was_good)
            fail_with(c, STR("the server does not know its own session"), p->detail, 0);
    }
}

/* 429, 503, 507: the connection is fine, we are just to be quiet for a while. */
static void hear_busy(struct oc_client *c, enum oc_request asked, const struct http_answer *answer)
{
    int64_t quiet_ms = answer->retry_after_s == HTTP_RETRY_AFTER_NONE
                           ? 5000
                           : (int64_t)answer->retry_after_s * 1000;
    if (quiet_ms > RETRY_MAX_MS)
        quiet_ms = RETRY_MAX_MS;
    c->quiet_until_ms = client_now(c) + quiet_ms + client_jitter(c, (uint32_t)quiet_ms / 4 + 100);
    if (asked == OC_REQUEST_REPORTED)
        c->report_is_due = true;
}

/* 422 and the like about readings: asking again would be refused again. */
static void hear_bad_batch(struct oc_client *c, const struct problem *p)
{
    if (str_eq(p->type, STR("/problems/clock-skew")) && p->server_time_ms > 0 &&
        !c->batch_was_retimed) {
        time_set(c, p->server_time_ms);
        c->batch_was_retimed = true;
        return;
    }
    say(c, STR("readings: the server will never take these, dropped: "),
        str_slice(p->detail, 0, 120));
    batch_done(c);
}

static void hear_refusal(struct oc_client *c, enum oc_request asked,
                         const struct http_answer *answer)
{
    uint8_t scratch[SCRATCH_MAX];
    struct problem p = problem_of(answer->body, scratch, sizeof scratch);
    int status = answer->status;
    if (status == 401) {
        hear_denied(c, asked, &p);
    } else if (status == 429 || status == 503 || status == 507) {
        hear_busy(c, asked, answer);
    } else if (status >= 500 || status == 404 || status == 408) {
        c->report_is_due |= asked == OC_REQUEST_REPORTED;
        fail_with(c, STR("the server has trouble"), p.detail, 0);
    } else if (asked == OC_REQUEST_READINGS) {
        hear_bad_batch(c, &p);
    } else if (asked == OC_REQUEST_REPORTED) {
        say(c, STR("reported: the server refuses it: "), str_slice(p.detail, 0, 120));
    } else {
        fail_with(c, STR("the server refuses what this device asks"), p.detail, REFUSED_RETRY_MS);
    }
}

/* ---- the table ------------------------------------------------------------------------------- */

void client_hear(struct oc_client *c, enum oc_request asked, const struct http_answer *answer)
{
    if (answer->status >= 300) {
        hear_refusal(c, asked, answer);
        return;
    }
    if (asked >= OC_REQUEST_READINGS) {
        c->session_was_good = true;
        c->failures = 0;
    }
    switch (asked) {
    case OC_REQUEST_REGISTER: hear_registered(c, answer->body); break;
    case OC_REQUEST_SESSION_FIRST: hear_session_first(c, answer->body); break;
    case OC_REQUEST_SESSION_FINAL: hear_session_final(c, answer->body); break;
    case OC_REQUEST_READINGS: batch_done(c); break;
    case OC_REQUEST_REPORTED: break;
    case OC_REQUEST_DESIRED:
    case OC_REQUEST_DESIRED_HOLD: hear_desired(c, answer); break;
    case OC_REQUEST_NONE: break;
    }
}
