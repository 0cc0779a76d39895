/* The core's way to the vault: asked by the threads of the hash pool, one at a time.
 *
 * Owns:     the core's end of the pair.
 * Promise:  an answer, or none after VAULT_WAIT_MS; the core's loop waits for neither. A question
 *           that a dying vault has taken with it is asked again.
 * Source:   server/edge/signatures.c, which does the same for the keyring without a thread.
 * Watch:    both verbs may be asked twice: neither changes anything. An answer to another question
 *           (of a core before this one, or of a thread that has given up) is passed over. */
#ifndef OC_PROCESS_VAULT_CALLER_H
#define OC_PROCESS_VAULT_CALLER_H

#include <pthread.h>

#include "server/ipc/sealing.h"

#define VAULT_WAIT_MS  2000 /* then whoever asks is told to try again */
#define VAULT_AGAIN_MS 200

struct vault_caller {
    pthread_mutex_t mutex; /* guards the fields below, and a question and its answer */
    int fd;                /* -1: none yet */
    uint64_t next_id;
};

/* first_id: at random, so that no answer to a core of before fits. */
void vault_caller_init(struct vault_caller *v, uint64_t first_id);
void vault_caller_set(struct vault_caller *v, int fd); /* given */
void vault_caller_done(struct vault_caller *v);

/* ERR_AGAIN: no answer in time. q->id is ours to set. The caller wipes *out. */
MUST_CHECK enum err vault_call(struct vault_caller *v, struct sealing_question *q,
                               struct sealing_answer *out);

#endif
