#include "server/process/parent_parts.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/base/assert.h"
#include "common/base/reader.h"
#include "common/crypto/crypto.h"
#include "server/limit/table.h"
#include "server/os/clock.h"
#include "server/os/entropy.h"
#include "server/os/fatal.h"
#include "server/os/log.h"
#include "server/os/sandbox.h"
#include "server/process/core.h"
#include "server/process/courier.h"
#include "server/process/data_dir.h"
#include "server/process/doors.h"
#include "server/process/edge.h"

#define DRAIN_EDGES_MS    INT64_C(8000) /* a little more than an edge gives its clients */
#define DRAIN_CORE_MS     INT64_C(8000)
#define QUICK_DEATH_MS    INT64_C(200) /* who dies sooner cannot do its work: start it later */
#define RESTART_DELAY_MAX INT64_C(5000)
#define TICKET_LIFE_MS    INT64_C(3600000)

static const char *child_name(size_t at)
{
    switch (at) {
    case CORE: return "core";
    case COURIER: return "courier";
    case VAULT: return "vault";
    case KEYRINGS:
    case KEYRINGS + 1: return "keyring";
    default: return "edge";
    }
}

bool parent_is_keyring(size_t at)
{
    return at == KEYRINGS || at == KEYRINGS + 1;
}

static size_t hash_threads(const struct config *c)
{
    long cores = sysconf(_SC_NPROCESSORS_ONLN);
    if (c->hash_threads > 0)
        return (size_t)c->hash_threads;
    return cores < 4 ? 1 : (size_t)cores / 2;
}

uint32_t parent_uid_of(const struct parent *p, enum uid_offset process)
{
    return geteuid() == 0 ? (uint32_t)p->config->uids + process : 0;
}

/* ---- telling children things ----------------------------------------------------------------- */

/* False: a child that cannot be told is dying, and its SIGCHLD tells the rest. */
bool parent_tell(struct parent *p, size_t at, enum control_type type, struct str payload,
                 const int *fds, size_t fd_count)
{
    struct child *c = &p->children[at];
    if (c->pid == 0)
        return false;
    if (control_send(c->control, type, payload, fds, fd_count) == OK)
        return true;
    log_event("parent.tell_failed", "child=%s index=%zu message=%d", child_name(at), at, (int)type);
    return false;
}

/* A fresh stream between the core and one edge: both get their end, and an end of before dies. The
 * edge first: one that has died already must not have the core ask for the next link at once.
 * The serial number tells later whether a complaint is about this one. */
static void link_up(struct parent *p, size_t edge)
{
    int ends[2];
    uint8_t payload[8];
    if (p->children[CORE].pid == 0 || p->children[edge].pid == 0)
        return;
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends) != 0)
        fatal("no socket pair for edge and core: %s", strerror(errno));
    struct writer w = writer_into(payload, sizeof payload);
    writer_u32(&w, (uint32_t)edge);
    writer_u32(&w, ++p->link_serials[edge]);
    if (parent_tell(p, edge, CONTROL_LINK, str_from(payload, w.len), &ends[1], 1))
        parent_tell(p, CORE, CONTROL_LINK, str_from(payload, w.len), &ends[0], 1);
    close(ends[0]);
    close(ends[1]);
}

/* The same between the core and the courier: what was under way at one that has died is told to
 * nobody else. */
static void courier_link_up(struct parent *p)
{
    int ends[2];
    if (p->children[CORE].pid == 0 || p->children[COURIER].pid == 0)
        return;
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends) != 0)
        fatal("no socket pair for core and courier: %s", strerror(errno));
    if (parent_tell(p, COURIER, CONTROL_COURIER, STR_NONE, &ends[1], 1))
        parent_tell(p, CORE, CONTROL_COURIER, STR_NONE, &ends[0], 1);
    close(ends[0]);
    close(ends[1]);
}

static void tell_tickets(struct parent *p, size_t edge)
{
    uint8_t payload[1 + TICKET_KEYS_MAX * TICKET_KEY_LEN];
    struct writer w = writer_into(payload, sizeof payload);
    writer_u8(&w, (uint8_t)p->ticket_count);
    writer_bytes(&w, p->tickets, p->ticket_count * TICKET_KEY_LEN);
    parent_tell(p, edge, CONTROL_TICKETS, str_from(payload, w.len), NULL, 0);
    wipe(payload, sizeof payload);
}

/* A new key to the front; the oldest falls off. Whoever reads these can pose as us to clients that
 * resume, so they live for hours and never touch a disk. */
static void rotate_tickets(struct parent *p)
{
    memmove(p->tickets[1], p->tickets[0], (TICKET_KEYS_MAX - 1) * TICKET_KEY_LEN);
    entropy_fill(p->tickets[0], TICKET_KEY_LEN);
    if (p->ticket_count < TICKET_KEYS_MAX)
        p->ticket_count++;
    p->next_ticket_ms = clock_monotonic_ms() + TICKET_LIFE_MS;
    for (size_t i = 0; i < p->edges; i++)
        tell_tickets(p, i);
}

static void configure_core(struct parent *p)
{
    uint8_t payload[FILE_PATH_MAX + 4 * CONFIG_ITEM_MAX];
    struct writer w = writer_into(payload, sizeof payload);
    struct core_config config = {.database_dir = str_from_cstr(p->data.db),
                                 .uid = parent_uid_of(p, UID_CORE),
                                 .password_iterations = (uint32_t)p->config->password_iterations,
                                 .hash_threads = (uint32_t)hash_threads(p->config),
                                 .limits = p->config->limits,
                                 .rules = p->accounts};
    core_config_write(&w, &config);
    ASSERT(!w.overflow);
    parent_tell(p, CORE, CONTROL_CONFIG, str_from(payload, w.len), NULL, 0);
    vault_tell_core(p);
    for (size_t i = 0; i < p->edges; i++)
        link_up(p, i);
    courier_link_up(p);
    parent_tell(p, CORE, CONTROL_START, STR_NONE, NULL, 0);
}

static void configure_courier(struct parent *p)
{
    const struct config *c = p->config;
    uint8_t payload[FILE_PATH_MAX + 8 * CONFIG_ITEM_MAX];
    struct writer w = writer_into(payload, sizeof payload);
    bool has_turnstile = p->accounts.has_turnstile != 0;
    struct courier_config config = {
        .uid = parent_uid_of(p, UID_COURIER),
        .mail_dir = str_from_cstr(p->data.mail),
        .smtp_host = str_from_cstr(c->smtp_host),
        .smtp_port = (uint16_t)c->smtp_port,
        .smtp_tls_at_once = c->smtp_security == SMTP_TLS,
        .smtp_user = str_from_cstr(c->smtp_user),
        .smtp_password_file = str_from_cstr(c->smtp_password_file),
        .ca_file = str_from_cstr(c->outbound_ca),
        .turnstile_secret_file = str_from_cstr(has_turnstile ? c->turnstile_secret_file : ""),
        .turnstile_url = str_from_cstr(c->turnstile_url)};
    courier_config_write(&w, &config);
    ASSERT(!w.overflow);
    parent_tell(p, COURIER, CONTROL_CONFIG, str_from(payload, w.len), NULL, 0);
    courier_link_up(p);
    parent_tell(p, COURIER, CONTROL_START, STR_NONE, NULL, 0);
}

static void tell_front(struct parent *p, size_t at)
{
    static uint8_t payload[CONTROL_MAX];
    struct writer w = writer_into(payload, sizeof payload - 1);
    front_write(&w, &p->front);
    ASSERT(!w.overflow);
    parent_tell(p, at, CONTROL_FRONT, str_from(payload, w.len), NULL, 0);
}

static void configure_edge(struct parent *p, size_t at)
{
    uint8_t payload[512], number[4];
    struct writer w = writer_into(payload, sizeof payload), n = writer_into(number, sizeof number);
    struct edge_config config = {.uid = parent_uid_of(p, UID_EDGE),
                                 .connections_max = (uint32_t)p->config->connections,
                                 .limits = p->config->limits};
    edge_config_write(&w, &config);
    writer_u32(&n, (uint32_t)at);
    ASSERT(!w.overflow);
    parent_tell(p, at, CONTROL_CONFIG, str_from(payload, w.len), NULL, 0);
    parent_tell(p, at, CONTROL_LIMITS, str_from(number, n.len), &p->limits, 1);
    for (size_t i = 0; i < p->doors.count; i++) {
        uint8_t kind = (uint8_t)p->doors.list[i].kind;
        int fd = p->doors.list[i].listener.fds[at];
        parent_tell(p, at, CONTROL_LISTEN, str_from(&kind, 1), &fd, 1);
    }
    tell_front(p, at);
    parent_tell_identity(p, at);
    tell_tickets(p, at);
    link_up(p, at);
    parent_tell(p, at, CONTROL_START, STR_NONE, NULL, 0);
}

/* ---- starting -------------------------------------------------------------------------------- */

void parent_start_child(struct parent *p, size_t at)
{
    struct child *c = &p->children[at];
    if (child_start(c, child_name(at)) != OK) {
        log_event("parent.no_process", "child=%s index=%zu cause=\"%s\"", child_name(at), at,
                  strerror(errno));
        if (!p->has_served)
            exit(1);
        c->restart_at_ms = clock_monotonic_ms() + RESTART_DELAY_MAX;
        return;
    }
    if (at == CORE)
        configure_core(p);
    else if (at == COURIER)
        configure_courier(p);
    else if (at < EDGES_MAX)
        configure_edge(p, at);
    else if (at == VAULT)
        vault_configure(p);
    else
        keyring_configure(p, at);
}

/* Devices and owners are served without these two: mails and codes wait until they are mended. */
static bool is_needed(size_t at)
{
    return at != COURIER && at != VAULT;
}

static bool is_settled(const struct parent *p, size_t at)
{
    return p->children[at].is_ready || (!is_needed(at) && p->children[at].has_failed);
}

static bool all_ready(const struct parent *p)
{
    for (size_t i = 0; i < p->edges; i++) {
        if (!p->children[i].is_ready)
            return false;
    }
    return p->children[CORE].is_ready && p->children[p->keyring].is_ready &&
           is_settled(p, COURIER) && is_settled(p, VAULT);
}

static void greet(const struct parent *p)
{
    doors_print(&p->doors, stdout);
    printf("data %s (ca.pem in it is the certificate authority that browsers and devices trust)\n",
           p->config->data_dir);
    printf("to make an account: %s user add --data %s --email YOU@EXAMPLE.ORG\n",
           program_invocation_name, p->config->data_dir);
    fflush(stdout);
}

static void serve_when_ready(struct parent *p)
{
    if (p->has_served || !all_ready(p))
        return;
    p->has_served = true;
    greet(p);
}

static void note_ready(struct parent *p, size_t at)
{
    p->children[at].is_ready = true;
    log_event("parent.child_ready", "child=%s index=%zu pid=%d", child_name(at), at,
              (int)p->children[at].pid);
    if (parent_is_keyring(at))
        keyring_ready(p, at);
    p->children[at].has_failed = false;
    serve_when_ready(p);
}

/* ---- dying ----------------------------------------------------------------------------------- */

bool parent_is_draining(const struct parent *p)
{
    return p->drain_edges_until_ms != 0;
}

static void log_death(size_t at, int64_t lived_ms, int status)
{
    int signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
    const char *name = signal == 0 ? NULL : sigabbrev_np(signal);
    log_event("parent.child_ended", "child=%s index=%zu lived_ms=%lld exit=%d signal=%s%s%s",
              child_name(at), at, (long long)lived_ms, WIFEXITED(status) ? WEXITSTATUS(status) : -1,
              name == NULL ? "" : "SIG", name == NULL ? "none" : name,
              signal == SIGSYS ? " hint=\"it made a system call that it may not make: a mistake of "
                                 "ours, or somebody else's program in it\""
                               : "");
}

static void note_death(struct parent *p, size_t at, int status)
{
    struct child *c = &p->children[at];
    int64_t now_ms = clock_monotonic_ms();
    int64_t lived_ms = now_ms - c->started_at_ms;
    close(c->control);
    bool was_ready = c->is_ready;
    *c = (struct child){
        .control = -1, .has_failed = !was_ready, .restart_delay_ms = c->restart_delay_ms};
    log_death(at, lived_ms, status);
    if (parent_is_draining(p) || (parent_is_keyring(at) && keyring_ended(p, at)))
        return;
    if (!p->has_served && is_needed(at)) {
        fprintf(stderr, "oceanremote: the %s could not start; the line above says why\n",
                child_name(at));
        exit(1);
    }
    if (!was_ready && !is_needed(at))
        log_event("parent.degraded", "child=%s hint=\"%s\"", child_name(at),
                  at == COURIER ? "no mail leaves until it starts; the line above says why"
                                : "no code of an authenticator app can be checked until it starts; "
                                  "the line above says why");
    if (was_ready && lived_ms >= QUICK_DEATH_MS)
        c->restart_delay_ms = 0;
    else
        c->restart_delay_ms = c->restart_delay_ms == 0 ? 50 : c->restart_delay_ms * 2;
    if (c->restart_delay_ms > RESTART_DELAY_MAX)
        c->restart_delay_ms = RESTART_DELAY_MAX;
    c->restart_at_ms = now_ms + c->restart_delay_ms;
    serve_when_ready(p);
}

static void reap(struct parent *p)
{
    int status;
    pid_t pid;
    while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
        for (size_t i = 0; i < CHILDREN_MAX; i++) {
            if (p->children[i].pid == pid)
                note_death(p, i, status);
        }
    }
}

static void restart_due(struct parent *p)
{
    int64_t now_ms = clock_monotonic_ms();
    for (size_t i = 0; i < CHILDREN_MAX && !parent_is_draining(p); i++) {
        struct child *c = &p->children[i];
        if (c->pid == 0 && c->restart_at_ms != 0 && c->restart_at_ms <= now_ms)
            parent_start_child(p, i);
    }
}

/* ---- draining: edges first, then the others -------------------------------------------------- */

static bool is_running(const struct parent *p, size_t from, size_t to)
{
    for (size_t i = from; i < to; i++) {
        if (p->children[i].pid != 0)
            return true;
    }
    return false;
}

static void begin_drain(struct parent *p)
{
    if (parent_is_draining(p))
        return;
    log_event("parent.drain", "edges=%zu", p->edges);
    p->drain_edges_until_ms = clock_monotonic_ms() + DRAIN_EDGES_MS;
    for (size_t i = 0; i < p->edges; i++)
        parent_tell(p, i, CONTROL_DRAIN, STR_NONE, NULL, 0);
}

static void kill_late(struct parent *p, size_t from, size_t to)
{
    for (size_t i = from; i < to; i++) {
        if (p->children[i].pid != 0) {
            log_event("parent.child_killed", "child=%s index=%zu reason=late", child_name(i), i);
            kill(p->children[i].pid, SIGKILL);
        }
    }
}

/* True when everybody has left. */
static bool drain_step(struct parent *p)
{
    int64_t now_ms = clock_monotonic_ms();
    if (is_running(p, 0, p->edges)) {
        if (now_ms >= p->drain_edges_until_ms)
            kill_late(p, 0, p->edges);
        return false;
    }
    if (p->drain_core_until_ms == 0) {
        p->drain_core_until_ms = now_ms + DRAIN_CORE_MS;
        for (size_t i = CORE; i < CHILDREN_MAX; i++)
            parent_tell(p, i, CONTROL_DRAIN, STR_NONE, NULL, 0);
    }
    if (now_ms >= p->drain_core_until_ms)
        kill_late(p, CORE, CHILDREN_MAX);
    return !is_running(p, CORE, CHILDREN_MAX);
}

/* ---- the loop -------------------------------------------------------------------------------- */

/* The core has dropped its link to an edge. Usually the edge is dying; if not, it gets another,
 * unless that is on its way already: a link that is replaced closes too. */
static bool relink(struct parent *p, struct str payload)
{
    struct reader r = reader_of(payload);
    uint32_t edge = reader_u32(&r), serial = reader_u32(&r);
    if (reader_end(&r) != OK || edge >= p->edges)
        return false;
    if (!parent_is_draining(p) && serial == p->link_serials[edge])
        link_up(p, edge);
    return true;
}

/* It does not answer the core as it should: the next one may. */
static void end_courier(struct parent *p)
{
    if (p->children[COURIER].pid == 0)
        return;
    log_event("parent.child_killed", "child=courier index=%d reason=silent", COURIER);
    kill(p->children[COURIER].pid, SIGKILL);
}

static void read_child(struct parent *p, size_t at)
{
    static uint8_t buf[CONTROL_MAX];
    struct control m;
    enum err e = control_receive(p->children[at].control, buf, &m);
    if (e == ERR_AGAIN || e == ERR_IO)
        return; /* its death is told by SIGCHLD */
    if (e == OK && m.type == CONTROL_READY && m.payload.len == 0 && m.fd_count == 0 &&
        !p->children[at].is_ready) {
        note_ready(p, at);
        return;
    }
    if (e == OK && at == CORE && m.type == CONTROL_LINK && m.fd_count == 0 && relink(p, m.payload))
        return;
    if (e == OK && at == CORE && m.type == CONTROL_COURIER && m.fd_count == 0) {
        end_courier(p);
        return;
    }
    if (e == OK && parent_is_keyring(at) && m.type == CONTROL_IDENTITY && m.fd_count == 0 &&
        keyring_identity(p, at, m.payload) == OK)
        return;
    for (size_t i = 0; e == OK && i < m.fd_count; i++)
        close(m.fds[i]); /* nobody here takes one */
    log_event("parent.child_killed", "child=%s index=%zu reason=protocol", child_name(at), at);
    kill(p->children[at].pid, SIGKILL);
}

static void read_signals(struct parent *p)
{
    struct signalfd_siginfo info;
    while (read(p->signals, &info, sizeof info) == (ssize_t)sizeof info) {
        if (info.ssi_signo == SIGCHLD)
            reap(p);
        else if (info.ssi_signo == SIGUSR1)
            keyring_look(p);
        else
            begin_drain(p);
    }
}

static int poll_timeout(const struct parent *p)
{
    for (size_t i = 0; i < CHILDREN_MAX; i++) {
        if (p->children[i].pid == 0 && p->children[i].restart_at_ms != 0)
            return 20;
    }
    return parent_is_draining(p) || keyring_is_changing(p) ? 100 : 60000;
}

static void turn(struct parent *p)
{
    struct pollfd fds[CHILDREN_MAX + 1];
    size_t child_of[CHILDREN_MAX + 1];
    nfds_t count = 0;
    fds[count++] = (struct pollfd){p->signals, POLLIN, 0};
    for (size_t i = 0; i < CHILDREN_MAX; i++) {
        if (p->children[i].pid == 0)
            continue;
        child_of[count] = i;
        fds[count++] = (struct pollfd){p->children[i].control, POLLIN, 0};
    }
    if (poll(fds, count, poll_timeout(p)) > 0) {
        /* Children first: a message that was sent before a death is read before it is reaped. */
        for (nfds_t i = 1; i < count; i++) {
            if ((fds[i].revents & POLLIN) != 0)
                read_child(p, child_of[i]);
        }
        if (fds[0].revents != 0)
            read_signals(p);
    }
    restart_due(p);
    if (clock_monotonic_ms() >= p->next_ticket_ms)
        rotate_tickets(p);
    keyring_turn(p);
}

/* ---- beginning ------------------------------------------------------------------------------- */

static enum err complain(const char *what, const char *advice)
{
    fprintf(stderr, "oceanremote: %s%s\n", what, advice);
    return ERR_CONFLICT;
}

static enum err lock_data_dir(struct parent *p)
{
    char path[FILE_PATH_MAX];
    long owner;
    const char *dir = p->config->data_dir;
    if (data_dir_claim(&p->data, dir, p->config->uids, DATA_SERVER) != OK ||
        file_join(dir, "lock", path) != OK)
        return complain(p->data.problem, "");
    enum err e = file_lock(path, &p->lock, &owner);
    if (e == ERR_CONFLICT) {
        fprintf(stderr,
                "oceanremote: %s: a server with process id %ld already uses this data; "
                "stop it, or choose another --data\n",
                dir, owner);
        return e;
    }
    return e == OK ? OK : complain(path, ": cannot be written");
}

/* Links lead to the first door, and mails come from its host, unless the settings say otherwise. */
static enum err settle_accounts(struct parent *p)
{
    const struct config *c = p->config;
    struct account_rules *rules = &p->accounts;
    *rules = c->accounts;
    rules->has_url = rules->url[0] != 0;
    rules->has_turnstile = rules->turnstile_site_key[0] != 0 && c->turnstile_secret_file[0] != 0;
    if ((rules->turnstile_site_key[0] != 0) != (c->turnstile_secret_file[0] != 0))
        return complain("turnstile.site_key and turnstile.secret_file",
                        ": set both of them or neither");
    if (rules->url[0] == 0 && (size_t)snprintf(rules->url, sizeof rules->url, "https:%s",
                                               p->doors.list[0].listener.url) >= sizeof rules->url)
        return complain("the name of the first https listener is too long", ": set url");
    const char *host = rules->url + strlen("https://");
    bool is_name = host[strspn(host, "0123456789.[")] != ':' && host[0] != '[';
    if (rules->mail_from[0] == 0)
        snprintf(rules->mail_from, sizeof rules->mail_from, "oceanremote@%.*s",
                 is_name ? (int)strcspn(host, ":") : (int)strlen("localhost"),
                 is_name ? host : "localhost");
    return OK;
}

static enum err begin(struct parent *p)
{
    TRY(lock_data_dir(p));
    if (data_dir_settle(&p->data) != OK)
        return complain(p->data.problem, "");
    if (p->data.has_moved)
        log_event("parent.database_moved", "to=%s", p->data.db);
    TRY(doors_open(p->config, p->edges, &p->doors));
    TRY(settle_accounts(p));
    TRY(front_settings_read(p->config, &p->doors, &p->front));
    p->front.has_turnstile = p->accounts.has_turnstile != 0;
    if (limit_table_create((uint32_t)p->edges, (uint32_t)p->config->connections, &p->limits) != OK)
        return complain("no memory", " for the table of limits");
    return OK;
}

static void watch_signals(struct parent *p)
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGHUP);  /* a closed terminal is no reason to drop anybody */
    sigaddset(&set, SIGUSR1); /* look at the certificate now */
    sigaddset(&set, SIGCHLD);
    sigprocmask(SIG_BLOCK, &set, NULL);
    signal(SIGPIPE, SIG_IGN);
    p->signals = signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
    if (p->signals < 0)
        fatal("no signal descriptor: %s", strerror(errno));
}

int parent_main(const struct config *config)
{
    static struct parent p;
    long cores = sysconf(_SC_NPROCESSORS_ONLN);
    p.config = config;
    p.keyring = KEYRINGS;
    p.edges = config->edges > 0 ? (size_t)config->edges : cores < 1 ? 1 : (size_t)cores;
    if (p.edges > EDGES_MAX)
        p.edges = EDGES_MAX;
    for (size_t i = 0; i < CHILDREN_MAX; i++)
        p.children[i].control = -1;
    umask(077); /* whatever we make in the data directory is ours alone */
    if (begin(&p) != OK)
        return 1;
    config_log_loosened(config);
    sandbox_guard(config->data_dir); /* keys end in no core file; children inherit the rest */
    watch_signals(&p);
    rotate_tickets(&p);
    keyring_open_pairs(&p);
    vault_open_pair(&p);
    parent_start_child(&p, p.keyring); /* edges follow when it has told the certificate */
    parent_start_child(&p, VAULT);
    parent_start_child(&p, CORE);
    parent_start_child(&p, COURIER);
    do
        turn(&p);
    while (!parent_is_draining(&p) || !drain_step(&p));
    wipe(p.tickets, sizeof p.tickets);
    log_event("parent.done", "%s", "exit=0");
    return 0;
}
