/* How the three files of the client share it: client.c runs it, requests.c asks, answers.c listens.
 *
 * Owns:     nothing; included by those three only.
 * Promise:  none to anybody else.
 * Source:   firmware/include/oceanremote/client.h.
 * Watch:    times are of the port's monotonic clock. */
#ifndef OC_FIRMWARE_CLIENT_PARTS_H
#define OC_FIRMWARE_CLIENT_PARTS_H

#include "firmware/core/http.h"
#include "firmware/include/oceanremote/client.h"

#define RETRY_MIN_MS      1000
#define RETRY_MAX_MS      300000
#define REFUSED_RETRY_MS  60000 /* the owner has to act; asking faster helps nobody */
#define OPEN_TIMEOUT_MS   15000
#define ANSWER_TIMEOUT_MS 10000
#define HOLD_MAX_S        60 /* how late a dead link is noticed */

/* -- client.c -- */
int64_t client_now(const struct oc_client *c);
uint32_t client_interval_s(const struct oc_client *c);

/* A random number below bound; for jitter only, so a missing source means the middle. */
uint32_t client_jitter(const struct oc_client *c, uint32_t bound);

/* Close the link and come back later: after `at_least_ms`, or what repeated failures ask for. */
void client_fail(struct oc_client *c, struct str why, int64_t at_least_ms);

/* The server does not know our key. With a registration token at hand the next connection registers
 * anew; otherwise the owner has to act. */
void client_key_refused(struct oc_client *c, struct str detail);

void client_log(const struct oc_client *c, struct str line);

/* -- requests.c: what is to be asked next, written into c->out; false for nothing -- */
bool client_ask(struct oc_client *c);

/* -- answers.c -- */
void client_hear(struct oc_client *c, enum oc_request asked, const struct http_answer *answer);

#endif
