/* One thing to do outside, from the core's task to its answer. Shared by the files of this room.
 *
 * Owns:     a copy of the task, its handle of libcurl, what came back.
 * Promise:  what comes back is kept up to CALL_GOT_MAX bytes and no further.
 * Source:   outside.h.
 * Watch:    a mail has a token in it, and a check a secret: copies are wiped. */
#ifndef OC_COURIER_CALL_H
#define OC_COURIER_CALL_H

#include "server/courier/curl_lib.h"
#include "server/courier/resolver.h"
#include "server/ipc/outbound.h"

#define CALL_GOT_MAX       4096
#define OUTSIDE_TEXT_MAX   280
#define OUTSIDE_SECRET_MAX 512

struct smtp_settings {
    char host[OUTSIDE_TEXT_MAX]; /* empty: none */
    uint16_t port;
    bool tls_at_once; /* else STARTTLS */
    char user[OUTSIDE_TEXT_MAX];
    char password[OUTSIDE_SECRET_MAX];
};

struct turnstile_settings {
    char url[OUTSIDE_TEXT_MAX]; /* empty: none */
    char host[OUTSIDE_TEXT_MAX];
    uint16_t port;
    char secret[OUTSIDE_SECRET_MAX];
};

enum call_state {
    CALL_FREE,
    CALL_RESOLVING,
    CALL_UNDER_WAY,
};

struct call {
    enum call_state state;
    int64_t resolve_until_ms;
    uint8_t *copy; /* of the task, as a message; owned */
    size_t copy_len;
    struct outbound_task task; /* looks into copy */
    const struct curl_lib *lib;
    CURL *easy;
    struct curl_slist *resolve, *recipients;
    size_t sent; /* of the message */
    uint8_t got[CALL_GOT_MAX];
    size_t got_len;
    bool got_too_much;
    bool got_continues; /* the last line of a mail server's reply is still to come */
    long code;          /* of that reply */
    char error[CURL_ERROR_SIZE];
};

/* Set the options of c->easy beyond those that all calls have. */
MUST_CHECK enum err smtp_prepare(struct call *c, const struct smtp_settings *s);
MUST_CHECK enum err turnstile_prepare(struct call *c, const struct turnstile_settings *s);

/* What became of it. The text may be a stranger's. */
enum outbound_verdict smtp_verdict(const struct call *c, CURLcode code, struct str *text);
enum outbound_verdict turnstile_verdict(const struct call *c, CURLcode code, struct str *text);

/* HOST and PORT of https://HOST[:PORT]/… ERR_PEER: it has none. */
MUST_CHECK enum err turnstile_place(struct turnstile_settings *s);

/* The answer of siteverify. */
enum outbound_verdict turnstile_read(struct str body, struct str *text);

#endif
