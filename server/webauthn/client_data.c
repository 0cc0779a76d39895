#include "server/webauthn/client_data.h"

#include "common/wire/json.h"

static void once(struct json *j, struct str *out)
{
    if (out->ptr != NULL)
        json_fail(j);
    *out = json_string(j);
}

enum err client_data_read(struct str text, enum client_data_type type, uint8_t *scratch,
                          struct client_data *out)
{
    struct str name, said = STR_NONE;
    struct client_data c = {STR_NONE, STR_NONE};
    bool is_crossing = false;
    if (text.len > CLIENT_DATA_MAX)
        return ERR_PEER;
    struct json j = json_of(text, scratch, text.len);
    json_object(&j);
    while (json_member(&j, &name)) {
        if (str_eq(name, STR("type")))
            once(&j, &said);
        else if (str_eq(name, STR("challenge")))
            once(&j, &c.challenge);
        else if (str_eq(name, STR("origin")))
            once(&j, &c.origin);
        else if (str_eq(name, STR("crossOrigin")))
            is_crossing |= json_bool(&j);
        else
            json_skip(&j);
    }
    TRY(json_end(&j));
    struct str wanted = type == CLIENT_DATA_CREATE ? STR("webauthn.create") : STR("webauthn.get");
    if (!str_eq(said, wanted) || c.challenge.len == 0 || c.origin.len == 0 || is_crossing)
        return ERR_PEER;
    *out = c;
    return OK;
}
