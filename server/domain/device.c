#include "server/domain/device.h"

#include "server/domain/api_key.h"
#include "server/domain/audit.h"
#include "server/domain/limits.h"
#include "server/domain/live.h"

bool board_name_is_valid(struct str board)
{
    if (board.len == 0 || board.len > BOARD_NAME_MAX)
        return false;
    for (size_t i = 0; i < board.len; i++) {
        uint8_t c = board.ptr[i];
        if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-'))
            return false;
    }
    return true;
}

static enum err set_token(struct domain *d, int64_t device_id, struct credential *token,
                          int64_t *expires_at_ms)
{
    credential_make(d, CREDENTIAL_REGISTRATION_TOKEN, token);
    *expires_at_ms = d->now_ms + REGISTRATION_TOKEN_MS;
    return sql_registration_token_set(
        d->store, device_id, str_from(token->digest, sizeof token->digest), *expires_at_ms);
}

enum err device_add(struct domain *d, int64_t account_id, struct str name, struct str board,
                    struct device_added *out)
{
    struct sql_device_count_row have;
    if (!label_is_valid(name, DEVICE_NAME_MAX) || !board_name_is_valid(board))
        return ERR_PEER;
    TRY(sql_device_count(d->store, account_id, &have));
    if (have.count >= DEVICES_PER_OWNER)
        return ERR_LIMIT;
    struct str public_id = public_id_make(d, out->public_id);
    out->public_id_len = public_id.len;
    TRY(sql_device_add(d->store, public_id, account_id, name, board, d->now_ms));
    TRY(set_token(d, store_last_id(d->store), &out->token, &out->expires_at_ms));
    return audit_add(d, account_id, STR("device.added"), public_id, name);
}

enum err device_renew_token(struct domain *d, int64_t account_id, int64_t device_id,
                            struct str public_id, struct credential *token, int64_t *expires_at_ms)
{
    TRY(set_token(d, device_id, token, expires_at_ms));
    return audit_add(d, account_id, STR("registration_token.renewed"), public_id, STR_NONE);
}

enum err device_rename(struct domain *d, int64_t account_id, int64_t device_id,
                       struct str public_id, struct str name)
{
    if (!label_is_valid(name, DEVICE_NAME_MAX))
        return ERR_PEER;
    TRY(sql_device_rename(d->store, account_id, device_id, name));
    return audit_add(d, account_id, STR("device.renamed"), public_id, name);
}

enum err device_remove(struct domain *d, int64_t account_id, int64_t device_id,
                       struct str public_id)
{
    TRY(sql_device_remove(d->store, account_id, device_id));
    if (store_changes(d->store) == 0)
        return ERR_NOT_FOUND;
    TRY(audit_add(d, account_id, STR("device.removed"), public_id, STR_NONE));
    live_remove(d->live, device_id);
    return OK;
}

enum err device_set_desired(struct domain *d, int64_t account_id,
                            const struct sql_device_of_owner_row *device, struct str desired,
                            int64_t interval_s, int64_t *version)
{
    int64_t next = device->desired_version + 1;
    TRY(sql_device_set_desired(d->store, account_id, device->id, desired, next, interval_s));
    TRY(audit_add(d, account_id, STR("device.desired"), device->public_id, desired));
    struct live *live = live_find(d->live, device->id);
    if (live != NULL) {
        live->desired_version = next;
        live->interval_s = interval_s;
    }
    *version = next;
    return OK;
}

enum err device_set_reported(struct domain *d, int64_t device_id, struct str reported,
                             int64_t version)
{
    return sql_device_set_reported(d->store, device_id, reported, version, d->now_ms);
}
