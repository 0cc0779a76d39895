/* The core's face: requests in, answers out, and what waits in between.
 *
 * Owns:     holds, event streams, SCRAM exchanges; the domain it is given outlives it.
 * Promise:  every request gets exactly one answer, or is held, or becomes a stream; no route is
 *           reachable without a declared caller (routes.h); every answer goes through the outlet,
 *           which lets nothing out before the commit.
 * Source:   api/openapi.yaml, docs/protocol/device.md.
 * Watch:    after a storage error the caller must roll back, then call api_batch_failed(). */
#ifndef OC_API_API_H
#define OC_API_API_H

#include "server/api/errand.h"
#include "server/domain/domain.h"
#include "server/ipc/frame.h"
#include "server/limit/rules.h"

/* Where answers go; the core supplies it. None of these fails: what cannot be sent is dropped with
 * its link. */
struct outlet {
    void *ctx;
    void (*reply)(void *ctx, struct origin to, const struct reply *reply);
    void (*held)(void *ctx, struct origin to, principal caller);
    void (*stream)(void *ctx, struct origin to, const struct reply *head);
    void (*stream_data)(void *ctx, struct origin to, struct str data);
    void (*stream_end)(void *ctx, struct origin to);
    /* This address is banned for so long, 0: no more. link: LINK_EVERY or one. */
    void (*ban)(void *ctx, uint32_t link, const uint8_t address[static 16], int64_t seconds);
    /* Compare or hash away from the loop; api_errand_done() follows. ERR_LIMIT: the queue is full.
     * The errand is copied. */
    enum err (*hash)(void *ctx, const struct errand *e);
    /* Ask outside whether a person is at the browser with this token; api_errand_done() follows,
     * within seconds. ERR_LIMIT: too many are being asked. The errand is copied. */
    enum err (*turnstile)(void *ctx, const struct errand *e, struct str token,
                          const uint8_t peer[static 16]);
    /* Are many passwords waiting to be hashed? */
    bool (*is_busy)(void *ctx);
    /* What a certificate authority wants to see under this name, in a. Any error: there is none. */
    enum err (*challenge)(void *ctx, struct arena *a, struct str token, struct str *out);
};

struct api;

MUST_CHECK enum err api_new(struct domain *d, const struct outlet *outlet,
                            const struct limit_rules *limits, struct api **out);
void api_free(struct api *api);

/* What it keeps of the store in memory, once at start, in a transaction. */
MUST_CHECK enum err api_load(struct api *api);

/* One request. OK: answered, held, streaming or waiting for a hash. Any error: storage has failed,
 * the batch must be rolled back. */
MUST_CHECK enum err api_request(struct api *api, struct origin from, const struct request *r);

/* The edge asks to end a hold; the client has left; a whole edge has gone. */
void api_release(struct api *api, struct origin from);
void api_gone(struct api *api, struct origin from);
/* An edge has come: it is told what it needs to know. */
void api_link_up(struct api *api, uint32_t link);
void api_link_down(struct api *api, uint32_t link);

/* An errand is done: its request runs again. Errors as api_request(). */
MUST_CHECK enum err api_errand_done(struct api *api, const struct errand *e);

/* Holds whose time is over, pings: nothing that touches the store. */
void api_tick_waits(struct api *api);

/* now_ms is less than it was: forget every time that was reckoned from before. */
void api_clock_set_back(struct api *api);

/* Presence, roll-ups, expiry, snapshots, a slice of each. Errors as api_request(). */
MUST_CHECK enum err api_tick_store(struct api *api);

/* The batch was rolled back: streams end (their clients load anew), memory is loaded again, and
 * each of these requests is told so. */
MUST_CHECK enum err api_batch_failed(struct api *api, const struct origin *requests, size_t count,
                                     bool storage_is_full);

/* Before the process ends: holds and streams are let go. */
void api_drain(struct api *api);

#endif
