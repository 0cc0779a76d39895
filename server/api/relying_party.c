#include "server/api/relying_party.h"

static const char no_name[] =
    "Passkeys belong to a name, and this server was opened by an address. Open it by its name; "
    "whoever runs it can say which that is with the setting url.";
static const char other_name[] =
    "Passkeys belong to the name that this server is set up with (the setting url). Open it by "
    "that name.";

static bool is_name_byte(uint8_t b)
{
    return (b >= 'a' && b <= 'z') || (b >= '0' && b <= '9') || b == '-' || b == '.';
}

/* host in lower case, its port cut off. An address in numbers has no letter in its last label,
 * which a name has; one in brackets has bytes that no name has. */
static bool name_of(struct str host, char out[static RP_ID_MAX + 1])
{
    struct str name, port;
    bool has_letter = false;
    str_cut(host, ':', &name, &port);
    for (size_t i = 0; i < name.len; i++) {
        uint8_t b = name.ptr[i];
        if (!is_name_byte(b))
            return false;
        has_letter = b != '.' && (has_letter || b > '9');
    }
    return has_letter && str_to_cstr(name, out, RP_ID_MAX + 1) == OK;
}

static bool lower_case(struct arena *a, struct str text, struct str *out)
{
    uint8_t *bytes = arena_alloc(a, text.len + 1);
    if (bytes == NULL)
        return false;
    for (size_t i = 0; i < text.len; i++) {
        uint8_t b = text.ptr[i];
        bytes[i] = b >= 'A' && b <= 'Z' ? (uint8_t)(b + ('a' - 'A')) : b;
    }
    *out = str_from(bytes, text.len);
    return true;
}

bool relying_party_of(struct call *c, struct relying_party *out, const char **why)
{
    uint8_t origin[sizeof c->d->rules->url + 16];
    struct writer w = writer_into(origin, sizeof origin);
    struct str host, wanted;
    *why = no_name;
    writer_str(&w, STR("https://"));
    writer_str(&w, c->request->field[FIELD_HOST]);
    if (w.overflow || !lower_case(&c->arena, str_from(origin, w.len), &out->origin))
        return false;
    host = str_slice(out->origin, STR("https://").len, out->origin.len);
    if (c->d->rules->has_url) {
        if (!lower_case(&c->arena, str_from_cstr(c->d->rules->url), &wanted))
            return false;
        *why = other_name;
        if (!str_eq(wanted, out->origin))
            return false;
        *why = no_name;
    }
    return name_of(host, out->id);
}
