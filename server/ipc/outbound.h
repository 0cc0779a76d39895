/* What the core gives the courier to do outside, and what became of it: one SOCK_SEQPACKET pair.
 *
 * Owns:     nothing; texts are borrowed from the message they were read from.
 * Promise:  one task or one answer a message, read to the last byte or refused; every length has
 *           its bound, and all that the core lets be under way at once fits into the socket.
 * Source:   server/ipc/signing.h for the shape.
 * Watch:    the text of an answer is a stranger's: a line of plain ASCII, made so by the courier
 *           and looked at again here.
 *
 *   task:   u8 kind, u64 id, then  mail:  from, to (str16 each), message (str32)
 *                                  check: peer 16 bytes, token (str16)
 *   answer: u8 verdict, u64 id, text (str16) */
#ifndef OC_IPC_OUTBOUND_H
#define OC_IPC_OUTBOUND_H

#include "common/base/str.h"
#include "common/base/writer.h"

#define OUTBOUND_MAILS_MAX   4  /* under way at once: connections to the mail server, */
#define OUTBOUND_CHECKS_MAX  16 /* and to who verifies that a person is there */
#define OUTBOUND_ADDRESS_MAX 254
#define OUTBOUND_MAIL_MAX    (24 * 1024)
#define OUTBOUND_TOKEN_MAX   2048 /* Turnstile's, by its documentation */
#define OUTBOUND_TEXT_MAX    200
#define OUTBOUND_PEER_LEN    16

#define OUTBOUND_TASK_MAX    (1 + 8 + 2 * (2 + OUTBOUND_ADDRESS_MAX) + 4 + OUTBOUND_MAIL_MAX)
#define OUTBOUND_ANSWER_MAX  (1 + 8 + 2 + OUTBOUND_TEXT_MAX)

enum outbound_kind {
    OUTBOUND_MAIL = 1,
    OUTBOUND_CHECK,
};

struct outbound_task {
    enum outbound_kind kind;
    uint64_t id;                  /* the core's; comes back with the answer */
    struct str from, to, message; /* of a mail: its envelope, and RFC 5322 from From to the end */
    struct str token;             /* of a check, with whose browser it is */
    uint8_t peer[OUTBOUND_PEER_LEN];
};

enum outbound_verdict {
    OUTBOUND_DONE = 1,    /* a mail was taken; a check says yes */
    OUTBOUND_REFUSED,     /* for ever: this mail will never be taken; a check says no */
    OUTBOUND_UNREACHABLE, /* not now; for a mail: try again */
};

struct outbound_answer {
    enum outbound_verdict verdict;
    uint64_t id;
    struct str text; /* why, for whoever runs the server */
};

/* ERR_LIMIT: something is longer than allowed, or the writer is full; the writer is as it was. */
MUST_CHECK enum err outbound_task_put(struct writer *w, const struct outbound_task *t);
MUST_CHECK enum err outbound_answer_put(struct writer *w, const struct outbound_answer *a);

/* A whole message. ERR_PEER: not one. */
MUST_CHECK enum err outbound_task_take(struct str message, struct outbound_task *out);
MUST_CHECK enum err outbound_answer_take(struct str message, struct outbound_answer *out);

/* Text of a stranger as one line of plain ASCII, cut to OUTBOUND_TEXT_MAX. */
struct str outbound_text(struct str outside, uint8_t out[static OUTBOUND_TEXT_MAX]);

#endif
