/* Signatures under way: what handshakes of this edge wait for from the keyring.
 *
 * Owns:     its end of the pair with the keyring, a table of SIGNATURES_MAX.
 * Promise:  the loop never waits for the keyring. Everything asked for in a turn leaves in as few
 *           messages as hold it; what is not answered is asked again, by whichever keyring is there
 *           then; a late answer reaches no other handshake.
 * Source:   measured: a keyring stopped for two seconds costs established connections 6 ms at p99
 *           this way, and 1.9 s when a handshake waits for it; ASYNC_start_job(3).
 * Watch:    signatures_sign() runs on the stack of the handshake's job and pauses there. Such a
 *           handshake is resumed or failed, never just freed: its job would be lost. */
#ifndef OC_EDGE_SIGNATURES_H
#define OC_EDGE_SIGNATURES_H

#include "server/net/far_key.h"
#include "server/net/timers.h"

#define SIGNATURES_MAX      1024 /* a job's stack is 32 KB; beyond it handshakes are refused */
#define SIGNATURES_AGAIN_MS 200  /* a keyring answers in one: this one has died, or is stopped */
#define SIGNATURES_JOBS_KEPT_MIN                                                                   \
    64 /* stacks that a peak must have left to be worth giving back                                \
        */

enum wanted_state {
    WANTED_FREE,
    WANTED_QUEUED,
    WANTED_ASKED,
    WANTED_THERE,
    WANTED_FAILED,
};

struct wanted {
    enum wanted_state state;
    uint32_t generation; /* makes ids of one place in the table unique */
    uint32_t conn;       /* index of the connection that is paused */
    int64_t asked_at_ms;
    uint8_t key[SIGNING_KEY_LEN];
    uint8_t content_len;
    uint8_t content[SIGNING_CONTENT_MAX];
    struct signature signature;
};

struct signatures {
    int fd; /* of the keyring; -1: not yet */
    struct wanted *table;
    uint32_t count, peak;           /* waiting now; most since memory was given back */
    uint32_t queue[SIGNATURES_MAX]; /* places whose request has yet to leave */
    uint32_t queued;
    uint32_t first_free;      /* hint: no free place below it */
    uint32_t conn, paused_at; /* of the handshake that runs now; its place when it pauses */
    bool has_paused;
    uint32_t first_generation; /* by chance: answers to the edge before must not fit this one's */
};

MUST_CHECK enum err signatures_init(struct signatures *s);
void signatures_done(struct signatures *s);

/* As struct far_signer has it; ctx is a struct signatures. */
enum err signatures_sign(void *ctx, const uint8_t key[static SIGNING_KEY_LEN], struct str content,
                         struct signature *out);

/* Around one step of a connection's handshake. The value of signatures_end(): 0, or the id of the
 * signature for which it pauses. */
void signatures_begin(struct signatures *s, uint32_t conn);
uint64_t signatures_end(struct signatures *s);

/* Nobody waits for it any more: the handshake is to run once more, and will fail. */
void signatures_fail(struct signatures *s, uint64_t id);

/* Send what is queued; what the socket does not take now stays queued. */
void signatures_send(struct signatures *s, int64_t now_ms);

/* One answer of the keyring: the connection that may go on. ERR_AGAIN: nothing more now. */
MUST_CHECK enum err signatures_receive(struct signatures *s,
                                       void (*resume)(void *ctx, uint32_t conn), void *ctx);

/* Queue again what has waited for too long. */
void signatures_ask_again(struct signatures *s, int64_t now_ms);

/* Give back the stacks of a peak that is over. */
void signatures_trim(struct signatures *s);

#endif
