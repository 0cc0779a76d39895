#include "server/process/keyring.h"

#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "common/base/assert.h"
#include "common/base/reader.h"
#include "common/crypto/crypto.h"
#include "server/ipc/control.h"
#include "server/os/clock.h"
#include "server/os/fatal.h"
#include "server/os/file.h"
#include "server/os/log.h"
#include "server/os/sandbox.h"
#include "server/pki/pki.h"
#include "server/pki/secret_memory.h"
#include "server/pki/signer.h"
#include "server/process/orders.h"

struct keyring {
    struct signer signer;
    uint8_t certificates[2 * PEM_SIZE_MAX];
    struct str certificate, legacy_certificate;
    int ends[SIGNER_EDGES_MAX]; /* by edge; -1: none */
    uint32_t uid;               /* to become */
    bool is_leaving;
};

/* Beside memory, time and its end (server/os/sandbox.c): no file is opened, no socket made. */
static const struct sandbox_call calls[] = {
    CALL(poll, "the loop"),
    CALL(ppoll, "the same, on other processors"),
    CALL(recvfrom, "what edges ask to have signed"),
    CALL(sendto, "signatures"),
    CALL(recvmsg, "the parent: it is time to leave"),
    CALL(sendmsg, "the parent: certificates, ready"),
};

/* ---- configuration --------------------------------------------------------------------------- */

void keyring_config_write(struct writer *w, const struct keyring_config *c)
{
    writer_u32(w, c->uid);
    writer_u8(w, c->with_legacy);
    writer_str16(w, c->host);
    writer_str16(w, c->data_dir);
}

enum err keyring_config_read(struct str payload, struct keyring_config *out)
{
    struct reader r = reader_of(payload);
    uint32_t uid = reader_u32(&r);
    uint8_t with_legacy = reader_u8(&r);
    struct keyring_config c = {.uid = uid, .with_legacy = with_legacy == 1};
    c.host = reader_str16(&r);
    c.data_dir = reader_str16(&r);
    if (with_legacy > 1 || c.data_dir.len == 0)
        reader_fail(&r);
    TRY(reader_end(&r));
    *out = c;
    return OK;
}

/* ---- keys ------------------------------------------------------------------------------------ */

static enum err add_identity(struct signer *s, const struct pki_identity *id, enum signer_form form)
{
    if (id->key != NULL)
        TRY(signer_add(s, id->key, form));
    return id->old_key == NULL ? OK : signer_add(s, id->old_key, form);
}

static enum err load_keys(struct keyring *k, const char *dir, const struct keyring_config *c)
{
    struct arena a = arena_over(k->certificates, sizeof k->certificates);
    struct pki pki;
    enum err e = pki_open(&a, dir, c->host, c->with_legacy, &pki);
    if (e == OK)
        e = add_identity(&k->signer, &pki.server, SIGNER_TLS_1_3);
    if (e == OK)
        e = add_identity(&k->signer, &pki.legacy, SIGNER_TLS_1_2);
    if (e == OK)
        e = signer_warm_up(&k->signer);
    k->certificate = pki.server.certificate;
    k->legacy_certificate = pki.legacy.certificate;
    pki_close(&pki);
    return e;
}

static void configure(struct keyring *k, struct str payload)
{
    struct keyring_config config;
    char dir[FILE_PATH_MAX];
    if (k->signer.key_count > 0 || keyring_config_read(payload, &config) != OK ||
        str_to_cstr(config.data_dir, dir, sizeof dir) != OK)
        fatal("the configuration from the parent cannot be read");
    k->uid = config.uid;
    if (load_keys(k, dir, &config) == OK)
        return;
    fprintf(stderr,
            "oceanremote: %s: the certificates in it cannot be read or made; if ca.pem and keys/ "
            "do not belong together, restore both from a backup\n",
            dir);
    exit(1);
}

/* ---- the parent ------------------------------------------------------------------------------ */

static void take_end(struct keyring *k, const struct control *m)
{
    struct reader r = reader_of(m->payload);
    uint32_t edge = reader_u32(&r);
    if (reader_end(&r) != OK || m->fd_count != 1 || edge >= SIGNER_EDGES_MAX || k->ends[edge] >= 0)
        fatal("the parent sent a socket that cannot be used");
    k->ends[edge] = m->fds[0];
}

static void start(struct keyring *k)
{
    static uint8_t payload[CONTROL_MAX];
    if (k->signer.key_count == 0)
        fatal("started without keys");
    /* Keys are loaded, each has signed once, every descriptor is here: from here on nothing is
     * opened. */
    sandbox_enter(&(struct sandbox){.name = "keyring",
                                    .uid = k->uid,
                                    .calls = calls,
                                    .call_count = sizeof calls / sizeof calls[0]});
    struct writer w = writer_into(payload, sizeof payload - 1);
    writer_str32(&w, k->certificate);
    writer_str32(&w, k->legacy_certificate);
    ASSERT(!w.overflow);
    if (control_send(CONTROL_FD, CONTROL_IDENTITY, str_from(payload, w.len), NULL, 0) != OK ||
        control_send(CONTROL_FD, CONTROL_READY, STR_NONE, NULL, 0) != OK)
        exit(0);
}

static void handle(struct keyring *k, const struct control *m)
{
    switch (m->type) {
    case CONTROL_CONFIG: configure(k, m->payload); return;
    case CONTROL_KEYRING: take_end(k, m); return;
    case CONTROL_START: start(k); return;
    case CONTROL_DRAIN: k->is_leaving = true; return;
    case CONTROL_LISTEN:
    case CONTROL_LINK:
    case CONTROL_IDENTITY:
    case CONTROL_LIMITS:
    case CONTROL_TICKETS:
    case CONTROL_COURIER:
    case CONTROL_FRONT:
    case CONTROL_VAULT:
    case CONTROL_READY: break;
    }
    fatal("control message %d is not for the keyring", (int)m->type);
}

static void read_control(struct keyring *k)
{
    struct control m;
    if (orders_next(&m))
        handle(k, &m);
}

/* ---- the edges ------------------------------------------------------------------------------- */

static void note_refusals(const struct keyring *k, size_t edge, uint64_t before)
{
    static struct log_limit limit;
    const struct signer_edge *e = &k->signer.edges[edge];
    if (e->refused > before)
        log_event_limited(&limit, "keyring.refused", "edge=%zu refused=%llu signed=%llu", edge,
                          (unsigned long long)e->refused, (unsigned long long)e->given);
}

/* One message, so that every edge has its turn. The next keyring may have taken it meanwhile. An
 * edge that does not take its answers asks again. */
static void serve(struct keyring *k, size_t edge)
{
    uint8_t message[SIGNING_MESSAGE_MAX], answers[SIGNING_BATCH_MAX * SIGNING_ANSWER_MAX];
    struct writer w = writer_into(answers, sizeof answers);
    uint64_t refused = k->signer.edges[edge].refused;
    ssize_t got = recv(k->ends[edge], message, sizeof message, MSG_DONTWAIT | MSG_TRUNC);
    if (got <= 0)
        return;
    /* Longer than any message is none; an empty one is malformed by itself. */
    struct str whole = str_from(message, (size_t)got > sizeof message ? 0 : (size_t)got);
    if (signer_answer(&k->signer, edge, clock_monotonic_ms(), whole, &w) == OK && w.len > 0)
        (void)!send(k->ends[edge], answers, w.len, MSG_DONTWAIT | MSG_NOSIGNAL);
    note_refusals(k, edge, refused);
}

static void turn(struct keyring *k)
{
    struct pollfd fds[SIGNER_EDGES_MAX + 1];
    size_t edge_of[SIGNER_EDGES_MAX + 1];
    nfds_t count = 0;
    fds[count++] = (struct pollfd){CONTROL_FD, POLLIN, 0};
    for (size_t i = 0; i < SIGNER_EDGES_MAX; i++) {
        if (k->ends[i] < 0)
            continue;
        edge_of[count] = i;
        fds[count++] = (struct pollfd){k->ends[i], POLLIN, 0};
    }
    if (poll(fds, count, -1) <= 0)
        return;
    for (nfds_t i = 1; i < count; i++) {
        if ((fds[i].revents & POLLIN) != 0)
            serve(k, edge_of[i]);
    }
    if (fds[0].revents != 0)
        read_control(k);
}

static void log_totals(const struct keyring *k)
{
    for (size_t i = 0; i < SIGNER_EDGES_MAX; i++) {
        const struct signer_edge *e = &k->signer.edges[i];
        if (k->ends[i] >= 0)
            log_event("keyring.done", "edge=%zu signed=%llu refused=%llu", i,
                      (unsigned long long)e->given, (unsigned long long)e->refused);
    }
}

int keyring_main(void)
{
    static struct keyring k;
    secret_memory_prepare("keyring");
    signal(SIGPIPE, SIG_IGN);
    signal(SIGINT, SIG_IGN);  /* ^C and a service manager's SIGTERM reach us too, */
    signal(SIGTERM, SIG_IGN); /* but are for the parent, who then drains us */
    for (size_t i = 0; i < SIGNER_EDGES_MAX; i++)
        k.ends[i] = -1;
    while (!k.is_leaving)
        turn(&k);
    log_totals(&k);
    signer_done(&k.signer);
    return 0;
}
