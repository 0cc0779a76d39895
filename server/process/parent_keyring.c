#include "server/process/parent_parts.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>

#include "common/base/assert.h"
#include "common/base/reader.h"
#include "server/os/clock.h"
#include "server/os/fatal.h"
#include "server/os/log.h"
#include "server/process/keyring.h"

#define LOOK_EVERY_MS   INT64_C(3600000)
#define NEXT_STARTS_MS  INT64_C(20000) /* a slow disk and a new key */
#define FIRST_LEAVES_MS INT64_C(2000)  /* it leaves between two batches, at once */

enum { EDGE_END, KEYRING_END };

static size_t other_keyring(const struct parent *p)
{
    return p->keyring == KEYRINGS ? KEYRINGS + 1 : KEYRINGS;
}

/* ---- sockets --------------------------------------------------------------------------------- */

void keyring_open_pairs(struct parent *p)
{
    p->next_look_ms = clock_monotonic_ms() + LOOK_EVERY_MS;
    for (size_t i = 0; i < p->edges; i++) {
        if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, p->signing[i]) != 0)
            fatal("no socket pair for edge and keyring: %s", strerror(errno));
    }
}

static void tell_end(struct parent *p, size_t at, size_t edge, int end)
{
    uint8_t payload[4];
    struct writer w = writer_into(payload, sizeof payload);
    writer_u32(&w, (uint32_t)edge);
    parent_tell(p, at, CONTROL_KEYRING, str_from(payload, w.len), &p->signing[edge][end], 1);
}

void keyring_configure(struct parent *p, size_t at)
{
    uint8_t payload[FILE_PATH_MAX + 512];
    struct writer w = writer_into(payload, sizeof payload);
    struct keyring_config config = {.uid = parent_uid_of(p, UID_KEYRING),
                                    .data_dir = str_from_cstr(p->config->data_dir),
                                    .host = str_from_cstr(doors_host(&p->doors)),
                                    .with_legacy = p->config->tls_legacy_devices != 0};
    keyring_config_write(&w, &config);
    ASSERT(!w.overflow);
    parent_tell(p, at, CONTROL_CONFIG, str_from(payload, w.len), NULL, 0);
    for (size_t i = 0; i < p->edges; i++)
        tell_end(p, at, i, KEYRING_END);
    parent_tell(p, at, CONTROL_START, STR_NONE, NULL, 0);
}

/* ---- certificates ---------------------------------------------------------------------------- */

void parent_tell_identity(struct parent *p, size_t edge)
{
    struct str shown = str_from(p->shown.bytes, p->shown.len);
    parent_tell(p, edge, CONTROL_IDENTITY, shown, NULL, 0);
    tell_end(p, edge, edge, EDGE_END);
}

/* Connections of before keep theirs. */
static void show(struct parent *p, const struct certificates *fresh)
{
    bool is_first = p->shown.len == 0;
    if (str_eq(str_from(p->shown.bytes, p->shown.len), str_from(fresh->bytes, fresh->len)))
        return;
    p->shown = *fresh;
    for (size_t i = 0; i < p->edges; i++) {
        if (is_first)
            parent_start_child(p, i);
        else
            parent_tell(p, i, CONTROL_IDENTITY, str_from(p->shown.bytes, p->shown.len), NULL, 0);
    }
    if (!is_first)
        log_event("parent.certificate_changed", "edges=%zu", p->edges);
}

enum err keyring_identity(struct parent *p, size_t at, struct str payload)
{
    struct reader r = reader_of(payload);
    struct str certificate = reader_str32(&r), legacy = reader_str32(&r);
    TRY(reader_end(&r));
    if (certificate.len == 0 || (legacy.len > 0) != (p->config->tls_legacy_devices != 0))
        return ERR_PEER;
    memcpy(p->next.bytes, payload.ptr, payload.len); /* a control message fits */
    p->next.len = payload.len;
    if (at == p->keyring)
        show(p, &p->next); /* the first, or one that was started after a death */
    return OK;
}

/* ---- change ---------------------------------------------------------------------------------- */

bool keyring_is_changing(const struct parent *p)
{
    return p->change != KEYRING_STAYS;
}

static void enter(struct parent *p, enum keyring_change change, int64_t ms)
{
    p->change = change;
    p->change_until_ms = clock_monotonic_ms() + ms;
}

void keyring_look(struct parent *p)
{
    p->next_look_ms = clock_monotonic_ms() + LOOK_EVERY_MS;
    if (keyring_is_changing(p) || parent_is_draining(p) || !p->children[p->keyring].is_ready)
        return;
    enter(p, KEYRING_NEXT_STARTS, NEXT_STARTS_MS);
    parent_start_child(p, other_keyring(p));
}

/* From here on every edge may ask for the new key: nobody is left who does not have it. */
static void finish_change(struct parent *p)
{
    p->change = KEYRING_STAYS;
    show(p, &p->next);
}

/* The next one signs, with the old key, too: the first may leave. */
void keyring_ready(struct parent *p, size_t at)
{
    if (at == p->keyring || p->change != KEYRING_NEXT_STARTS)
        return;
    size_t first = p->keyring;
    p->keyring = at;
    p->children[first].restart_at_ms = 0;
    if (p->children[first].pid == 0) {
        finish_change(p);
        return;
    }
    enter(p, KEYRING_FIRST_LEAVES, FIRST_LEAVES_MS);
    parent_tell(p, first, CONTROL_DRAIN, STR_NONE, NULL, 0);
}

bool keyring_ended(struct parent *p, size_t at)
{
    if (at == p->keyring)
        return false;
    if (p->change == KEYRING_FIRST_LEAVES) {
        finish_change(p);
    } else {
        p->change = KEYRING_STAYS; /* the one in charge stays; the next look is in an hour */
        log_event("parent.keyring_not_changed", "cause=%s", "ended");
    }
    return true;
}

void keyring_turn(struct parent *p)
{
    int64_t now_ms = clock_monotonic_ms();
    if (now_ms >= p->next_look_ms)
        keyring_look(p);
    if (!keyring_is_changing(p) || now_ms < p->change_until_ms)
        return;
    struct child *late = &p->children[other_keyring(p)];
    log_event("parent.child_killed", "child=keyring index=%zu reason=late", other_keyring(p));
    late->restart_at_ms = 0;
    p->change_until_ms = now_ms + FIRST_LEAVES_MS;
    if (late->pid == 0)
        p->change = KEYRING_STAYS; /* there was no room for it */
    else
        kill(late->pid, SIGKILL);
}
