/* Signing in, and proving again who sits at a browser that is signed in.
 *
 *   POST /api/v1/login                 try_password() → after_password() → sign_in_finish()
 *   POST /api/v1/session/confirmation  try_password() → after_confirming() → confirm()
 *                                      or a passkey alone: confirm_by_passkey() → confirm()
 *
 * Owns:     nothing.
 * Promise:  an address that nobody has is answered like one that somebody has, and after the same
 *           work; how often is asked before any hash.
 * Source:   api/openapi.yaml; SECURITY.md rows U5 and U6; OWASP ASVS 6.3.8 and 7.5.1.
 * Watch:    a handler that asks for a hash runs twice: see errand.h. */
#include "server/api/input.h"
#include "server/api/passkey_use.h"
#include "server/api/routes.h"
#include "server/api/second_factor.h"
#include "server/api/sign_in.h"
#include "server/api/sign_in_limit.h"
#include "server/domain/audit.h"
#include "server/domain/signup.h"

/* ---- the password ---------------------------------------------------------------------------- */

/* Who wants to come in: an account, or nobody, whose password is compared with a decoy. */
struct candidate {
    struct account account;
    bool is_known;   /* there is such an account, and it may be used */
    bool is_pending; /* there is none yet: its address waits to be confirmed */
    struct str name; /* its address, or what was given for one */
    struct str hash; /* to compare with */
    bool goes_first; /* in the queue of hashes */
};

/* Their password is compared all the same: whoever knows it is told what is missing. */
static enum err find_pending(struct call *c, struct candidate *out)
{
    struct signup waiting;
    enum err e = signup_find_newest(c->d, &c->arena, out->name, &waiting);
    if (e == OK) {
        out->is_pending = true;
        out->hash = waiting.password;
    }
    return e == ERR_NOT_FOUND ? OK : e;
}

static enum err find_candidate(struct call *c, struct str email, struct candidate *out)
{
    struct candidate found = {.name = email};
    uint8_t *normal = arena_alloc(&c->arena, EMAIL_MAX);
    uint8_t *decoy = arena_alloc(&c->arena, PASSWORD_HASH_TEXT_MAX);
    if (normal == NULL || decoy == NULL)
        return ERR_NO_MEMORY;
    enum err e = email_normalise(email, normal, &found.name);
    if (e == OK)
        e = account_find(c->d, &c->arena, found.name, &found.account);
    if (e != OK && e != ERR_NOT_FOUND && e != ERR_PEER)
        return e;
    found.is_known = e == OK && found.account.is_active;
    /* A password that nobody can give, as another program may have stored, takes its time too. */
    found.hash = found.is_known && password_iterations_of(found.account.password) > 0
                     ? found.account.password
                     : password_unusable(c->d->password_iterations, decoy);
    if (e == ERR_NOT_FOUND)
        TRY(find_pending(c, &found));
    *out = found;
    return OK;
}

/* True: compared, and *is_right says how. False: asked, or answered; the handler returns OK. */
static bool try_password(struct call *c, const struct candidate *who, struct str password,
                         struct hash_answer *out)
{
    if (password.len > PASSWORD_MAX)
        password = STR_NONE; /* no such password can exist; answered like any wrong one */
    struct hash_question q = {.stored = who->hash,
                              .password = password,
                              .renews = who->is_known,
                              .goes_first = who->goes_first};
    if (!hash_ask(c, &q, out))
        return false;
    if (!who->is_known && !who->is_pending && out->verdict == OK)
        out->verdict = ERR_DENIED;
    return true;
}

static enum err refuse(struct call *c, struct str event, const struct candidate *who)
{
    TRY(audit_add(c->d, who->is_known ? who->account.id : 0, event,
                  str_slice(who->name, 0, EMAIL_MAX), STR_NONE));
    answer_problem(c, PROBLEM_CREDENTIALS_REFUSED,
                   "Check the e-mail address and the password; both are as you chose them when "
                   "the account was made.");
    return OK;
}

/* ---- signing in ------------------------------------------------------------------------------ */

/* The password is right. An account with second factors is asked for one here. */
static enum err after_password(struct call *c, const struct account *account)
{
    enum sign_in_way way;
    bool is_enough;
    TRY(second_factor_ask(c, account->id, &way, &is_enough));
    return is_enough ? sign_in_finish(c, account, way) : OK;
}

static enum err refuse_pending(struct call *c, const struct candidate *who)
{
    TRY(audit_add(c->d, 0, STR("login.pending"), who->name, STR_NONE));
    answer_problem(c, PROBLEM_CONFIRMATION_PENDING,
                   "Follow the link in the mail that was sent to this address, then sign in. It "
                   "can be sent again.");
    return OK;
}

static enum err sign_in(struct call *c, struct str email, struct str password)
{
    struct candidate who;
    struct hash_answer answer;
    bool is_allowed;
    TRY(find_candidate(c, email, &who));
    TRY(sign_in_allows(c, who.name, who.is_known ? who.account.id : 0, &who.goes_first,
                       &is_allowed));
    if (!is_allowed || !try_password(c, &who, password, &answer))
        return OK;
    if (answer.verdict != OK)
        return refuse(c, STR("login.refused"), &who);
    if (who.is_pending)
        return refuse_pending(c, &who);
    if (answer.made.len > 0)
        TRY(account_rehash(c->d, who.account.id, answer.made));
    return after_password(c, &who.account);
}

enum err login_post(struct call *c)
{
    struct str email, password;
    if (!sign_in_is_open(c) || !input_is_object(c) || !input_string(c, "email", &email) ||
        !input_string(c, "password", &password))
        return OK;
    return sign_in(c, email, password);
}

/* ---- proving it again ------------------------------------------------------------------------ */

static enum err confirm(struct call *c)
{
    TRY(browser_session_renew(c->d, &c->session, c->d->now_ms));
    TRY(audit_add(c->d, c->account_id, STR("session.confirmed"), STR_NONE, STR_NONE));
    answer_empty(c, 204);
    return OK;
}

/* The password is right. An account with second factors is asked for one here too. */
static enum err after_confirming(struct call *c, const struct account *account)
{
    enum sign_in_way way;
    bool is_enough;
    TRY(second_factor_ask(c, account->id, &way, &is_enough));
    return is_enough ? confirm(c) : OK;
}

static enum err confirm_by_passkey(struct call *c, struct str passkey)
{
    struct passkey shown;
    enum err e = passkey_shown(c, passkey, c->account_id, true, &shown);
    if (e != ERR_DENIED)
        return e == OK ? confirm(c) : e;
    TRY(audit_add(c->d, c->account_id, STR("session.not_confirmed"), STR("passkey"), STR_NONE));
    answer_problem(c, PROBLEM_CREDENTIALS_REFUSED,
                   "This passkey is not yours, or could not be checked. Try again, or use your "
                   "password.");
    return OK;
}

enum err session_confirmation_post(struct call *c)
{
    struct account caller;
    struct candidate who;
    struct str password, passkey;
    struct hash_answer answer;
    if (!input_is_object(c) || !input_optional_string(c, "password", &password) ||
        !input_optional_object(c, "passkey", &passkey) || !confirmation_allows(c))
        return OK;
    if (password.len == 0 && passkey.len > 0)
        return confirm_by_passkey(c, passkey);
    TRY(account_get(c->d, &c->arena, c->account_id, &caller));
    TRY(find_candidate(c, caller.email, &who));
    who.goes_first = true;
    if (!try_password(c, &who, password, &answer))
        return OK;
    if (answer.verdict != OK)
        return refuse(c, STR("session.not_confirmed"), &who);
    return after_confirming(c, &who.account);
}
