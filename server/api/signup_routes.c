/* Making an account: the form, the registration, the link of the mail.
 *
 *   GET  /api/v1/registration-form   a form, and how much work it asks for
 *   POST /api/v1/registration        form, work, password → a sign-up and a mail
 *   POST /api/v1/confirmation        the token of the mail's link → an account, or another address
 *
 * Owns:     nothing.
 * Promise:  an address that has an account is answered like one that has none, to the byte, and
 *           after the same work; what it is told, it is told by mail. Everything a request does is
 *           one transaction, and it does nothing before all its answers are there.
 * Source:   api/openapi.yaml; SECURITY.md rows U1 to U3; OWASP ASVS 6.3.8.
 * Watch:    the order of what is looked at: form, work, Turnstile, password. What costs
 *           least comes first. */
#include "server/api/input.h"
#include "server/api/new_password.h"
#include "server/api/routes.h"
#include "server/api/stranger.h"
#include "server/domain/account.h"
#include "server/domain/audit.h"
#include "server/domain/mail_allowance.h"
#include "server/domain/mail_token.h"
#include "server/domain/disposable.h"
#include "server/domain/signup.h"
#include "server/domain/signup_watch.h"

/* ---- the form -------------------------------------------------------------------------------- */

static bool is_open(struct call *c)
{
    if (c->d->rules->registration == REGISTRATION_OPEN)
        return true;
    answer_problem(c, PROBLEM_REGISTRATION_CLOSED,
                   "Accounts of this server are made by whoever runs it: ask them for one.");
    return false;
}

static struct str disposable_rule_name(int64_t rule)
{
    switch ((enum disposable_rule)rule) {
    case DISPOSABLE_WARN: break;
    case DISPOSABLE_REFUSE: return STR("refuse");
    case DISPOSABLE_ALLOW: return STR("allow");
    }
    return STR("warn");
}

static void answer_form(struct call *c, struct str form, uint8_t bits)
{
    const struct account_rules *rules = c->d->rules;
    struct json_out o = json_into(&c->body);
    json_out_object(&o);
    json_out_name_string(&o, STR("form"), form);
    json_out_name_int(&o, STR("bits"), bits);
    json_out_name_int(&o, STR("password_min"), rules->password_min);
    json_out_name_string(&o, STR("disposable_mail"), disposable_rule_name(rules->disposable_mail));
    if (rules->has_turnstile)
        json_out_name_string(&o, STR("turnstile_site_key"),
                             str_from_cstr(rules->turnstile_site_key));
    json_out_object_end(&o);
    answer_json(c, 200);
}

/* ?for=mail: not to register, but to have a link mailed to an account that there is. */
enum err registration_form_get(struct call *c)
{
    uint8_t text[CHALLENGE_TEXT_LEN];
    struct str purpose;
    struct api *api = c->api;
    if (query_value(c, STR("for"), &purpose) != OK ||
        (purpose.len > 0 && !str_eq(purpose, STR("mail")))) {
        answer_invalid(c, "for", "Leave it out, or say mail.");
        return OK;
    }
    if (!stranger_is_heard(c) || (purpose.len == 0 && !is_open(c)))
        return OK;
    struct challenge form = {.kind = CHALLENGE_FORM};
    form.bits = pace_bits(&api->pace, c->d->now_ms, api->outlet.is_busy(api->outlet.ctx));
    challenge_make(api->challenges, &form, c->d->now_ms, text);
    answer_form(c, str_from(text, sizeof text), form.bits);
    return OK;
}

/* ---- registering ----------------------------------------------------------------------------- */

/* Of the form's fields, one is hidden from people. Whoever fills it in learns nothing. */
static bool is_trapped(struct call *c, struct str email, enum err *e)
{
    struct str website;
    *e = OK;
    if (!input_optional_string(c, "website", &website))
        return true;
    if (website.len == 0)
        return false;
    *e = audit_add(c->d, 0, STR("signup.trapped"), email, STR_NONE);
    if (*e == OK)
        answer_taken(c, NULL);
    return true;
}

/* Turnstile's word, where it is set up. False: asked, or answered. */
static bool is_person(struct call *c)
{
    struct str token;
    enum turnstile_verdict verdict;
    if (!c->d->rules->has_turnstile)
        return true;
    if (!input_optional_string(c, "turnstile", &token) || !turnstile_ask(c, token, &verdict))
        return false;
    if (verdict == TURNSTILE_YES || (verdict == TURNSTILE_UNREACHABLE &&
                                     c->d->rules->turnstile_unreachable == UNREACHABLE_ACCEPT))
        return true;
    if (verdict == TURNSTILE_NO)
        answer_invalid(c, "turnstile", "The check that a person sits there has failed: try again.");
    else
        answer_problem(c, PROBLEM_BUSY,
                       "The check that a person sits there cannot be made now. Try again later.");
    return false;
}

/* Whose it is, 0: nobody's. */
static enum err owner_of(struct call *c, struct str email, int64_t *id)
{
    struct account account = {0};
    enum err e = account_find(c->d, &c->arena, email, &account);
    *id = account.id;
    return e == ERR_NOT_FOUND ? OK : e;
}

/* Known or not, the same is written; only the mail is another. */
static enum err sign_up(struct call *c, struct str email, struct str password_hash)
{
    struct mail_note note = {
        .kind = MAIL_CONFIRM_SIGNUP, .to = email, .detail = stranger_browser(c)};
    bool may_be_sent;
    TRY(owner_of(c, email, &note.account_id));
    TRY(signup_add(c->d, email, password_hash, &note.subject_id));
    if (note.account_id != 0) {
        note.kind = MAIL_SIGNUP_KNOWN;
        note.subject_id = 0;
    }
    TRY(audit_add(c->d, note.account_id, STR("signup.asked"), email, STR_NONE));
    TRY(signup_watch(c->d, email, c->request->peer));
    TRY(mail_allowance_take(c->d, email, note.kind, &may_be_sent));
    return may_be_sent ? mail_add(c->d, &note) : OK;
}

enum err registration_post(struct call *c)
{
    struct str email, hash;
    struct challenge form;
    enum err trapped;
    const char *warning;
    if (!stranger_is_heard(c) || !is_open(c) || !input_is_object(c) ||
        !stranger_new_email(c, &email, &warning))
        return OK;
    if (is_trapped(c, email, &trapped))
        return trapped;
    if (!stranger_shows_work(c, &form) || !is_person(c) || !new_password(c, email, false, &hash))
        return OK;
    stranger_is_served(c, &form);
    TRY(sign_up(c, email, hash));
    answer_taken(c, warning);
    return OK;
}

/* Another link for a sign-up that waits. */
enum err confirmation_resend_post(struct call *c)
{
    struct mail_note note = {.kind = MAIL_CONFIRM_SIGNUP, .detail = stranger_browser(c)};
    struct challenge form;
    struct signup waiting;
    bool may_be_sent;
    int64_t owner;
    if (!stranger_is_heard(c) || !input_is_object(c) || !stranger_email(c, &note.to) ||
        !stranger_shows_work(c, &form))
        return OK;
    stranger_is_served(c, &form);
    TRY(owner_of(c, note.to, &owner));
    enum err e = signup_find_newest(c->d, &c->arena, note.to, &waiting);
    if (e != OK && e != ERR_NOT_FOUND)
        return e;
    bool waits = e == OK && owner == 0;
    TRY(audit_add(c->d, owner, STR("signup.link_asked"), note.to, STR_NONE));
    TRY(mail_allowance_take(c->d, note.to, note.kind, &may_be_sent));
    if (waits && may_be_sent) {
        note.subject_id = waiting.id;
        TRY(mail_add(c->d, &note));
    }
    answer_taken(c, NULL);
    return OK;
}

/* ---- the link -------------------------------------------------------------------------------- */

static enum err confirm_signup(struct call *c, int64_t id)
{
    struct signup s;
    return signup_confirm(c->d, &c->arena, id, &s);
}

/* ERR_DENIED as well when somebody else has taken the address since. */
static enum err confirm_email(struct call *c, const struct mail_token *token)
{
    struct account account;
    int64_t owner;
    enum err e = account_get(c->d, &c->arena, token->subject_id, &account);
    if (e == ERR_NOT_FOUND || (e == OK && !account.is_active))
        return ERR_DENIED;
    TRY(e);
    TRY(owner_of(c, token->email, &owner));
    return owner == 0 ? account_set_email(c->d, &account, token->email) : ERR_DENIED;
}

static enum err confirm(struct call *c, struct str text)
{
    struct mail_token token;
    TRY(mail_token_find(c->d, &c->arena, text, 1U << MAIL_PURPOSE_SIGNUP | 1U << MAIL_PURPOSE_EMAIL,
                        &token));
    return token.purpose == MAIL_PURPOSE_SIGNUP ? confirm_signup(c, token.subject_id)
                                                : confirm_email(c, &token);
}

enum err confirmation_post(struct call *c)
{
    struct str text;
    if (!stranger_is_heard(c) || !input_is_object(c) || !input_string(c, "token", &text))
        return OK;
    enum err e = confirm(c, text);
    if (e == ERR_DENIED) {
        answer_problem(c, PROBLEM_LINK_EXPIRED,
                       "The link was used, or its 24 hours are over. Try to sign in; if that does "
                       "not work, register again.");
        return OK;
    }
    TRY(e);
    answer_empty(c, 204);
    return OK;
}
