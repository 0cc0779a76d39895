#include "server/domain/mail_token.h"

#include "queries.h"

enum err mail_token_make(struct domain *d, enum mail_purpose purpose, int64_t subject_id,
                         struct str email, int64_t expires_at_ms, struct credential *out)
{
    credential_make(d, CREDENTIAL_MAIL_TOKEN, out);
    return sql_mail_token_add(d->store, str_from(out->digest, sizeof out->digest), purpose,
                              subject_id, email, expires_at_ms);
}

enum err mail_token_find(struct domain *d, struct arena *a, struct str text, unsigned purposes,
                         struct mail_token *out)
{
    uint8_t digest[SHA256_LEN];
    struct sql_mail_token_find_row row;
    TRY(credential_digest(CREDENTIAL_MAIL_TOKEN, text, digest));
    enum err e = sql_mail_token_find(d->store, a, str_from(digest, sizeof digest), d->now_ms, &row);
    if (e == ERR_NOT_FOUND)
        return ERR_DENIED;
    TRY(e);
    if (row.purpose < 0 || row.purpose > MAIL_PURPOSE_EMAIL || (purposes >> row.purpose & 1) == 0)
        return ERR_DENIED;
    *out = (struct mail_token){(enum mail_purpose)row.purpose, row.subject_id, row.email};
    return OK;
}

enum err mail_token_drop(struct domain *d, enum mail_purpose purpose, int64_t subject_id)
{
    return sql_mail_token_drop(d->store, purpose, subject_id);
}

enum err mail_token_expire(struct domain *d)
{
    return sql_mail_token_expire(d->store, d->now_ms);
}
