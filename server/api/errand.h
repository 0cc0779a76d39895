/* What a request waits for elsewhere before it can be answered: a password to compare or to hash,
 * a question to the vault, or to somebody outside.
 *
 * Owns:     a copy of the request; secrets in it are wiped by whoever ends the errand.
 * Promise:  the loop never waits. A handler asks as if the answer were there: the first time it is
 *           not, the errand leaves with the request, and the handler returns. When the errand is
 *           done, the same request runs again from its beginning, credential included, and the same
 *           question has its answer. Answers of earlier errands of a request are kept.
 * Source:   ARCHITECTURE.md: the core is a loop, and a handler is plain sequential C.
 * Watch:    what a handler spends (a token, a code) it spends after its last question. */
#ifndef OC_API_ERRAND_H
#define OC_API_ERRAND_H

#include "server/domain/limits.h"
#include "server/domain/password.h"
#include "server/domain/password_policy.h"
#include "server/ipc/frame.h"
#include "server/ipc/sealing.h"

struct call;

/* Whom an answer is for: an edge's link, and that edge's own request id. An edge that was started
 * anew has the same link and counts its ids from the start: life tells the two apart. */
#define LINK_EVERY UINT32_MAX
struct origin {
    uint32_t link;
    uint64_t id;
    uint32_t life;
};

#define ERRAND_REQUEST_MAX  (16 * 1024)
#define TURNSTILE_TOKEN_MAX 2048

/* Is a person at that browser? Asked outside, by the courier. */
enum turnstile_verdict {
    TURNSTILE_NO,
    TURNSTILE_YES,
    TURNSTILE_UNREACHABLE, /* nobody knows; rules.turnstile_unreachable says what to do */
};

/* What is to be done next. */
enum errand_part {
    ERRAND_HASH,
    ERRAND_VAULT,
    ERRAND_TURNSTILE, /* by the courier, not by the pool */
};

struct errand {
    struct origin origin;
    enum errand_part part;
    bool goes_first;                     /* of somebody who is known: not behind the strangers */
    uint8_t request[ERRAND_REQUEST_MAX]; /* as request_put() wrote it */
    size_t request_len;

    struct hash_errand {
        bool is_done;
        /* compare password with stored; nothing stored: compare nothing */
        uint8_t stored[PASSWORD_HASH_TEXT_MAX];
        size_t stored_len;
        uint8_t password[PASSWORD_MAX];
        size_t password_len;
        /* and hash this one; or the password itself, when it matches a hash that is too weak */
        uint8_t fresh[PASSWORD_MAX + 1]; /* one more than may be, to see that there is */
        size_t fresh_len;
        bool makes; /* fresh is to be judged and hashed, were it empty */
        uint8_t email[EMAIL_MAX];
        size_t email_len;
        uint32_t least; /* characters of fresh */
        bool renews;
        uint32_t iterations; /* of a fresh hash */
        /* the answer */
        enum err verdict; /* OK, ERR_DENIED, ERR_CORRUPT */
        enum password_fault fault;
        uint8_t made[PASSWORD_HASH_TEXT_MAX];
        size_t made_len;
    } hash;

    struct turnstile_errand {
        bool is_done;
        enum turnstile_verdict verdict;
    } turnstile;

    struct vault_errand {
        bool is_done;
        struct sealing_question question; /* its id is the caller's to set */
        enum err verdict;                 /* ERR_AGAIN: the vault is silent */
        struct sealing_answer answer;
    } vault;
};

struct hash_question {
    struct str stored, password; /* compare these; without stored: compare nothing */
    bool renews;                 /* a match with a hash that is too weak is hashed anew */
    struct str fresh;            /* judge and hash this; STR_NONE: nothing */
    struct str fresh_email;      /* of its account: what a password must not contain */
    bool goes_first;             /* of somebody who is known: not behind the strangers */
};

struct hash_answer {
    enum err
        verdict; /* OK, ERR_DENIED (also: the stored hash has changed meanwhile), ERR_CORRUPT */
    enum password_fault fault; /* of fresh; then nothing was made */
    struct str made;           /* a fresh hash, in the errand; empty: none */
};

/* True: the answer. False: asked, or answered 503 because too many ask; the handler returns OK. */
bool hash_ask(struct call *c, const struct hash_question *q, struct hash_answer *out);

/* token: as the browser sent it. True: the verdict. False: as hash_ask(). A token that cannot be
 * one is no person's, and costs no question. */
bool turnstile_ask(struct call *c, struct str token, enum turnstile_verdict *out);

/* The pool's part: do it, and wipe the passwords. salt: random text for a fresh hash. */
void hash_errand_run(struct hash_errand *h, struct str salt);

/* True: the answer, which the caller wipes. False: asked, or answered 503 because the vault is
 * silent or too many ask; the handler returns OK. */
bool vault_ask(struct call *c, const struct sealing_question *q, struct sealing_answer *out);

#endif
