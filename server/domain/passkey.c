#include "server/domain/passkey.h"

#include "queries.h"
#include "server/domain/account.h"
#include "server/domain/api_key.h"
#include "server/domain/audit.h"
#include "server/domain/factor.h"

enum err passkey_handle(struct domain *d, struct arena *a, int64_t account_id, struct str *out)
{
    struct sql_passkey_handle_get_row row;
    uint8_t fresh[PASSKEY_HANDLE_LEN];
    d->entropy(fresh, sizeof fresh);
    TRY(sql_passkey_handle_set(d->store, account_id, str_from(fresh, sizeof fresh)));
    TRY(sql_passkey_handle_get(d->store, a, account_id, &row));
    *out = row.handle;
    return OK;
}

/* What the mail says: its name alone would say little. */
static enum err tell(struct domain *d, struct arena *a, int64_t account_id, enum mail_kind kind,
                     struct str name)
{
    uint8_t text[MAIL_DETAIL_MAX];
    struct writer w = writer_into(text, sizeof text);
    writer_str(&w, STR("the passkey \xE2\x80\x9C"));
    writer_str(&w, name);
    writer_str(&w, STR("\xE2\x80\x9D"));
    return account_tell(d, a, account_id, kind, str_from(text, w.len));
}

enum err passkey_add(struct domain *d, struct arena *a, int64_t account_id,
                     const struct passkey_new *fresh, int64_t *id)
{
    struct factors have;
    if (!label_is_valid(fresh->name, PASSKEY_NAME_MAX))
        return ERR_PEER;
    TRY(factors_of(d, account_id, &have));
    if (have.passkeys >= PASSKEYS_PER_OWNER)
        return ERR_LIMIT;
    TRY(sql_passkey_add(d->store, account_id, fresh->name, fresh->credential_id, fresh->algorithm,
                        fresh->public_key, fresh->sign_count, d->now_ms));
    *id = store_last_id(d->store);
    TRY(audit_add(d, account_id, STR("factor.added"), STR("passkey"), fresh->name));
    return tell(d, a, account_id, MAIL_FACTOR_ADDED, fresh->name);
}

enum err passkey_find(struct domain *d, struct arena *a, struct str credential_id,
                      struct passkey *out)
{
    struct sql_passkey_find_row row;
    TRY(sql_passkey_find(d->store, a, credential_id, &row));
    *out = (struct passkey){.id = row.id,
                            .account_id = row.account_id,
                            .name = row.name,
                            .algorithm = (int)row.algorithm,
                            .public_key = row.public_key,
                            .sign_count = row.sign_count,
                            .handle = row.handle};
    return OK;
}

enum err passkey_use(struct domain *d, const struct passkey *p, int64_t sign_count)
{
    bool counts = p->sign_count != 0 || sign_count != 0;
    if (counts && sign_count <= p->sign_count) {
        TRY(audit_add(d, p->account_id, STR("passkey.copied"), p->name, STR("refused")));
        return ERR_DENIED;
    }
    return sql_passkey_use(d->store, p->id, sign_count, d->now_ms);
}

enum err passkey_rename(struct domain *d, int64_t account_id, int64_t id, struct str name)
{
    if (!label_is_valid(name, PASSKEY_NAME_MAX))
        return ERR_PEER;
    TRY(sql_passkey_rename(d->store, account_id, id, name));
    if (store_changes(d->store) == 0)
        return ERR_NOT_FOUND;
    return audit_add(d, account_id, STR("passkey.renamed"), name, STR_NONE);
}

enum err passkey_remove(struct domain *d, struct arena *a, int64_t account_id, int64_t id)
{
    struct sql_passkey_name_row row;
    TRY(sql_passkey_name(d->store, a, account_id, id, &row));
    TRY(factors_may_lose_one(d, account_id));
    TRY(sql_passkey_remove(d->store, account_id, id));
    TRY(factors_lost_one(d, account_id));
    TRY(audit_add(d, account_id, STR("factor.removed"), STR("passkey"), row.name));
    return tell(d, a, account_id, MAIL_FACTOR_REMOVED, row.name);
}
