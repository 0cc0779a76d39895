#include "common/proto/device_messages.h"

#include <string.h>

#include "common/base/encoding.h"
#include "common/proto/scram.h"
#include "common/wire/json.h"

/* I-JSON: integers beyond 2^53 do not survive every reader (RFC 7493 section 2.2). */
#define INTEGER_MAX    9007199254740991

#define INTERVAL_S_MAX 3600
#define SESSION_S_MAX  86400

/* ---- members --------------------------------------------------------------------------------
 * Each decoder gives its members bit numbers; `seen` refuses what comes twice and tells at the end
 * what did not come at all. */

/* Inlined, so that comparing with a literal is a length and a few words, not two calls. */
static inline bool name_is(struct str name, struct str wanted)
{
    return name.len == wanted.len && memcmp(name.ptr, wanted.ptr, wanted.len) == 0;
}

/* Is this member the one called `wanted`? A second of the same name fails the document. */
static inline bool member_is(struct json *j, uint32_t *seen, struct str name, uint32_t bit,
                             struct str wanted)
{
    if (!name_is(name, wanted))
        return false;
    if ((*seen & 1U << bit) != 0)
        json_fail(j);
    *seen |= 1U << bit;
    return true;
}

static bool is_printable(struct str s)
{
    for (size_t i = 0; i < s.len; i++) {
        if (s.ptr[i] < 0x20 || s.ptr[i] > 0x7E)
            return false;
    }
    return true;
}

/* Printable ASCII of 1 to max characters. */
static struct str take_text(struct json *j, size_t max)
{
    struct str s = json_string(j);
    if (s.len == 0 || s.len > max || !is_printable(s))
        json_fail(j);
    return s;
}

static int64_t take_int(struct json *j, int64_t min, int64_t max)
{
    int64_t v = json_int(j);
    if (v < min || v > max)
        json_fail(j);
    return v;
}

static uint32_t take_u32(struct json *j, uint32_t min, uint32_t max)
{
    return (uint32_t)take_int(j, min, max);
}

static void take_mac(struct json *j, uint8_t mac[static MAC_LEN])
{
    if (mac_read(json_string(j), mac) != OK)
        json_fail(j);
}

/* An object as it stands, within STATE_JSON_MAX. */
static struct str take_state(struct json *j)
{
    if (json_peek(j) != JSON_OBJECT)
        json_fail(j);
    struct str raw = json_raw(j);
    if (raw.len > STATE_JSON_MAX)
        json_fail(j);
    return raw;
}

/* The whole document was read and holds every member of `needed`. */
static enum err finish(struct json *j, uint32_t seen, uint32_t needed)
{
    TRY(json_end(j));
    return (seen & needed) == needed ? OK : ERR_PEER;
}

/* ---- small texts ----------------------------------------------------------------------------- */

enum err mac_read(struct str text, uint8_t mac[static MAC_LEN])
{
    uint8_t raw[MAC_LEN];
    size_t len;
    if (text.len != MAC_TEXT_LEN)
        return ERR_PEER;
    for (size_t i = 0; i < MAC_LEN; i++) {
        if (i > 0 && text.ptr[3 * i - 1] != ':')
            return ERR_PEER;
        TRY(hex_read(str_slice(text, 3 * i, 2), raw + i, 1, &len));
    }
    memcpy(mac, raw, MAC_LEN);
    return OK;
}

void mac_write(struct writer *w, const uint8_t mac[static MAC_LEN])
{
    static const char digit[] = "0123456789ABCDEF";
    for (size_t i = 0; i < MAC_LEN; i++) {
        if (i > 0)
            writer_u8(w, ':');
        writer_u8(w, (uint8_t)digit[mac[i] >> 4]);
        writer_u8(w, (uint8_t)digit[mac[i] & 15]);
    }
}

bool metric_name_is_valid(struct str name)
{
    if (name.len == 0 || name.len > METRIC_NAME_MAX || name.ptr[0] < 'a' || name.ptr[0] > 'z')
        return false;
    for (size_t i = 1; i < name.len; i++) {
        uint8_t c = name.ptr[i];
        if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '.'))
            return false;
    }
    return true;
}

static bool reading_error_is_valid(struct str s)
{
    for (size_t i = 0; i < s.len; i++) {
        if ((s.ptr[i] < 'a' || s.ptr[i] > 'z') && s.ptr[i] != '_')
            return false;
    }
    return s.len > 0 && s.len <= READING_ERROR_MAX;
}

static void write_mac_member(struct json_out *o, const uint8_t mac[static MAC_LEN])
{
    uint8_t text[MAC_TEXT_LEN];
    struct writer w = writer_into(text, sizeof text);
    mac_write(&w, mac);
    json_out_name_string(o, STR("mac"), str_from(text, sizeof text));
}

/* ---- register -------------------------------------------------------------------------------- */

enum err register_request_read(struct str body, uint8_t *scratch, size_t scratch_size,
                               struct register_request *out)
{
    struct json j = json_of(body, scratch, scratch_size);
    struct register_request m = {0};
    struct str name;
    uint32_t seen = 0;
    json_object(&j);
    while (json_member(&j, &name)) {
        if (member_is(&j, &seen, name, 0, STR("registration_token")))
            m.registration_token = take_text(&j, SECRET_TEXT_MAX);
        else if (member_is(&j, &seen, name, 1, STR("mac")))
            take_mac(&j, m.mac);
        else if (member_is(&j, &seen, name, 2, STR("chip")))
            m.chip = take_text(&j, CHIP_NAME_MAX);
        else if (member_is(&j, &seen, name, 3, STR("firmware_version")))
            m.firmware_version = take_text(&j, VERSION_TEXT_MAX);
        else
            json_skip(&j);
    }
    TRY(finish(&j, seen, 0xF));
    *out = m;
    return OK;
}

void register_request_write(struct writer *w, const struct register_request *m)
{
    struct json_out o = json_into(w);
    json_out_object(&o);
    json_out_name_string(&o, STR("registration_token"), m->registration_token);
    write_mac_member(&o, m->mac);
    json_out_name_string(&o, STR("chip"), m->chip);
    json_out_name_string(&o, STR("firmware_version"), m->firmware_version);
    json_out_object_end(&o);
}

enum err register_reply_read(struct str body, uint8_t *scratch, size_t scratch_size,
                             struct register_reply *out)
{
    struct json j = json_of(body, scratch, scratch_size);
    struct register_reply m = {0};
    struct str name;
    uint32_t seen = 0;
    json_object(&j);
    while (json_member(&j, &name)) {
        if (member_is(&j, &seen, name, 0, STR("device_id")))
            m.device_id = take_text(&j, SCRAM_USER_MAX);
        else if (member_is(&j, &seen, name, 1, STR("device_key")))
            m.device_key = take_text(&j, SECRET_TEXT_MAX);
        else if (member_is(&j, &seen, name, 2, STR("salt")))
            m.salt = take_text(&j, BASE64_LEN(SCRAM_SALT_LEN));
        else if (member_is(&j, &seen, name, 3, STR("iterations")))
            m.iterations = take_u32(&j, SCRAM_ITERATIONS_MIN, SCRAM_ITERATIONS_MAX);
        else if (member_is(&j, &seen, name, 4, STR("interval_s")))
            m.interval_s = take_u32(&j, 1, INTERVAL_S_MAX);
        else if (member_is(&j, &seen, name, 5, STR("server_time_ms")))
            m.server_time_ms = take_int(&j, 0, INTEGER_MAX);
        else
            json_skip(&j);
    }
    TRY(finish(&j, seen, 0x3F));
    *out = m;
    return OK;
}

void register_reply_write(struct writer *w, const struct register_reply *m)
{
    struct json_out o = json_into(w);
    json_out_object(&o);
    json_out_name_string(&o, STR("device_id"), m->device_id);
    json_out_name_string(&o, STR("device_key"), m->device_key);
    json_out_name_string(&o, STR("salt"), m->salt);
    json_out_name_int(&o, STR("iterations"), m->iterations);
    json_out_name_int(&o, STR("interval_s"), m->interval_s);
    json_out_name_int(&o, STR("server_time_ms"), m->server_time_ms);
    json_out_object_end(&o);
}

/* ---- session --------------------------------------------------------------------------------- */

enum err session_request_read(struct str body, uint8_t *scratch, size_t scratch_size,
                              struct session_request *out)
{
    enum { MAC = 0, FIRST = 1, FINAL = 2, EXCHANGE = 3, VERSION = 4 };
    struct json j = json_of(body, scratch, scratch_size);
    struct session_request m = {0};
    struct str name;
    uint32_t seen = 0;
    json_object(&j);
    while (json_member(&j, &name)) {
        if (member_is(&j, &seen, name, MAC, STR("mac")))
            take_mac(&j, m.mac);
        else if (member_is(&j, &seen, name, FIRST, STR("client_first")))
            m.client_first = take_text(&j, SCRAM_MESSAGE_MAX);
        else if (member_is(&j, &seen, name, FINAL, STR("client_final")))
            m.client_final = take_text(&j, SCRAM_MESSAGE_MAX);
        else if (member_is(&j, &seen, name, EXCHANGE, STR("exchange")))
            m.exchange = take_text(&j, SECRET_TEXT_MAX);
        else if (member_is(&j, &seen, name, VERSION, STR("firmware_version")))
            m.firmware_version = take_text(&j, VERSION_TEXT_MAX);
        else
            json_skip(&j);
    }
    TRY(finish(&j, seen, 1U << MAC));
    uint32_t shape = seen & (1U << FIRST | 1U << FINAL | 1U << EXCHANGE);
    if (shape != 1U << FIRST && shape != (1U << FINAL | 1U << EXCHANGE))
        return ERR_PEER;
    *out = m;
    return OK;
}

void session_request_write(struct writer *w, const struct session_request *m)
{
    struct json_out o = json_into(w);
    json_out_object(&o);
    write_mac_member(&o, m->mac);
    if (m->client_final.len == 0) {
        json_out_name_string(&o, STR("client_first"), m->client_first);
    } else {
        json_out_name_string(&o, STR("exchange"), m->exchange);
        json_out_name_string(&o, STR("client_final"), m->client_final);
    }
    if (m->firmware_version.len > 0)
        json_out_name_string(&o, STR("firmware_version"), m->firmware_version);
    json_out_object_end(&o);
}

enum err session_reply_read(struct str body, uint8_t *scratch, size_t scratch_size,
                            struct session_reply *out)
{
    struct json j = json_of(body, scratch, scratch_size);
    struct session_reply m = {0};
    struct str name;
    uint32_t seen = 0;
    json_object(&j);
    while (json_member(&j, &name)) {
        if (member_is(&j, &seen, name, 0, STR("exchange")))
            m.exchange = take_text(&j, SECRET_TEXT_MAX);
        else if (member_is(&j, &seen, name, 1, STR("server_first")))
            m.server_first = take_text(&j, SCRAM_MESSAGE_MAX);
        else if (member_is(&j, &seen, name, 2, STR("server_final")))
            m.server_final = take_text(&j, SCRAM_MESSAGE_MAX);
        else if (member_is(&j, &seen, name, 3, STR("session")))
            m.session = take_text(&j, SECRET_TEXT_MAX);
        else if (member_is(&j, &seen, name, 4, STR("expires_in_s")))
            m.expires_in_s = take_u32(&j, 1, SESSION_S_MAX);
        else if (member_is(&j, &seen, name, 5, STR("renew_in_s")))
            m.renew_in_s = take_u32(&j, 1, SESSION_S_MAX);
        else if (member_is(&j, &seen, name, 6, STR("interval_s")))
            m.interval_s = take_u32(&j, 1, INTERVAL_S_MAX);
        else if (member_is(&j, &seen, name, 7, STR("server_time_ms")))
            m.server_time_ms = take_int(&j, 0, INTEGER_MAX);
        else
            json_skip(&j);
    }
    TRY(finish(&j, seen, 0));
    /* The first answer holds exchange and server_first, the second all the others. */
    if ((seen != 0x03 && seen != 0xFC) || m.renew_in_s > m.expires_in_s)
        return ERR_PEER;
    *out = m;
    return OK;
}

void session_reply_write(struct writer *w, const struct session_reply *m)
{
    struct json_out o = json_into(w);
    json_out_object(&o);
    if (m->server_first.len > 0) {
        json_out_name_string(&o, STR("exchange"), m->exchange);
        json_out_name_string(&o, STR("server_first"), m->server_first);
    } else {
        json_out_name_string(&o, STR("server_final"), m->server_final);
        json_out_name_string(&o, STR("session"), m->session);
        json_out_name_int(&o, STR("expires_in_s"), m->expires_in_s);
        json_out_name_int(&o, STR("renew_in_s"), m->renew_in_s);
        json_out_name_int(&o, STR("interval_s"), m->interval_s);
        json_out_name_int(&o, STR("server_time_ms"), m->server_time_ms);
    }
    json_out_object_end(&o);
}

/* ---- readings -------------------------------------------------------------------------------- */

/* One element, the cursor standing before it. A metric is usually named first, so it is asked for
 * first. */
static void take_reading(struct json *j, struct reading *out)
{
    enum { METRIC = 0, TIME = 1, VALUE = 2, ERROR = 3 };
    struct str name;
    uint32_t seen = 0;
    *out = (struct reading){0};
    json_object(j);
    while (json_member(j, &name)) {
        if (member_is(j, &seen, name, METRIC, STR("metric")))
            out->metric = json_string(j);
        else if (member_is(j, &seen, name, TIME, STR("time_ms")))
            out->time_ms = take_int(j, 0, INTEGER_MAX);
        else if (member_is(j, &seen, name, VALUE, STR("value")))
            out->value = json_decimal(j);
        else if (member_is(j, &seen, name, ERROR, STR("error")))
            out->error = json_string(j);
        else
            json_skip(j);
    }
    bool has_value = seen == (1U << METRIC | 1U << TIME | 1U << VALUE);
    bool has_error = seen == (1U << METRIC | 1U << TIME | 1U << ERROR);
    if (!metric_name_is_valid(out->metric) ||
        !(has_value || (has_error && reading_error_is_valid(out->error))))
        json_fail(j);
}

static void take_readings(struct json *j, struct readings_request *out)
{
    json_array(j);
    while (json_element(j)) {
        if (out->count == READINGS_PER_BATCH_MAX) {
            json_fail(j);
            return;
        }
        take_reading(j, &out->readings[out->count++]);
    }
}

static struct str take_batch(struct json *j)
{
    uint64_t number;
    if (json_peek(j) == JSON_STRING)
        return take_text(j, BATCH_ID_MAX);
    struct str raw = json_raw(j);
    if (str_u64(raw, UINT64_MAX, &number) != OK)
        json_fail(j);
    return raw;
}

/* Straight into *out: a local of this size would be an ESP8266's whole stack. Until the end says
 * OK, count is zero, so what was filled is not there. */
enum err readings_request_read(struct str body, uint8_t *scratch, size_t scratch_size,
                               struct readings_request *out)
{
    struct json j = json_of(body, scratch, scratch_size);
    struct str name;
    uint32_t seen = 0;
    out->batch = STR_NONE;
    out->count = 0;
    json_object(&j);
    while (json_member(&j, &name)) {
        if (member_is(&j, &seen, name, 0, STR("batch")))
            out->batch = take_batch(&j);
        else if (member_is(&j, &seen, name, 1, STR("readings")))
            take_readings(&j, out);
        else
            json_skip(&j);
    }
    if (finish(&j, seen, 0x3) == OK && out->count > 0)
        return OK;
    out->batch = STR_NONE;
    out->count = 0;
    return ERR_PEER;
}

static void write_reading(struct json_out *o, const struct reading *r)
{
    json_out_object(o);
    json_out_name_string(o, STR("metric"), r->metric);
    json_out_name_int(o, STR("time_ms"), r->time_ms);
    if (r->error.len > 0) {
        json_out_name_string(o, STR("error"), r->error);
    } else {
        json_out_name(o, STR("value"));
        json_out_decimal(o, r->value);
    }
    json_out_object_end(o);
}

void readings_request_write(struct writer *w, const struct readings_request *m)
{
    struct json_out o = json_into(w);
    json_out_object(&o);
    json_out_name_string(&o, STR("batch"), m->batch);
    json_out_name(&o, STR("readings"));
    json_out_array(&o);
    for (size_t i = 0; i < m->count; i++)
        write_reading(&o, &m->readings[i]);
    json_out_array_end(&o);
    json_out_object_end(&o);
}

/* ---- reported and desired -------------------------------------------------------------------- */

enum err reported_request_read(struct str body, uint8_t *scratch, size_t scratch_size,
                               struct reported_request *out)
{
    struct json j = json_of(body, scratch, scratch_size);
    struct reported_request m = {0};
    struct str name;
    uint32_t seen = 0;
    json_object(&j);
    while (json_member(&j, &name)) {
        if (member_is(&j, &seen, name, 0, STR("version")))
            m.version = take_int(&j, 0, INTEGER_MAX);
        else if (member_is(&j, &seen, name, 1, STR("state")))
            m.state = take_state(&j);
        else
            json_skip(&j);
    }
    TRY(finish(&j, seen, 0x3));
    *out = m;
    return OK;
}

void reported_request_write(struct writer *w, const struct reported_request *m)
{
    struct json_out o = json_into(w);
    json_out_object(&o);
    json_out_name_int(&o, STR("version"), m->version);
    json_out_name_raw(&o, STR("state"), m->state);
    json_out_object_end(&o);
}

enum err desired_reply_read(struct str body, uint8_t *scratch, size_t scratch_size,
                            struct desired_reply *out)
{
    struct json j = json_of(body, scratch, scratch_size);
    struct desired_reply m = {0};
    struct str name;
    uint32_t seen = 0;
    json_object(&j);
    while (json_member(&j, &name)) {
        if (member_is(&j, &seen, name, 0, STR("version")))
            m.version = take_int(&j, 0, INTEGER_MAX);
        else if (member_is(&j, &seen, name, 1, STR("desired")))
            m.desired = take_state(&j);
        else
            json_skip(&j);
    }
    TRY(finish(&j, seen, 0x3));
    *out = m;
    return OK;
}

void desired_reply_write(struct writer *w, const struct desired_reply *m)
{
    struct json_out o = json_into(w);
    json_out_object(&o);
    json_out_name_int(&o, STR("version"), m->version);
    json_out_name_raw(&o, STR("desired"), m->desired);
    json_out_object_end(&o);
}

/* ---- problem --------------------------------------------------------------------------------- */

enum err problem_read(struct str body, uint8_t *scratch, size_t scratch_size, struct problem *out)
{
    struct json j = json_of(body, scratch, scratch_size);
    struct problem m = {.type = STR("about:blank")};
    struct str name;
    uint32_t seen = 0;
    json_object(&j);
    while (json_member(&j, &name)) {
        if (member_is(&j, &seen, name, 0, STR("type")))
            m.type = json_string(&j);
        else if (member_is(&j, &seen, name, 1, STR("title")))
            m.title = json_string(&j);
        else if (member_is(&j, &seen, name, 2, STR("detail")))
            m.detail = json_string(&j);
        else if (member_is(&j, &seen, name, 3, STR("status")))
            m.status = take_int(&j, 100, 599);
        else if (member_is(&j, &seen, name, 4, STR("server_time_ms")))
            m.server_time_ms = take_int(&j, 0, INTEGER_MAX);
        else
            json_skip(&j);
    }
    TRY(finish(&j, seen, 0));
    *out = m;
    return OK;
}
