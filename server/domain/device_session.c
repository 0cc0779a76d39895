#include "server/domain/device_session.h"

#include <stdlib.h>
#include <string.h>

#include "common/base/assert.h"
#include "queries.h"
#include "server/domain/audit.h"

struct exchange {
    uint8_t digest[SHA256_LEN]; /* of its id */
    int64_t expires_at_ms;
    struct scram_exchange scram;
    struct scram_verifier verifier;
    bool is_decoy; /* the device is unknown: the proof will be refused whatever it is */
    int64_t device_id;
    int64_t account_id;
    int64_t interval_s;
    uint8_t registered_mac[MAC_LEN];
    uint8_t public_id[SCRAM_USER_MAX];
    size_t public_id_len;
};

/* Sets of a few, chosen by the digest: found at once however many there are. In a full set the
 * oldest gives way, so that strangers who begin and never finish cannot keep devices out: they
 * would have to fill a set anew within the milliseconds that a device needs. */
#define EXCHANGE_WAYS 16
#define EXCHANGE_SETS (EXCHANGES_MAX / EXCHANGE_WAYS)
struct exchanges {
    struct exchange *sets[EXCHANGE_SETS][EXCHANGE_WAYS];
};

enum err exchanges_new(struct exchanges **out)
{
    *out = calloc(1, sizeof **out);
    return *out == NULL ? ERR_NO_MEMORY : OK;
}

static void exchange_free(struct exchange *e)
{
    if (e != NULL)
        wipe(e, sizeof *e);
    free(e);
}

static struct exchange **set_of(struct exchanges *x, const uint8_t digest[static SHA256_LEN])
{
    return x->sets[(digest[0] | (size_t)digest[1] << 8) % EXCHANGE_SETS];
}

/* Those of one device; 0: all. */
static void forget(struct exchanges *x, int64_t device_id)
{
    for (size_t i = 0; i < EXCHANGES_MAX; i++) {
        struct exchange **e = &x->sets[i / EXCHANGE_WAYS][i % EXCHANGE_WAYS];
        if (*e == NULL || (device_id != 0 && (*e)->device_id != device_id))
            continue;
        exchange_free(*e);
        *e = NULL;
    }
}

void exchanges_forget_all(struct exchanges *x)
{
    forget(x, 0);
}

void exchanges_forget_device(struct exchanges *x, int64_t device_id)
{
    forget(x, device_id);
}

void exchanges_free(struct exchanges *x)
{
    if (x == NULL)
        return;
    exchanges_forget_all(x);
    free(x);
}

static void keep_exchange(struct exchanges *x, struct exchange *e)
{
    struct exchange **set = set_of(x, e->digest);
    size_t at = 0;
    for (size_t i = 0; i < EXCHANGE_WAYS && set[at] != NULL; i++) {
        if (set[i] == NULL || set[i]->expires_at_ms < set[at]->expires_at_ms)
            at = i;
    }
    exchange_free(set[at]);
    set[at] = e;
}

/* Taken out: an exchange is used once. The caller frees it. NULL: none, or too old. */
static struct exchange *take_exchange(struct exchanges *x, const uint8_t digest[static SHA256_LEN],
                                      int64_t now_ms)
{
    struct exchange **set = set_of(x, digest);
    for (size_t i = 0; i < EXCHANGE_WAYS; i++) {
        struct exchange *e = set[i];
        if (e == NULL || memcmp(e->digest, digest, SHA256_LEN) != 0)
            continue;
        set[i] = NULL;
        if (e->expires_at_ms > now_ms)
            return e;
        exchange_free(e);
    }
    return NULL;
}

/* A verifier for a device that does not exist: always the same for the same name, so that asking
 * twice tells nothing. */
static void decoy(const struct domain *d, struct str user, struct exchange *e)
{
    uint8_t mac[SHA256_LEN];
    hmac_sha256(str_from(d->decoy_secret, sizeof d->decoy_secret), user, mac);
    memcpy(e->verifier.salt, mac, sizeof e->verifier.salt);
    e->verifier.iterations = SCRAM_ITERATIONS;
    e->is_decoy = true;
}

static enum err fill_verifier(struct domain *d, struct arena *a, struct str user,
                              struct exchange *e)
{
    struct sql_device_verifier_row row;
    enum err found = sql_device_verifier(d->store, a, user, &row);
    if (found == ERR_NOT_FOUND) {
        decoy(d, user, e);
        return OK;
    }
    TRY(found);
    if (row.salt.len != sizeof e->verifier.salt || row.mac.len != MAC_LEN ||
        row.stored_key.len != SHA256_LEN || row.server_key.len != SHA256_LEN)
        return ERR_CORRUPT;
    memcpy(e->verifier.salt, row.salt.ptr, row.salt.len);
    e->verifier.iterations = (uint32_t)row.iterations;
    memcpy(e->verifier.stored_key, row.stored_key.ptr, SHA256_LEN);
    memcpy(e->verifier.server_key, row.server_key.ptr, SHA256_LEN);
    memcpy(e->registered_mac, row.mac.ptr, MAC_LEN);
    e->device_id = row.id;
    e->account_id = row.account_id;
    e->interval_s = row.interval_s;
    return OK;
}

enum err device_session_begin(struct domain *d, struct exchanges *x, struct arena *a,
                              const struct session_request *request, struct credential *id,
                              struct writer *server_first)
{
    struct str user;
    uint8_t nonce[SCRAM_NONCE_LEN];
    TRY(scram_server_user(request->client_first, &user));
    struct exchange *e = calloc(1, sizeof *e);
    if (e == NULL)
        return ERR_NO_MEMORY;
    ASSERT(user.len <= sizeof e->public_id);
    memcpy(e->public_id, user.ptr, user.len);
    e->public_id_len = user.len;
    enum err err = fill_verifier(d, a, user, e);
    d->entropy(nonce, sizeof nonce);
    if (err == OK)
        err =
            scram_server_first(&e->scram, request->client_first, &e->verifier, nonce, server_first);
    if (err != OK) {
        exchange_free(e);
        return err;
    }
    credential_make(d, CREDENTIAL_EXCHANGE, id);
    memcpy(e->digest, id->digest, sizeof e->digest);
    e->expires_at_ms = d->now_ms + EXCHANGE_MS;
    keep_exchange(x, e);
    return OK;
}

/* The right key from another MAC: a clone, or a board that changed its network chip. */
static enum err alarm_clone(struct domain *d, const struct exchange *e, struct session_opened *out,
                            int64_t *owner_to_alarm)
{
    out->live = live_find(d->live, e->device_id);
    *owner_to_alarm = out->live == NULL ? 0 : e->account_id;
    TRY(audit_add(d, e->account_id, STR("device.clone_alarm"),
                  str_from(e->public_id, e->public_id_len), STR("session from another MAC")));
    return ERR_DENIED;
}

static enum err open_session(struct domain *d, const struct exchange *e,
                             const struct session_request *request, struct session_opened *out)
{
    struct live *live = live_find(d->live, e->device_id);
    if (live == NULL)
        return ERR_DENIED; /* deleted since the first request */
    int64_t expires_at_ms = d->now_ms + DEVICE_SESSION_S * INT64_C(1000);
    if (live->session_count == DEVICE_SESSIONS_MAX)
        TRY(sql_device_session_end(d->store, str_from(live->sessions[0]->digest, SHA256_LEN)));
    credential_make(d, CREDENTIAL_DEVICE_SESSION, &out->session);
    TRY(sql_device_session_add(d->store, str_from(out->session.digest, SHA256_LEN), e->device_id,
                               d->now_ms, expires_at_ms));
    TRY(sql_device_set_session_at(d->store, e->device_id, d->now_ms, request->firmware_version));
    TRY(audit_add(d, e->account_id, STR("device_session.opened"),
                  str_from(e->public_id, e->public_id_len), request->firmware_version));
    TRY(live_session_add(d->live, live, out->session.digest, expires_at_ms));
    live->last_seen_ms = d->now_ms;
    out->live = live;
    out->interval_s = live->interval_s;
    return OK;
}

enum err device_session_open(struct domain *d, struct exchanges *x,
                             const struct session_request *request, struct session_opened *out,
                             struct writer *server_final, int64_t *owner_to_alarm)
{
    uint8_t digest[SHA256_LEN];
    *owner_to_alarm = 0;
    TRY(credential_digest(CREDENTIAL_EXCHANGE, request->exchange, digest));
    struct exchange *e = take_exchange(x, digest, d->now_ms);
    if (e == NULL)
        return ERR_DENIED;
    enum err err = scram_server_final(&e->scram, request->client_final, &e->verifier, server_final);
    if (err == OK && e->is_decoy)
        err = ERR_DENIED;
    if (err == OK && memcmp(e->registered_mac, request->mac, MAC_LEN) != 0)
        err = alarm_clone(d, e, out, owner_to_alarm);
    if (err == OK)
        err = open_session(d, e, request, out);
    exchange_free(e);
    return err;
}

enum err bearer_read(struct str authorization, struct str *credential)
{
    struct str scheme, rest;
    if (!str_cut(authorization, ' ', &scheme, &rest) || !str_eq_nocase(scheme, STR("Bearer")))
        return ERR_DENIED;
    *credential = rest;
    return OK;
}

enum err device_session_find(struct domain *d, struct str authorization, struct str mac,
                             struct live **out)
{
    struct str text;
    uint8_t digest[SHA256_LEN], presented[MAC_LEN];
    TRY(bearer_read(authorization, &text));
    TRY(credential_digest(CREDENTIAL_DEVICE_SESSION, text, digest));
    struct device_session *s = live_session_find(d->live, digest);
    if (s == NULL || s->expires_at_ms <= d->now_ms)
        return ERR_DENIED;
    struct live *live = s->live;
    if (mac_read(mac, presented) == OK && memcmp(presented, live->mac, MAC_LEN) == 0) {
        live->last_seen_ms = d->now_ms;
        *out = live;
        return OK;
    }
    TRY(sql_device_session_end(d->store, str_from(digest, sizeof digest)));
    TRY(audit_add(d, live->account_id, STR("device.clone_alarm"),
                  str_from(live->public_id, live->public_id_len), STR("request with another MAC")));
    live_session_remove(d->live, s);
    *out = live;
    return ERR_CONFLICT;
}

enum err device_session_expire(struct domain *d)
{
    size_t position = 0;
    for (struct live *l; (l = live_next(d->live, &position)) != NULL;) {
        while (l->session_count > 0 && l->sessions[0]->expires_at_ms <= d->now_ms)
            live_session_remove(d->live, l->sessions[0]); /* oldest first: sorted by expiry */
    }
    return sql_device_session_expire(d->store, d->now_ms);
}
