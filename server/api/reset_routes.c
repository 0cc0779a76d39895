/* A forgotten password: a link by mail, and a new password for whoever follows it.
 *
 * Owns:     nothing.
 * Promise:  whether there is an account is told by mail alone. The link is good for an hour and
 *           once; it changes the password and nothing else: nobody is signed in by it, second
 *           factors stay, everybody who was signed in is not any more.
 * Source:   api/openapi.yaml; SECURITY.md row U2; OWASP ASVS 6.4.3 and 7.4.3.
 * Watch:    an account that is not active gets no link. */
#include "server/api/input.h"
#include "server/api/new_password.h"
#include "server/api/routes.h"
#include "server/api/session_routes.h"
#include "server/api/sign_in_limit.h"
#include "server/api/stranger.h"
#include "server/domain/account.h"
#include "server/domain/audit.h"
#include "server/domain/known_browser.h"
#include "server/domain/mail_allowance.h"
#include "server/domain/mail_token.h"

static enum err send_link(struct call *c, struct str email)
{
    struct mail_note note = {.kind = MAIL_RESET, .to = email, .detail = stranger_browser(c)};
    struct account account = {0};
    bool may_be_sent;
    enum err e = account_find(c->d, &c->arena, email, &account);
    if (e != OK && e != ERR_NOT_FOUND)
        return e;
    TRY(audit_add(c->d, account.id, STR("password.reset_asked"), email, STR_NONE));
    TRY(mail_allowance_take(c->d, email, MAIL_RESET, &may_be_sent));
    if (!account.is_active || !may_be_sent)
        return OK;
    note.account_id = note.subject_id = account.id;
    return mail_add(c->d, &note);
}

enum err password_reset_post(struct call *c)
{
    struct str email;
    struct challenge form;
    if (!stranger_is_heard(c) || !input_is_object(c) || !stranger_email(c, &email) ||
        !stranger_shows_work(c, &form))
        return OK;
    stranger_is_served(c, &form);
    TRY(send_link(c, email));
    answer_taken(c, NULL);
    return OK;
}

/* Whose link it is. ERR_DENIED. */
static enum err account_of_link(struct call *c, struct str text, struct account *out)
{
    struct mail_token token;
    TRY(mail_token_find(c->d, &c->arena, text, 1U << MAIL_PURPOSE_RESET, &token));
    enum err e = account_get(c->d, &c->arena, token.subject_id, out);
    return e == ERR_NOT_FOUND || (e == OK && !out->is_active) ? ERR_DENIED : e;
}

static enum err finish(struct call *c, const struct account *account, struct str hash)
{
    TRY(account_set_password(c->d, account, hash, STR("by a link")));
    TRY(sessions_end_all(c, account->id, 0, STR("password reset")));
    events_end_owner(&c->api->events, &c->api->outlet, account->id);
    TRY(known_browser_forget(c->d, account->id));
    sign_in_forgive(c, account->email); /* whoever guessed at the old one guesses anew */
    answer_empty(c, 204);
    return OK;
}

enum err password_reset_finish_post(struct call *c)
{
    struct str text, hash;
    struct account account;
    if (!stranger_is_heard(c) || !input_is_object(c) || !input_string(c, "token", &text))
        return OK;
    enum err e = account_of_link(c, text, &account);
    if (e == ERR_DENIED) {
        answer_problem(c, PROBLEM_LINK_EXPIRED,
                       "The link was used, or its hour is over. Ask for another.");
        return OK;
    }
    TRY(e);
    return new_password(c, account.email, true, &hash) ? finish(c, &account, hash) : OK;
}
