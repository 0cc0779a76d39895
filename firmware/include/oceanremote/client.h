/* The device side of OceanRemote, for any machine that fills in firmware/port/contract.h.
 *
 * Owns:     everything in struct oc_client, which the integrator places; nothing on a heap.
 * Promise:  registers once, then keeps one connection: readings go out and are kept until the
 * server has them on disk, desired state comes in and is obeyed at once, and every failure is met
 *           by the one reaction docs/protocol/errors.md names.
 * Source:   docs/protocol/device.md.
 * Watch:    call oc_client_step() again when the transport is ready or the returned time is over.
 *           Not for use from two threads or from an interrupt. */
#ifndef OC_CLIENT_H
#define OC_CLIENT_H

#include "common/base/str.h"
#include "common/proto/device_messages.h"
#include "common/proto/scram.h"
#include "firmware/core/identity.h"
#include "firmware/core/journal.h"
#include "firmware/port/contract.h"

/* What one answer and one request may take. The answer holds a desired document (4,096) with its
 * head; the request a batch of readings, which is formed to fit. */
#define OC_ANSWER_MAX              6144
#define OC_REQUEST_MAX             8192

#define OC_READINGS_PER_SAMPLE_MAX 32

/* What the device is made of. Every row is called from within oc_client_step(). */
struct oc_board {
    void *ctx;
    /* Read all sensors: at most cap readings, their time_ms left alone. A sensor that failed is a
     * reading with an error, never a number. The texts live until the next call. */
    size_t (*sample)(void *ctx, struct reading *out, size_t cap);
    /* Set a switch. ERR_NOT_FOUND: there is none of that name. */
    enum err (*switch_set)(void *ctx, struct str name, bool on);
    /* The switches as they are, by index; false beyond the last. */
    bool (*switch_get)(void *ctx, size_t index, struct str *name, bool *on);
};

struct oc_config {
    struct str host; /* for the Host field: "name:port" */
    uint8_t mac[MAC_LEN];
    struct str chip;
    struct str firmware_version;
    /* Empty when not given. Used without an identity, and when the server refuses the one there
     * is: then this is a fresh token, or it is refused too and does no harm. */
    struct str registration_token;
    uint32_t interval_s; /* 0: what the server says. Desired state goes before both. */
};

enum oc_status {
    OC_RUNNING,
    /* The owner must act: the token was refused, or the key and there is no token. oc_client_why()
     * says so. Stepping on tries again, slowly. */
    OC_REFUSED,
};

enum oc_link { OC_LINK_DOWN, OC_LINK_OPENING, OC_LINK_UP };

enum oc_request {
    OC_REQUEST_NONE,
    OC_REQUEST_REGISTER,
    OC_REQUEST_SESSION_FIRST,
    OC_REQUEST_SESSION_FINAL,
    OC_REQUEST_READINGS, /* from here on with a session */
    OC_REQUEST_REPORTED,
    OC_REQUEST_DESIRED,      /* answered at once */
    OC_REQUEST_DESIRED_HOLD, /* answered when there is news, or something else is asked */
};

/* Plain so that it can be placed statically; nothing in it is the integrator's business. */
struct oc_client {
    const struct port *port;
    const struct oc_board *board;
    struct oc_config config;

    struct identity identity; /* sequence 0: none */
    struct journal journal;
    bool key_is_refused; /* and there is a token to get another one with */
    enum oc_status status;
    char why[200];
    size_t why_len;

    /* the link */
    enum oc_link link;
    bool link_was_good; /* an answer came over it */
    bool online_said;
    uint32_t failures; /* in a row */
    int64_t link_deadline_ms;
    int64_t retry_at_ms;      /* nothing is opened before */
    int64_t quiet_until_ms;   /* 429 and 503: nothing is asked before */
    enum oc_request asked[2]; /* unanswered, oldest first; the second only behind a hold */
    int64_t answer_deadline_ms;
    size_t out_len;
    size_t out_sent;
    size_t in_len;
    uint8_t out[OC_REQUEST_MAX];
    uint8_t in[OC_ANSWER_MAX];

    /* the session */
    struct scram_exchange exchange;
    char exchange_id[SECRET_TEXT_MAX];
    size_t exchange_id_len;
    char server_first[SCRAM_MESSAGE_MAX];
    size_t server_first_len; /* 0: client-first is next */
    char session[SECRET_TEXT_MAX];
    size_t session_len;    /* 0: none */
    bool session_was_good; /* something but an error came of it */
    int64_t session_renew_at_ms;
    int64_t session_expires_at_ms;

    /* time: server_time_ms = monotonic_ms + time_offset_ms */
    bool time_is_known;
    int64_t time_offset_ms;
    bool batch_was_retimed;

    /* state */
    uint32_t server_interval_s;
    uint32_t desired_interval_s; /* 0: not wished */
    int64_t sample_at_ms;
    int64_t desired_version;
    bool desired_is_known; /* asked at least once since start */
    bool report_is_due;
    uint64_t acknowledged_batches;
    struct reading readings[OC_READINGS_PER_SAMPLE_MAX];
};

/* Read identity and journal. OK also without an identity. ERR_IO: the storage does not answer.
 * ERR_CONFLICT: the identity belongs to another MAC than config->mac, and mac_is_fixed says that
 * the latter was meant. port, board and config's texts are kept. */
MUST_CHECK enum err oc_client_init(struct oc_client *c, const struct port *port,
                                   const struct oc_board *board, const struct oc_config *config,
                                   bool mac_is_fixed);

/* Do whatever can be done now; returns the milliseconds after which to call again at the latest. */
int64_t oc_client_step(struct oc_client *c);

/* A switch was changed on the device itself: report it. */
void oc_client_changed(struct oc_client *c);

/* Something waits to be sent (so the port should also wait for room in its transport). */
bool oc_client_wants_send(const struct oc_client *c);

/* Everything taken so far is on the server's disk, and so is the present state. */
bool oc_client_is_settled(const struct oc_client *c);

enum oc_status oc_client_status(const struct oc_client *c);
struct str oc_client_why(const struct oc_client *c); /* the last trouble, for a human */

#endif
