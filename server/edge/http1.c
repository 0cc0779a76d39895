#include "server/edge/http1.h"

static enum err refuse(struct http1_refusal *why, uint16_t status, const char *text)
{
    *why = (struct http1_refusal){status, text};
    return ERR_PEER;
}

/* ---- the end of the head --------------------------------------------------------------------- */

enum err http1_head_end(struct str bytes, size_t *seen, size_t *head_len, struct http1_refusal *why)
{
    size_t limit = bytes.len < HEAD_SIZE_MAX ? bytes.len : HEAD_SIZE_MAX;
    for (size_t at = *seen; at < limit; at++) {
        at += str_find(str_slice(bytes, at, limit - at), '\n');
        if (at >= limit)
            break;
        /* RFC 9112 section 2.2: a bare LF may be recognised as a line end. We do not. */
        if (at == 0 || bytes.ptr[at - 1] != '\r')
            return refuse(why, 400, "Lines end in CR LF.");
        if (at >= 3 && bytes.ptr[at - 2] == '\n') {
            *head_len = at + 1;
            return OK;
        }
        *seen = at + 1;
    }
    if (bytes.len >= HEAD_SIZE_MAX)
        return refuse(why, 431, "The request line and fields may have 8,192 bytes together.");
    return ERR_AGAIN;
}

/* ---- characters ------------------------------------------------------------------------------ */

/* What a byte may stand in, one bit a grammar rule, so that each is one look-up. */
enum byte_class {
    BYTE_TOKEN = 1,    /* RFC 9110 section 5.6.2: tchar */
    BYTE_TARGET = 2,   /* RFC 3986 sections 3.3 and 3.4: pchar, "/" and "?"; "%" is judged apart */
    BYTE_VALUE = 4,    /* RFC 9110 section 5.5 without obs-text: visible ASCII, space and tab */
    BYTE_NAME = 8,     /* of a host, or an IPv4 address */
    BYTE_ADDRESS = 16, /* IPv6, with IPv4 at its end */
    BYTE_HEX = 32,
};

static uint8_t classes[256];

static void mark(const char *bytes, uint8_t class)
{
    for (; *bytes != 0; bytes++)
        classes[(uint8_t)*bytes] |= class;
}

static void make_classes(void)
{
    for (unsigned c = 0x20; c < 0x7F; c++)
        classes[c] |= BYTE_VALUE;
    mark("\t", BYTE_VALUE);
    mark("0123456789", BYTE_TOKEN | BYTE_TARGET | BYTE_NAME | BYTE_ADDRESS | BYTE_HEX);
    mark("abcdefABCDEF", BYTE_ADDRESS | BYTE_HEX);
    mark("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ",
         BYTE_TOKEN | BYTE_TARGET | BYTE_NAME);
    mark("!#$%&'*+-.^_`|~", BYTE_TOKEN);
    mark("-._~!$&'()*+,;=:@/?", BYTE_TARGET);
    mark("-._", BYTE_NAME);
    mark(":.", BYTE_ADDRESS);
}

static bool all_are(struct str s, uint8_t class)
{
    if (classes['0'] == 0)
        make_classes();
    for (size_t i = 0; i < s.len; i++) {
        if ((classes[s.ptr[i]] & class) == 0)
            return false;
    }
    return true;
}

static bool is_token(struct str s)
{
    return s.len > 0 && all_are(s, BYTE_TOKEN);
}

static bool is_digit(uint8_t c)
{
    return c >= '0' && c <= '9';
}

/* ---- the request line ------------------------------------------------------------------------ */

static enum err parse_method(struct str text, enum method *out, struct http1_refusal *why)
{
    static const struct {
        struct str name;
        enum method method;
    } known[] = {
        {{(const uint8_t *)"GET", 3}, METHOD_GET},
        {{(const uint8_t *)"POST", 4}, METHOD_POST},
        {{(const uint8_t *)"PATCH", 5}, METHOD_PATCH},
        {{(const uint8_t *)"PUT", 3}, METHOD_PUT},
        {{(const uint8_t *)"DELETE", 6}, METHOD_DELETE},
        {{(const uint8_t *)"HEAD", 4}, METHOD_HEAD},
        {{(const uint8_t *)"OPTIONS", 7}, METHOD_OPTIONS},
    };
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        if (str_eq(text, known[i].name)) {
            *out = known[i].method;
            return OK;
        }
    }
    if (!is_token(text))
        return refuse(why, 400, "The method is not a token.");
    return refuse(why, 501, "This method is not known here.");
}

static bool is_well_formed(struct str target)
{
    struct str plain, rest = target;
    while (str_cut(rest, '%', &plain, &rest)) {
        if (!all_are(plain, BYTE_TARGET) || rest.len < 2 ||
            !all_are(str_slice(rest, 0, 2), BYTE_HEX))
            return false;
        rest = str_slice(rest, 2, rest.len);
    }
    return all_are(plain, BYTE_TARGET);
}

/* "//", "/./", "/../" and encoded dots or slashes are nobody's honest path. */
static bool has_odd_segment(struct str path)
{
    struct str segment, rest = str_slice(path, 1, path.len);
    bool more = rest.len > 0;
    while (more) {
        more = str_cut(rest, '/', &segment, &rest);
        if ((segment.len == 0 && more) || str_eq(segment, STR(".")) || str_eq(segment, STR("..")))
            return true;
        if (str_find(segment, '%') < segment.len)
            return true; /* our paths need no escapes, so one is a disguise */
    }
    return false;
}

static enum err parse_target(struct str target, struct http1_request *out,
                             struct http1_refusal *why)
{
    struct str query;
    if (target.len > TARGET_SIZE_MAX)
        return refuse(why, 414, "A target may have 2,048 bytes.");
    if (target.len == 0 || target.ptr[0] != '/') {
        if (str_eq(target, STR("*")) && out->method == METHOD_OPTIONS)
            return refuse(why, 405, "There are no options to ask for.");
        return refuse(why, 400, "The target begins with a slash (origin-form).");
    }
    if (!is_well_formed(target))
        return refuse(why, 400, "The target has a character that must be percent-encoded.");
    out->target = target;
    str_cut(target, '?', &out->path, &query);
    if (has_odd_segment(out->path))
        return refuse(why, 400, "The path has an empty, dotted or percent-encoded segment.");
    return OK;
}

/* RFC 9112 section 2.3: HTTP-name "/" DIGIT "." DIGIT. */
static bool is_version(struct str s)
{
    return s.len == 8 && str_starts(s, STR("HTTP/")) && is_digit(s.ptr[5]) && s.ptr[6] == '.' &&
           is_digit(s.ptr[7]);
}

static enum err parse_request_line(struct str line, struct http1_request *out,
                                   struct http1_refusal *why)
{
    struct str method, target, version, rest;
    if (!str_cut(line, ' ', &method, &rest) || !str_cut(rest, ' ', &target, &version))
        return refuse(why, 400, "A request line is METHOD TARGET HTTP/1.1.");
    TRY(parse_method(method, &out->method, why));
    if (!is_version(version))
        return refuse(why, 400, "The version is HTTP/1.1, in these letters.");
    if (!str_eq(version, STR("HTTP/1.1")))
        return refuse(why, 505, "This server speaks HTTP/1.1.");
    return parse_target(target, out, why);
}

/* ---- fields ---------------------------------------------------------------------------------- */

/* What has been seen, so that what must come once is not there twice. */
enum other_field {
    OTHER_CONTENT_LENGTH = FIELD_COUNT,
    OTHER_TRANSFER_ENCODING,
    OTHER_EXPECT,
    OTHER_CONNECTION,
    OTHER_ACCEPT_ENCODING,
    OTHER_FORWARDED_FOR,
    OTHER_CONNECTING_IP,
    OTHER_COUNT,
};

static const struct field_name {
    struct str name;
    int field;
    bool may_repeat; /* lists, where a second line adds to the first and we use the first */
} field_names[] = {
#define NAMED(text, field, may_repeat)                                                             \
    {                                                                                              \
        {(const uint8_t *)(text), sizeof(text) - 1}, field, may_repeat                             \
    }
    NAMED("Authorization", FIELD_AUTHORIZATION, false),
    NAMED("X-Device-MAC", FIELD_DEVICE_MAC, false),
    NAMED("Content-Type", FIELD_CONTENT_TYPE, false),
    NAMED("Content-Length", OTHER_CONTENT_LENGTH, false),
    NAMED("Host", FIELD_HOST, false),
    NAMED("Connection", OTHER_CONNECTION, true),
    NAMED("Cookie", FIELD_COOKIE, false),
    NAMED("X-CSRF-Token", FIELD_CSRF_TOKEN, false),
    NAMED("Origin", FIELD_ORIGIN, false),
    NAMED("Sec-Fetch-Site", FIELD_SEC_FETCH_SITE, false),
    NAMED("Accept", FIELD_ACCEPT, true),
    NAMED("Accept-Encoding", OTHER_ACCEPT_ENCODING, true),
    NAMED("User-Agent", FIELD_USER_AGENT, false),
    NAMED("If-None-Match", FIELD_IF_NONE_MATCH, true),
    NAMED("Last-Event-ID", FIELD_LAST_EVENT_ID, false),
    NAMED("Transfer-Encoding", OTHER_TRANSFER_ENCODING, false),
    NAMED("Expect", OTHER_EXPECT, false),
    NAMED("X-Forwarded-For", OTHER_FORWARDED_FOR, true),
    NAMED("CF-Connecting-IP", OTHER_CONNECTING_IP, true),
#undef NAMED
};
#define FIELD_NAME_COUNT (sizeof field_names / sizeof field_names[0])

struct fields {
    struct str value[OTHER_COUNT];
    bool seen[OTHER_COUNT];
    struct field_lines forwarded_for, connecting_ip;
    bool wants_close; /* said by any of the Connection lines (RFC 9112 section 9.6) */
};

static const struct field_name *find_field(struct str name)
{
    for (size_t i = 0; i < FIELD_NAME_COUNT; i++) {
        if (str_eq_nocase(name, field_names[i].name))
            return &field_names[i];
    }
    return NULL;
}

static bool list_has(struct str list, struct str token)
{
    struct str item;
    bool more = list.len > 0;
    while (more) {
        more = str_cut(list, ',', &item, &list);
        if (str_eq_nocase(str_trim(item), token))
            return true;
    }
    return false;
}

static void add_line(struct field_lines *l, struct str value)
{
    if (l->count == FIELD_LINES_MAX) {
        l->count--; /* whoever is nearest to us has written the last */
        for (size_t i = 0; i < l->count; i++)
            l->line[i] = l->line[i + 1];
    }
    l->line[l->count++] = value;
}

static enum err parse_field(struct str line, struct fields *f, struct http1_refusal *why)
{
    struct str name, value;
    if (line.ptr[0] == ' ' || line.ptr[0] == '\t')
        return refuse(why, 400, "A field line does not begin with a space.");
    if (!str_cut(line, ':', &name, &value) || !is_token(name))
        return refuse(why, 400, "A field is NAME: VALUE, the name being a token.");
    value = str_trim(value);
    if (!all_are(value, BYTE_VALUE))
        return refuse(why, 400, "A field value has visible ASCII, spaces and tabs.");
    const struct field_name *known = find_field(name);
    if (known == NULL)
        return OK;
    if (known->field == OTHER_CONNECTION && list_has(value, STR("close")))
        f->wants_close = true;
    if (f->seen[known->field] && !known->may_repeat)
        return refuse(why, 400, "A field came twice.");
    if (value.len > FRAME_FIELD_MAX)
        return refuse(why, 431, "A field value may have 4,096 bytes.");
    if (known->field == OTHER_FORWARDED_FOR)
        add_line(&f->forwarded_for, value);
    if (known->field == OTHER_CONNECTING_IP)
        add_line(&f->connecting_ip, value);
    if (!f->seen[known->field])
        f->value[known->field] = value;
    f->seen[known->field] = true;
    return OK;
}

static enum err parse_fields(struct str lines, struct fields *f, struct http1_refusal *why)
{
    struct str line;
    size_t count = 0;
    while (str_cut(lines, '\n', &line, &lines)) {
        line.len--; /* the CR, which http1_head_end() has seen */
        if (line.len == 0)
            return OK;
        if (++count > FIELDS_MAX)
            return refuse(why, 431, "A request may have 64 fields.");
        TRY(parse_field(line, f, why));
    }
    return refuse(why, 400, "The head has no end.");
}

/* RFC 3986 section 3.2.2: a name or IPv4 address, without the escapes that nobody's name needs; or
 * an IPv6 address in brackets, whose own grammar is left to whoever resolves it. */
static bool is_host(struct str s)
{
    if (!str_starts(s, STR("[")))
        return s.len > 0 && all_are(s, BYTE_NAME);
    return str_ends(s, STR("]")) && s.len > 2 && all_are(str_slice(s, 1, s.len - 2), BYTE_ADDRESS);
}

/* A host, and perhaps a colon with the digits of a port (section 3.2.3: perhaps none). */
static bool is_host_and_port(struct str s)
{
    size_t digits = 0;
    while (digits < s.len && is_digit(s.ptr[s.len - 1 - digits]))
        digits++;
    bool has_port = digits < s.len && digits <= 5 && s.ptr[s.len - 1 - digits] == ':';
    return is_host(has_port ? str_slice(s, 0, s.len - 1 - digits) : s);
}

/* RFC 9112 section 3.2: exactly one. */
static enum err check_host(const struct fields *f, struct http1_refusal *why)
{
    struct str host = f->value[FIELD_HOST];
    if (!f->seen[FIELD_HOST] || host.len == 0 || host.len > 255)
        return refuse(why, 400, "Exactly one Host field is needed.");
    if (!is_host_and_port(host))
        return refuse(why, 400, "The Host field is not a host.");
    return OK;
}

/* RFC 9112 section 6. */
static enum err check_framing(const struct fields *f, struct http1_request *out,
                              struct http1_refusal *why)
{
    uint64_t length = 0;
    bool has_length = f->seen[OTHER_CONTENT_LENGTH];
    if (f->seen[OTHER_TRANSFER_ENCODING])
        return has_length
                   ? refuse(why, 400, "Content-Length and Transfer-Encoding contradict each other.")
                   : refuse(why, 501, "Send a Content-Length: transfer codings are not taken.");
    if (has_length && str_u64(f->value[OTHER_CONTENT_LENGTH], INT64_MAX, &length) != OK)
        return refuse(why, 400, "Content-Length is one number.");
    if (length > BODY_SIZE_MAX)
        return refuse(why, 413, "A body may have 65,536 bytes.");
    if (length > 0 &&
        (out->method == METHOD_GET || out->method == METHOD_HEAD || out->method == METHOD_OPTIONS))
        return refuse(why, 400, "This method has no body.");
    out->content_length = (size_t)length;
    return OK;
}

static enum err check_expect(const struct fields *f, struct http1_request *out,
                             struct http1_refusal *why)
{
    if (!f->seen[OTHER_EXPECT])
        return OK;
    if (!str_eq_nocase(f->value[OTHER_EXPECT], STR("100-continue")))
        return refuse(why, 417, "The only expectation met here is 100-continue.");
    out->expects_continue = out->content_length > 0;
    return OK;
}

enum err http1_parse(struct str head, struct http1_request *out, struct http1_refusal *why)
{
    struct http1_request r = {0};
    struct fields f = {0};
    struct str line, lines;
    if (!str_cut(head, '\n', &line, &lines) || line.len == 0)
        return refuse(why, 400, "A request line is METHOD TARGET HTTP/1.1.");
    line.len--; /* the CR */
    if (str_find(line, '\r') < line.len || str_find(line, 0) < line.len)
        return refuse(why, 400, "A control character stands in the request line.");
    TRY(parse_request_line(line, &r, why));
    TRY(parse_fields(lines, &f, why));
    TRY(check_host(&f, why));
    TRY(check_framing(&f, &r, why));
    TRY(check_expect(&f, &r, why));
    for (size_t i = 0; i < FIELD_COUNT; i++)
        r.field[i] = f.value[i];
    r.accept_encoding = f.value[OTHER_ACCEPT_ENCODING];
    r.forwarded_for = f.forwarded_for;
    r.connecting_ip = f.connecting_ip;
    r.wants_close = f.wants_close;
    *out = r;
    return OK;
}
