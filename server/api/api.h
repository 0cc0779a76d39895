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

#include "server/domain/domain.h"
#include "server/ipc/frame.h"
#include "server/limit/rules.h"

/* Whom an answer is for: an edge's link, and that edge's own request id. An edge that was started
 * anew has the same link and counts its ids from the start: life tells the two apart. */
#define LINK_EVERY UINT32_MAX
struct origin {
    uint32_t link;
    uint64_t id;
    uint32_t life;
};

/* A password to hash or to verify away from the loop. */
#define HASH_EMAIL_MAX 254
struct hash_job {
    struct origin origin;
    int64_t account_id; /* 0: nobody; verified all the same, so that it takes the same time */
    uint8_t peer[16];
    uint8_t email[HASH_EMAIL_MAX];
    size_t email_len;
    uint8_t stored[160];
    size_t stored_len;
    uint8_t password[256];
    size_t password_len;
    uint32_t iterations; /* what a fresh hash should have */
    /* the result */
    enum err verdict;     /* OK, ERR_DENIED, ERR_CORRUPT */
    uint8_t renewed[160]; /* a stronger hash of the same password, when stored was too weak */
    size_t renewed_len;
};

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
    /* ERR_LIMIT: the queue is full. The job is copied. */
    enum err (*hash)(void *ctx, const struct hash_job *job);
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

/* A hash job has come back. Errors as api_request(). */
MUST_CHECK enum err api_hashed(struct api *api, const struct hash_job *job);

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
