#include "server/domain/signup.h"

#include "queries.h"
#include "server/domain/account.h"
#include "server/domain/limits.h"
#include "server/domain/mail_token.h"
#include "server/domain/password.h"

static const uint8_t nobody[PEER_LEN];

enum err signup_add(struct domain *d, struct str email, struct str password_hash, int64_t *id)
{
    struct sql_signup_count_row waiting;
    struct str peer = str_from(d->peer == NULL ? nobody : d->peer, PEER_LEN);
    TRY(sql_signup_contest(d->store, email, peer));
    TRY(sql_signup_keep_newest(d->store, email, SIGNUPS_PER_ADDRESS - 1));
    TRY(sql_signup_count(d->store, &waiting));
    if (waiting.count >= SIGNUPS_MAX)
        TRY(sql_signup_drop_oldest(d->store));
    TRY(sql_signup_add(d->store, email, password_hash, peer, d->now_ms, d->now_ms + SIGNUP_MS));
    *id = store_last_id(d->store);
    return OK;
}

enum err signup_find_newest(struct domain *d, struct arena *a, struct str email, struct signup *out)
{
    struct sql_signup_newest_row row;
    TRY(sql_signup_newest(d->store, a, email, d->now_ms, &row));
    *out = (struct signup){.id = row.id, .email = email, .password = row.password};
    return OK;
}

/* ERR_DENIED for what is not there, as for any other link that is not good. */
static enum err find(struct domain *d, struct arena *a, int64_t id, struct signup *out)
{
    struct sql_signup_get_row row;
    struct account taken;
    enum err e = sql_signup_get(d->store, a, id, d->now_ms, &row);
    if (e == ERR_NOT_FOUND)
        return ERR_DENIED;
    TRY(e);
    e = account_find(d, a, row.email, &taken);
    if (e == OK)
        return ERR_DENIED;
    if (e != ERR_NOT_FOUND)
        return e;
    *out = (struct signup){id, row.email, row.password, row.is_disputed == 1};
    return OK;
}

/* Which of the passwords is its owner's, nobody knows: none is, and the owner chooses by mail. */
static enum err add_disputed(struct domain *d, struct arena *a, const struct signup *s)
{
    uint8_t unusable[PASSWORD_HASH_TEXT_MAX];
    struct account account;
    TRY(account_add(d, s->email, password_unusable(d->password_iterations, unusable), false));
    TRY(account_find(d, a, s->email, &account));
    return mail_add(d, &(struct mail_note){.kind = MAIL_RESET,
                                           .to = s->email,
                                           .account_id = account.id,
                                           .subject_id = account.id});
}

enum err signup_confirm(struct domain *d, struct arena *a, int64_t id, struct signup *out)
{
    struct signup s;
    TRY(find(d, a, id, &s));
    TRY(s.is_disputed ? add_disputed(d, a, &s) : account_add(d, s.email, s.password, false));
    TRY(mail_token_drop(d, MAIL_PURPOSE_SIGNUP, id));
    TRY(sql_signup_drop_email(d->store, s.email)); /* links of the others lead nowhere now */
    *out = s;
    return OK;
}

enum err signup_expire(struct domain *d)
{
    return sql_signup_expire(d->store, d->now_ms);
}
