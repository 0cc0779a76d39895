#include "firmware/include/oceanremote/client.h"

#include <string.h>

#include "common/base/assert.h"
#include "firmware/core/client_parts.h"

/* ---- small things ---------------------------------------------------------------------------- */

int64_t client_now(const struct oc_client *c)
{
    return c->port->system->monotonic_ms(c->port->system->ctx);
}

void client_log(const struct oc_client *c, struct str line)
{
    c->port->system->log(c->port->system->ctx, line);
}

uint32_t client_interval_s(const struct oc_client *c)
{
    if (c->desired_interval_s > 0)
        return c->desired_interval_s;
    return c->config.interval_s > 0 ? c->config.interval_s : c->server_interval_s;
}

uint32_t client_jitter(const struct oc_client *c, uint32_t bound)
{
    uint8_t raw[4];
    if (c->port->system->entropy(c->port->system->ctx, raw, sizeof raw) != OK)
        return bound / 2;
    uint32_t v =
        (uint32_t)raw[0] | (uint32_t)raw[1] << 8 | (uint32_t)raw[2] << 16 | (uint32_t)raw[3] << 24;
    return bound == 0 ? 0 : v % bound;
}

static void why_set(struct oc_client *c, struct str why)
{
    c->why_len = why.len < sizeof c->why ? why.len : sizeof c->why;
    if (c->why_len > 0)
        memcpy(c->why, why.ptr, c->why_len);
}

/* ---- the link -------------------------------------------------------------------------------- */

static void link_close(struct oc_client *c)
{
    c->port->transport->close(c->port->transport->ctx);
    c->link = OC_LINK_DOWN;
    if (c->asked[0] == OC_REQUEST_REPORTED || c->asked[1] == OC_REQUEST_REPORTED)
        c->report_is_due = true;
    c->asked[0] = c->asked[1] = OC_REQUEST_NONE;
    c->out_len = c->out_sent = c->in_len = 0;
    c->server_first_len = 0;
    wipe(c->in, sizeof c->in);
}

/* 1, 2, 4 ... 300 s, and of that a random part between a half and the whole, so that a thousand
 * devices do not come back together. */
static int64_t backoff_ms(const struct oc_client *c)
{
    uint32_t shift = c->failures < 9 ? c->failures : 9;
    uint32_t full = (uint32_t)RETRY_MIN_MS << shift;
    if (full > RETRY_MAX_MS)
        full = RETRY_MAX_MS;
    return full / 2 + client_jitter(c, full / 2 + 1);
}

static void failure_say(struct oc_client *c, int64_t delay_ms)
{
    char text[240];
    struct writer w = writer_into(text, sizeof text);
    struct str line;
    writer_str(&w, STR("offline: "));
    writer_bytes(&w, c->why, c->why_len);
    writer_str(&w, STR("; retry in "));
    writer_decimal(&w, (delay_ms + 999) / 1000);
    writer_str(&w, STR(" s"));
    if (writer_end(&w, &line) == OK)
        client_log(c, line);
}

void client_fail(struct oc_client *c, struct str why, int64_t at_least_ms)
{
    why_set(c, why);
    link_close(c);
    int64_t delay = backoff_ms(c);
    if (delay < at_least_ms)
        delay = at_least_ms + client_jitter(c, (uint32_t)at_least_ms / 4 + 1);
    if (c->failures < UINT32_MAX)
        c->failures++;
    c->retry_at_ms = client_now(c) + delay;
    c->online_said = false;
    failure_say(c, delay);
}

/* The server may close a connection that it owes nothing: then just open the next. One that never
 * gave an answer is a failure. */
static void link_lost(struct oc_client *c)
{
    bool owes = c->asked[0] != OC_REQUEST_NONE && c->asked[0] != OC_REQUEST_DESIRED_HOLD;
    if (!c->link_was_good || owes) {
        client_fail(c, c->port->transport->why(c->port->transport->ctx), 0);
        return;
    }
    link_close(c);
    c->link_was_good = false;
    c->retry_at_ms = client_now(c) + RETRY_MIN_MS / 2 + client_jitter(c, RETRY_MIN_MS / 2);
}

static void link_open(struct oc_client *c)
{
    const struct port_transport *t = c->port->transport;
    c->link_was_good = false;
    c->link_deadline_ms = client_now(c) + OPEN_TIMEOUT_MS;
    if (t->open(t->ctx) != OK) {
        client_fail(c, t->why(t->ctx), 0);
        return;
    }
    c->link = OC_LINK_OPENING;
}

static void link_await(struct oc_client *c)
{
    const struct port_transport *t = c->port->transport;
    enum err e = t->ready(t->ctx);
    if (e == OK)
        c->link = OC_LINK_UP;
    else if (e != ERR_AGAIN)
        client_fail(c, t->why(t->ctx), e == ERR_DENIED ? REFUSED_RETRY_MS / 2 : 0);
    else if (client_now(c) >= c->link_deadline_ms)
        client_fail(c, STR("the server does not answer within 15 s"), 0);
}

/* False when the link is gone. */
static bool link_flush(struct oc_client *c)
{
    const struct port_transport *t = c->port->transport;
    while (c->out_sent < c->out_len) {
        size_t sent;
        enum err e =
            t->send(t->ctx, str_from(c->out + c->out_sent, c->out_len - c->out_sent), &sent);
        if (e == ERR_AGAIN)
            return true;
        if (e != OK) {
            link_lost(c);
            return false;
        }
        c->out_sent += sent;
    }
    c->out_sent = c->out_len = 0;
    return true;
}

static bool link_fill(struct oc_client *c, bool *got_any)
{
    const struct port_transport *t = c->port->transport;
    *got_any = false;
    while (c->in_len < sizeof c->in) {
        size_t got;
        enum err e = t->recv(t->ctx, c->in + c->in_len, sizeof c->in - c->in_len, &got);
        if (e == ERR_AGAIN)
            return true;
        if (e != OK) {
            /* What came before the end still counts. */
            if (*got_any)
                return true;
            link_lost(c);
            return false;
        }
        c->in_len += got;
        *got_any = true;
    }
    return true;
}

/* ---- answers --------------------------------------------------------------------------------- */

static enum oc_request asked_shift(struct oc_client *c)
{
    enum oc_request asked = c->asked[0];
    c->asked[0] = c->asked[1];
    c->asked[1] = OC_REQUEST_NONE;
    c->answer_deadline_ms = client_now(c) + ANSWER_TIMEOUT_MS;
    return asked;
}

/* One whole answer out of the buffer; false when there is none or the link is gone. */
static bool answer_take(struct oc_client *c)
{
    struct http_answer answer;
    size_t used;
    enum err e = http_answer_read(c->in, c->in_len, &answer, &used);
    if (e == ERR_AGAIN && c->in_len < sizeof c->in)
        return false;
    if (e != OK || c->asked[0] == OC_REQUEST_NONE) {
        client_fail(c, STR("the server's answer is not one of OceanRemote's"), 0);
        return false;
    }
    c->link_was_good = true;
    client_hear(c, asked_shift(c), &answer);
    if (c->link != OC_LINK_UP)
        return false;
    if (answer.closes) {
        link_close(c);
        c->retry_at_ms = client_now(c);
        return false;
    }
    memmove(c->in, c->in + used, c->in_len - used);
    c->in_len -= used;
    wipe(c->in + c->in_len, used); /* it may have held a key or a session */
    return c->in_len > 0;
}

static void link_listen(struct oc_client *c)
{
    bool got_any = true;
    while (c->link == OC_LINK_UP && got_any) {
        if (!link_fill(c, &got_any))
            return;
        while (c->in_len > 0 && answer_take(c))
            continue;
    }
    if (c->link == OC_LINK_UP && c->asked[0] != OC_REQUEST_NONE &&
        client_now(c) >= c->answer_deadline_ms)
        client_fail(c, STR("the server does not answer any more"), 0);
}

/* One thing under way, and one more behind a hold, which lets go for it. */
static bool may_ask(const struct oc_client *c)
{
    return c->link == OC_LINK_UP && c->out_len == 0 && c->asked[1] == OC_REQUEST_NONE &&
           (c->asked[0] == OC_REQUEST_NONE || c->asked[0] == OC_REQUEST_DESIRED_HOLD);
}

static void link_talk(struct oc_client *c)
{
    while (may_ask(c) && client_ask(c)) {
        if (!link_flush(c))
            return;
    }
}

/* ---- sampling -------------------------------------------------------------------------------- */

static struct journal_time time_stamp(const struct oc_client *c)
{
    const struct port_system *s = c->port->system;
    struct journal_time t = {.boot_id = s->boot_id, .monotonic_ms = client_now(c)};
    t.is_server_time = c->time_is_known;
    t.time_ms = c->time_is_known ? t.monotonic_ms + c->time_offset_ms : s->wall_ms(s->ctx);
    return t;
}

static void sample(struct oc_client *c)
{
    struct journal_time time = time_stamp(c);
    size_t count = c->board->sample(c->board->ctx, c->readings, OC_READINGS_PER_SAMPLE_MAX);
    ASSERT(count <= OC_READINGS_PER_SAMPLE_MAX);
    uint64_t lost = c->journal.lost;
    if (count > 0 && journal_append(&c->journal, &time, c->readings, count) != OK)
        client_log(c, STR("readings: the storage does not take them"));
    if (lost == 0 && c->journal.lost > 0)
        client_log(c, STR("readings: the buffer is full, the oldest ones go"));
    /* Online the record leaves at once; offline it should outlive a power cut. */
    if (c->link != OC_LINK_UP && c->port->storage->sync(c->port->storage->ctx) != OK)
        client_log(c, STR("readings: the storage does not sync"));
}

/* Evenly, whatever the work in between takes; but not in a burst after a long pause. */
static void sample_if_due(struct oc_client *c)
{
    int64_t now = client_now(c);
    int64_t interval_ms = (int64_t)client_interval_s(c) * 1000;
    if (c->identity.sequence == 0)
        return; /* nobody to send to yet */
    if (c->sample_at_ms > now + interval_ms)
        c->sample_at_ms = now + interval_ms; /* the interval became shorter */
    if (now < c->sample_at_ms)
        return;
    sample(c);
    c->sample_at_ms += interval_ms;
    if (c->sample_at_ms <= now)
        c->sample_at_ms = now + interval_ms;
}

/* ---- the door -------------------------------------------------------------------------------- */

enum err oc_client_init(struct oc_client *c, const struct port *port, const struct oc_board *board,
                        const struct oc_config *config, bool mac_is_fixed)
{
    uint32_t fresh_id;
    memset(c, 0, sizeof *c);
    c->port = port;
    c->board = board;
    c->config = *config;
    c->server_interval_s = 10;
    c->report_is_due = true;
    c->sample_at_ms = client_now(c);
    TRY(port->system->entropy(port->system->ctx, (uint8_t *)&fresh_id, sizeof fresh_id));
    TRY(journal_open(&c->journal, port->storage, fresh_id));
    enum err e = identity_load(port->slots, &c->identity);
    if (e == ERR_NOT_FOUND)
        return OK;
    TRY(e);
    if (mac_is_fixed && memcmp(c->identity.mac, config->mac, MAC_LEN) != 0)
        return ERR_CONFLICT;
    memcpy(c->config.mac, c->identity.mac, MAC_LEN);
    return OK;
}

static int64_t earlier(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

/* When there is something to do even if nothing arrives. */
static int64_t next_event(const struct oc_client *c)
{
    int64_t at = c->identity.sequence == 0 ? INT64_MAX : c->sample_at_ms;
    if (c->link == OC_LINK_DOWN)
        return earlier(at, c->retry_at_ms);
    if (c->link == OC_LINK_OPENING)
        return earlier(at, c->link_deadline_ms);
    if (c->asked[0] != OC_REQUEST_NONE)
        at = earlier(at, c->answer_deadline_ms);
    if (c->quiet_until_ms > client_now(c))
        return earlier(at, c->quiet_until_ms);
    return may_ask(c) && c->session_len > 0 ? earlier(at, c->session_renew_at_ms) : at;
}

int64_t oc_client_step(struct oc_client *c)
{
    sample_if_due(c);
    if (c->link == OC_LINK_DOWN && client_now(c) >= c->retry_at_ms) {
        if (c->identity.sequence == 0 && c->config.registration_token.len == 0) {
            c->status = OC_REFUSED;
            client_fail(c, STR("no identity and no registration token"), REFUSED_RETRY_MS);
        } else {
            link_open(c);
        }
    }
    if (c->link == OC_LINK_OPENING)
        link_await(c);
    if (c->link == OC_LINK_UP && link_flush(c))
        link_listen(c);
    if (c->link == OC_LINK_UP)
        link_talk(c);
    if (c->port->system->alive != NULL)
        c->port->system->alive(c->port->system->ctx);
    int64_t wait = next_event(c) - client_now(c);
    return wait < 0 ? 0 : wait;
}

void oc_client_changed(struct oc_client *c)
{
    c->report_is_due = true;
}

bool oc_client_wants_send(const struct oc_client *c)
{
    return c->out_len > c->out_sent;
}

bool oc_client_is_settled(const struct oc_client *c)
{
    return c->identity.sequence > 0 && c->acknowledged_batches > 0 &&
           journal_is_empty(&c->journal) && c->desired_is_known && !c->report_is_due;
}

enum oc_status oc_client_status(const struct oc_client *c)
{
    return c->status;
}

struct str oc_client_why(const struct oc_client *c)
{
    return str_from(c->why, c->why_len);
}
