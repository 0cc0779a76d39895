#include "server/domain/api_key.h"

#include "common/base/assert.h"
#include "queries.h"
#include "server/domain/audit.h"
#include "server/domain/limits.h"

enum err scope_read(struct str text, enum scope *out)
{
    for (enum scope s = SCOPE_READ; s <= SCOPE_MANAGE; s++) {
        if (str_eq(text, scope_name(s))) {
            *out = s;
            return OK;
        }
    }
    return ERR_PEER;
}

struct str scope_name(enum scope scope)
{
    switch (scope) {
    case SCOPE_READ: return STR("read");
    case SCOPE_CONTROL: return STR("control");
    case SCOPE_MANAGE: return STR("manage");
    }
    return STR_NONE;
}

bool label_is_valid(struct str text, size_t max)
{
    size_t characters = 0;
    if (!str_is_utf8(text))
        return false;
    for (size_t i = 0; i < text.len; i++) {
        if (text.ptr[i] < 0x20 || text.ptr[i] == 0x7F)
            return false;
        characters += (text.ptr[i] & 0xC0) != 0x80; /* every byte but the first begins with 10 */
    }
    return characters > 0 && characters <= max;
}

enum err api_key_add(struct domain *d, int64_t account_id, struct str name, enum scope scope,
                     int64_t days, struct credential *key, int64_t *id)
{
    int64_t expires_at_ms = days == API_KEY_FOR_EVER ? 0 : d->now_ms + days * DAY_MS;
    struct sql_api_key_count_row have;
    ASSERT(days >= 0 && days <= API_KEY_DAYS_MAX);
    if (!label_is_valid(name, API_KEY_NAME_MAX))
        return ERR_PEER;
    TRY(sql_api_key_count(d->store, account_id, &have));
    if (have.count >= API_KEYS_PER_OWNER)
        return ERR_LIMIT;
    credential_make(d, CREDENTIAL_API_KEY, key);
    TRY(sql_api_key_add(d->store, account_id, name, scope,
                        str_from(key->digest, sizeof key->digest), d->now_ms, expires_at_ms));
    *id = store_last_id(d->store);
    return audit_add(d, account_id, STR("api_key.added"), name, scope_name(scope));
}

enum err api_key_find(struct domain *d, struct str key, struct api_key *out)
{
    uint8_t digest[SHA256_LEN];
    struct sql_api_key_find_row row;
    TRY(credential_digest(CREDENTIAL_API_KEY, key, digest));
    enum err e = sql_api_key_find(d->store, str_from(digest, sizeof digest), &row);
    if (e == ERR_NOT_FOUND)
        return ERR_DENIED;
    TRY(e);
    if (row.scope < SCOPE_READ || row.scope > SCOPE_MANAGE)
        return ERR_CORRUPT;
    if (row.expires_at_ms != 0 && row.expires_at_ms <= d->now_ms)
        return ERR_CONFLICT;
    if (row.last_used_at_ms + SESSION_TOUCH_MS < d->now_ms && !d->storage_is_in_trouble)
        TRY(sql_api_key_touch(d->store, row.id, d->now_ms));
    *out = (struct api_key){row.id, row.account_id, (enum scope)row.scope};
    return OK;
}

enum err api_key_remove(struct domain *d, int64_t account_id, int64_t id)
{
    uint8_t block[API_KEY_NAME_MAX * 4 + 16]; /* characters of UTF-8 */
    struct arena a = arena_over(block, sizeof block);
    struct sql_api_key_name_row row;
    TRY(sql_api_key_name(d->store, &a, account_id, id, &row));
    TRY(sql_api_key_remove(d->store, account_id, id));
    return audit_add(d, account_id, STR("api_key.removed"), row.name, STR_NONE);
}
