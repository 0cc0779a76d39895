#include "server/api/stranger.h"

#include "server/api/honeypot.h"
#include "server/api/input.h"
#include "server/api/router.h"
#include "server/domain/account.h"
#include "server/domain/disposable.h"
#include "server/domain/user_agent.h"

bool stranger_is_heard(struct call *c)
{
    if (!honeypot_has_banned(c) || caller_is_signed_in(c))
        return true;
    answer_problem(c, PROBLEM_ADDRESS_BLOCKED,
                   "Somebody at your address has looked for weak spots here: for a while nothing "
                   "can be asked for there. Whoever runs the server can lift it: oceanremote ban "
                   "lift ADDRESS.");
    return false;
}

bool stranger_shows_work(struct call *c, struct challenge *out)
{
    struct str form, work;
    struct challenge made;
    if (!input_string(c, "form", &form) || !input_string(c, "work", &work))
        return false;
    if (challenge_read(c->api->challenges, CHALLENGE_FORM, form, c->d->now_ms, FORM_LEAST_MS,
                       FORM_MOST_MS, &made) == OK &&
        challenge_work_is_done(form, work, made.bits)) {
        *out = made;
        return true;
    }
    answer_invalid(c, "form",
                   "The form was used, is too old, or its work is not done. Get another from "
                   "GET /api/v1/registration-form, wait three seconds, and send its solution.");
    return false;
}

void stranger_is_served(struct call *c, const struct challenge *form)
{
    challenge_spend(c->api->challenges, form);
    pace_note(&c->api->pace, c->d->now_ms);
}

bool stranger_email(struct call *c, struct str *out)
{
    struct str text;
    uint8_t *normal = arena_alloc(&c->arena, EMAIL_MAX);
    if (!input_string(c, "email", &text))
        return false;
    if (normal != NULL && email_normalise(text, normal, out) == OK)
        return true;
    answer_invalid(c, "email", "Write the e-mail address as NAME@HOST.");
    return false;
}

static bool is_thrown_away(struct str email)
{
    struct str local, host;
    return str_cut(email, '@', &local, &host) && disposable_domain_is_known(host);
}

bool stranger_new_email(struct call *c, struct str *out, const char **warning)
{
    *warning = NULL;
    if (!stranger_email(c, out))
        return false;
    if (c->d->rules->disposable_mail == DISPOSABLE_ALLOW || !is_thrown_away(*out))
        return true;
    if (c->d->rules->disposable_mail == DISPOSABLE_REFUSE) {
        answer_invalid(c, "email",
                       "Addresses of this mail service are thrown away after use. Choose one that "
                       "you keep: without it nobody can give you a new password.");
        return false;
    }
    *warning = "Addresses of this mail service are thrown away after use. When it is gone, nobody "
               "can give you a new password.";
    return true;
}

struct str stranger_browser(struct call *c)
{
    uint8_t text[128];
    struct str out;
    struct writer w = writer_into(text, sizeof text);
    struct user_agent browser = user_agent_read(c->request->field[FIELD_USER_AGENT]);
    writer_str(&w, browser.browser);
    writer_str(&w, STR(" on "));
    writer_str(&w, browser.system);
    return arena_copy(&c->arena, str_from(text, w.len), &out) == OK ? out : STR_NONE;
}

void answer_taken(struct call *c, const char *warning)
{
    struct json_out o = json_into(&c->body);
    json_out_object(&o);
    if (warning != NULL)
        json_out_name_string(&o, STR("warning"), str_from_cstr(warning));
    json_out_object_end(&o);
    answer_json(c, 202);
}
