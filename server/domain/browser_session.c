#include "server/domain/browser_session.h"

#include <string.h>

#include "common/base/encoding.h"
#include "queries.h"
#include "server/domain/audit.h"
#include "server/domain/limits.h"

#define CSRF_TOKEN_LEN 24

enum err browser_session_open(struct domain *d, struct arena *a, int64_t account_id,
                              struct str email, struct credential *cookie,
                              struct browser_session *out)
{
    uint8_t random[CSRF_TOKEN_LEN], text[BASE64URL_LEN(CSRF_TOKEN_LEN)];
    struct browser_session s = {.account_id = account_id};
    d->entropy(random, sizeof random);
    struct writer w = writer_into(text, sizeof text);
    base64url_write(&w, str_from(random, sizeof random));
    TRY(arena_copy(a, str_from(text, w.len), &s.csrf_token));
    credential_make(d, CREDENTIAL_BROWSER_SESSION, cookie);
    memcpy(s.digest, cookie->digest, sizeof s.digest);
    TRY(sql_browser_session_add(d->store, str_from(s.digest, sizeof s.digest), account_id,
                                s.csrf_token, d->now_ms));
    TRY(audit_add(d, account_id, STR("session.opened"), email, STR("password")));
    *out = s;
    return OK;
}

enum err browser_session_find(struct domain *d, struct arena *a, struct str cookie,
                              struct browser_session *out)
{
    struct browser_session s = {0};
    struct sql_browser_session_find_row row;
    TRY(credential_digest(CREDENTIAL_BROWSER_SESSION, cookie, s.digest));
    struct str digest = str_from(s.digest, sizeof s.digest);
    enum err e = sql_browser_session_find(d->store, a, digest, d->now_ms - SESSION_ABSOLUTE_MS,
                                          d->now_ms - SESSION_IDLE_MS, &row);
    if (e == ERR_NOT_FOUND)
        return ERR_DENIED;
    TRY(e);
    if (row.last_used_at_ms + SESSION_TOUCH_MS < d->now_ms && !d->storage_is_in_trouble)
        TRY(sql_browser_session_touch(d->store, digest, d->now_ms));
    s.account_id = row.account_id;
    s.csrf_token = row.csrf_token;
    s.confirmed_at_ms = row.created_at_ms;
    *out = s;
    return OK;
}

enum err browser_session_end(struct domain *d, const struct browser_session *s)
{
    TRY(sql_browser_session_end(d->store, str_from(s->digest, sizeof s->digest)));
    return audit_add(d, s->account_id, STR("session.ended"), STR_NONE, STR("signed out"));
}

enum err browser_session_expire(struct domain *d)
{
    return sql_browser_session_expire(d->store, d->now_ms - SESSION_ABSOLUTE_MS,
                                      d->now_ms - SESSION_IDLE_MS);
}
