#include "server/prove/session.h"

#include <stdio.h>
#include <string.h>

#include "common/base/writer.h"
#include "common/wire/json.h"

static const char login[] = "/api/v1/login";

/* {"email":…,"password":…} */
static bool login_body(char *room, size_t cap, const char *email, struct str password)
{
    struct writer w = writer_into(room, cap - 1);
    struct json_out o = json_into(&w);
    struct str text;
    json_out_object(&o);
    json_out_name_string(&o, STR("email"), str_from_cstr(email));
    json_out_name_string(&o, STR("password"), password);
    json_out_object_end(&o);
    if (writer_end(&w, &text) != OK)
        return false;
    room[text.len] = 0;
    return true;
}

bool session_try(struct prove *p, const char *email, struct str password, struct finding *f)
{
    char body[1024];
    if (!login_body(body, sizeof body, email, password)) {
        not_here(f, "the address or the password is too long");
        return false;
    }
    return ask(p, &(struct question){"POST", login, NULL, body}, f);
}

bool session_is_possible(struct prove *p, struct finding *f)
{
    if (p->password.len == 0)
        not_here(f, "needs an account: --email E, its password on standard input");
    else if (!verify(p))
        not_here(f, "no password goes to a server whose certificate is not good");
    return p->password.len > 0 && p->is_verified;
}

static struct str session_cookie(const struct answer *a)
{
    struct str value;
    for (size_t i = 0; (value = answer_field(a, "Set-Cookie", i)).len > 0; i++) {
        struct str name, rest;
        str_cut(value, '=', &name, &rest);
        if (str_ends(name, STR("session")))
            return value;
    }
    return STR_NONE;
}

/* Keep the pair of the cookie, and the token, for the questions that follow. */
static void keep_session(struct prove *p)
{
    uint8_t scratch[256];
    struct str pair, rest, name, value = session_cookie(&p->answer);
    struct json j = json_of(p->answer.body, scratch, sizeof scratch);
    str_cut(value, ';', &pair, &rest);
    if (str_to_cstr(value, p->set_cookie, sizeof p->set_cookie) != OK ||
        str_to_cstr(pair, p->cookie, sizeof p->cookie) != OK)
        p->cookie[0] = 0;
    json_object(&j);
    while (json_member(&j, &name)) {
        if (!str_eq(name, STR("csrf")))
            json_skip(&j);
        else if (str_to_cstr(json_string(&j), p->csrf, sizeof p->csrf) != OK)
            json_fail(&j);
    }
    if (json_end(&j) != OK)
        p->csrf[0] = 0;
}

/* Once; what came of it stands in p. */
bool session_begin(struct prove *p, struct finding *f)
{
    if (p->cookie[0] != 0)
        return true;
    if (!session_is_possible(p, f) || !session_try(p, p->email, p->password, f))
        return false;
    if (p->answer.status == 200)
        keep_session(p);
    else
        not_here(f, "the sign-in was answered %u", p->answer.status);
    return p->cookie[0] != 0;
}

void session_fields(const struct prove *p, char fields[static SESSION_FIELDS_MAX])
{
    snprintf(fields, SESSION_FIELDS_MAX, "Cookie: %s\r\nX-CSRF-Token: %s\r\n", p->cookie, p->csrf);
}

bool session_ask(struct prove *p, const char *method, const char *path, const char *body,
                 struct finding *f)
{
    char fields[SESSION_FIELDS_MAX];
    if (!session_begin(p, f))
        return false;
    session_fields(p, fields);
    return ask(p, &(struct question){method, path, fields, body}, f);
}

void session_renewed(struct prove *p)
{
    struct str pair, rest;
    str_cut(session_cookie(&p->answer), ';', &pair, &rest);
    if (pair.len > 0 && str_to_cstr(pair, p->cookie, sizeof p->cookie) != OK)
        p->cookie[0] = 0;
}

/* fields: those of the session that has ended. */
bool session_end(struct prove *p, char fields[static SESSION_FIELDS_MAX], struct finding *f)
{
    session_fields(p, fields);
    p->cookie[0] = 0;
    return ask(p, &(struct question){"POST", "/api/v1/logout", fields, ""}, f);
}

void end_session(struct prove *p)
{
    char fields[SESSION_FIELDS_MAX];
    struct finding unheard;
    if (p->cookie[0] != 0)
        (void)session_end(p, fields, &unheard);
}
