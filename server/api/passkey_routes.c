/* Passkeys: adding one, naming it, removing it, and signing in with nothing else.
 *
 * Owns:     nothing.
 * Promise:  a passkey that is added was made for this server, by the account that asked, lately.
 * Source:   api/openapi.yaml; WebAuthn level 2 sections 5.4, 5.5, 7.1.
 * Watch:    attestation is not asked for: what kind of authenticator it is does not matter here. */
#include "common/base/encoding.h"
#include "common/crypto/crypto.h"
#include "server/api/factor_routes.h"
#include "server/api/input.h"
#include "server/api/passkey_use.h"
#include "server/api/routes.h"
#include "server/api/session_routes.h"
#include "server/api/sign_in.h"
#include "server/domain/account.h"
#include "server/domain/audit.h"
#include "server/domain/challenge.h"
#include "server/domain/factor.h"
#include "server/webauthn/client_data.h"
#include "server/webauthn/response.h"

/* ---- adding ---------------------------------------------------------------------------------- */

static void party_json(struct json_out *o, const struct relying_party *rp)
{
    json_out_name(o, STR("rp"));
    json_out_object(o);
    json_out_name_string(o, STR("id"), str_from_cstr(rp->id));
    json_out_name_string(o, STR("name"), STR("OceanRemote"));
    json_out_object_end(o);
}

static enum err user_json(struct call *c, struct json_out *o)
{
    struct account account;
    struct str handle;
    uint8_t text[BASE64URL_LEN(PASSKEY_HANDLE_LEN)];
    struct writer w = writer_into(text, sizeof text);
    TRY(account_get(c->d, &c->arena, c->account_id, &account));
    TRY(passkey_handle(c->d, &c->arena, c->account_id, &handle));
    base64url_write(&w, handle);
    json_out_name(o, STR("user"));
    json_out_object(o);
    json_out_name_string(o, STR("id"), str_from(text, w.len));
    json_out_name_string(o, STR("name"), account.email);
    json_out_name_string(o, STR("displayName"), account.email);
    json_out_object_end(o);
    return OK;
}

static void algorithms_json(struct json_out *o)
{
    static const int asked[] = {COSE_ALGORITHM_ES256, COSE_ALGORITHM_EDDSA, COSE_ALGORITHM_RS256};
    json_out_name(o, STR("pubKeyCredParams"));
    json_out_array(o);
    for (size_t i = 0; i < sizeof asked / sizeof asked[0]; i++) {
        json_out_object(o);
        json_out_name_string(o, STR("type"), STR("public-key"));
        json_out_name_int(o, STR("alg"), asked[i]);
        json_out_object_end(o);
    }
    json_out_array_end(o);
}

enum err passkey_options_post(struct call *c)
{
    struct relying_party rp;
    const char *why;
    if (!relying_party_of(c, &rp, &why)) {
        answer_problem(c, PROBLEM_CONFLICT, why);
        return OK;
    }
    struct json_out o = json_into(&c->body);
    json_out_object(&o);
    json_out_name(&o, STR("publicKey"));
    json_out_object(&o);
    party_json(&o, &rp);
    TRY(user_json(c, &o));
    passkey_challenge_json(c, CHALLENGE_PASSKEY_ADD, c->account_id, &o);
    algorithms_json(&o);
    json_out_name_int(&o, STR("timeout"), PASSKEY_ASKED_MS);
    json_out_name(&o, STR("excludeCredentials"));
    TRY(passkey_list_json(c, c->account_id, &o));
    json_out_name_raw(&o, STR("authenticatorSelection"),
                      STR("{\"residentKey\":\"required\",\"requireResidentKey\":true,"
                          "\"userVerification\":\"preferred\"}"));
    json_out_name_string(&o, STR("attestation"), STR("none"));
    json_out_object_end(&o);
    json_out_object_end(&o);
    answer_json(c, 200);
    return OK;
}

/* Section 7.1, steps 5 to 24. ERR_DENIED: it is not what was asked for. */
static enum err read_credential(struct call *c, struct str json, struct attestation *a,
                                struct public_key *key)
{
    const char *why;
    struct relying_party rp;
    struct passkey_response r;
    struct client_data said;
    struct challenge ours;
    if (!relying_party_of(c, &rp, &why) || registration_response_read(&c->arena, json, &r) != OK)
        return ERR_DENIED;
    uint8_t *scratch = arena_alloc(&c->arena, r.client_data.len + 1);
    if (scratch == NULL)
        return ERR_NO_MEMORY;
    if (client_data_read(r.client_data, CLIENT_DATA_CREATE, scratch, &said) != OK ||
        challenge_read(c->api->challenges, CHALLENGE_PASSKEY_ADD, said.challenge, c->d->now_ms, 0,
                       PASSKEY_ASKED_MS, &ours) != OK)
        return ERR_DENIED;
    challenge_spend(c->api->challenges, &ours);
    if (ours.account_id != c->account_id || !str_eq(said.origin, rp.origin) ||
        attestation_read(r.attestation, a) != OK || !str_eq(a->data.credential_id, r.credential_id))
        return ERR_DENIED;
    return registration_verify(rp.id, r.client_data, a, key);
}

static enum err answer_added(struct call *c, int64_t id, bool is_first)
{
    struct json_out o = json_into(&c->body);
    json_out_object(&o);
    json_out_name_int(&o, STR("id"), id);
    if (is_first)
        TRY(recovery_codes_json(c, &o));
    json_out_object_end(&o);
    answer_json(c, 201);
    wipe(c->api->body, c->body.len);
    return OK;
}

static enum err add(struct call *c, struct str name, const struct attestation *a,
                    const struct public_key *key)
{
    struct factors before;
    int64_t id;
    struct passkey_new fresh = {.name = name,
                                .credential_id = a->data.credential_id,
                                .algorithm = key->algorithm,
                                .public_key = str_from(key->bytes, key->len),
                                .sign_count = a->data.count};
    TRY(factors_of(c->d, c->account_id, &before));
    enum err e = passkey_add(c->d, &c->arena, c->account_id, &fresh, &id);
    if (e == ERR_CONFLICT || e == ERR_LIMIT) {
        answer_problem(c, PROBLEM_CONFLICT,
                       e == ERR_LIMIT ? "You have 20 passkeys. Remove one that is not in use."
                                      : "This passkey is in use already.");
        return OK;
    }
    TRY(e);
    TRY(session_renew(c));
    return answer_added(c, id, before.recovery_codes == 0);
}

static bool name_is_good(struct call *c, struct str name)
{
    if (label_is_valid(name, PASSKEY_NAME_MAX))
        return true;
    answer_invalid(c, "name", "A name has 1 to 64 characters.");
    return false;
}

enum err passkeys_post(struct call *c)
{
    struct str name, credential;
    struct attestation a;
    struct public_key key;
    if (!input_is_object(c) || !input_string(c, "name", &name) ||
        !input_object(c, "credential", &credential) || !name_is_good(c, name))
        return OK;
    enum err e = read_credential(c, credential, &a, &key);
    if (e == ERR_DENIED) {
        answer_invalid(c, "credential",
                       "This is not a passkey that was just made for this server. Ask for fresh "
                       "options and try again.");
        return OK;
    }
    TRY(e);
    return add(c, name, &a, &key);
}

/* ---- naming and removing --------------------------------------------------------------------- */

enum err passkey_patch(struct call *c)
{
    uint64_t id;
    struct str name;
    if (!input_is_object(c))
        return OK;
    if (str_u64(c->id, INT64_MAX, &id) != OK)
        return ERR_NOT_FOUND;
    if (!input_string(c, "name", &name) || !name_is_good(c, name))
        return OK;
    TRY(passkey_rename(c->d, c->account_id, (int64_t)id, name));
    struct json_out o = json_into(&c->body);
    json_out_object(&o);
    json_out_name_int(&o, STR("id"), (int64_t)id);
    json_out_name_string(&o, STR("name"), name);
    json_out_object_end(&o);
    answer_json(c, 200);
    return OK;
}

enum err passkey_delete(struct call *c)
{
    uint64_t id;
    if (str_u64(c->id, INT64_MAX, &id) != OK)
        return ERR_NOT_FOUND;
    enum err e = passkey_remove(c->d, &c->arena, c->account_id, (int64_t)id);
    if (e == ERR_CONFLICT) {
        answer_last_factor(c);
        return OK;
    }
    TRY(e);
    TRY(session_renew(c));
    answer_empty(c, 204);
    return OK;
}

/* ---- signing in ------------------------------------------------------------------------------ */

enum err login_passkey_get(struct call *c)
{
    struct relying_party rp;
    const char *why;
    if (!relying_party_of(c, &rp, &why)) {
        answer_problem(c, PROBLEM_CONFLICT, why);
        return OK;
    }
    struct json_out o = json_into(&c->body);
    json_out_object(&o);
    json_out_name(&o, STR("publicKey"));
    TRY(passkey_question(c, &rp, 0, &o));
    json_out_object_end(&o);
    answer_json(c, 200);
    return OK;
}

enum err login_passkey_post(struct call *c)
{
    struct str credential;
    struct passkey shown;
    struct account account;
    if (!sign_in_is_open(c) || !input_is_object(c) || !input_object(c, "credential", &credential))
        return OK;
    if (credential.len == 0) {
        answer_invalid(c, "credential", "This member must be there once, as an object.");
        return OK;
    }
    enum err e = passkey_shown(c, credential, 0, true, &shown);
    if (e == OK)
        e = account_get(c->d, &c->arena, shown.account_id, &account);
    if (e == OK && !account.is_active)
        e = ERR_DENIED;
    if (e == ERR_DENIED) {
        TRY(audit_add(c->d, 0, STR("login.refused"), STR("passkey"), STR_NONE));
        answer_problem(c, PROBLEM_CREDENTIALS_REFUSED,
                       "This passkey is not known here, or could not be checked. Reload the page "
                       "and try again, or sign in with your password.");
        return OK;
    }
    TRY(e);
    return sign_in_finish(c, &account, SIGNED_IN_WITH_PASSKEY);
}
