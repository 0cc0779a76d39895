/* A domain to test in: a database of its own, time and chance in the test's hands.
 *
 * Owns:     a temporary directory with the database, removed by house_close().
 * Promise:  the same seed gives the same secrets; time stands still unless the test moves it. What
 *           the test does not examine must succeed: a failure there ends the program and says
 * where. Source:   server/process/core.c for the order in which a core starts. Watch:    entropy
 * has no context, so there is one house at a time. */
#ifndef OC_TESTS_SUPPORT_HOUSE_H
#define OC_TESTS_SUPPORT_HOUSE_H

#include "queries.h"
#include "server/domain/account.h"
#include "server/domain/device.h"
#include "server/domain/device_session.h"
#include "server/domain/ranges.h"
#include "server/domain/registration.h"
#include "server/domain/telemetry.h"

#define HOUSE_START_MS INT64_C(1795363200000) /* 2026-11-22 16:00:00 UTC, a whole hour */

struct house {
    struct domain d;
    struct account_rules rules;
    struct exchanges *exchanges;
    char dir[64];
    char path[96];
    struct arena arena;
    uint8_t block[256 * 1024];
};

struct house_device {
    int64_t id;
    int64_t account_id;
    uint8_t mac[MAC_LEN];
    uint8_t public_id[PUBLIC_ID_MAX];
    size_t public_id_len;
    struct credential token;
    struct registration registered;
    struct session_opened session;
};

#define HOUSE_MUST(expr) house_must(expr, #expr, __FILE__, __LINE__)
void house_must(enum err e, const char *what, const char *file, int line);

void house_open(struct house *h);
void house_close(struct house *h);

/* One batch of the core. A rollback throws memory away too, as the core does. */
void house_begin(struct house *h);
void house_commit(struct house *h);
void house_rollback(struct house *h);

/* kill -9 and a new start: what was not committed is gone, memory is loaded anew. */
void house_restart(struct house *h);

void house_pass(struct house *h, int64_t ms);

/* Numbers that follow from the seed; 0 <= result < below. */
void house_seed(uint64_t seed);
uint64_t house_random(uint64_t below);

/* Each in the open transaction. */
int64_t house_account(struct house *h, const char *email);
void house_add_device(struct house *h, int64_t account_id, struct house_device *out);
enum err house_redeem(struct house *h, struct house_device *dev);
void house_register(struct house *h, int64_t account_id, uint8_t mac_end, struct house_device *out);

/* The device's side of SCRAM with this key, and the server's. */
enum err house_sign_in(struct house *h, struct house_device *dev, struct str key,
                       int64_t *owner_to_alarm);
struct str house_public_id(const struct house_device *dev);

/* The only row and column of a question in SQL, for what no query of the server asks. */
int64_t house_ask(struct house *h, const char *sql);

#endif
