#include "server/domain/browser_session.h"

#include <string.h>

#include "common/base/encoding.h"
#include "queries.h"
#include "server/domain/audit.h"
#include "server/domain/limits.h"

#define CSRF_TOKEN_LEN 24
#define SALT_LEN       32

struct str sign_in_way_name(enum sign_in_way way)
{
    switch (way) {
    case SIGNED_IN_WITH_PASSWORD: return STR("password");
    case SIGNED_IN_WITH_PASSWORD_AND_CODE: return STR("password+code");
    case SIGNED_IN_WITH_PASSWORD_AND_RECOVERY_CODE: return STR("password+recovery-code");
    case SIGNED_IN_WITH_PASSWORD_AND_PASSKEY: return STR("password+passkey");
    case SIGNED_IN_WITH_PASSKEY: return STR("passkey");
    }
    return STR("unknown");
}

static struct str peer_of(const struct domain *d)
{
    static const uint8_t nobody[PEER_LEN];
    return str_from(d->peer == NULL ? nobody : d->peer, PEER_LEN);
}

static struct str digest_of(const struct credential *c)
{
    return str_from(c->digest, sizeof c->digest);
}

/* ---- begin ----------------------------------------------------------------------------------- */

static enum err make_csrf_token(struct domain *d, struct arena *a, struct str *out)
{
    uint8_t random[CSRF_TOKEN_LEN], text[BASE64URL_LEN(CSRF_TOKEN_LEN)];
    d->entropy(random, sizeof random);
    struct writer w = writer_into(text, sizeof text);
    base64url_write(&w, str_from(random, sizeof random));
    return arena_copy(a, str_from(text, w.len), out);
}

/* "password, Firefox on Linux" */
static enum err audit_opened(struct domain *d, const struct sign_in *in, struct str email)
{
    uint8_t text[128];
    struct writer w = writer_into(text, sizeof text);
    writer_str(&w, sign_in_way_name(in->way));
    writer_str(&w, STR(", "));
    user_agent_write(&w, &in->user_agent);
    return audit_add(d, in->account_id, STR("session.opened"), email, str_from(text, w.len));
}

static enum err make_room(struct domain *d, int64_t account_id, int64_t *ended)
{
    struct sql_browser_session_surplus_row row;
    *ended = 0;
    enum err e = sql_browser_session_surplus(d->store, account_id, SESSIONS_PER_OWNER, &row);
    if (e == ERR_NOT_FOUND)
        return OK;
    TRY(e);
    *ended = row.id;
    return browser_session_end(d, account_id, row.id, STR("too many"));
}

enum err browser_session_open(struct domain *d, struct arena *a, const struct sign_in *in,
                              struct str email, struct browser_session *out, int64_t *ended)
{
    struct browser_session s = {
        .account_id = in->account_id, .confirmed_at_ms = d->now_ms, .is_renewed = true};
    TRY(make_csrf_token(d, a, &s.csrf_token));
    TRY(make_room(d, in->account_id, ended));
    credential_make(d, CREDENTIAL_BROWSER_SESSION, &s.cookie);
    memcpy(s.shown, s.cookie.digest, sizeof s.shown);
    TRY(sql_browser_session_add(d->store, in->account_id, digest_of(&s.cookie), s.csrf_token,
                                d->now_ms, peer_of(d), in->user_agent.browser,
                                in->user_agent.system, in->way));
    s.id = store_last_id(d->store);
    TRY(audit_opened(d, in, email));
    *out = s;
    wipe(&s.cookie, sizeof s.cookie);
    return OK;
}

/* ---- whose cookie ---------------------------------------------------------------------------- */

struct found {
    struct sql_browser_session_find_row row;
    uint8_t shown[SHA256_LEN];
    bool is_present; /* the present id, not the one before */
};

static enum err look_up(struct domain *d, struct arena *a, struct str cookie, struct found *out)
{
    TRY(credential_digest(CREDENTIAL_BROWSER_SESSION, cookie, out->shown));
    struct str shown = str_from(out->shown, sizeof out->shown);
    enum err e = sql_browser_session_find(d->store, a, shown, d->now_ms - SESSION_ABSOLUTE_MS,
                                          d->now_ms - SESSION_IDLE_MS, &out->row);
    if (e == ERR_NOT_FOUND)
        return ERR_DENIED;
    TRY(e);
    out->is_present = str_eq(out->row.digest, shown);
    return OK;
}

/* A new id waits for the browser to show it. */
static bool is_pending(const struct found *f)
{
    return f->row.seen_at_ms == 0 && f->row.salt.len == SALT_LEN;
}

static enum err judge(const struct domain *d, const struct found *f)
{
    if (f->is_present || is_pending(f))
        return OK;
    bool is_seen = f->row.seen_at_ms != 0;
    int64_t since_ms = is_seen ? f->row.seen_at_ms : f->row.rotated_at_ms;
    if (d->now_ms < since_ms + SESSION_OVERLAP_MS)
        return OK;
    /* The new one was never shown: with the rights it was lost, and both with it. */
    return is_seen ? ERR_CONFLICT : ERR_DENIED;
}

static struct browser_session session_of(const struct found *f)
{
    struct browser_session s = {.id = f->row.id,
                                .account_id = f->row.account_id,
                                .csrf_token = f->row.csrf_token,
                                .confirmed_at_ms = f->is_present ? f->row.confirmed_at_ms : 0};
    memcpy(s.shown, f->shown, sizeof s.shown);
    return s;
}

enum err browser_session_find(struct domain *d, struct arena *a, struct str cookie,
                              struct browser_session *out)
{
    struct found f;
    TRY(look_up(d, a, cookie, &f));
    enum err e = judge(d, &f);
    *out = session_of(&f);
    return e;
}

/* ---- another id ------------------------------------------------------------------------------ */

static enum err rotate(struct domain *d, struct str cookie, struct browser_session *s)
{
    uint8_t random[SALT_LEN];
    d->entropy(random, sizeof random);
    struct str salt = str_from(random, sizeof random);
    credential_derive(CREDENTIAL_BROWSER_SESSION, cookie, salt, &s->cookie);
    s->is_renewed = true;
    return sql_browser_session_rotate(d->store, s->id, str_from(s->shown, sizeof s->shown),
                                      digest_of(&s->cookie), salt, d->now_ms, s->confirmed_at_ms);
}

static enum err be_used(struct domain *d, const struct found *f, struct str cookie,
                        struct browser_session *s)
{
    if (f->row.last_used_at_ms + SESSION_TOUCH_MS < d->now_ms)
        TRY(sql_browser_session_touch(d->store, s->id, d->now_ms, peer_of(d)));
    if (f->is_present && f->row.rotated_at_ms + SESSION_ROTATE_MS <= d->now_ms)
        return rotate(d, cookie, s);
    if (f->is_present && f->row.seen_at_ms == 0)
        return sql_browser_session_seen(d->store, s->id, d->now_ms);
    return OK;
}

enum err browser_session_use(struct domain *d, struct arena *a, struct str cookie,
                             struct browser_session *out)
{
    struct found f;
    TRY(look_up(d, a, cookie, &f));
    enum err e = judge(d, &f);
    struct browser_session s = session_of(&f);
    if (e == ERR_CONFLICT)
        TRY(browser_session_end(d, s.account_id, s.id, STR("an old cookie was shown: stolen")));
    if (e == OK && !f.is_present && is_pending(&f)) {
        credential_derive(CREDENTIAL_BROWSER_SESSION, cookie, f.row.salt, &s.cookie);
        s.is_renewed = true;
    }
    if (e == OK && !d->storage_is_in_trouble)
        e = be_used(d, &f, cookie, &s);
    *out = s;
    wipe(&s.cookie, sizeof s.cookie);
    return e;
}

enum err browser_session_renew(struct domain *d, struct browser_session *s, int64_t confirmed_at_ms)
{
    credential_make(d, CREDENTIAL_BROWSER_SESSION, &s->cookie);
    s->is_renewed = true;
    s->confirmed_at_ms = confirmed_at_ms;
    return sql_browser_session_rotate(d->store, s->id, str_from(s->shown, sizeof s->shown),
                                      digest_of(&s->cookie), STR_NONE, d->now_ms, confirmed_at_ms);
}

/* ---- end ------------------------------------------------------------------------------------- */

enum err browser_session_end(struct domain *d, int64_t account_id, int64_t id, struct str how)
{
    TRY(sql_browser_session_end(d->store, account_id, id));
    if (store_changes(d->store) == 0)
        return ERR_NOT_FOUND;
    return audit_add(d, account_id, STR("session.ended"), STR_NONE, how);
}

enum err browser_session_end_all(struct domain *d, int64_t account_id, int64_t but_id,
                                 struct str how)
{
    TRY(sql_browser_session_end_all(d->store, account_id, but_id));
    if (store_changes(d->store) == 0)
        return OK;
    return audit_add(d, account_id, STR("session.ended_all"), STR_NONE, how);
}

enum err browser_session_expire(struct domain *d)
{
    return sql_browser_session_expire(d->store, d->now_ms - SESSION_ABSOLUTE_MS,
                                      d->now_ms - SESSION_IDLE_MS);
}
