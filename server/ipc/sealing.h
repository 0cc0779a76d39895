/* What the core asks the vault, and what it gets: one SOCK_SEQPACKET pair, a message a question.
 *
 * Owns:     nothing; both are flat, and may hold a seed in clear: whoever had one wipes it.
 * Promise:  a message is read to its last byte or refused whole; a verb that is unknown, a code of
 *           more than six digits and a sealed seed of another length are no message.
 * Source:   server/ipc/signing.h, whose manners these are.
 * Watch:    a seed in clear is in the answer to MAKE alone: it is shown once, at enrolment.
 *
 *   question: id u64, verb u8, account u64   MAKE: no more   CHECK: now_s u64, code u32, sealed
 *   answer:   id u64, verb u8, verdict u8    MAKE: seed, sealed   CHECK: step u64
 *   An answer with another verdict than SEALING_DONE ends there. */
#ifndef OC_IPC_SEALING_H
#define OC_IPC_SEALING_H

#include "common/base/str.h"
#include "common/base/writer.h"

#define SEALING_SEED_LEN     20
#define SEALING_SEALED_LEN   49 /* server/pki/seal.h */

#define SEALING_QUESTION_MAX (8 + 1 + 8 + 8 + 4 + SEALING_SEALED_LEN)
#define SEALING_ANSWER_MAX   (8 + 1 + 1 + SEALING_SEED_LEN + SEALING_SEALED_LEN)

enum sealing_verb {
    SEALING_MAKE = 1, /* a fresh seed for this account */
    SEALING_CHECK,    /* is this code one of this sealed seed, now? */
};

enum sealing_verdict {
    SEALING_DONE = 1,
    SEALING_NOT_OURS, /* the sealed seed does not open: another key, or another account's */
};

struct sealing_question {
    uint64_t id; /* comes back with the answer */
    enum sealing_verb verb;
    int64_t account_id;
    int64_t now_s;
    uint32_t code;
    uint8_t sealed[SEALING_SEALED_LEN];
};

struct sealing_answer {
    uint64_t id;
    enum sealing_verb verb;
    enum sealing_verdict verdict;
    uint8_t seed[SEALING_SEED_LEN];
    uint8_t sealed[SEALING_SEALED_LEN];
    uint64_t step; /* that the code is of; 0: wrong */
};

/* Is this code one of this sealed seed (SEALING_SEALED_LEN bytes)? */
struct sealing_question sealing_check(int64_t account_id, struct str sealed, uint32_t code,
                                      int64_t now_ms);

/* The writer has room for the largest message. */
void sealing_question_put(struct writer *w, const struct sealing_question *q);
void sealing_answer_put(struct writer *w, const struct sealing_answer *a);

/* A whole message. ERR_PEER: not one. */
MUST_CHECK enum err sealing_question_take(struct str message, struct sealing_question *out);
MUST_CHECK enum err sealing_answer_take(struct str message, struct sealing_answer *out);

#endif
