#include "server/process/core_parts.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/assert.h"
#include "common/crypto/crypto.h"
#include "queries.h"
#include "server/domain/live.h"
#include "server/domain/ranges.h"
#include "server/domain/telemetry.h"
#include "server/ipc/control.h"
#include "server/os/clock.h"
#include "server/os/entropy.h"
#include "server/os/fatal.h"
#include "server/os/log.h"
#include "server/os/sandbox.h"
#include "server/process/data_dir.h"
#include "server/process/orders.h"

#define WAIT_MS          250
#define DRAIN_MS         INT64_C(3000)
#define DECOY_SECRET_LEN 32

/* ---- what it may do -------------------------------------------------------------------------- */

/* Beside memory, time and its end (server/os/sandbox.c). Files are those of DIR/db: Landlock. */
static const struct sandbox_call calls[] = {
    CALL(poll, "the loop"),
    CALL(ppoll, "the same, on other processors"),
    CALL(recvfrom, "frames from edges"),
    CALL(sendto, "frames to edges"),
    CALL(recvmsg, "the parent: links to edges come as descriptors"),
    CALL(sendmsg, "the parent: ready, and which link is down"),
    CALL(openat, "SQLite: the log and its index, which come and go"),
    CALL(unlink, "SQLite: the log goes at a clean end"),
    CALL(unlinkat, "the same, on other processors"),
    CALL(pread64, "SQLite: pages"),
    CALL(pwrite64, "SQLite: pages"),
    CALL(fsync, "SQLite: what is acknowledged is on disk"),
    CALL(fdatasync, "SQLite: the same"),
    CALL(ftruncate, "SQLite: the log at its end, the index of the log at its beginning"),
    CALL_ONLY(fcntl, 1, F_SETLK, "SQLite: locks"),
    CALL_ONLY(fcntl, 1, F_GETLK, "SQLite: locks"),
    CALL_ONLY(fcntl, 1, F_GETFD, "SQLite: descriptors that end with the process"),
    CALL_ONLY(fcntl, 1, F_SETFD, "SQLite: the same"),
    CALL(fstat, "SQLite: sizes"),
    CALL(newfstatat, "SQLite: sizes, and whether it is still the same file"),
    CALL(stat, "SQLite: the same"),
    CALL(access, "SQLite: is there a log"),
    CALL(faccessat, "the same, on other processors"),
    CALL(fchmod, "SQLite: the log is as readable as the database"),
    CALL(geteuid, "SQLite: is it root who makes a file"),
    CALL(nanosleep, "SQLite waits for a command that holds the lock"),
    CALL(clock_nanosleep, "the same"),
    CALL(sched_getaffinity, "malloc counts cores when a second thread needs memory"),
};

static const struct sandbox rights = {.name = "core",
                                      .writes_files = true,
                                      .files_max = 256,
                                      .calls = calls,
                                      .call_count = sizeof calls / sizeof calls[0]};

/* ---- what the parent sends ------------------------------------------------------------------- */

void core_config_write(struct writer *w, const struct core_config *c)
{
    writer_str16(w, c->database_dir);
    writer_u32(w, c->uid);
    writer_u32(w, c->password_iterations);
    writer_u32(w, c->hash_threads);
    limit_rules_write(w, &c->limits);
    account_rules_write(w, &c->rules);
}

enum err core_config_read(struct str payload, struct core_config *out)
{
    struct reader r = reader_of(payload);
    struct core_config c = {0};
    c.database_dir = reader_str16(&r);
    c.uid = reader_u32(&r);
    c.password_iterations = reader_u32(&r);
    c.hash_threads = reader_u32(&r);
    c.limits = limit_rules_read(&r);
    TRY(account_rules_read(&r, &c.rules));
    TRY(reader_end(&r));
    *out = c;
    return OK;
}

/* ---- start and end --------------------------------------------------------------------------- */

static enum err load_decoy_secret(struct domain *d)
{
    uint8_t block[256];
    struct arena a = arena_over(block, sizeof block);
    struct sql_secret_get_row row;
    uint8_t fresh[DECOY_SECRET_LEN];
    entropy_fill(fresh, sizeof fresh);
    TRY(sql_secret_set(d->store, STR("decoy"), str_from(fresh, sizeof fresh)));
    TRY(sql_secret_get(d->store, &a, STR("decoy"), &row));
    if (row.value.len != sizeof d->decoy_secret)
        return ERR_CORRUPT;
    memcpy(d->decoy_secret, row.value.ptr, row.value.len);
    return OK;
}

static enum err load_domain(struct domain *d)
{
    TRY(live_table_new(&d->live));
    TRY(telemetry_new(&d->telemetry));
    TRY(ranges_new(&d->ranges));
    d->now_ms = clock_wall_ms();
    TRY(store_begin(d->store));
    enum err e = load_decoy_secret(d);
    if (e == OK)
        e = telemetry_load(d);
    if (e == OK)
        e = live_load(d);
    if (e != OK) {
        store_rollback(d->store);
        return e;
    }
    return store_commit(d->store);
}

/* The database is opened, and threads are made, by the user and within the files that stay. */
static void confine(const struct core_config *config, char path[static FILE_PATH_MAX],
                    char challenges[static FILE_PATH_MAX])
{
    char dir[FILE_PATH_MAX];
    uint8_t digest[SHA256_LEN];
    if (str_to_cstr(config->database_dir, dir, sizeof dir) != OK)
        fatal("the configuration from the parent cannot be read");
    sha256(STR_NONE, digest); /* OpenSSL reads its configuration file */
    store_prepare();
    struct sandbox s = rights;
    s.uid = config->uid;
    s.directory = dir;
    const char *root = sandbox_confine(&s);
    if (file_join(root, DATABASE_NAME, path) != OK || file_join(root, "acme", challenges) != OK)
        fatal("the path of the database is too long");
}

static void load_api(struct core *core, const char *path)
{
    enum err e = store_begin(core->d.store);
    if (e == OK)
        e = api_load(core->api);
    if (e == OK)
        e = store_commit(core->d.store);
    if (e != OK)
        fatal("%s cannot be read: %s", path, store_problem(core->d.store));
}

static void configure(struct core *core, struct str payload)
{
    struct core_config config;
    char path[FILE_PATH_MAX];
    if (core_config_read(payload, &config) != OK)
        fatal("the configuration from the parent cannot be read");
    confine(&config, path, core->challenges);
    core->d.entropy = entropy_fill;
    core->d.password_iterations = config.password_iterations;
    core->rules = config.rules;
    core->d.rules = &core->rules;
    enum err e = store_open(path, &core->d.store);
    if (e == OK)
        e = load_domain(&core->d);
    if (e != OK)
        fatal("the database %s cannot be used: %s: %s", path, err_name(e),
              store_problem(core->d.store));
    struct outlet outlet = core_outlet;
    outlet.ctx = core;
    if (hash_pool_new(config.hash_threads, &core->pool) != OK ||
        api_new(&core->d, &outlet, &config.limits, &core->api) != OK)
        fatal("the core cannot start: out of memory or threads");
    load_api(core, path);
}

static void accept_link(struct core *core, const struct control *m)
{
    struct reader r = reader_of(m->payload);
    uint32_t at = reader_u32(&r), serial = reader_u32(&r);
    if (reader_end(&r) != OK || at >= LINKS_MAX || m->fd_count != 1 || core->api == NULL)
        fatal("the parent sent a link that cannot be used");
    if (core->links[at].fd >= 0)
        core_end_link(core, at, "replaced"); /* asking for another would replace this one in turn */
    link_init(&core->links[at], m->fds[0], FRAME_TO_CORE_MAX);
    core->link_serials[at] = serial;
    api_link_up(core->api, at);
}

static void accept_vault(struct core *core, const struct control *m)
{
    if (m->payload.len != 0 || m->fd_count != 1 || core->pool == NULL)
        fatal("the parent sent a socket that cannot be used");
    hash_pool_set_vault(core->pool, m->fds[0]);
}

static void begin_drain(struct core *core)
{
    if (core->drain_until_ms != 0)
        return;
    core->drain_until_ms = clock_monotonic_ms() + DRAIN_MS;
    api_drain(core->api);
}

static void handle_control(struct core *core, const struct control *m)
{
    switch (m->type) {
    case CONTROL_CONFIG: configure(core, m->payload); return;
    case CONTROL_LINK: accept_link(core, m); return;
    case CONTROL_COURIER: core_courier_link(core, m); return;
    case CONTROL_VAULT: accept_vault(core, m); return;
    case CONTROL_START:
        sandbox_seal(&rights);
        if (control_send(CONTROL_FD, CONTROL_READY, STR_NONE, NULL, 0) != OK)
            exit(0);
        return;
    case CONTROL_DRAIN: begin_drain(core); return;
    case CONTROL_LISTEN:
    case CONTROL_LIMITS:
    case CONTROL_IDENTITY:
    case CONTROL_TICKETS:
    case CONTROL_FRONT:
    case CONTROL_KEYRING:
    case CONTROL_READY: break;
    }
    fatal("control message %d is not for the core", (int)m->type);
}

static void read_control(struct core *core)
{
    struct control m;
    if (orders_next(&m))
        handle_control(core, &m);
}

/* The batch ended before the buffers were empty: it was full, or it failed. */
static bool has_frames_left(const struct core *core)
{
    for (uint32_t i = 0; i < LINKS_MAX; i++) {
        if (core->links[i].fd >= 0 && !core_is_behind(core, i) && link_has_next(&core->links[i]))
            return true;
    }
    return core->hashes_wait || core_courier_wants_batch(core);
}

/* Wait, then fill the buffers of links that have something. */
static void wait_for_work(struct core *core)
{
    struct pollfd fds[LINKS_MAX + 3];
    uint32_t link_of[LINKS_MAX];
    nfds_t count = 0;
    fds[count++] = (struct pollfd){CONTROL_FD, POLLIN, 0};
    fds[count++] = (struct pollfd){core->pool == NULL ? -1 : hash_pool_fd(core->pool), POLLIN, 0};
    fds[count++] = (struct pollfd){core->courier.link, POLLIN, 0};
    for (uint32_t i = 0; i < LINKS_MAX; i++) {
        if (core->links[i].fd < 0)
            continue;
        short events = core_is_behind(core, i)             ? POLLOUT
                       : link_wants_write(&core->links[i]) ? POLLIN | POLLOUT
                                                           : POLLIN;
        link_of[count - 3] = i;
        fds[count++] = (struct pollfd){core->links[i].fd, events, 0};
    }
    int timeout = core->api == NULL ? -1 : has_frames_left(core) ? 0 : WAIT_MS;
    if (poll(fds, count, timeout) <= 0)
        return;
    for (nfds_t i = 3; i < count; i++) {
        struct link *l = &core->links[link_of[i - 3]];
        if ((fds[i].revents & (POLLIN | POLLHUP | POLLERR)) != 0 && l->fd >= 0) {
            enum err e = link_fill(l);
            if (e == ERR_IO || e == ERR_NO_MEMORY)
                core_drop_link(core, link_of[i - 3], "closed");
        }
    }
    if (fds[1].revents != 0) {
        hash_pool_wake(core->pool);
        core->hashes_wait = true;
    }
    if (fds[2].revents != 0)
        core_courier_read(core);
    if (fds[0].revents != 0)
        read_control(core);
}

static bool links_are_down(const struct core *core)
{
    for (size_t i = 0; i < LINKS_MAX; i++) {
        if (core->links[i].fd >= 0)
            return false;
    }
    return true;
}

/* Edges have finished and left, or have had their time. */
static bool is_drained(const struct core *core)
{
    return core->drain_until_ms != 0 && ((links_are_down(core) && core_courier_is_idle(core)) ||
                                         clock_monotonic_ms() >= core->drain_until_ms);
}

static void save_everything(struct core *core)
{
    bool more = true;
    enum err e = store_begin(core->d.store);
    telemetry_begin(core->d.telemetry, clock_wall_us());
    while (e == OK && more)
        e = telemetry_save_live(&core->d, SIZE_MAX - 1, &more);
    if (e == OK)
        e = store_commit(core->d.store);
    if (e != OK)
        log_event("core.save_failed", "cause=%s", err_name(e)); /* the chunks have it all */
    store_checkpoint(core->d.store);
    store_close(core->d.store);
}

int core_main(void)
{
    static struct core core;
    signal(SIGPIPE, SIG_IGN);
    signal(SIGXFSZ, SIG_IGN); /* a bound on the size of files is a full disk, not an end */
    signal(SIGINT, SIG_IGN);  /* ^C and a service manager's SIGTERM reach us too, */
    signal(SIGTERM, SIG_IGN); /* but are for the parent, who then drains us */
    for (size_t i = 0; i < LINKS_MAX; i++)
        link_init(&core.links[i], -1, FRAME_TO_CORE_MAX);
    core.courier.link = -1;
    while (!is_drained(&core)) {
        wait_for_work(&core);
        if (core.api != NULL)
            core_run_batch(&core);
    }
    hash_pool_free(core.pool);
    save_everything(&core);
    return 0;
}
