#include "server/api/problem.h"

#include "common/base/assert.h"

static const struct row {
    uint16_t status;
    const char *type;
    const char *title;
} rows[PROBLEM_COUNT] = {
    [PROBLEM_MALFORMED_REQUEST] = {400, "malformed-request", "The request cannot be read"},
    [PROBLEM_UNAUTHENTICATED] = {401, "unauthenticated", "Not signed in"},
    [PROBLEM_CREDENTIALS_REFUSED] = {401, "credentials-refused", "The credentials are refused"},
    [PROBLEM_CODE_NEEDED] = {401, "code-needed", "A second factor is needed"},
    [PROBLEM_CODE_REFUSED] = {401, "code-refused", "The second factor is refused"},
    [PROBLEM_SESSION_EXPIRED] = {401, "session-expired", "No such device session"},
    [PROBLEM_MAC_MISMATCH] = {401, "mac-mismatch", "The session belongs to another MAC"},
    [PROBLEM_REGISTRATION_REFUSED] = {401, "registration-refused", "The registration is refused"},
    [PROBLEM_CSRF_REFUSED] = {403, "csrf-refused", "The request may be forged"},
    [PROBLEM_ADDRESS_BLOCKED] = {403, "address-blocked", "The address is blocked"},
    [PROBLEM_FORBIDDEN] = {403, "forbidden", "Not allowed with this key"},
    [PROBLEM_CONFIRMATION_NEEDED] = {403, "confirmation-needed", "Prove that it is you"},
    [PROBLEM_CONFIRMATION_PENDING] = {403, "confirmation-pending", "Confirm the address first"},
    [PROBLEM_REGISTRATION_CLOSED] = {403, "registration-closed", "Registration is closed"},
    [PROBLEM_SECOND_FACTOR_REQUIRED] = {403, "second-factor-required", "Add a second factor first"},
    [PROBLEM_NOT_FOUND] = {404, "not-found", "Not found"},
    [PROBLEM_METHOD_NOT_ALLOWED] = {405, "method-not-allowed", "Method not allowed"},
    [PROBLEM_NOT_ACCEPTABLE] = {406, "not-acceptable", "No such representation"},
    [PROBLEM_CONFLICT] = {409, "conflict", "The state does not allow it"},
    [PROBLEM_LINK_EXPIRED] = {410, "link-expired", "The link is good no more"},
    [PROBLEM_PAYLOAD_TOO_LARGE] = {413, "payload-too-large", "Too much at once"},
    [PROBLEM_UNSUPPORTED_MEDIA_TYPE] = {415, "unsupported-media-type", "Unsupported media type"},
    [PROBLEM_INVALID_VALUE] = {422, "invalid-value", "A value is not valid"},
    [PROBLEM_CLOCK_SKEW] = {422, "clock-skew", "The times are not plausible"},
    [PROBLEM_TOO_MANY_REQUESTS] = {429, "too-many-requests", "Too many requests"},
    [PROBLEM_INTERNAL] = {500, "internal", "The server has failed"},
    [PROBLEM_BUSY] = {503, "busy", "The server is busy"},
    [PROBLEM_STORAGE_FULL] = {507, "storage-full", "The server cannot store anything"},
};

uint16_t problem_status(enum problem_kind kind)
{
    ASSERT(kind < PROBLEM_COUNT);
    return rows[kind].status;
}

void problem_open(struct json_out *o, enum problem_kind kind, struct str detail)
{
    const struct row *r = &rows[kind];
    uint8_t type[64];
    struct writer w = writer_into(type, sizeof type);
    writer_str(&w, STR("/problems/"));
    writer_str(&w, str_from_cstr(r->type));
    json_out_object(o);
    json_out_name_string(o, STR("type"), str_from(type, w.len));
    json_out_name_string(o, STR("title"), str_from_cstr(r->title));
    json_out_name_int(o, STR("status"), r->status);
    json_out_name_string(o, STR("detail"), detail);
}

enum problem_kind problem_of(enum err e)
{
    switch (e) {
    case OK: break;
    case ERR_AGAIN: return PROBLEM_BUSY;
    case ERR_PEER: return PROBLEM_MALFORMED_REQUEST;
    case ERR_DENIED: return PROBLEM_UNAUTHENTICATED;
    case ERR_NOT_FOUND: return PROBLEM_NOT_FOUND;
    case ERR_CONFLICT: return PROBLEM_CONFLICT;
    case ERR_LIMIT: return PROBLEM_STORAGE_FULL;
    case ERR_NO_MEMORY: return PROBLEM_BUSY;
    case ERR_IO: return PROBLEM_STORAGE_FULL;
    case ERR_CORRUPT: return PROBLEM_INTERNAL;
    }
    return PROBLEM_INTERNAL;
}

const char *problem_advice(enum err e)
{
    enum problem_kind kind = problem_of(e);
    if (kind == PROBLEM_BUSY)
        return "Try again in a second.";
    if (kind == PROBLEM_NOT_FOUND)
        return "There is no such thing among what is yours.";
    if (kind == PROBLEM_MALFORMED_REQUEST)
        return "Compare the request with /api/v1/openapi.json.";
    if (kind == PROBLEM_STORAGE_FULL)
        return "Nothing was stored. The owner of the server has to make room on its disk; then "
               "send the same again.";
    return "The log of the server says more.";
}
