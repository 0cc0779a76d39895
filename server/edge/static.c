#include "server/edge/static.h"

static bool path_is(struct str pattern, struct str path)
{
    if (!str_ends(pattern, STR("*")))
        return str_eq(pattern, path);
    struct str prefix = str_slice(pattern, 0, pattern.len - 1);
    struct str rest = str_slice(path, prefix.len, path.len);
    return str_starts(path, prefix) && rest.len > 0 && str_find(rest, '/') == rest.len;
}

const struct asset *asset_find(struct str path)
{
    for (size_t i = 0; i < asset_count; i++) {
        if (path_is(assets[i].path, path))
            return &assets[i];
    }
    return NULL;
}

/* RFC 9110 section 12.4.2: "0", "0.5", "1.000" in thousandths; -1 when it is none. */
static int weight_read(struct str text)
{
    int value = 0, scale = 100;
    if (text.len == 0 || text.len > 5 || text.ptr[0] > '1' || text.ptr[0] < '0')
        return -1;
    value = (text.ptr[0] - '0') * 1000;
    if (text.len > 1 && text.ptr[1] != '.')
        return -1;
    for (size_t i = 2; i < text.len; i++, scale /= 10) {
        if (text.ptr[i] < '0' || text.ptr[i] > '9')
            return -1;
        value += (text.ptr[i] - '0') * scale;
    }
    return value > 1000 ? -1 : value;
}

/* The weight the client gives a coding, in thousandths; what it does not name weighs otherwise. */
static int weight_of(struct str accept, struct str coding, int otherwise)
{
    struct str item, name, parameter, key, value;
    bool more = accept.len > 0;
    while (more) {
        more = str_cut(accept, ',', &item, &accept);
        bool has_parameter = str_cut(item, ';', &name, &parameter);
        if (!str_eq_nocase(str_trim(name), coding))
            continue;
        if (!has_parameter)
            return 1000;
        if (!str_cut(str_trim(parameter), '=', &key, &value) || !str_eq_nocase(key, STR("q")))
            return 0;
        int weight = weight_read(str_trim(value));
        return weight < 0 ? 0 : weight;
    }
    return otherwise;
}

enum coding coding_choose(struct str accept_encoding, const struct asset *file)
{
    int any = weight_of(accept_encoding, STR("*"), 0);
    int brotli = file->brotli.len == 0 ? 0 : weight_of(accept_encoding, STR("br"), any);
    int gzip = file->gzip.len == 0 ? 0 : weight_of(accept_encoding, STR("gzip"), any);
    if (brotli > 0 && brotli >= gzip)
        return CODING_BROTLI;
    return gzip > 0 ? CODING_GZIP : CODING_IDENTITY;
}

bool etag_matches(struct str if_none_match, struct str etag)
{
    struct str item;
    bool more = if_none_match.len > 0;
    while (more) {
        more = str_cut(if_none_match, ',', &item, &if_none_match);
        item = str_trim(item);
        if (str_starts(item, STR("W/")))
            item = str_slice(item, 2, item.len); /* weak comparison is enough here */
        if (str_eq(item, etag) || str_eq(item, STR("*")))
            return true;
    }
    return false;
}
