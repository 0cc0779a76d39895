#include "server/domain/registration.h"

#include <string.h>

#include "queries.h"
#include "server/domain/audit.h"

static enum err refuse(struct domain *d, const struct sql_registration_token_find_row *token,
                       struct str reason, struct str mac)
{
    TRY(sql_registration_token_refuse(d->store, token->device_id, d->now_ms, reason, mac));
    TRY(audit_add(d, token->account_id, STR("registration.refused"), token->public_id, reason));
    return ERR_DENIED;
}

/* The answer may have been lost: the same board asks again before it ever used its key. */
static bool is_retry(const struct domain *d, const struct sql_registration_token_find_row *token,
                     struct str mac)
{
    return str_eq(token->spent_mac, mac) && token->session_at_ms == 0 &&
           d->now_ms - token->spent_at_ms <= REGISTRATION_RETRY_MS;
}

static enum err issue_key(struct domain *d, const struct sql_registration_token_find_row *token,
                          const struct register_request *request, struct registration *out)
{
    struct scram_verifier v;
    credential_make(d, CREDENTIAL_DEVICE_KEY, &out->key);
    d->entropy(out->salt, sizeof out->salt);
    scram_derive_verifier(credential_text(&out->key), out->salt, SCRAM_ITERATIONS, &v);
    enum err e = sql_device_set_identity(
        d->store, token->device_id, d->now_ms, str_from(request->mac, MAC_LEN), request->chip,
        request->firmware_version, str_from(v.salt, sizeof v.salt), v.iterations,
        str_from(v.stored_key, sizeof v.stored_key), str_from(v.server_key, sizeof v.server_key));
    wipe(&v, sizeof v);
    return e;
}

enum err registration_redeem(struct domain *d, struct arena *a,
                             const struct register_request *request, struct registration *out,
                             int64_t *account_id)
{
    uint8_t digest[SHA256_LEN];
    struct sql_registration_token_find_row token;
    struct str mac = str_from(request->mac, MAC_LEN);
    *account_id = 0;
    TRY(credential_digest(CREDENTIAL_REGISTRATION_TOKEN, request->registration_token, digest));
    enum err e = sql_registration_token_find(d->store, a, str_from(digest, sizeof digest), &token);
    if (e == ERR_NOT_FOUND)
        return ERR_DENIED;
    TRY(e);
    *account_id = token.account_id;
    out->public_id = token.public_id;
    if (token.spent_at_ms > 0 && !is_retry(d, &token, mac))
        return refuse(d, &token, STR("used"), mac);
    if (token.spent_at_ms == 0 && d->now_ms >= token.expires_at_ms)
        return refuse(d, &token, STR("expired"), mac);

    int64_t spent_at_ms = token.spent_at_ms > 0 ? token.spent_at_ms : d->now_ms;
    TRY(sql_registration_token_spend(d->store, token.device_id, spent_at_ms, mac));
    TRY(sql_device_session_end_all(d->store, token.device_id));
    TRY(issue_key(d, &token, request, out));
    TRY(audit_add(d, token.account_id, STR("device.registered"), token.public_id, request->chip));
    TRY(live_add(d, token.device_id, token.account_id, token.public_id, request->mac,
                 token.interval_s, &out->live));
    out->live->registered_at_ms = d->now_ms;
    out->live->desired_version = token.desired_version; /* it may have been set before */
    out->interval_s = token.interval_s;
    return OK;
}
