/* Rows U1 to U5, A2 and S5: accounts, from the form to the second factor.
 *
 * Owns:     nothing.
 * Promise:  makes no account and causes no mail: what a registration lacks is what is asked about.
 *           A second factor is begun, never turned on.
 * Source:   api/openapi.yaml; SECURITY.md.
 * Watch:    both tries of a registration count with the two a minute that an address has. */
#include <string.h>

#include "common/base/writer.h"
#include "common/crypto/crypto.h"
#include "common/wire/json.h"
#include "queries.h"
#include "server/os/clock.h"
#include "server/prove/inside.h"
#include "server/prove/prove.h"
#include "server/prove/session.h"

/* ---- the registration form ------------------------------------------------------------------- */

#define FORM_MAX     256
#define FORM_AGE_MS  INT64_C(3200) /* younger ones are a program's */
#define BITS_ASKABLE 26            /* more than that is no small proof */

struct form {
    char text[FORM_MAX];
    int64_t bits, fetched_at_ms;
};

static bool read_form(const struct answer *a, struct form *out)
{
    uint8_t scratch[1024];
    struct str name;
    struct json j = json_of(a->body, scratch, sizeof scratch);
    json_object(&j);
    while (json_member(&j, &name)) {
        if (str_eq(name, STR("bits")))
            out->bits = json_int(&j);
        else if (!str_eq(name, STR("form")))
            json_skip(&j);
        else if (str_to_cstr(json_string(&j), out->text, sizeof out->text) != OK)
            json_fail(&j);
    }
    return json_end(&j) == OK && out->text[0] != 0 && out->bits > 0 && out->bits <= BITS_ASKABLE;
}

/* A form that is old enough to be sent. */
static bool fetch_form(struct prove *p, struct form *out, struct finding *f)
{
    memset(out, 0, sizeof *out);
    if (!ask(p, &(struct question){"GET", "/api/v1/registration-form", NULL, NULL}, f))
        return false;
    if (p->answer.status == 403 && body_has(&p->answer, "registration-closed"))
        not_here(f, "registration is closed");
    else if (p->answer.status != 200 || !read_form(&p->answer, out))
        broken(f, "the form is answered %u, or asks for no proof of work", p->answer.status);
    else
        pause_ms(FORM_AGE_MS);
    return out->text[0] != 0 && out->bits > 0;
}

static bool work_is_done(const struct form *form, const char *work)
{
    char text[FORM_MAX + 32];
    uint8_t digest[SHA256_LEN];
    snprintf(text, sizeof text, "%s.%s", form->text, work);
    sha256(str_from_cstr(text), digest);
    for (int64_t i = 0; i < form->bits; i++) {
        if ((digest[i / 8] >> (7 - i % 8) & 1) != 0)
            return false;
    }
    return true;
}

/* The first number that is the proof, or that is not. */
static void find_work(const struct form *form, bool good, char work[static 24])
{
    for (uint64_t i = 0;; i++) {
        snprintf(work, 24, "%llu", (unsigned long long)i);
        if (work_is_done(form, work) == good)
            return;
    }
}

static bool try_registration(struct prove *p, const struct form *form, const char *work,
                             const char *password, struct finding *f)
{
    char body[FORM_MAX + 256];
    snprintf(body, sizeof body,
             "{\"email\":\"%s\",\"password\":\"%s\",\"form\":\"%s\",\"work\":\"%s\","
             "\"website\":\"\"}",
             p->stranger, password, form->text, work);
    if (p->registrations_asked++ == 0)
        p->registrations_since_ms = clock_monotonic_ms();
    return ask(p, &(struct question){"POST", "/api/v1/registration", NULL, body}, f);
}

static bool is_fault_of(const struct answer *a, const char *field)
{
    char member[64];
    snprintf(member, sizeof member, "\"field\":\"%s\"", field);
    return a->status == 422 && body_has(a, member);
}

void check_proof_of_work(struct prove *p, const struct check *self, struct finding *f)
{
    (void)self;
    struct form form;
    char work[24];
    if (!fetch_form(p, &form, f))
        return;
    find_work(&form, false, work);
    if (!try_registration(p, &form, work, "a password that is long enough 7", f))
        return;
    if (is_fault_of(&p->answer, "form"))
        kept(f, "refused without a proof of %d bits", (int)form.bits);
    else
        broken(f, "answered %u", p->answer.status);
}

void check_common_password(struct prove *p, const struct check *self, struct finding *f)
{
    (void)self;
    struct form form;
    char work[24];
    if (!fetch_form(p, &form, f))
        return;
    find_work(&form, true, work);
    if (!try_registration(p, &form, work, "password1234", f))
        return;
    if (is_fault_of(&p->answer, "password"))
        kept(f, "a proof is taken, and the password refused");
    else
        broken(f, "answered %u", p->answer.status);
}

/* ---- links in mails -------------------------------------------------------------------------- */

void check_made_up_link(struct prove *p, const struct check *self, struct finding *f)
{
    (void)self;
    struct question q = {"POST", "/api/v1/confirmation", NULL,
                         "{\"token\":\"oc_mail_0000000000000000000000000000000000000000000\"}"};
    if (!ask(p, &q, f))
        return;
    if (p->answer.status == 410 && body_has(&p->answer, "link-expired"))
        kept(f, "410 link-expired");
    else
        broken(f, "answered %u", p->answer.status);
}

static enum err count_odd_secrets(struct store *s, const struct prove *p, struct store_answer *out)
{
    (void)p;
    struct sql_secrets_at_rest_row row;
    TRY(sql_secrets_at_rest(s, &row));
    out->count = row.odd;
    out->of = row.count;
    return OK;
}

void check_secrets_at_rest(struct prove *p, const struct check *self, struct finding *f)
{
    (void)self;
    struct store_answer a;
    if (!inside_ask_store(p, count_odd_secrets, &a, f))
        return;
    if (a.count > 0)
        broken(f, "%lld of %lld are no digests", (long long)a.count, (long long)a.of);
    else
        kept(f, "%lld of them, each a digest", (long long)a.of);
}

/* ---- second factors -------------------------------------------------------------------------- */

void check_factors(struct prove *p, const struct check *self, struct finding *f)
{
    (void)self;
    if (!session_ask(p, "GET", "/api/v1/factors", NULL, f))
        return;
    if (p->answer.status == 200 && body_has(&p->answer, "\"totp\"") &&
        body_has(&p->answer, "\"passkeys\"") && body_has(&p->answer, "\"recovery_codes_left\""))
        kept(f, "codes of an app, passkeys, recovery codes");
    else
        broken(f, "answered %u", p->answer.status);
}

void check_wrong_code(struct prove *p, const struct check *self, struct finding *f)
{
    (void)self;
    if (!session_ask(p, "POST", "/api/v1/factors/totp", NULL, f))
        return;
    if (p->answer.status != 200) {
        not_here(f, "beginning one is answered %u", p->answer.status);
        return;
    }
    if (!session_ask(p, "POST", "/api/v1/factors/totp/confirmation", "{\"code\":\"000000\"}", f))
        return;
    if (is_fault_of(&p->answer, "code"))
        kept(f, "a wrong code turns nothing on");
    else
        broken(f, "a wrong code is answered %u", p->answer.status);
}

/* ---- sessions -------------------------------------------------------------------------------- */

void check_session_list(struct prove *p, const struct check *self, struct finding *f)
{
    (void)self;
    if (!session_ask(p, "GET", "/api/v1/sessions", NULL, f))
        return;
    if (p->answer.status == 200 && body_has(&p->answer, "\"current\":true"))
        kept(f, "this one is among them");
    else
        broken(f, "answered %u", p->answer.status);
}

void check_session_renewal(struct prove *p, const struct check *self, struct finding *f)
{
    (void)self;
    char body[1024], before[COOKIE_MAX];
    struct str text;
    if (!session_begin(p, f))
        return;
    struct writer w = writer_into(body, sizeof body - 1);
    struct json_out o = json_into(&w);
    json_out_object(&o);
    json_out_name_string(&o, STR("password"), p->password);
    json_out_object_end(&o);
    if (writer_end(&w, &text) != OK) {
        not_here(f, "the password is too long");
        return;
    }
    body[text.len] = 0;
    strcpy(before, p->cookie);
    if (!session_ask(p, "POST", "/api/v1/session/confirmation", body, f))
        return;
    session_renewed(p);
    if (p->answer.status == 401 && body_has(&p->answer, "code-needed"))
        not_here(f, "the account has a second factor");
    else if (p->answer.status == 204 && strcmp(before, p->cookie) != 0)
        kept(f, "whoever proves who they are gets another id");
    else
        broken(f, "answered %u, and the id is %s", p->answer.status,
               strcmp(before, p->cookie) == 0 ? "the same" : "another");
}

/* ---- what is somebody else's ----------------------------------------------------------------- */

void check_strange_device(struct prove *p, const struct check *self, struct finding *f)
{
    (void)self;
    static const char path[] = "/api/v1/devices/dev_000000000000";
    static const char *const methods[] = {"GET", "PATCH", "DELETE"};
    for (size_t i = 0; i < sizeof methods / sizeof methods[0]; i++) {
        if (!session_ask(p, methods[i], path, i == 1 ? "{\"name\":\"mine\"}" : NULL, f))
            return;
        if (p->answer.status != 404) {
            broken(f, "%s is answered %u", methods[i], p->answer.status);
            return;
        }
    }
    kept(f, "404 to GET, PATCH and DELETE");
}
