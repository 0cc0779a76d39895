/* What the files of the core process share: its fields, and who calls whom.
 *
 *   core.c          begins, waits, is told by the parent, ends
 *   core_batch.c    what is ready becomes one transaction
 *   core_outlet.c   answers on their way to the edges, and what becomes of links
 *   core_courier.c  mails and questions on their way outside, and what becomes of them
 *
 * Owns:     nothing beyond core.h.
 * Promise:  included by these, by nobody else.
 * Source:   core.h.
 * Watch:    links are dropped between the api's walks over its holds and streams, never within. */
#ifndef OC_PROCESS_CORE_PARTS_H
#define OC_PROCESS_CORE_PARTS_H

#include "server/api/api.h"
#include "server/ipc/control.h"
#include "server/ipc/link.h"
#include "server/os/file.h"
#include "server/process/core.h"
#include "server/process/core_courier.h"
#include "server/process/hash_pool.h"

#define LINKS_MAX 64 /* edges */

struct core {
    struct domain d;
    struct account_rules rules; /* d goes by them */
    struct api *api;
    struct hash_pool *pool;
    struct core_courier courier;
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

/* ---- core_outlet.c --------------------------------------------------------------------------- */

extern const struct outlet core_outlet; /* its ctx is to be set */

/* This origin is to hear of it if the batch fails. */
void core_note_told(struct core *core, struct origin to);

/* A link goes: core_drop_link() also asks the parent for another. */
void core_end_link(struct core *core, uint32_t at, const char *why);
void core_drop_link(struct core *core, uint32_t at, const char *why);

/* Large answers wait for this edge: what it asks next has to wait for them. */
bool core_is_behind(const struct core *core, uint32_t at);

/* ---- core_courier.c -------------------------------------------------------------------------- */

/* The parent has laid another link: who was at the end of the first has died, or we have. */
void core_courier_link(struct core *core, const struct control *m);

/* Answers that have come. */
void core_courier_read(struct core *core);

/* In a transaction: requests whose question has been answered run again; */
MUST_CHECK enum err core_courier_resume(struct core *core);
bool core_courier_wants_batch(const struct core *core);

/* what has become of mails is written, and those that are due are made ready. */
MUST_CHECK enum err core_courier_tick(struct core *core);

/* After it: they leave, or it is as if nothing had happened. */
void core_courier_batch_end(struct core *core, bool is_committed);

bool core_courier_is_idle(const struct core *core);
enum err core_courier_check(void *ctx, const struct errand *e, struct str token,
                            const uint8_t peer[static 16]);

/* ---- core_batch.c ---------------------------------------------------------------------------- */

void core_run_batch(struct core *core);

#endif
