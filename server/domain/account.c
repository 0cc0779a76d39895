#include "server/domain/account.h"

#include "queries.h"
#include "server/domain/audit.h"
#include "server/domain/browser_session.h"
#include "server/domain/known_browser.h"
#include "server/domain/mail_token.h"
#include "server/domain/password.h"

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

/* What a mail cannot carry still happens, and is audited. */
static enum err tell(struct domain *d, const struct account *account, enum mail_kind kind,
                     struct str detail)
{
    struct mail_note note = {
        .kind = kind, .to = account->email, .account_id = account->id, .detail = detail};
    enum err e = mail_add(d, &note);
    return e == ERR_PEER ? OK : e;
}

enum err account_tell(struct domain *d, struct arena *a, int64_t id, enum mail_kind kind,
                      struct str detail)
{
    struct sql_account_by_id_row row;
    TRY(sql_account_by_id(d->store, a, id, &row));
    struct account account = {.id = id, .email = row.email};
    return tell(d, &account, kind, detail);
}

enum err account_signed_in(struct domain *d, int64_t id, bool *is_first)
{
    struct sql_account_signed_in_row row;
    TRY(sql_account_signed_in(d->store, id, &row));
    *is_first = row.signed_in_at_ms == 0;
    return sql_account_set_signed_in(d->store, id, d->now_ms);
}

/* ---- what changes ---------------------------------------------------------------------------- */

/* No link of this kind is good, nor will one be made when a mail that waits leaves. */
static enum err drop_links(struct domain *d, int64_t account_id, enum mail_kind kind)
{
    TRY(mail_token_drop(d, mail_purpose_of(kind), account_id));
    return sql_mail_drop_kind(d->store, mail_kind_name(kind), account_id);
}

enum err account_set_password(struct domain *d, const struct account *account,
                              struct str password_hash, struct str how)
{
    TRY(sql_account_set_password(d->store, account->id, password_hash));
    TRY(drop_links(d, account->id, MAIL_RESET));
    TRY(drop_links(d, account->id, MAIL_CONFIRM_EMAIL));
    TRY(audit_add(d, account->id, STR("password.changed"), account->email, how));
    return tell(d, account, MAIL_PASSWORD_CHANGED, STR_NONE);
}

enum err account_ask_email(struct domain *d, const struct account *account, struct str email,
                           struct str browser)
{
    struct account taken;
    uint8_t block[EMAIL_MAX + PASSWORD_HASH_TEXT_MAX + 64];
    struct arena a = arena_over(block, sizeof block);
    struct mail_note note = {.kind = MAIL_CONFIRM_EMAIL,
                             .to = email,
                             .account_id = account->id,
                             .subject_id = account->id,
                             .detail = browser};
    enum err e = account_find(d, &a, email, &taken);
    if (e != OK && e != ERR_NOT_FOUND)
        return e;
    TRY(drop_links(d, account->id, MAIL_CONFIRM_EMAIL));
    TRY(audit_add(d, account->id, STR("email.asked"), email, STR_NONE));
    TRY(tell(d, account, MAIL_EMAIL_CHANGING, email));
    return e == OK ? OK : mail_add(d, &note); /* whose it is says nobody */
}

enum err account_set_email(struct domain *d, const struct account *account, struct str email)
{
    TRY(sql_account_set_email(d->store, account->id, email));
    TRY(drop_links(d, account->id, MAIL_RESET));
    TRY(drop_links(d, account->id, MAIL_CONFIRM_EMAIL));
    TRY(sql_signup_drop_email(d->store, email));
    TRY(audit_add(d, account->id, STR("email.changed"), email, account->email));
    return tell(d, account, MAIL_EMAIL_CHANGED, email);
}

enum err account_is_last_admin(struct domain *d, const struct account *account, bool *out)
{
    struct sql_account_active_admins_row others;
    TRY(sql_account_active_admins(d->store, account->id, &others));
    *out = account->is_admin && others.count == 0;
    return OK;
}

/* ---- the end --------------------------------------------------------------------------------- */

enum err account_retire(struct domain *d, const struct account *account)
{
    struct store *s = d->store;
    TRY(browser_session_end_all(d, account->id, 0, STR("account removed")));
    TRY(known_browser_forget(d, account->id));
    TRY(sql_api_key_remove_all(s, account->id));
    TRY(sql_device_session_end_owner(s, account->id));
    TRY(sql_registration_token_drop_owner(s, account->id));
    TRY(sql_device_retire_all(s, account->id));
    TRY(mail_token_drop(d, MAIL_PURPOSE_RESET, account->id));
    TRY(mail_token_drop(d, MAIL_PURPOSE_EMAIL, account->id));
    TRY(sql_mail_drop_owner(s, account->id, account->email));
    TRY(sql_signup_drop_email(s, account->email));
    TRY(sql_account_retire(s, account->id, d->now_ms));
    TRY(audit_add(d, account->id, STR("account.removed"), account->email, STR_NONE));
    return tell(d, account, MAIL_ACCOUNT_REMOVED, STR_NONE);
}

enum err account_find_retired(struct domain *d, int64_t *id)
{
    struct sql_account_retired_row row;
    TRY(sql_account_retired(d->store, &row));
    *id = row.id;
    return OK;
}

enum err account_purge(struct domain *d, int64_t id)
{
    TRY(sql_rollup_purge(d->store, id, PURGE_MINUTES));
    if (store_changes(d->store) > 0)
        return OK;
    TRY(sql_device_purge(d->store, id, PURGE_DEVICES));
    if (store_changes(d->store) > 0)
        return OK;
    return sql_account_purge(d->store, id);
}
