/* An owner's second factors: which there are, the authenticator app, recovery codes.
 *
 * Owns:     nothing.
 * Promise:  a seed leaves the server once, in the answer that shows it, and is a factor only when
 *           its first code was right. The session gets another id with each change.
 * Source:   api/openapi.yaml; SECURITY.md row U4; the key URI format of Google Authenticator.
 * Watch:    passkeys have a file of their own. What holds a seed or a code in clear is wiped. */
#include "common/base/encoding.h"
#include "common/crypto/crypto.h"
#include "queries.h"
#include "server/api/device_json.h"
#include "server/api/factor_routes.h"
#include "server/api/input.h"
#include "server/api/qr.h"
#include "server/api/rate.h"
#include "server/api/routes.h"
#include "server/api/second_factor.h"
#include "server/api/session_routes.h"
#include "server/domain/account.h"
#include "server/domain/factor.h"

#define ISSUER  "OceanRemote"
#define URI_MAX 1024

/* ---- which there are ------------------------------------------------------------------------- */

static enum err passkeys_json(struct call *c, struct json_out *o)
{
    struct cursor cursor;
    struct sql_passkey_list_row row;
    json_out_name(o, STR("passkeys"));
    json_out_array(o);
    TRY(sql_passkey_list(c->d->store, c->account_id, &cursor));
    while (sql_passkey_list_next(&cursor, &row)) {
        json_out_object(o);
        json_out_name_int(o, STR("id"), row.id);
        json_out_name_string(o, STR("name"), row.name);
        json_out_name_time(o, STR("created_at"), row.created_at_ms);
        json_out_name_time(o, STR("last_used_at"), row.last_used_at_ms);
        json_out_object_end(o);
    }
    json_out_array_end(o);
    return cursor_end(&cursor);
}

enum err factors_get(struct call *c)
{
    struct factors f;
    TRY(factors_of(c->d, c->account_id, &f));
    struct json_out o = json_into(&c->body);
    json_out_object(&o);
    json_out_name(&o, STR("totp"));
    json_out_object(&o);
    json_out_name_bool(&o, STR("on"), f.totp_since_ms != 0);
    if (f.totp_since_ms != 0)
        json_out_name_time(&o, STR("since"), f.totp_since_ms);
    json_out_object_end(&o);
    json_out_name_int(&o, STR("recovery_codes_left"), f.recovery_codes);
    TRY(passkeys_json(c, &o));
    json_out_name_bool(&o, STR("required"), f.is_required);
    json_out_object_end(&o);
    answer_json(c, 200);
    return OK;
}

/* ---- the authenticator app ------------------------------------------------------------------- */

static void put_percent(struct writer *w, struct str text)
{
    for (size_t i = 0; i < text.len; i++) {
        uint8_t b = text.ptr[i];
        bool is_plain = (b >= 'a' && b <= 'z') || (b >= 'A' && b <= 'Z') ||
                        (b >= '0' && b <= '9') || b == '-' || b == '.' || b == '_' || b == '~';
        if (is_plain) {
            writer_u8(w, b);
        } else {
            writer_u8(w, '%');
            writer_hex(w, str_from(&b, 1));
        }
    }
}

static void put_uri(struct writer *w, struct str email, struct str key)
{
    writer_str(w, STR("otpauth://totp/" ISSUER ":"));
    put_percent(w, email);
    writer_str(w, STR("?secret="));
    writer_str(w, key);
    writer_str(w, STR("&issuer=" ISSUER "&algorithm=SHA1&digits=6&period=30"));
}

static enum err answer_seed(struct call *c, struct str key, struct str uri)
{
    struct qr qr;
    TRY(qr_make(&c->arena, uri, &qr));
    struct json_out o = json_into(&c->body);
    json_out_object(&o);
    json_out_name_string(&o, STR("secret"), key);
    json_out_name_string(&o, STR("uri"), uri);
    json_out_name(&o, STR("qr"));
    json_out_object(&o);
    json_out_name_int(&o, STR("size"), qr.size);
    json_out_name_string(&o, STR("path"), qr.path);
    json_out_object_end(&o);
    json_out_object_end(&o);
    answer_json(c, 200);
    wipe(c->api->body, c->body.len);
    wipe(c->arena.block, c->arena.used);
    return OK;
}

static enum err show_seed(struct call *c, const uint8_t seed[static SEALING_SEED_LEN])
{
    struct account account;
    uint8_t key[BASE32_LEN(SEALING_SEED_LEN)], uri[URI_MAX];
    struct writer k = writer_into(key, sizeof key), u = writer_into(uri, sizeof uri);
    TRY(account_get(c->d, &c->arena, c->account_id, &account));
    base32_write(&k, str_from(seed, SEALING_SEED_LEN));
    put_uri(&u, account.email, str_from(key, k.len));
    enum err e =
        u.overflow ? ERR_CORRUPT : answer_seed(c, str_from(key, k.len), str_from(uri, u.len));
    wipe(key, sizeof key);
    wipe(uri, sizeof uri);
    return e;
}

enum err totp_post(struct call *c)
{
    struct sealing_answer answer;
    struct sealing_question q = {.verb = SEALING_MAKE, .account_id = c->account_id};
    if (!vault_ask(c, &q, &answer))
        return OK;
    enum err e = totp_begin(c->d, c->account_id, str_from(answer.sealed, sizeof answer.sealed));
    if (e == OK)
        e = show_seed(c, answer.seed);
    wipe(&answer, sizeof answer);
    return e;
}

/* ---- recovery codes -------------------------------------------------------------------------- */

static void codes_json(struct json_out *o, const struct recovery_codes *codes)
{
    json_out_name(o, STR("recovery_codes"));
    json_out_array(o);
    for (size_t i = 0; i < RECOVERY_CODES; i++)
        json_out_string(o, str_from(codes->text[i], RECOVERY_CODE_TEXT_LEN));
    json_out_array_end(o);
}

enum err recovery_codes_json(struct call *c, struct json_out *o)
{
    struct recovery_codes codes;
    enum err e = recovery_make(c->d, &c->arena, c->account_id, &codes);
    if (e == OK)
        codes_json(o, &codes);
    wipe(&codes, sizeof codes);
    return e;
}

static enum err answer_codes(struct call *c)
{
    struct json_out o = json_into(&c->body);
    json_out_object(&o);
    TRY(recovery_codes_json(c, &o));
    json_out_object_end(&o);
    answer_json(c, 200);
    wipe(c->api->body, c->body.len);
    return OK;
}

enum err recovery_codes_post(struct call *c)
{
    struct factors f;
    TRY(factors_of(c->d, c->account_id, &f));
    if (!factors_has_one(&f)) {
        answer_problem(c, PROBLEM_CONFLICT,
                       "Recovery codes stand in for a second factor: add an authenticator app or a "
                       "passkey first.");
        return OK;
    }
    static const struct rate_rule rule = {"recovery-codes", 10,
                                          3600}; /* each set is told by mail */
    return rate_takes_of_account(c, "codes ", &rule) ? answer_codes(c) : OK;
}

/* ---- on and off ------------------------------------------------------------------------------ */

/* It is the caller's own seed that is waiting: wrong codes are as many as they like. */
enum err totp_confirmation_post(struct call *c)
{
    struct str code, sealed;
    uint32_t digits;
    struct sealing_answer answer;
    if (!input_is_object(c) || !input_string(c, "code", &code))
        return OK;
    TRY(totp_pending(c->d, &c->arena, c->account_id, &sealed));
    if (sealed.len != SEALING_SEALED_LEN) {
        answer_problem(c, PROBLEM_CONFLICT,
                       "Begin anew: ask for a key with POST "
                       "/api/v1/factors/totp. One waits for an hour.");
        return OK;
    }
    if (!totp_code_read(code, &digits)) {
        answer_invalid(c, "code", "A code has six digits.");
        return OK;
    }
    struct sealing_question q = sealing_check(c->account_id, sealed, digits, c->d->now_ms);
    if (!vault_ask(c, &q, &answer))
        return OK;
    if (answer.step == 0) {
        answer_invalid(c, "code",
                       "This is not the code that the app shows now. Is the clock of the phone "
                       "right?");
        return OK;
    }
    TRY(totp_activate(c->d, &c->arena, c->account_id, (int64_t)answer.step));
    TRY(session_renew(c));
    return answer_codes(c);
}

void answer_last_factor(struct call *c)
{
    answer_problem(c, PROBLEM_CONFLICT,
                   "This server asks for a second factor, and this is the last one. Add another "
                   "before you remove it.");
}

enum err totp_delete(struct call *c)
{
    enum err e = totp_remove(c->d, &c->arena, c->account_id);
    if (e == ERR_CONFLICT) {
        answer_last_factor(c);
        return OK;
    }
    TRY(e);
    TRY(session_renew(c));
    answer_empty(c, 204);
    return OK;
}
