#include "server/api/sign_in.h"

#include "server/api/cookie.h"
#include "server/api/honeypot.h"
#include "server/api/router.h"
#include "server/api/sign_in_limit.h"
#include "server/domain/known_browser.h"

bool sign_in_is_open(struct call *c)
{
    if (!honeypot_has_banned(c) || caller_is_signed_in(c))
        return true;
    answer_problem(c, PROBLEM_ADDRESS_BLOCKED,
                   "Somebody at your address has looked for weak spots here: for a while nobody "
                   "signs in there. Whoever runs the server can lift it: oceanremote ban lift "
                   "ADDRESS.");
    return false;
}

/* Whoever signs in anew in a browser is done with the session that it had. */
static enum err end_session_before(struct call *c)
{
    struct browser_session before;
    struct str cookie = cookie_session(c->request->field[FIELD_COOKIE]);
    enum err e = browser_session_find(c->d, &c->arena, cookie, &before);
    if (e == ERR_DENIED)
        return OK;
    if (e != OK && e != ERR_CONFLICT)
        return e;
    events_end_session(&c->api->events, &c->api->outlet, before.id);
    return browser_session_end(c->d, before.account_id, before.id, STR("signed in anew"));
}

static enum err tell_of_new_browser(struct call *c, const struct sign_in *in)
{
    uint8_t text[USER_AGENT_TEXT_MAX];
    struct writer w = writer_into(text, sizeof text);
    user_agent_write(&w, &in->user_agent);
    return account_tell(c->d, &c->arena, in->account_id, MAIL_NEW_BROWSER, str_from(text, w.len));
}

static enum err know_browser(struct call *c, const struct sign_in *in, struct str email)
{
    uint8_t digest[SHA256_LEN];
    struct credential fresh;
    bool is_known, is_first;
    struct str cookie = cookie_browser(c->request->field[FIELD_COOKIE]);
    TRY(known_browser_is(c->d, in->account_id, cookie, digest, &is_known));
    TRY(account_signed_in(c->d, in->account_id, &is_first));
    if (!is_known)
        sign_in_forgive(c, email);
    if (!is_known && !is_first)
        TRY(tell_of_new_browser(c, in));
    TRY(known_browser_renew(c->d, in->account_id, cookie, &fresh));
    cookie_set_browser(&c->headers, credential_text(&fresh), KNOWN_BROWSER_MS / 1000);
    wipe(&fresh, sizeof fresh);
    return OK;
}

static void answer_signed_in(struct call *c, struct str email)
{
    struct json_out o = json_into(&c->body);
    json_out_object(&o);
    json_out_name_string(&o, STR("email"), email);
    json_out_name_string(&o, STR("csrf"), c->session.csrf_token);
    json_out_object_end(&o);
    answer_json(c, 200);
}

enum err sign_in_finish(struct call *c, const struct account *account, enum sign_in_way way)
{
    struct sign_in in = {.account_id = account->id,
                         .way = way,
                         .user_agent = user_agent_read(c->request->field[FIELD_USER_AGENT])};
    int64_t ended;
    TRY(end_session_before(c));
    TRY(browser_session_open(c->d, &c->arena, &in, account->email, &c->session, &ended));
    if (ended != 0)
        events_end_session(&c->api->events, &c->api->outlet, ended);
    cookie_set_session(&c->headers, credential_text(&c->session.cookie));
    c->session.is_renewed = false; /* told */
    TRY(know_browser(c, &in, account->email));
    c->account_id = account->id;
    c->by_browser = true;
    answer_signed_in(c, account->email);
    return OK;
}
