#include "server/process/vault.h"

#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "common/base/reader.h"
#include "common/crypto/crypto.h"
#include "server/os/entropy.h"
#include "server/os/fatal.h"
#include "server/os/file.h"
#include "server/os/log.h"
#include "server/os/sandbox.h"
#include "server/pki/secret_memory.h"
#include "server/pki/totp.h"
#include "server/process/orders.h"

_Static_assert(SEALING_SEED_LEN == TOTP_SEED_LEN, "a seed is a seed");
_Static_assert(SEALING_SEALED_LEN == SEALED_LEN(TOTP_SEED_LEN), "as it rests in the database");

#define PURPOSE "totp"

struct vault {
    struct seal seal;
    int core;     /* our end; -1: not yet */
    uint32_t uid; /* to become */
    uint64_t made, checked, refused;
    bool is_leaving;
};

/* Beside memory, time and its end (server/os/sandbox.c): no file is opened, no socket made. */
static const struct sandbox_call calls[] = {
    CALL(poll, "the loop"),
    CALL(ppoll, "the same, on other processors"),
    CALL(recvfrom, "what the core asks"),
    CALL(sendto, "answers"),
    CALL(recvmsg, "the parent: it is time to leave"),
    CALL(sendmsg, "the parent: ready"),
};

/* ---- configuration --------------------------------------------------------------------------- */

void vault_config_write(struct writer *w, const struct vault_config *c)
{
    writer_u32(w, c->uid);
    writer_str16(w, c->data_dir);
}

enum err vault_config_read(struct str payload, struct vault_config *out)
{
    struct reader r = reader_of(payload);
    struct vault_config c = {.uid = reader_u32(&r)};
    c.data_dir = reader_str16(&r);
    if (c.data_dir.len == 0)
        reader_fail(&r);
    TRY(reader_end(&r));
    *out = c;
    return OK;
}

/* ---- questions ------------------------------------------------------------------------------- */

static struct seal_label label_of(const struct sealing_question *q)
{
    return (struct seal_label){PURPOSE, q->account_id};
}

static enum err make(const struct seal *s, const struct sealing_question *q,
                     struct sealing_answer *out)
{
    struct writer w = writer_into(out->sealed, sizeof out->sealed);
    entropy_fill(out->seed, sizeof out->seed);
    return seal_shut(s, label_of(q), str_from(out->seed, sizeof out->seed), &w);
}

static enum err check(const struct seal *s, const struct sealing_question *q,
                      struct sealing_answer *out)
{
    uint8_t seed[TOTP_SEED_LEN];
    enum err e =
        seal_open(s, label_of(q), str_from(q->sealed, sizeof q->sealed), seed, sizeof seed);
    if (e == OK)
        out->step = totp_match(seed, q->code, q->now_s);
    wipe(seed, sizeof seed);
    return e;
}

enum err vault_answer(const struct seal *s, const struct sealing_question *q,
                      struct sealing_answer *out)
{
    *out = (struct sealing_answer){.id = q->id, .verb = q->verb, .verdict = SEALING_DONE};
    enum err e = q->verb == SEALING_MAKE ? make(s, q, out) : check(s, q, out);
    if (e == ERR_CORRUPT) {
        out->verdict = SEALING_NOT_OURS;
        return OK;
    }
    return e;
}

static void note(struct vault *v, const struct sealing_question *q, const struct sealing_answer *a)
{
    static struct log_limit limit;
    v->made += q->verb == SEALING_MAKE;
    v->checked += q->verb == SEALING_CHECK;
    if (a->verdict != SEALING_NOT_OURS)
        return;
    v->refused++;
    log_event_limited(&limit, "vault.not_ours",
                      "account=%lld hint=\"keys/seal.key is not the one of this database: restore "
                      "both from one backup\"",
                      (long long)q->account_id);
}

/* A core that does not take its answer asks again. */
static void serve(struct vault *v)
{
    uint8_t message[SEALING_QUESTION_MAX + 1], room[SEALING_ANSWER_MAX];
    struct sealing_question q;
    struct sealing_answer a;
    ssize_t got = recv(v->core, message, sizeof message, MSG_DONTWAIT);
    if (got <= 0)
        return;
    if (sealing_question_take(str_from(message, (size_t)got), &q) == OK &&
        vault_answer(&v->seal, &q, &a) == OK) {
        struct writer w = writer_into(room, sizeof room);
        sealing_answer_put(&w, &a);
        (void)!send(v->core, room, w.len, MSG_DONTWAIT | MSG_NOSIGNAL);
        note(v, &q, &a);
    }
    wipe(&a, sizeof a);
    wipe(room, sizeof room);
}

/* ---- the parent ------------------------------------------------------------------------------ */

/* What OpenSSL does at the first use of each function happens before files are closed to us. */
static enum err warm_up(const struct seal *s)
{
    struct sealing_question q = {.verb = SEALING_MAKE};
    struct sealing_answer made, checked;
    TRY(vault_answer(s, &q, &made));
    q.verb = SEALING_CHECK;
    q.now_s = TOTP_STEP_S;
    q.code = totp_code(made.seed, 1);
    for (size_t i = 0; i < sizeof q.sealed; i++)
        q.sealed[i] = made.sealed[i];
    wipe(&made, sizeof made);
    TRY(vault_answer(s, &q, &checked));
    return checked.verdict == SEALING_DONE && checked.step != 0 ? OK : ERR_CORRUPT;
}

static void configure(struct vault *v, struct str payload)
{
    struct vault_config config;
    char dir[FILE_PATH_MAX];
    if (v->seal.key != NULL || vault_config_read(payload, &config) != OK ||
        str_to_cstr(config.data_dir, dir, sizeof dir) != OK)
        fatal("the configuration from the parent cannot be read");
    v->uid = config.uid;
    enum err e = seal_load(&v->seal, dir);
    if (e == OK)
        e = warm_up(&v->seal);
    if (e == OK)
        return;
    fprintf(stderr,
            "oceanremote: %s/keys/seal.key cannot be read or made (%s); if it is damaged, restore "
            "it from a copy, or remove it: a new one is made, authenticator apps have to be set up "
            "again, and recovery codes and passkeys go on\n",
            dir, err_name(e));
    exit(1);
}

static void take_end(struct vault *v, const struct control *m)
{
    if (m->fd_count != 1 || m->payload.len != 0 || v->core >= 0)
        fatal("the parent sent a socket that cannot be used");
    v->core = m->fds[0];
}

static void start(struct vault *v)
{
    if (v->seal.key == NULL || v->core < 0)
        fatal("started without a key or without a core");
    sandbox_enter(&(struct sandbox){.name = "vault",
                                    .uid = v->uid,
                                    .calls = calls,
                                    .call_count = sizeof calls / sizeof calls[0]});
    if (control_send(CONTROL_FD, CONTROL_READY, STR_NONE, NULL, 0) != OK)
        exit(0);
}

static void handle(struct vault *v, const struct control *m)
{
    switch (m->type) {
    case CONTROL_CONFIG: configure(v, m->payload); return;
    case CONTROL_VAULT: take_end(v, m); return;
    case CONTROL_START: start(v); return;
    case CONTROL_DRAIN: v->is_leaving = true; return;
    case CONTROL_LISTEN:
    case CONTROL_LINK:
    case CONTROL_IDENTITY:
    case CONTROL_LIMITS:
    case CONTROL_TICKETS:
    case CONTROL_KEYRING:
    case CONTROL_COURIER:
    case CONTROL_FRONT:
    case CONTROL_READY: break;
    }
    fatal("control message %d is not for the vault", (int)m->type);
}

static void read_control(struct vault *v)
{
    struct control m;
    if (orders_next(&m))
        handle(v, &m);
}

static void turn(struct vault *v)
{
    struct pollfd fds[] = {{CONTROL_FD, POLLIN, 0}, {v->core, POLLIN, 0}};
    if (poll(fds, sizeof fds / sizeof fds[0], -1) <= 0)
        return;
    if ((fds[1].revents & POLLIN) != 0)
        serve(v);
    if (fds[0].revents != 0)
        read_control(v);
}

int vault_main(void)
{
    static struct vault v = {.core = -1};
    secret_memory_prepare("vault");
    signal(SIGPIPE, SIG_IGN);
    signal(SIGINT, SIG_IGN);  /* ^C and a service manager's SIGTERM reach us too, */
    signal(SIGTERM, SIG_IGN); /* but are for the parent, who then drains us */
    while (!v.is_leaving)
        turn(&v);
    log_event("vault.done", "made=%llu checked=%llu refused=%llu", (unsigned long long)v.made,
              (unsigned long long)v.checked, (unsigned long long)v.refused);
    seal_done(&v.seal);
    return 0;
}
