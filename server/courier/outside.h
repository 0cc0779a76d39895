/* Everything that leaves the machine: mails by SMTP, and the question whether a person is there.
 *
 * Owns:     libcurl, the calls under way, their names' resolvers.
 * Promise:  every task gets exactly one answer, in bounded time, unless the process ends. Always
 *           TLS, with the certificate and the host's name verified: there is no switch. A server
 *           that is slow holds up nobody else.
 * Source:   RFC 5321, 3207 (STARTTLS), 8314 (TLS from the start), 4954 (AUTH); libcurl's multi
 *           interface; Cloudflare's siteverify.
 * Watch:    outside_open() before the sandbox, outside_begin() within it but before it is sealed.
 *           Without settings for either nothing is loaded and no thread is made. What is under way
 *           cannot be called off: libcurl would give the server a mail that ends too early. Whoever
 *           cannot wait ends the process, and the kernel breaks the connections. */
#ifndef OC_COURIER_OUTSIDE_H
#define OC_COURIER_OUTSIDE_H

#include <poll.h>

#include "server/courier/call.h"

#define OUTSIDE_PORTS_MAX 3

typedef void outside_answer_fn(void *ctx, const struct outbound_answer *a);

/* libcurl waits within itself for the reply to a whole mail: once a second it calls this. What it
 * calls must not come back here; it may end the process. */
typedef void outside_meanwhile_fn(void *ctx);

struct outside_name {
    struct resolver *resolver;
    bool has_failed; /* it could not be looked up lately */
};

struct outside {
    struct smtp_settings smtp;
    struct turnstile_settings turnstile;
    struct curl_lib lib;
    CURLM *multi;        /* NULL: nothing is ever called */
    struct curl_blob ca; /* PEM; kept */
    int wake_fd;         /* an answer about a name */
    struct outside_name smtp_name, turnstile_name;
    struct call calls[OUTBOUND_MAILS_MAX + OUTBOUND_CHECKS_MAX];
    outside_answer_fn *answer;
    outside_meanwhile_fn *meanwhile;
    void *ctx; /* of both */
};

/* Settings are o->smtp and o->turnstile; ca_file: PEM of the authorities that are believed. On
 * failure *problem says why. */
MUST_CHECK enum err outside_open(struct outside *o, const char *ca_file, const char **problem);

/* TCP ports that it will connect to, name servers included; how many. */
size_t outside_ports(const struct outside *o, uint16_t ports[static OUTSIDE_PORTS_MAX]);

MUST_CHECK enum err outside_begin(struct outside *o, outside_answer_fn *answer,
                                  outside_meanwhile_fn *meanwhile, void *ctx);

/* What is in the task is copied. */
void outside_take(struct outside *o, const struct outbound_task *t, int64_t now_ms);

/* Wait for these descriptors and for what is under way, then go on with it. */
void outside_wait(struct outside *o, struct pollfd *fds, size_t count);
void outside_go_on(struct outside *o, int64_t now_ms);

bool outside_is_idle(const struct outside *o);

#endif
