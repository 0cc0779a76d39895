#include "server/process/core_parts.h"

#include <stdlib.h>

#include "common/crypto/crypto.h"
#include "server/domain/telemetry.h"
#include "server/os/clock.h"
#include "server/os/fatal.h"
#include "server/os/log.h"

#define BATCH_MAX     256 /* requests in one transaction; measured: more gains nothing */
#define TICK_MS       250
#define CLOCK_BACK_MS INT64_C(1000)  /* less than this is steered, not set */
#define TROUBLE_MS    INT64_C(10000) /* after a failed commit, leave out what can wait */

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
    core->courier.next_tidy_ms = 0;
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
    core_courier_batch_end(core, e == OK);
    if (e != OK)
        batch_failed(core, e);
    for (uint32_t i = 0; i < LINKS_MAX; i++) {
        if (core->is_full[i])
            core_drop_link(core, i, "full");
        else if (core->links[i].fd >= 0 && link_flush(&core->links[i]) == ERR_IO)
            core_drop_link(core, i, "closed");
    }
}

static enum err handle_request(struct core *core, struct origin from, struct str payload)
{
    struct request request;
    if (request_take(payload, &request) != OK) {
        core_drop_link(core, from.link, "malformed request");
        return OK;
    }
    core->requests++;
    enum err e = transaction(core);
    if (e == OK)
        e = api_request(core->api, from, &request);
    if (e != OK)
        core_note_told(core, from);
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
    core_drop_link(core, link, "a frame of the wrong direction");
    return OK;
}

/* All whole frames of one link, until the batch is full or the edge has enough to read. */
static enum err take_frames(struct core *core, uint32_t at)
{
    struct frame f;
    while (core->requests < BATCH_MAX && core->links[at].fd >= 0 && !core->is_full[at] &&
           !core_is_behind(core, at)) {
        enum err e = link_next(&core->links[at], &f);
        if (e == ERR_AGAIN)
            return OK;
        if (e != OK) {
            core_drop_link(core, at, "malformed frame");
            return OK;
        }
        TRY(handle_frame(core, at, &f));
    }
    return OK;
}

static enum err take_hashes(struct core *core)
{
    static struct errand done;
    if (!core->hashes_wait)
        return OK;
    while (core->requests < BATCH_MAX) {
        if (hash_pool_take(core->pool, &done) != OK) {
            core->hashes_wait = false;
            return OK;
        }
        core->requests++;
        enum err e = transaction(core);
        if (e == OK)
            e = api_errand_done(core->api, &done);
        if (e != OK)
            core_note_told(core, done.origin);
        wipe(&done, sizeof done);
        TRY(e);
    }
    return OK;
}

static enum err take_checks(struct core *core)
{
    if (!core_courier_wants_batch(core))
        return OK;
    TRY(transaction(core));
    return core_courier_resume(core);
}

static enum err tick(struct core *core)
{
    if (core->d.now_ms < core->next_tick_ms)
        return OK;
    core->next_tick_ms = core->d.now_ms + TICK_MS;
    TRY(transaction(core));
    TRY(api_tick_store(core->api));
    TRY(core_courier_tick(core));
    int64_t damaged = telemetry_damaged_chunks(core->d.telemetry);
    if (damaged != core->damaged_chunks) {
        log_event("core.chunks_damaged", "count=%lld", (long long)damaged);
        core->damaged_chunks = damaged;
    }
    return OK;
}

void core_run_batch(struct core *core)
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
        e = take_checks(core);
    if (e == OK)
        e = tick(core);
    batch_end(core, e);
}
