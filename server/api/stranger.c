#include "server/api/stranger.h"

#include "server/api/honeypot.h"
#include "server/api/input.h"
#include "server/api/router.h"
#include "server/domain/account.h"

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

void answer_taken(struct call *c)
{
    writer_str(&c->body, STR("{}"));
    answer_json(c, 202);
}
