#include "server/api/second_factor.h"

#include "server/api/input.h"
#include "server/api/passkey_use.h"
#include "server/api/rate.h"
#include "server/domain/audit.h"
#include "server/domain/factor.h"

#define CODE_DIGITS 6

static const char wrong_code[] =
    "This code is not right. Take the one that the app shows now, or one of the recovery codes; "
    "each is good once.";
static const char used_code[] = "This code was used before. Wait until the app shows the next one.";
static const char wrong_passkey[] =
    "This passkey could not be checked. Reload the page and try again, or use another factor.";

enum err second_factor_is_missing(struct call *c, int64_t account_id, bool *is_missing)
{
    struct factors f;
    *is_missing = false;
    if (c->d->rules->second_factor == FACTOR_OPTIONAL)
        return OK;
    TRY(factors_of(c->d, account_id, &f));
    *is_missing = f.is_required && !factors_has_one(&f);
    return OK;
}

/* ---- answers --------------------------------------------------------------------------------- */

static enum err answer_needed(struct call *c, int64_t account_id, const struct factors *f)
{
    struct relying_party rp;
    const char *why;
    struct json_out o = answer_problem_begin(
        c, PROBLEM_CODE_NEEDED,
        "The password is right. Send the request again with the code of your authenticator app, a "
        "recovery code, or a passkey.");
    json_out_name(&o, STR("factors"));
    json_out_array(&o);
    if (f->totp_since_ms != 0)
        json_out_string(&o, STR("totp"));
    if (f->recovery_codes > 0)
        json_out_string(&o, STR("recovery"));
    if (f->passkeys > 0)
        json_out_string(&o, STR("passkey"));
    json_out_array_end(&o);
    if (f->passkeys > 0 && relying_party_of(c, &rp, &why)) {
        json_out_name(&o, STR("passkey"));
        TRY(passkey_question(c, &rp, account_id, &o));
    }
    answer_problem_end(c, &o, PROBLEM_CODE_NEEDED);
    return OK;
}

static enum err refuse(struct call *c, int64_t account_id, struct str what, const char *detail)
{
    TRY(audit_add(c->d, account_id, STR("factor.refused"), what, STR_NONE));
    answer_problem(c, PROBLEM_CODE_REFUSED, detail);
    return OK;
}

/* ---- how often ------------------------------------------------------------------------------- */

static struct str bucket_name(struct writer *w, int64_t account_id)
{
    writer_str(w, STR("code "));
    writer_decimal(w, account_id);
    return str_from(w->buf, w->len);
}

/* Counted when it is tried, once; a right one is given back with all before it. */
static bool may_try(struct call *c, int64_t account_id)
{
    uint8_t text[32];
    struct writer w = writer_into(text, sizeof text);
    const struct rate_rule rule = {"codes", c->api->limits.codes_per_15min, 900};
    if (c->errand != NULL && c->errand->vault.is_done)
        return true;
    return rate_takes(c, bucket_name(&w, account_id), &rule,
                      "There were too many wrong codes. Wait as Retry-After says. If that was not "
                      "you, somebody knows the password: change it.");
}

static void forgive(struct call *c, int64_t account_id)
{
    uint8_t text[32];
    struct writer w = writer_into(text, sizeof text);
    rate_forget(c, bucket_name(&w, account_id));
}

/* ---- each kind ------------------------------------------------------------------------------- */

/* What has been asked, and what is found out. */
struct check {
    int64_t account_id;
    enum sign_in_way *way;
    bool *is_enough;
};

static enum err accept(struct call *c, const struct check *k, enum sign_in_way way)
{
    forgive(c, k->account_id);
    *k->way = way;
    *k->is_enough = true;
    return OK;
}

static enum err try_passkey(struct call *c, const struct check *k, struct str json)
{
    struct passkey shown;
    enum err e = passkey_shown(c, json, k->account_id, false, &shown);
    if (e == ERR_DENIED)
        return refuse(c, k->account_id, STR("passkey"), wrong_passkey);
    TRY(e);
    *k->way = SIGNED_IN_WITH_PASSWORD_AND_PASSKEY;
    *k->is_enough = true;
    return OK;
}

static enum err try_recovery(struct call *c, const struct check *k, struct str code)
{
    enum err e = recovery_use(c->d, &c->arena, k->account_id, code);
    if (e == ERR_DENIED)
        return refuse(c, k->account_id, STR("recovery code"), wrong_code);
    TRY(e);
    return accept(c, k, SIGNED_IN_WITH_PASSWORD_AND_RECOVERY_CODE);
}

bool totp_code_read(struct str text, uint32_t *code)
{
    uint32_t value = 0;
    size_t digits = 0;
    for (size_t i = 0; i < text.len; i++) {
        uint8_t b = text.ptr[i];
        if (b == ' ')
            continue; /* as apps show it: 123 456 */
        if (b < '0' || b > '9' || ++digits > CODE_DIGITS)
            return false;
        value = value * 10 + (uint32_t)(b - '0');
    }
    *code = value;
    return digits == CODE_DIGITS;
}

static enum err try_totp(struct call *c, const struct check *k, uint32_t code)
{
    struct totp have;
    struct sealing_answer answer;
    TRY(totp_get(c->d, &c->arena, k->account_id, &have));
    if (have.sealed.len != SEALING_SEALED_LEN)
        return refuse(c, k->account_id, STR("code"), wrong_code);
    struct sealing_question q = sealing_check(k->account_id, have.sealed, code, c->d->now_ms);
    if (!vault_ask(c, &q, &answer))
        return OK;
    if (answer.verdict == SEALING_NOT_OURS) {
        answer_problem(c, PROBLEM_INTERNAL,
                       "The server cannot read what it knows of your app. Use a recovery code or a "
                       "passkey, and tell whoever runs it: the log says more.");
        return OK;
    }
    if (answer.step == 0)
        return refuse(c, k->account_id, STR("code"), wrong_code);
    enum err e = totp_use(c->d, k->account_id, (int64_t)answer.step);
    if (e == ERR_DENIED)
        return refuse(c, k->account_id, STR("code"), used_code);
    TRY(e);
    return accept(c, k, SIGNED_IN_WITH_PASSWORD_AND_CODE);
}

enum err second_factor_ask(struct call *c, int64_t account_id, enum sign_in_way *way,
                           bool *is_enough)
{
    struct factors f;
    struct str code, passkey;
    uint32_t digits;
    const struct check k = {account_id, way, is_enough};
    *way = SIGNED_IN_WITH_PASSWORD;
    *is_enough = false;
    TRY(factors_of(c->d, account_id, &f));
    if (!factors_has_one(&f)) {
        *is_enough = true;
        return OK;
    }
    if (!input_optional_string(c, "code", &code) || !input_optional_object(c, "passkey", &passkey))
        return OK;
    if (passkey.len > 0)
        return try_passkey(c, &k, passkey);
    if (code.len == 0)
        return answer_needed(c, account_id, &f);
    if (!may_try(c, account_id))
        return OK;
    return totp_code_read(code, &digits) ? try_totp(c, &k, digits) : try_recovery(c, &k, code);
}
