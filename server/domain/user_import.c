#include "server/domain/user_import.h"

#include "queries.h"
#include "server/domain/account.h"
#include "server/domain/audit.h"
#include "server/domain/password.h"

enum err user_import_begin(struct domain *d, bool makes_admins, struct user_import *out)
{
    struct sql_account_last_row last;
    TRY(sql_account_last(d->store, &last));
    *out = (struct user_import){.makes_admins = makes_admins, .last_before = last.id};
    return OK;
}

static enum err address_of(const struct django_user *u, uint8_t *bytes, struct str *out)
{
    if (email_normalise(str_trim(u->email), bytes, out) == OK)
        return OK;
    return email_normalise(str_trim(u->username), bytes, out);
}

/* Has the address an account, and since when? */
static enum err look_up(struct domain *d, const struct user_import *imp, struct str email,
                        enum import_verdict *out)
{
    uint8_t block[PASSWORD_HASH_TEXT_MAX + 64];
    struct arena a = arena_over(block, sizeof block);
    struct sql_account_by_email_row row;
    enum err e = sql_account_by_email(d->store, &a, email, &row);
    *out = IMPORT_TAKEN;
    if (e == ERR_NOT_FOUND)
        return OK;
    TRY(e);
    *out = row.id > imp->last_before ? IMPORT_TWICE : IMPORT_KNOWN;
    return OK;
}

static enum err add(struct domain *d, struct user_import *imp, const struct django_user *u,
                    struct str email, enum import_verdict *verdict)
{
    uint8_t unusable[PASSWORD_HASH_TEXT_MAX];
    struct str hash = u->password;
    bool is_admin = imp->makes_admins && (u->is_superuser || u->is_staff);
    bool is_known_time = u->joined_at_ms > 0 && u->joined_at_ms < d->now_ms;
    if (password_iterations_of(hash) == 0 || hash.len > PASSWORD_HASH_TEXT_MAX) {
        hash = password_unusable(d->password_iterations, unusable);
        *verdict = IMPORT_TAKEN_TO_RESET;
    }
    TRY(sql_account_add(d->store, email, hash, is_admin, u->is_active,
                        is_known_time ? u->joined_at_ms : d->now_ms));
    imp->inactive += !u->is_active;
    imp->admins += is_admin;
    return audit_add(d, store_last_id(d->store), STR("account.imported"), email,
                     is_admin ? STR("admin") : STR_NONE);
}

enum err user_import_take(struct domain *d, struct user_import *imp, const struct django_user *u,
                          uint8_t bytes[static EMAIL_MAX], struct str *email,
                          enum import_verdict *verdict)
{
    *email = STR_NONE;
    *verdict = IMPORT_NO_ADDRESS;
    if (address_of(u, bytes, email) == OK) {
        TRY(look_up(d, imp, *email, verdict));
        if (*verdict == IMPORT_TAKEN)
            TRY(add(d, imp, u, *email, verdict));
    }
    imp->counts[*verdict]++;
    return OK;
}
