#include "tests/fake/machine.h"

#include <stdio.h>
#include <string.h>

#include "common/base/encoding.h"
#include "common/wire/json.h"

#define DEVICE_ID  "dev_7hQmZr3KpT0s"
#define DEVICE_KEY "oc_key_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8"
#define SALT_TEXT  "W22ZaJ0SNY7soEsUEjb6gQ=="

/* ---- the server ------------------------------------------------------------------------------ */

static int64_t server_now(const struct fake *f)
{
    return f->server_time_ms + f->monotonic_ms;
}

static void answer_bytes(struct fake *f, const char *text, size_t len)
{
    if (len <= sizeof f->to_client - f->to_client_len)
        memcpy(f->to_client + f->to_client_len, text, len);
    f->to_client_len += len;
}

static void answer(struct fake *f, int status, const char *extra, const char *body)
{
    char head[256];
    int len = snprintf(head, sizeof head, "HTTP/1.1 %d x\r\n%sContent-Length: %u\r\n\r\n", status,
                       extra, (unsigned)strlen(body));
    if (status == 204)
        len = snprintf(head, sizeof head, "HTTP/1.1 204 No Content\r\n%s\r\n", extra);
    answer_bytes(f, head, (size_t)len);
    if (status != 204)
        answer_bytes(f, body, strlen(body));
}

static void answer_problem(struct fake *f, int status, const char *name, const char *extra)
{
    char body[256];
    snprintf(body, sizeof body,
             "{\"type\":\"/problems/%s\",\"title\":\"t\",\"status\":%d,\"detail\":\"do this\","
             "\"server_time_ms\":%lld}",
             name, status, (long long)server_now(f));
    answer(f, status, extra, body);
}

static void serve_register(struct fake *f, struct str body)
{
    uint8_t scratch[64];
    uint8_t salt[SCRAM_SALT_LEN];
    size_t len;
    char text[400];
    struct register_request m;
    f->registers++;
    if (!f->is_token_good || register_request_read(body, scratch, sizeof scratch, &m) != OK ||
        !str_eq(m.registration_token, STR(FAKE_TOKEN)) ||
        base64_read(STR(SALT_TEXT), salt, sizeof salt, &len) != OK) {
        answer_problem(f, 401, "registration-refused", "");
        return;
    }
    scram_derive_verifier(STR(DEVICE_KEY), salt, 4096, &f->verifier);
    f->has_device = true;
    snprintf(text, sizeof text,
             "{\"device_id\":\"" DEVICE_ID "\",\"device_key\":\"" DEVICE_KEY
             "\",\"salt\":\"" SALT_TEXT
             "\",\"iterations\":4096,\"interval_s\":10,\"server_time_ms\":%lld}",
             (long long)server_now(f));
    answer(f, 201, "", text);
}

static void serve_client_first(struct fake *f, const struct session_request *m)
{
    static const uint8_t nonce[SCRAM_NONCE_LEN] = {9, 8, 7};
    char first[SCRAM_MESSAGE_MAX];
    char text[SCRAM_MESSAGE_MAX + 64];
    struct writer w = writer_into(first, sizeof first);
    struct scram_verifier v = f->verifier;
    if (!f->has_device)
        v.salt[0] ^= 1; /* device.md: an unknown device gets an answer like any other */
    if (scram_server_first(&f->exchange, m->client_first, &v, nonce, &w) != OK) {
        answer_problem(f, 400, "malformed-request", "");
        return;
    }
    snprintf(text, sizeof text, "{\"exchange\":\"oc_exc_1\",\"server_first\":\"%.*s\"}", (int)w.len,
             first);
    answer(f, 200, "", text);
}

static void serve_client_final(struct fake *f, const struct session_request *m)
{
    char final[SCRAM_MESSAGE_MAX];
    char text[SCRAM_MESSAGE_MAX + 256];
    struct writer w = writer_into(final, sizeof final);
    if (!f->has_device ||
        scram_server_final(&f->exchange, m->client_final, &f->verifier, &w) != OK) {
        answer_problem(f, 401, "credentials-refused", "");
        return;
    }
    if (f->is_impostor)
        final[2] = final[2] == 'A' ? 'B' : 'A';
    f->session = ++f->sessions;
    f->session_ends_ms = f->monotonic_ms + (int64_t)f->session_s * 1000;
    snprintf(text, sizeof text,
             "{\"server_final\":\"%.*s\",\"session\":\"oc_sess_%u\",\"expires_in_s\":%u,"
             "\"renew_in_s\":%u,\"interval_s\":10,\"server_time_ms\":%lld}",
             (int)w.len, final, (unsigned)f->session, (unsigned)f->session_s,
             (unsigned)f->session_s * 3 / 4, (long long)server_now(f));
    answer(f, 200, "", text);
}

static void serve_session(struct fake *f, struct str body)
{
    uint8_t scratch[64];
    struct session_request m;
    if (session_request_read(body, scratch, sizeof scratch, &m) != OK)
        answer_problem(f, 400, "malformed-request", "");
    else if (m.client_first.len > 0)
        serve_client_first(f, &m);
    else
        serve_client_final(f, &m);
}

static bool batch_is_known(const struct fake *f, struct str id)
{
    size_t known = f->batch_count < FAKE_IDS_MAX ? f->batch_count : FAKE_IDS_MAX;
    for (size_t i = 0; i < known; i++) {
        if (str_eq(str_from_cstr(f->batch_ids[i]), id))
            return true;
    }
    return false;
}

static void serve_readings(struct fake *f, struct str body)
{
    static struct readings_request m;
    uint8_t scratch[64];
    if (readings_request_read(body, scratch, sizeof scratch, &m) != OK) {
        answer_problem(f, 400, "malformed-request", "");
        return;
    }
    answer(f, 204, "", "");
    if (batch_is_known(f, m.batch)) {
        f->batches_again++;
        return;
    }
    snprintf(f->batch_ids[f->batch_count++ % FAKE_IDS_MAX], BATCH_ID_MAX + 1, "%.*s",
             STR_ARGS(m.batch));
    for (size_t i = 0; i < m.count && f->stored_count < FAKE_STORED_MAX; i++) {
        f->stored[f->stored_count].time_ms = m.readings[i].time_ms;
        f->stored[f->stored_count++].value = m.readings[i].value.mantissa;
    }
}

static void serve_reported(struct fake *f, struct str body)
{
    uint8_t scratch[64];
    struct reported_request m;
    if (reported_request_read(body, scratch, sizeof scratch, &m) != OK) {
        answer_problem(f, 400, "malformed-request", "");
        return;
    }
    f->reported_version = m.version;
    snprintf(f->reported, sizeof f->reported, "%.*s", STR_ARGS(m.state));
    answer(f, 204, "", "");
}

static void answer_desired(struct fake *f)
{
    char text[400];
    snprintf(text, sizeof text, "{\"version\":%lld,\"desired\":%s}", (long long)f->desired_version,
             f->desired);
    answer(f, 200, "", text);
}

static void serve_desired(struct fake *f, struct str target)
{
    struct str path;
    struct str query;
    uint64_t after = 0;
    if (!str_cut(target, '?', &path, &query)) {
        answer_desired(f);
        return;
    }
    struct str number = str_slice(query, 6, str_find(query, '&') - 6);
    if (str_u64(number, UINT64_MAX, &after) != OK)
        answer_problem(f, 400, "malformed-request", "");
    else if ((int64_t)after < f->desired_version)
        answer_desired(f);
    else
        f->is_holding = true;
}

void fake_desire(struct fake *f, const char *desired)
{
    snprintf(f->desired, sizeof f->desired, "%s", desired);
    f->desired_version++;
    if (f->is_holding)
        answer_desired(f);
    f->is_holding = false;
}

/* The value of a header field in the request, empty when it is not there. */
static struct str header(struct str head, const char *name)
{
    struct str line;
    struct str key;
    struct str value;
    while (head.len > 0) {
        str_cut(head, '\n', &line, &head);
        if (str_cut(line, ':', &key, &value) && str_eq_nocase(key, str_from_cstr(name))) {
            if (str_ends(value, STR("\r")))
                value.len--;
            return str_trim(value);
        }
    }
    return STR_NONE;
}

static bool session_is_good(const struct fake *f, struct str head)
{
    char expected[64];
    snprintf(expected, sizeof expected, "Bearer oc_sess_%u", (unsigned)f->session);
    return !f->forgets_sessions && f->session > 0 && f->monotonic_ms < f->session_ends_ms &&
           str_eq(header(head, "Authorization"), str_from_cstr(expected)) &&
           header(head, "X-Device-MAC").len == MAC_TEXT_LEN;
}

static void serve(struct fake *f, struct str head, struct str body)
{
    struct str method;
    struct str target;
    struct str rest;
    str_cut(head, ' ', &method, &rest);
    str_cut(rest, ' ', &target, &rest);
    if (f->force_bytes != NULL) {
        answer_bytes(f, f->force_bytes, f->force_len);
    } else if (f->force_times > 0) {
        char extra[40] = "";
        f->force_times--;
        if (f->force_retry_after > 0)
            snprintf(extra, sizeof extra, "Retry-After: %d\r\n", f->force_retry_after);
        answer_problem(f, f->force_status, f->force_problem, extra);
    } else if (str_eq(target, STR("/device/v1/register"))) {
        serve_register(f, body);
    } else if (str_eq(target, STR("/device/v1/session"))) {
        serve_session(f, body);
    } else if (!session_is_good(f, head)) {
        answer_problem(f, 401, "session-expired", "");
    } else if (str_eq(target, STR("/device/v1/readings"))) {
        serve_readings(f, body);
    } else if (str_eq(target, STR("/device/v1/reported"))) {
        serve_reported(f, body);
    } else {
        serve_desired(f, target);
    }
}

static void hang_up(struct fake *f)
{
    f->hangs_up = true;
    f->to_client_len = 0;
}

/* One whole request off the wire; false when there is none. */
static bool request_take(struct fake *f)
{
    struct str all = str_from(f->to_server, f->to_server_len);
    size_t end = 0;
    uint64_t body_len = 0;
    while (end + 4 <= all.len && memcmp(all.ptr + end, "\r\n\r\n", 4) != 0)
        end++;
    if (end + 4 > all.len)
        return false;
    struct str head = str_slice(all, 0, end + 2);
    struct str length = header(head, "Content-Length");
    if (length.len > 0 && str_u64(length, sizeof f->to_server, &body_len) != OK)
        body_len = 0;
    size_t whole = end + 4 + (size_t)body_len;
    if (all.len < whole)
        return false;
    f->requests++;
    f->request_at_ms = f->monotonic_ms;
    if (f->is_holding)
        answer(f, 204, "", ""); /* the hold lets go for whoever comes behind it */
    f->is_holding = false;
    serve(f, head, str_slice(all, end + 4, (size_t)body_len));
    if (f->lose_answers > 0) {
        f->lose_answers--;
        hang_up(f);
    }
    memmove(f->to_server, f->to_server + whole, f->to_server_len - whole);
    f->to_server_len -= whole;
    return true;
}

/* ---- the link -------------------------------------------------------------------------------- */

static void link_close(void *ctx)
{
    struct fake *f = ctx;
    f->is_connected = f->hangs_up = f->is_holding = false;
    f->to_server_len = f->to_client_len = 0;
}

static enum err link_open(void *ctx)
{
    struct fake *f = ctx;
    link_close(f);
    f->opened++;
    f->is_connected = !f->is_down;
    return f->is_down ? ERR_IO : OK;
}

static enum err link_ready(void *ctx)
{
    const struct fake *f = ctx;
    return f->is_connected ? OK : ERR_IO;
}

static enum err link_send(void *ctx, struct str bytes, size_t *sent)
{
    struct fake *f = ctx;
    if (f->is_down || f->hangs_up || f->is_dead)
        return ERR_IO;
    if (f->is_slow_link)
        bytes.len = 1;
    memcpy(f->to_server + f->to_server_len, bytes.ptr, bytes.len);
    f->to_server_len += bytes.len;
    *sent = bytes.len;
    while (request_take(f))
        continue;
    return OK;
}

static enum err link_recv(void *ctx, uint8_t *buf, size_t cap, size_t *got)
{
    struct fake *f = ctx;
    if (f->is_down || (f->hangs_up && f->to_client_len == 0))
        return ERR_IO;
    if (f->to_client_len == 0)
        return ERR_AGAIN;
    *got = f->is_slow_link ? 1 : f->to_client_len < cap ? f->to_client_len : cap;
    memcpy(buf, f->to_client, *got);
    memmove(f->to_client, f->to_client + *got, f->to_client_len - *got);
    f->to_client_len -= *got;
    return OK;
}

static struct str link_why(void *ctx)
{
    (void)ctx;
    return STR("the link failed");
}

/* ---- the flash ------------------------------------------------------------------------------- */

/* How much of a write gets through: all of it, or half when the power fails just now. */
static size_t power_lets(struct fake *f, size_t len)
{
    if (f->is_dead)
        return 0;
    f->writes++;
    f->is_dead = f->writes == f->power_fails_at;
    return f->is_dead ? len / 2 : len;
}

static enum err slots_read(void *ctx, unsigned slot, uint8_t *buf, size_t cap, size_t *len)
{
    const struct fake *f = ctx;
    *len = f->slot_len[slot] < cap ? f->slot_len[slot] : cap;
    memcpy(buf, f->slots[slot], *len);
    return *len == 0 ? ERR_NOT_FOUND : OK;
}

static enum err slots_write(void *ctx, unsigned slot, struct str bytes)
{
    struct fake *f = ctx;
    size_t len = power_lets(f, bytes.len);
    memcpy(f->slots[slot], bytes.ptr, len);
    if (len > f->slot_len[slot])
        f->slot_len[slot] = len;
    return f->is_dead ? ERR_IO : OK;
}

static enum err storage_read(void *ctx, uint32_t offset, uint8_t *buf, size_t len)
{
    const struct fake *f = ctx;
    memcpy(buf, f->storage + offset, len);
    return OK;
}

static enum err storage_write(void *ctx, uint32_t offset, struct str bytes)
{
    struct fake *f = ctx;
    memcpy(f->storage + offset, bytes.ptr, power_lets(f, bytes.len));
    return f->is_dead ? ERR_IO : OK;
}

static enum err storage_sync(void *ctx)
{
    struct fake *f = ctx;
    if (f->is_dead)
        return ERR_IO;
    memcpy(f->synced, f->storage, sizeof f->storage);
    return OK;
}

/* ---- the machine and its board --------------------------------------------------------------- */

static int64_t monotonic_ms(void *ctx)
{
    const struct fake *f = ctx;
    return f->monotonic_ms;
}

static int64_t wall_ms(void *ctx)
{
    const struct fake *f = ctx;
    return f->wall_ms == 0 ? 0 : f->wall_ms + f->monotonic_ms;
}

static enum err entropy(void *ctx, uint8_t *buf, size_t len)
{
    struct fake *f = ctx;
    for (size_t i = 0; i < len; i++) {
        f->random = f->random * 1664525 + 1013904223;
        buf[i] = (uint8_t)(f->random >> 24);
    }
    return OK;
}

static void log_line(void *ctx, struct str line)
{
    struct fake *f = ctx;
    if (line.len + 2 > sizeof f->log - f->log_len)
        f->log_len = 0;
    memcpy(f->log + f->log_len, line.ptr, line.len);
    f->log_len += line.len;
    f->log[f->log_len++] = '\n';
    f->log[f->log_len] = 0;
}

bool fake_logged(const struct fake *f, const char *text)
{
    return strstr(f->log, text) != NULL;
}

/* Each sample counts up, so that a lost or doubled one shows. */
static size_t board_sample(void *ctx, struct reading *out, size_t cap)
{
    struct fake *f = ctx;
    (void)cap;
    out[0] = (struct reading){.metric = STR("count"), .value = {f->next_value++, 0}};
    return 1;
}

static enum err board_switch_set(void *ctx, struct str name, bool on)
{
    struct fake *f = ctx;
    if (!str_eq(name, STR("relay1")))
        return ERR_NOT_FOUND;
    f->relay = on;
    f->relay_moves++;
    return OK;
}

static bool board_switch_get(void *ctx, size_t index, struct str *name, bool *on)
{
    const struct fake *f = ctx;
    *name = STR("relay1");
    *on = f->relay;
    return index == 0;
}

/* ---- the door -------------------------------------------------------------------------------- */

void fake_init(struct fake *f)
{
    memset(f, 0, sizeof *f);
    f->server_time_ms = 1790000000000;
    f->session_s = 3600;
    f->is_token_good = true;
    f->next_value = 1;
    strcpy(f->desired, "{}");
    f->transport = (struct port_transport){f,         link_open,  link_ready, link_send,
                                           link_recv, link_close, link_why};
    f->port_slots = (struct port_slots){f, slots_read, slots_write};
    f->port_storage =
        (struct port_storage){f, FAKE_STORAGE_SIZE, storage_read, storage_write, storage_sync};
    f->system = (struct port_system){.ctx = f,
                                     .monotonic_ms = monotonic_ms,
                                     .wall_ms = wall_ms,
                                     .boot_id = 1,
                                     .entropy = entropy,
                                     .log = log_line};
    f->port = (struct port){&f->transport, &f->port_slots, &f->port_storage, &f->system};
    f->board = (struct oc_board){f, board_sample, board_switch_set, board_switch_get};
    f->config = (struct oc_config){.host = STR("server:8443"),
                                   .mac = {0x02, 0, 0, 0, 0, 1},
                                   .chip = STR("fake"),
                                   .firmware_version = STR("1.2.3"),
                                   .registration_token = STR(FAKE_TOKEN)};
}

void fake_boot(struct fake *f, struct oc_client *c)
{
    if (f->is_dead && f->loses_unsynced)
        memcpy(f->storage, f->synced, sizeof f->storage);
    f->is_dead = false;
    link_close(f);
    f->system.boot_id++;
    enum err e = oc_client_init(c, &f->port, &f->board, &f->config, false);
    if (e != OK)
        log_line(f, STR("the client does not start"));
}

void fake_run(struct fake *f, struct oc_client *c, int64_t ms)
{
    int64_t end = f->monotonic_ms + ms;
    while (f->monotonic_ms <= end && !f->is_dead) {
        int64_t wait = oc_client_step(c);
        /* What the link brings wakes the client too. */
        if (f->to_client_len > 0 || f->hangs_up)
            wait = 0;
        if (wait > end - f->monotonic_ms) {
            f->monotonic_ms = end;
            return;
        }
        f->monotonic_ms += wait > 0 ? wait : 1;
    }
}

void fake_force(struct fake *f, const char *bytes, size_t len)
{
    f->force_bytes = bytes;
    f->force_len = len;
}
