/* What we hand out to get it back soon, with something done to it: a form, a passkey's challenge.
 *
 * Owns:     a key made at start, and the list of those that have been spent.
 * Promise:  only what was made here since the start is good, for its own purpose, once, and between
 *           two ages. Nothing is kept for one that is handed out; 80 bytes for one that is spent.
 * Source:   HMAC (RFC 2104); WebAuthn level 2 section 13.4.3 for challenges.
 * Watch:    the list is bounded: when it is full, everything older than what it forgets is refused,
 *           so that nothing is good twice. */
#ifndef OC_DOMAIN_CHALLENGE_H
#define OC_DOMAIN_CHALLENGE_H

#include "common/base/encoding.h"
#include "common/base/str.h"
#include "common/crypto/crypto.h"

#define CHALLENGE_NONCE_LEN 16
#define CHALLENGE_LEN       (1 + 1 + 8 + 8 + CHALLENGE_NONCE_LEN + SHA256_LEN)
#define CHALLENGE_TEXT_LEN  BASE64URL_LEN(CHALLENGE_LEN)
#define CHALLENGES_SPENT    8192

enum challenge_kind {
    CHALLENGE_FORM = 1,    /* registration and whatever else strangers may have mailed */
    CHALLENGE_PASSKEY_USE, /* sign in, or prove who is there */
    CHALLENGE_PASSKEY_ADD,
};

struct challenge {
    enum challenge_kind kind;
    uint8_t bits; /* of the proof of work that is asked for; 0: none */
    int64_t made_at_ms;
    int64_t account_id; /* for whom; 0: for anybody */
    uint8_t nonce[CHALLENGE_NONCE_LEN];
};

struct challenges;

MUST_CHECK enum err challenges_new(void (*entropy)(void *out, size_t len), struct challenges **out);
void challenges_free(struct challenges *c);

/* kind, bits and account_id are the caller's; the rest is filled in. base64url, CHALLENGE_TEXT_LEN
 * characters. */
void challenge_make(struct challenges *c, struct challenge *what, int64_t now_ms,
                    uint8_t text[static CHALLENGE_TEXT_LEN]);

/* ERR_DENIED: not made here, not of this kind, too old, spent. ERR_AGAIN: too young. */
MUST_CHECK enum err challenge_read(const struct challenges *c, enum challenge_kind kind,
                                   struct str text, int64_t now_ms, int64_t least_ms,
                                   int64_t most_ms, struct challenge *out);

/* It is good no more. */
void challenge_spend(struct challenges *c, const struct challenge *what);

/* Does SHA-256(text "." work) begin with so many zero bits? */
bool challenge_work_is_done(struct str text, struct str work, uint8_t bits);

#endif
