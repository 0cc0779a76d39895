#include "server/api/input.h"

#include "common/base/encoding.h"

bool input_is_object(struct call *c)
{
    struct json j = json_of(c->request->body, c->api->scratch, FRAME_BODY_MAX);
    if (json_peek(&j) == JSON_OBJECT) {
        json_skip(&j);
        if (json_end(&j) == OK)
            return true;
    }
    answer_problem(c, PROBLEM_MALFORMED_REQUEST, "The body must be one JSON object.");
    return false;
}

/* How often the member is there as a string; the text is the last one's. */
static int find_string(struct json *j, struct str name, struct str *out)
{
    int found = 0;
    struct str member;
    json_object(j);
    while (json_member(j, &member)) {
        if (!str_eq(member, name)) {
            json_skip(j);
            continue;
        }
        *out = json_string(j); /* fails the parser when it is no string */
        found++;
    }
    return json_end(j) == OK ? found : 0;
}

bool input_string(struct call *c, const char *name, struct str *out)
{
    size_t size = c->request->body.len + 1; /* unescaped text is never longer */
    uint8_t *scratch = arena_alloc(&c->arena, size);
    struct json j = json_of(c->request->body, scratch, scratch == NULL ? 0 : size);
    if (find_string(&j, str_from_cstr(name), out) == 1)
        return true;
    answer_invalid(c, name, "This member must be there once, as a string.");
    return false;
}

/* The member's own text; empty when it is missing or null. False when it stands there twice. */
static bool find_optional(struct call *c, struct str name, struct str *raw)
{
    struct json j = json_of(c->request->body, c->api->scratch, FRAME_BODY_MAX);
    struct str member;
    int found = 0;
    *raw = STR_NONE;
    json_object(&j);
    while (json_member(&j, &member)) {
        if (!str_eq(member, name)) {
            json_skip(&j);
            continue;
        }
        *raw = json_raw(&j);
        found++;
    }
    if (str_eq(*raw, STR("null")))
        *raw = STR_NONE;
    return json_end(&j) == OK && found <= 1;
}

bool input_optional_string(struct call *c, const char *name, struct str *out)
{
    struct str raw;
    *out = STR_NONE;
    if (find_optional(c, str_from_cstr(name), &raw) && raw.len == 0)
        return true;
    return input_string(c, name, out);
}

bool input_optional_object(struct call *c, const char *name, struct str *out)
{
    if (find_optional(c, str_from_cstr(name), out) && (out->len == 0 || out->ptr[0] == '{'))
        return true;
    answer_invalid(c, name, "This member is an object, there once, or is left out.");
    return false;
}

bool input_object(struct call *c, const char *name, struct str *out)
{
    if (find_optional(c, str_from_cstr(name), out) && out->len > 0 && out->ptr[0] == '{')
        return true;
    answer_invalid(c, name, "This member must be there once, as an object.");
    return false;
}

bool input_optional_int(struct call *c, const char *name, int64_t least, int64_t most, int64_t *out)
{
    struct str raw;
    *out = 0;
    bool is_good = find_optional(c, str_from_cstr(name), &raw);
    if (is_good && raw.len == 0)
        return true;
    struct json j = json_of(raw, c->api->scratch, FRAME_BODY_MAX);
    *out = json_int(&j);
    if (is_good && json_end(&j) == OK && *out >= least && *out <= most)
        return true;
    answer_invalid(c, name, "This member is an integer within its bounds, or is left out.");
    return false;
}

static enum err percent_decode(struct arena *a, struct str text, struct str *out)
{
    uint8_t *bytes = arena_alloc(a, text.len + 1);
    size_t len = 0, got;
    if (bytes == NULL)
        return ERR_NO_MEMORY;
    for (size_t i = 0; i < text.len; i++) {
        if (text.ptr[i] != '%') {
            bytes[len++] = text.ptr[i] == '+' ? ' ' : text.ptr[i];
            continue;
        }
        if (hex_read(str_slice(text, i + 1, 2), &bytes[len], 1, &got) != OK || got != 1)
            return ERR_PEER;
        len++;
        i += 2;
    }
    *out = str_from(bytes, len);
    return str_is_utf8(*out) ? OK : ERR_PEER;
}

enum err query_value(struct call *c, struct str name, struct str *out)
{
    struct str left = c->query, pair, key, value;
    bool more = left.len > 0, found = false;
    *out = STR_NONE;
    while (more) {
        more = str_cut(left, '&', &pair, &left);
        str_cut(pair, '=', &key, &value);
        if (!str_eq(key, name))
            continue;
        if (found)
            return ERR_PEER;
        found = true;
        TRY(percent_decode(&c->arena, value, out));
    }
    return OK;
}
