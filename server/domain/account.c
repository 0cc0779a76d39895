#include "server/domain/account.h"

#include "queries.h"
#include "server/domain/audit.h"

/* Deliberately loose: the confirmation mail is the real test. What is refused here could not be
 * delivered, or would change a mail's headers. */
static bool email_byte_is_allowed(uint8_t c)
{
    return c > 0x20 && c != 0x7F && c != '<' && c != '>' && c != '(' && c != ')' && c != ',' &&
           c != ';' && c != ':' && c != '\\' && c != '"';
}

enum err email_normalise(struct str email, uint8_t out[static EMAIL_MAX], struct str *normal)
{
    struct str local, host;
    if (email.len > EMAIL_MAX || !str_is_utf8(email) || !str_cut(email, '@', &local, &host) ||
        local.len == 0 || local.len > 64 || host.len == 0 || str_find(host, '@') != host.len)
        return ERR_PEER;
    for (size_t i = 0; i < email.len; i++) {
        uint8_t c = email.ptr[i];
        if (!email_byte_is_allowed(c))
            return ERR_PEER;
        out[i] = c >= 'A' && c <= 'Z' ? (uint8_t)(c + ('a' - 'A')) : c;
    }
    *normal = str_from(out, email.len);
    return OK;
}

enum err account_add(struct domain *d, struct str email, struct str password_hash, bool is_admin)
{
    TRY(sql_account_add(d->store, email, password_hash, is_admin, true, d->now_ms));
    return audit_add(d, store_last_id(d->store), STR("account.added"), email,
                     is_admin ? STR("admin") : STR_NONE);
}

enum err account_find(struct domain *d, struct arena *a, struct str email, struct account *out)
{
    struct sql_account_by_email_row row;
    TRY(sql_account_by_email(d->store, a, email, &row));
    *out = (struct account){
        .id = row.id, .email = email, .password = row.password, .is_active = row.is_active == 1};
    return OK;
}

enum err account_get(struct domain *d, struct arena *a, int64_t id, struct account *out)
{
    struct sql_account_by_id_row row;
    TRY(sql_account_by_id(d->store, a, id, &row));
    *out = (struct account){.id = id,
                            .email = row.email,
                            .is_admin = row.is_admin == 1,
                            .is_active = row.is_active == 1};
    return OK;
}

enum err account_rehash(struct domain *d, int64_t id, struct str password_hash)
{
    return sql_account_set_password(d->store, id, password_hash);
}

enum err account_tell(struct domain *d, struct arena *a, int64_t id, enum mail_kind kind,
                      struct str detail)
{
    struct sql_account_by_id_row row;
    TRY(sql_account_by_id(d->store, a, id, &row));
    struct mail_note note = {.kind = kind, .to = row.email, .account_id = id, .detail = detail};
    enum err e = mail_add(d, &note);
    return e == ERR_PEER ? OK : e; /* what a mail cannot carry still happens, and is audited */
}

enum err account_signed_in(struct domain *d, int64_t id, bool *is_first)
{
    struct sql_account_signed_in_row row;
    TRY(sql_account_signed_in(d->store, id, &row));
    *is_first = row.signed_in_at_ms == 0;
    return sql_account_set_signed_in(d->store, id, d->now_ms);
}
