#include "server/process/core.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/assert.h"
#include "common/crypto/crypto.h"
#include "queries.h"
#include "server/api/api.h"
#include "server/domain/live.h"
#include "server/domain/telemetry.h"
#include "server/ipc/control.h"
#include "server/ipc/link.h"
#include "server/os/clock.h"
#include "server/os/entropy.h"
#include "server/os/fatal.h"
#include "server/os/file.h"
#include "server/os/log.h"
#include "server/os/sandbox.h"
#include "server/process/data_dir.h"
#include "server/process/hash_pool.h"

#define LINKS_MAX          64                 /* edges */
#define ANSWERS_MAX        (LINK_OUT_MAX / 2) /* waiting for one edge; then no more of its requests */
#define BATCH_MAX          256 /* requests in one transaction; measured: more gains nothing */
#define TICK_MS            250
#define CLOCK_BACK_MS      INT64_C(1000)  /* less than this is steered, not set */
#define TROUBLE_MS         INT64_C(10000) /* after a failed commit, leave out what can wait */
#define DRAIN_MS           INT64_C(3000)
#define DECOY_SECRET_LEN   32
#define CHALLENGE_SIZE_MAX 512 /* a token, a dot, a thumbprint: RFC 8555 section 8.1 */
#define CHALLENGE_NAME_MAX 160

struct core {
    struct domain d;
    struct api *api;
    struct hash_pool *pool;
    struct link links[LINKS_MAX];
    uint32_t link_serials[LINKS_MAX]; /* of the links laid by the parent: see struct origin */
    size_t marks[LINKS_MAX];
    bool is_full[LINKS_MAX]; /* could not take a frame: dropped when the batch has ended */
    uint32_t first_link;
    bool in_transaction;
    /* whom the batch has told something: they are told otherwise if it fails */
    struct origin *told;
    size_t told_count, told_cap;
    size_t requests;  /* in this batch */
    bool hashes_wait; /* the pool has finished some */
    int64_t next_tick_ms;
    int64_t trouble_until_ms;
    int64_t damaged_chunks;         /* as last logged */
    int64_t drain_until_ms;         /* monotonic; 0: not draining */
    char challenges[FILE_PATH_MAX]; /* the directory of ACME */
};

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
    TRY(reader_end(&r));
    *out = c;
    return OK;
}

/* ---- answers on their way out ---------------------------------------------------------------- */

static void note_told(struct core *core, struct origin to)
{
    if (core->told_count == core->told_cap) {
        size_t cap = core->told_cap == 0 ? 2 * BATCH_MAX : core->told_cap * 2;
        struct origin *more = realloc(core->told, cap * sizeof *more);
        if (more == NULL)
            fatal("out of memory for a batch of %zu answers", cap);
        core->told = more;
        core->told_cap = cap;
    }
    core->told[core->told_count++] = to;
}

static void end_link(struct core *core, uint32_t at, const char *why)
{
    log_event("core.link_dropped", "edge=%u reason=%s", at, why);
    link_done(&core->links[at]);
    core->marks[at] = 0;
    core->is_full[at] = false;
    api_link_down(core->api, at);
}

/* The parent, when the edge still lives, lays a new one. Never called while the api walks over its
 * holds or streams: this takes those of the link away. */
static void drop_link(struct core *core, uint32_t at, const char *why)
{
    uint8_t payload[8];
    struct writer w = writer_into(payload, sizeof payload);
    end_link(core, at, why);
    writer_u32(&w, at);
    writer_u32(&w, core->link_serials[at]);
    if (control_send(CONTROL_FD, CONTROL_LINK, str_from(payload, w.len), NULL, 0) != OK)
        exit(0); /* the parent has died */
}

/* A link that cannot take a frame belongs to an edge that has stopped reading. What came over a
 * link of before is answered to nobody: the next edge may use the same id for somebody else. */
static bool takes_answer(const struct core *core, struct origin to)
{
    return core->links[to.link].fd >= 0 && !core->is_full[to.link] &&
           core->link_serials[to.link] == to.life;
}

/* Large answers wait for this edge: what it asks next has to wait for them. */
static bool is_behind(const struct core *core, uint32_t at)
{
    return link_mark(&core->links[at]) >= ANSWERS_MAX;
}

static void push(struct core *core, struct origin to, enum frame_type type, struct str payload)
{
    if (takes_answer(core, to))
        core->is_full[to.link] = link_push(&core->links[to.link], type, to.id, payload) != OK;
}

static void push_reply(struct core *core, struct origin to, enum frame_type type,
                       const struct reply *reply)
{
    struct link *l = &core->links[to.link];
    struct writer w;
    note_told(core, to);
    if (!takes_answer(core, to))
        return;
    if (link_reserve(l, reply->body.len + reply->headers.len + 16, &w) != OK ||
        reply_put(&w, type, to.id, reply) != OK)
        core->is_full[to.link] = true;
    else
        link_commit(l, &w);
}

static void outlet_reply(void *ctx, struct origin to, const struct reply *reply)
{
    push_reply(ctx, to, FRAME_REPLY, reply);
}

static void outlet_stream(void *ctx, struct origin to, const struct reply *head)
{
    push_reply(ctx, to, FRAME_STREAM, head);
}

static void outlet_held(void *ctx, struct origin to, principal caller)
{
    uint8_t payload[8];
    struct writer w = writer_into(payload, sizeof payload);
    writer_u64(&w, caller);
    note_told(ctx, to);
    push(ctx, to, FRAME_HELD, str_from(payload, w.len));
}

static void outlet_stream_data(void *ctx, struct origin to, struct str data)
{
    push(ctx, to, FRAME_STREAM_DATA, data);
}

static void outlet_stream_end(void *ctx, struct origin to)
{
    push(ctx, to, FRAME_STREAM_END, STR_NONE);
}

static void push_ban(struct core *core, uint32_t at, const struct ban_notice *notice)
{
    struct link *l = &core->links[at];
    struct writer w;
    if (l->fd < 0 || core->is_full[at])
        return;
    if (link_reserve(l, sizeof *notice, &w) != OK || ban_put(&w, notice) != OK)
        core->is_full[at] = true;
    else
        link_commit(l, &w);
}

static void outlet_ban(void *ctx, uint32_t link, const uint8_t address[static 16], int64_t seconds)
{
    struct core *core = ctx;
    struct ban_notice notice = {.seconds = (uint32_t)seconds};
    memcpy(notice.address, address, sizeof notice.address);
    for (uint32_t i = 0; i < LINKS_MAX; i++) {
        if (link == LINK_EVERY || link == i)
            push_ban(core, i, &notice);
    }
}

static enum err outlet_hash(void *ctx, const struct hash_job *job)
{
    struct core *core = ctx;
    return hash_pool_add(core->pool, job);
}

/* DIR/db/acme/TOKEN, put there by whoever asks an authority for a certificate. The api has looked
 * at the token: it has no dot and no slash. */
static enum err outlet_challenge(void *ctx, struct arena *a, struct str token, struct str *out)
{
    struct core *core = ctx;
    char name[CHALLENGE_NAME_MAX], path[FILE_PATH_MAX];
    TRY(str_to_cstr(token, name, sizeof name));
    TRY(file_join(core->challenges, name, path));
    return file_read(a, path, CHALLENGE_SIZE_MAX, out);
}

/* ---- one batch, one transaction -------------------------------------------------------------- */

/* The wall clock may be set back. Whatever was to happen at a time that is far ahead now happens
 * at once, or devices would wait in silence until the clock is there again. */
static void read_clock(struct core *core)
{
    int64_t before_ms = core->d.now_ms;
    core->d.now_ms = clock_wall_ms();
    if (before_ms - core->d.now_ms < CLOCK_BACK_MS)
        return;
    log_event("core.clock_set_back", "by_ms=%lld", (long long)(before_ms - core->d.now_ms));
    core->next_tick_ms = 0;
    core->trouble_until_ms = 0;
    api_clock_set_back(core->api);
}

static void batch_begin(struct core *core)
{
    core->d.storage_is_in_trouble = core->d.now_ms < core->trouble_until_ms;
    core->told_count = 0;
    core->requests = 0;
    for (size_t i = 0; i < LINKS_MAX; i++)
        core->marks[i] = core->links[i].fd < 0 ? 0 : link_mark(&core->links[i]);
}

/* Only a batch that has something to do opens a transaction. */
static enum err transaction(struct core *core)
{
    if (core->in_transaction)
        return OK;
    TRY(store_begin(core->d.store));
    core->in_transaction = true;
    telemetry_begin(core->d.telemetry, clock_wall_us());
    return OK;
}

static int by_origin(const void *a, const void *b)
{
    const struct origin *x = a, *y = b;
    if (x->link != y->link)
        return x->link < y->link ? -1 : 1;
    return x->id < y->id ? -1 : x->id > y->id;
}

static size_t unique(struct origin *list, size_t count)
{
    size_t kept = 0;
    if (count > 0)
        qsort(list, count, sizeof *list, by_origin);
    for (size_t i = 0; i < count; i++) {
        if (kept == 0 || by_origin(&list[kept - 1], &list[i]) != 0)
            list[kept++] = list[i];
    }
    return kept;
}

/* Nothing of the batch has happened: take back what it was about to say, and say so instead. */
static void batch_failed(struct core *core, enum err e)
{
    log_event("core.batch_failed", "cause=%s requests=%zu database=\"%s\"", err_name(e),
              core->requests, store_problem(core->d.store));
    store_rollback(core->d.store);
    core->in_transaction = false;
    core->trouble_until_ms = core->d.now_ms + TROUBLE_MS;
    core->d.storage_is_in_trouble = true;
    for (size_t i = 0; i < LINKS_MAX; i++) {
        if (core->links[i].fd >= 0)
            link_rewind(&core->links[i], core->marks[i]);
    }
    /* Answering adds to the list of those told: work on a list of its own. */
    struct origin *told = core->told;
    size_t count = unique(told, core->told_count);
    core->told = NULL;
    core->told_count = core->told_cap = 0;
    bool is_full = e == ERR_IO || e == ERR_LIMIT;
    enum err loaded = api_batch_failed(core->api, told, count, is_full);
    free(told);
    if (loaded != OK)
        fatal("the database cannot be read after a failed commit: %s: %s", err_name(loaded),
              store_problem(core->d.store));
}

static void batch_end(struct core *core, enum err e)
{
    if (core->in_transaction) {
        if (e == OK)
            e = telemetry_flush(&core->d);
        if (e == OK) {
            e = store_commit(core->d.store);
            core->in_transaction = false;
        }
    }
    if (e != OK)
        batch_failed(core, e);
    for (uint32_t i = 0; i < LINKS_MAX; i++) {
        if (core->is_full[i])
            drop_link(core, i, "full");
        else if (core->links[i].fd >= 0 && link_flush(&core->links[i]) == ERR_IO)
            drop_link(core, i, "closed");
    }
}

static enum err handle_request(struct core *core, struct origin from, struct str payload)
{
    struct request request;
    if (request_take(payload, &request) != OK) {
        drop_link(core, from.link, "malformed request");
        return OK;
    }
    core->requests++;
    enum err e = transaction(core);
    if (e == OK)
        e = api_request(core->api, from, &request);
    if (e != OK)
        note_told(core, from);
    return e;
}

static enum err handle_frame(struct core *core, uint32_t link, const struct frame *f)
{
    struct origin from = {link, f->id, core->link_serials[link]};
    switch (f->type) {
    case FRAME_REQUEST: return handle_request(core, from, f->payload);
    case FRAME_RELEASE: api_release(core->api, from); return OK;
    case FRAME_GONE: api_gone(core->api, from); return OK;
    case FRAME_REPLY:
    case FRAME_HELD:
    case FRAME_STREAM:
    case FRAME_STREAM_DATA:
    case FRAME_STREAM_END:
    case FRAME_BAN: break;
    }
    drop_link(core, link, "a frame of the wrong direction");
    return OK;
}

/* All whole frames of one link, until the batch is full or the edge has enough to read. */
static enum err take_frames(struct core *core, uint32_t at)
{
    struct frame f;
    while (core->requests < BATCH_MAX && core->links[at].fd >= 0 && !core->is_full[at] &&
           !is_behind(core, at)) {
        enum err e = link_next(&core->links[at], &f);
        if (e == ERR_AGAIN)
            return OK;
        if (e != OK) {
            drop_link(core, at, "malformed frame");
            return OK;
        }
        TRY(handle_frame(core, at, &f));
    }
    return OK;
}

static enum err take_hashes(struct core *core)
{
    struct hash_job job;
    if (!core->hashes_wait)
        return OK;
    while (core->requests < BATCH_MAX) {
        if (hash_pool_take(core->pool, &job) != OK) {
            core->hashes_wait = false;
            return OK;
        }
        core->requests++;
        enum err e = transaction(core);
        if (e == OK)
            e = api_hashed(core->api, &job);
        if (e != OK)
            note_told(core, job.origin);
        wipe(&job, sizeof job);
        TRY(e);
    }
    return OK;
}

static enum err tick(struct core *core)
{
    if (core->d.now_ms < core->next_tick_ms)
        return OK;
    core->next_tick_ms = core->d.now_ms + TICK_MS;
    TRY(transaction(core));
    TRY(api_tick_store(core->api));
    int64_t damaged = telemetry_damaged_chunks(core->d.telemetry);
    if (damaged != core->damaged_chunks) {
        log_event("core.chunks_damaged", "count=%lld", (long long)damaged);
        core->damaged_chunks = damaged;
    }
    return OK;
}

static void run_batch(struct core *core)
{
    read_clock(core);
    api_tick_waits(core->api);
    batch_begin(core);
    enum err e = OK;
    /* Begin with another link each time, so that a busy one cannot starve the rest. */
    core->first_link = (core->first_link + 1) % LINKS_MAX;
    for (uint32_t i = 0; i < LINKS_MAX && e == OK; i++)
        e = take_frames(core, (core->first_link + i) % LINKS_MAX);
    if (e == OK)
        e = take_hashes(core);
    if (e == OK)
        e = tick(core);
    batch_end(core, e);
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

static void configure(struct core *core, struct str payload)
{
    struct core_config config;
    char path[FILE_PATH_MAX];
    if (core_config_read(payload, &config) != OK)
        fatal("the configuration from the parent cannot be read");
    confine(&config, path, core->challenges);
    core->d.entropy = entropy_fill;
    core->d.password_iterations = config.password_iterations;
    enum err e = store_open(path, &core->d.store);
    if (e == OK)
        e = load_domain(&core->d);
    if (e != OK)
        fatal("the database %s cannot be used: %s: %s", path, err_name(e),
              store_problem(core->d.store));
    struct outlet outlet = {.ctx = core,
                            .reply = outlet_reply,
                            .held = outlet_held,
                            .stream = outlet_stream,
                            .stream_data = outlet_stream_data,
                            .stream_end = outlet_stream_end,
                            .ban = outlet_ban,
                            .hash = outlet_hash,
                            .challenge = outlet_challenge};
    if (hash_pool_new(config.hash_threads, &core->pool) != OK ||
        api_new(&core->d, &outlet, &config.limits, &core->api) != OK)
        fatal("the core cannot start: out of memory or threads");
    e = store_begin(core->d.store);
    if (e == OK)
        e = api_load(core->api);
    if (e == OK)
        e = store_commit(core->d.store);
    if (e != OK)
        fatal("%s cannot be read: %s", path, store_problem(core->d.store));
}

static void accept_link(struct core *core, const struct control *m)
{
    struct reader r = reader_of(m->payload);
    uint32_t at = reader_u32(&r), serial = reader_u32(&r);
    if (reader_end(&r) != OK || at >= LINKS_MAX || m->fd_count != 1 || core->api == NULL)
        fatal("the parent sent a link that cannot be used");
    if (core->links[at].fd >= 0)
        end_link(core, at, "replaced"); /* asking for another would replace this one in turn */
    link_init(&core->links[at], m->fds[0], FRAME_TO_CORE_MAX);
    core->link_serials[at] = serial;
    api_link_up(core->api, at);
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
    static uint8_t buf[CONTROL_MAX];
    struct control m;
    enum err e = control_receive(CONTROL_FD, buf, &m);
    if (e == ERR_IO)
        exit(0); /* without a parent there is nobody to serve */
    if (e == ERR_PEER)
        fatal("the parent sent what is no control message");
    if (e == OK)
        handle_control(core, &m);
}

/* The batch ended before the buffers were empty: it was full, or it failed. */
static bool has_frames_left(const struct core *core)
{
    for (uint32_t i = 0; i < LINKS_MAX; i++) {
        if (core->links[i].fd >= 0 && !is_behind(core, i) && link_has_next(&core->links[i]))
            return true;
    }
    return core->hashes_wait;
}

/* Wait, then fill the buffers of links that have something. */
static void wait_for_work(struct core *core)
{
    struct pollfd fds[LINKS_MAX + 2];
    uint32_t link_of[LINKS_MAX];
    nfds_t count = 0;
    fds[count++] = (struct pollfd){CONTROL_FD, POLLIN, 0};
    fds[count++] = (struct pollfd){core->pool == NULL ? -1 : hash_pool_fd(core->pool), POLLIN, 0};
    for (uint32_t i = 0; i < LINKS_MAX; i++) {
        if (core->links[i].fd < 0)
            continue;
        short events = is_behind(core, i)                  ? POLLOUT
                       : link_wants_write(&core->links[i]) ? POLLIN | POLLOUT
                                                           : POLLIN;
        link_of[count - 2] = i;
        fds[count++] = (struct pollfd){core->links[i].fd, events, 0};
    }
    int timeout = core->api == NULL ? -1 : has_frames_left(core) ? 0 : TICK_MS;
    if (poll(fds, count, timeout) <= 0)
        return;
    for (nfds_t i = 2; i < count; i++) {
        struct link *l = &core->links[link_of[i - 2]];
        if ((fds[i].revents & (POLLIN | POLLHUP | POLLERR)) != 0 && l->fd >= 0) {
            enum err e = link_fill(l);
            if (e == ERR_IO || e == ERR_NO_MEMORY)
                drop_link(core, link_of[i - 2], "closed");
        }
    }
    if (fds[1].revents != 0) {
        hash_pool_wake(core->pool);
        core->hashes_wait = true;
    }
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
    return core->drain_until_ms != 0 &&
           (links_are_down(core) || clock_monotonic_ms() >= core->drain_until_ms);
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
    while (!is_drained(&core)) {
        wait_for_work(&core);
        if (core.api != NULL)
            run_batch(&core);
    }
    hash_pool_free(core.pool);
    save_everything(&core);
    return 0;
}
