#include "server/api/passkey_use.h"

#include "common/base/encoding.h"
#include "queries.h"
#include "server/domain/challenge.h"
#include "server/webauthn/client_data.h"
#include "server/webauthn/response.h"

/* ---- asking ---------------------------------------------------------------------------------- */

void passkey_challenge_json(struct call *c, enum challenge_kind kind, int64_t account_id,
                            struct json_out *o)
{
    uint8_t text[CHALLENGE_TEXT_LEN];
    struct challenge fresh = {.kind = kind, .account_id = account_id};
    challenge_make(c->api->challenges, &fresh, c->d->now_ms, text);
    json_out_name_string(o, STR("challenge"), str_from(text, sizeof text));
}

enum err passkey_list_json(struct call *c, int64_t account_id, struct json_out *o)
{
    struct cursor cursor;
    struct sql_passkey_list_row row;
    uint8_t text[BASE64URL_LEN(CREDENTIAL_ID_MAX)];
    json_out_array(o);
    TRY(sql_passkey_list(c->d->store, account_id, &cursor));
    while (sql_passkey_list_next(&cursor, &row)) {
        struct writer w = writer_into(text, sizeof text);
        base64url_write(&w, row.credential_id);
        json_out_object(o);
        json_out_name_string(o, STR("type"), STR("public-key"));
        json_out_name_string(o, STR("id"), str_from(text, w.len));
        json_out_object_end(o);
    }
    json_out_array_end(o);
    return cursor_end(&cursor);
}

enum err passkey_question(struct call *c, const struct relying_party *rp, int64_t account_id,
                          struct json_out *o)
{
    json_out_object(o);
    passkey_challenge_json(c, CHALLENGE_PASSKEY_USE, account_id, o);
    json_out_name_int(o, STR("timeout"), PASSKEY_ASKED_MS);
    json_out_name_string(o, STR("rpId"), str_from_cstr(rp->id));
    json_out_name(o, STR("allowCredentials"));
    TRY(passkey_list_json(c, account_id, o)); /* nobody has none: any that the browser knows */
    json_out_name_string(o, STR("userVerification"),
                         account_id == 0 ? STR("required") : STR("preferred"));
    json_out_object_end(o);
    return OK;
}

/* ---- the answer ------------------------------------------------------------------------------ */

/* Steps 11 to 14: what the browser was asked, and where. */
static enum err check_client_data(struct call *c, struct str text, int64_t account_id,
                                  const struct relying_party *rp)
{
    struct client_data said;
    struct challenge ours;
    uint8_t *scratch = arena_alloc(&c->arena, text.len + 1);
    if (scratch == NULL)
        return ERR_NO_MEMORY;
    if (client_data_read(text, CLIENT_DATA_GET, scratch, &said) != OK ||
        challenge_read(c->api->challenges, CHALLENGE_PASSKEY_USE, said.challenge, c->d->now_ms, 0,
                       PASSKEY_ASKED_MS, &ours) != OK)
        return ERR_DENIED;
    challenge_spend(c->api->challenges, &ours);
    bool is_ours = ours.account_id == 0 || ours.account_id == account_id;
    return is_ours && str_eq(said.origin, rp->origin) ? OK : ERR_DENIED;
}

/* Steps 5 to 7: whose passkey it is. */
static enum err find(struct call *c, const struct passkey_response *r, int64_t account_id,
                     struct passkey *out)
{
    enum err e = passkey_find(c->d, &c->arena, r->credential_id, out);
    if (e == ERR_NOT_FOUND)
        return ERR_DENIED;
    TRY(e);
    bool has_handle = r->user_handle.len > 0;
    if (account_id != 0 ? out->account_id != account_id : !has_handle)
        return ERR_DENIED;
    return has_handle && !str_eq(r->user_handle, out->handle) ? ERR_DENIED : OK;
}

enum err passkey_shown(struct call *c, struct str json, int64_t account_id, bool needs_user,
                       struct passkey *out)
{
    const char *why;
    struct relying_party rp;
    struct passkey_response r;
    struct assertion a = {.needs_user = needs_user};
    if (!relying_party_of(c, &rp, &why) || assertion_response_read(&c->arena, json, &r) != OK)
        return ERR_DENIED;
    TRY(check_client_data(c, r.client_data, account_id, &rp));
    TRY(find(c, &r, account_id, out));
    if (authenticator_data_read(r.data, &a.data) != OK)
        return ERR_DENIED;
    a.client_data = r.client_data;
    a.signature = r.signature;
    TRY(assertion_verify(rp.id, &a, out->algorithm, out->public_key)); /* steps 15 to 20 */
    return passkey_use(c->d, out, a.data.count);                       /* step 21 */
}
