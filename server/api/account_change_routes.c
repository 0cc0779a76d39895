/* What owners change about their own account: password, address, its end.
 *
 * Owns:     nothing.
 * Promise:  whoever sits there has proved lately who they are (CALLER_CONFIRMED); the address of
 *           before is told by mail; whatever else was signed in is not any more.
 * Source:   api/openapi.yaml; SECURITY.md rows U2 and U5; OWASP ASVS 6.2.3, 7.4.3.
 * Watch:    an account that is deleted is deleted at once for everybody; its minutes go in slices
 *           (server/domain/account.h). */
#include "server/api/account_end.h"
#include "server/api/cookie.h"
#include "server/api/input.h"
#include "server/api/new_password.h"
#include "server/api/rate.h"
#include "server/api/routes.h"
#include "server/api/session_routes.h"
#include "server/api/stranger.h"
#include "server/domain/account.h"
#include "server/domain/mail_allowance.h"

enum err account_password_post(struct call *c)
{
    struct account account;
    struct str hash;
    static const struct rate_rule rule = {"password-changes", 5, 600};
    TRY(account_get(c->d, &c->arena, c->account_id, &account));
    if (!input_is_object(c) || !rate_takes_of_account(c, "password ", &rule) ||
        !new_password(c, account.email, true, &hash))
        return OK;
    TRY(account_set_password(c->d, &account, hash, STR("by its owner")));
    TRY(sessions_end_all(c, c->account_id, c->session.id, STR("password changed")));
    TRY(session_renew(c));
    answer_empty(c, 204);
    return OK;
}

/* ---- the address ----------------------------------------------------------------------------- */

/* Mails to strangers leave at an owner's word: few of them. */
static bool may_ask_for_address(struct call *c)
{
    static const struct rate_rule rule = {"address-changes", 5, 3600};
    return rate_takes_of_account(c, "address ", &rule);
}

enum err account_email_post(struct call *c)
{
    struct account account;
    struct str email;
    bool may_be_sent;
    const char *warning;
    TRY(account_get(c->d, &c->arena, c->account_id, &account));
    if (!input_is_object(c) || !stranger_new_email(c, &email, &warning))
        return OK;
    if (str_eq(email, account.email)) {
        answer_invalid(c, "email", "This is the address of your account.");
        return OK;
    }
    if (!may_ask_for_address(c))
        return OK;
    TRY(mail_allowance_take(c->d, email, MAIL_CONFIRM_EMAIL, &may_be_sent));
    if (may_be_sent)
        TRY(account_ask_email(c->d, &account, email, stranger_browser(c)));
    answer_taken(c, warning);
    return OK;
}

/* ---- the end --------------------------------------------------------------------------------- */

/* False after it has been answered. */
static bool names_itself(struct call *c, const struct account *account)
{
    struct str email;
    if (!input_is_object(c) || !stranger_email(c, &email))
        return false;
    if (str_eq(email, account->email))
        return true;
    answer_invalid(c, "email", "Write the address of the account that is to be deleted.");
    return false;
}

enum err account_delete(struct call *c)
{
    struct account account;
    bool is_last_admin;
    TRY(account_get(c->d, &c->arena, c->account_id, &account));
    if (!names_itself(c, &account))
        return OK;
    TRY(account_is_last_admin(c->d, &account, &is_last_admin));
    if (is_last_admin) {
        answer_problem(c, PROBLEM_CONFLICT,
                       "Nobody else may administer this server: make another administrator first, "
                       "with oceanremote user add --admin.");
        return OK;
    }
    TRY(account_retire(c->d, &account));
    account_end(c->api, account.id);
    c->session.is_renewed = false; /* there is nothing to tell any more */
    cookie_remove_session(&c->headers);
    answer_header(c, STR("Clear-Site-Data"), STR("\"cache\", \"cookies\", \"storage\""));
    answer_empty(c, 204);
    return OK;
}
