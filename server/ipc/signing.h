/* What an edge asks the keyring, and what it gets: one SOCK_SEQPACKET pair an edge.
 *
 * Owns:     nothing; contents and signatures are borrowed from the message they were read from.
 * Promise:  a message is read to its last byte or refused whole; every length has its bound.
 * Source:   relayd ca.c and kore keymgr_openssl.c; SEQPACKET because half a message never arrives.
 * Watch:    a request names a key and no purpose: what a key signs is the keyring's to know. Who is
 *           asking comes from the socket, never from the message.
 *
 *   request: id u64, key 8 bytes, content u16 + bytes      answer: id u64, signature u16 + bytes
 *   1 to SIGNING_BATCH_MAX of them make a message; an empty signature is a refusal. */
#ifndef OC_IPC_SIGNING_H
#define OC_IPC_SIGNING_H

#include "common/base/str.h"
#include "common/base/writer.h"

#define SIGNING_BATCH_MAX   32
#define SIGNING_KEY_LEN     8
#define SIGNING_CONTENT_MAX 146 /* TLS 1.3 with SHA-384: 64 + 33 + 1 + 48 */
#define SIGNING_POINT_LEN   65  /* a public key of P-256: 04, x, y */
#define SIGNATURE_LEN_MAX   72  /* ECDSA with P-256 in DER */

#define SIGNING_REQUEST_MAX (8 + SIGNING_KEY_LEN + 2 + SIGNING_CONTENT_MAX)
#define SIGNING_ANSWER_MAX  (8 + 2 + SIGNATURE_LEN_MAX)
#define SIGNING_MESSAGE_MAX (SIGNING_BATCH_MAX * SIGNING_REQUEST_MAX)

struct signing_request {
    uint64_t id; /* the edge's; comes back with the answer */
    uint8_t key[SIGNING_KEY_LEN];
    struct str content; /* all that is signed, not yet hashed */
};

struct signing_answer {
    uint64_t id;
    struct str signature; /* empty: refused */
};

struct signing_requests {
    size_t count;
    struct signing_request of[SIGNING_BATCH_MAX];
};

struct signing_answers {
    size_t count;
    struct signing_answer of[SIGNING_BATCH_MAX];
};

/* A key's name: the first bytes of the SHA-256 of its public point. */
void signing_key_name(const uint8_t point[static SIGNING_POINT_LEN],
                      uint8_t out[static SIGNING_KEY_LEN]);

/* One more into the message. ERR_LIMIT: something is longer than allowed, or the writer is full. */
MUST_CHECK enum err signing_request_put(struct writer *w, const struct signing_request *r);
MUST_CHECK enum err signing_answer_put(struct writer *w, const struct signing_answer *a);

/* A whole message. ERR_PEER: not one. */
MUST_CHECK enum err signing_requests_take(struct str message, struct signing_requests *out);
MUST_CHECK enum err signing_answers_take(struct str message, struct signing_answers *out);

#endif
