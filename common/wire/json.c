#include "common/wire/json.h"

#include <string.h>

#include "common/base/assert.h"

/* ---- the cursor ------------------------------------------------------------------------------ */

struct json json_of(struct str text, uint8_t *scratch, size_t scratch_size)
{
    struct json j = {.at = text.ptr,
                     .end = text.len == 0 ? text.ptr : text.ptr + text.len,
                     .scratch = scratch,
                     .scratch_left = scratch_size};
    return j;
}

void json_fail(struct json *j)
{
    j->failed = true;
    j->at = j->end; /* so that nothing after a failure looks at the rest */
}

static bool is_space(uint8_t c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static uint8_t skip_space(struct json *j)
{
    const uint8_t *at = j->at;
    while (at < j->end && is_space(*at))
        at++;
    j->at = at;
    return at < j->end ? *at : 0;
}

/* The next byte that is not white space, not consumed; 0 at the end. Inlined for the common case
 * that there is no white space. */
static inline uint8_t next_byte(struct json *j)
{
    return j->at<j->end && * j->at> ' ' ? *j->at : skip_space(j);
}

static inline bool expect(struct json *j, uint8_t byte)
{
    if (next_byte(j) != byte) {
        json_fail(j);
        return false;
    }
    j->at++;
    return true;
}

enum json_type json_peek(struct json *j)
{
    switch (next_byte(j)) {
    case 'n': return JSON_NULL;
    case 'f': return JSON_FALSE;
    case 't': return JSON_TRUE;
    case '"': return JSON_STRING;
    case '[': return JSON_ARRAY;
    case '{': return JSON_OBJECT;
    case '-':
    case '0':
    case '1':
    case '2':
    case '3':
    case '4':
    case '5':
    case '6':
    case '7':
    case '8':
    case '9': return JSON_NUMBER;
    default: return JSON_NONE;
    }
}

/* ---- strings --------------------------------------------------------------------------------- */

/* What a byte inside a string means: 0 goes on, 1 ends the string, 2 escapes, 3 is not ASCII,
 * 4 may not stand there (RFC 8259 section 7: control characters are escaped). */
static uint8_t string_class(uint8_t c)
{
    return c == '"' ? 1 : c == '\\' ? 2 : c >= 0x80 ? 3 : c < 0x20 ? 4 : 0;
}

#if UINTPTR_MAX > UINT32_MAX && __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
/* The top bit of the first byte (in memory order) whose class is not 0, and perhaps of later ones.
 * Each term is exact up to the first byte it marks: a borrow only reaches past a byte that was
 * itself marked (Hacker's Delight, section 6-1). */
static uint64_t special_mask(uint64_t v)
{
    const uint64_t ones = 0x0101010101010101U;
    const uint64_t tops = 0x8080808080808080U;
    uint64_t quote = v ^ (ones * '"');
    uint64_t slash = v ^ (ones * '\\');
    return (((v - ones * 0x20) & ~v) | ((quote - ones) & ~quote) | ((slash - ones) & ~slash) | v) &
           tops;
}

/* Where the first byte of a class other than 0 stands. Eight at a time: a handler of JSON spends
 * most of its life here. */
static inline const uint8_t *skip_plain(const uint8_t *at, const uint8_t *end)
{
    for (; end - at >= 8; at += 8) {
        uint64_t word;
        memcpy(&word, at, sizeof word);
        uint64_t mask = special_mask(word);
        if (mask != 0)
            return at + __builtin_ctzll(mask) / 8;
    }
    while (at < end && string_class(*at) == 0)
        at++;
    return at;
}
#else
static inline const uint8_t *skip_plain(const uint8_t *at, const uint8_t *end)
{
    while (at < end && string_class(*at) == 0)
        at++;
    return at;
}
#endif

/* The bytes between the quotes, escapes still in place; their UTF-8 is checked here. */
static struct str scan_string(struct json *j, bool *has_escape)
{
    *has_escape = false;
    if (!expect(j, '"'))
        return STR_NONE;
    const uint8_t *start = j->at;
    const uint8_t *at = start;
    bool ascii = true;
    for (;;) {
        at = skip_plain(at, j->end);
        uint8_t class = at < j->end ? string_class(*at) : 4;
        if (class == 1)
            break;
        if (class == 4 || (class == 2 && j->end - at < 2)) {
            json_fail(j);
            return STR_NONE;
        }
        ascii &= class != 3;
        *has_escape |= class == 2;
        at += class == 2 ? 2 : 1;
    }
    struct str raw = {start, (size_t)(at - start)};
    j->at = at + 1;
    if (!ascii && !str_is_utf8(raw)) {
        json_fail(j);
        return STR_NONE;
    }
    return raw;
}

/* Four hex digits at text[at]; false when they are not. */
static bool hex4(struct str text, size_t at, uint32_t *out)
{
    uint32_t value = 0;
    if (text.len - at < 4)
        return false;
    for (size_t i = at; i < at + 4; i++) {
        uint8_t c = text.ptr[i];
        uint8_t low = c | 0x20;
        if (c >= '0' && c <= '9')
            value = value << 4 | (uint32_t)(c - '0');
        else if (low >= 'a' && low <= 'f')
            value = value << 4 | (uint32_t)(low - 'a' + 10);
        else
            return false;
    }
    *out = value;
    return true;
}

/* The code point of the \u escape whose digits start at text[*at]; a pair of surrogates is one.
 * A lone surrogate has no UTF-8, so it is refused (RFC 7493 section 2.1). */
static bool unescape_unicode(struct str text, size_t *at, uint32_t *out)
{
    if (!hex4(text, *at, out))
        return false;
    *at += 4;
    if (*out < 0xD800 || *out > 0xDFFF)
        return true;
    uint32_t low;
    if (*out > 0xDBFF || text.len - *at < 6 || text.ptr[*at] != '\\' || text.ptr[*at + 1] != 'u' ||
        !hex4(text, *at + 2, &low) || low < 0xDC00 || low > 0xDFFF)
        return false;
    *at += 6;
    *out = 0x10000 + ((*out - 0xD800) << 10) + (low - 0xDC00);
    return true;
}

static void write_utf8(struct writer *w, uint32_t c)
{
    if (c < 0x80) {
        writer_u8(w, (uint8_t)c);
        return;
    }
    if (c < 0x800) {
        writer_u8(w, (uint8_t)(0xC0 | c >> 6));
    } else {
        if (c < 0x10000) {
            writer_u8(w, (uint8_t)(0xE0 | c >> 12));
        } else {
            writer_u8(w, (uint8_t)(0xF0 | c >> 18));
            writer_u8(w, (uint8_t)(0x80 | (c >> 12 & 63)));
        }
        writer_u8(w, (uint8_t)(0x80 | (c >> 6 & 63)));
    }
    writer_u8(w, (uint8_t)(0x80 | (c & 63)));
}

/* One escape, text[*at] being the byte after the backslash. */
static bool unescape_one(struct str text, size_t *at, uint32_t *out)
{
    static const char names[] = "\"\\/bfnrt";
    static const char meanings[] = "\"\\/\b\f\n\r\t";
    uint8_t name = text.ptr[(*at)++];
    if (name == 'u')
        return unescape_unicode(text, at, out);
    for (size_t i = 0; i < sizeof names - 1; i++) {
        if (name == (uint8_t)names[i]) {
            *out = (uint8_t)meanings[i];
            return true;
        }
    }
    return false;
}

/* False when an escape is malformed. w may be NULL, to check only. */
static bool unescape(struct str raw, struct writer *w)
{
    for (size_t at = 0; at < raw.len;) {
        uint32_t c = raw.ptr[at];
        if (c != '\\') {
            if (w != NULL)
                writer_u8(w, (uint8_t)c);
            at++;
            continue;
        }
        at++;
        if (!unescape_one(raw, &at, &c))
            return false;
        if (w != NULL)
            write_utf8(w, c);
    }
    return true;
}

static struct str string_with_escapes(struct json *j)
{
    bool has_escape;
    struct str raw = scan_string(j, &has_escape);
    if (!has_escape)
        return raw;
    struct writer w = writer_into(j->scratch, j->scratch_left);
    struct str out;
    if (!unescape(raw, &w) || writer_end(&w, &out) != OK) {
        json_fail(j);
        return STR_NONE;
    }
    j->scratch += out.len;
    j->scratch_left -= out.len;
    return out;
}

/* Nearly every string is plain ASCII and short: find its quote and be done. */
static inline struct str take_string(struct json *j)
{
    if (next_byte(j) == '"') {
        const uint8_t *start = j->at + 1;
        const uint8_t *at = skip_plain(start, j->end);
        if (at < j->end && *at == '"') {
            j->at = at + 1;
            return (struct str){start, (size_t)(at - start)};
        }
    }
    return string_with_escapes(j);
}

struct str json_string(struct json *j)
{
    return take_string(j);
}

/* ---- containers ------------------------------------------------------------------------------ */

static void enter(struct json *j, uint8_t byte)
{
    if (!expect(j, byte))
        return;
    if (j->depth == JSON_DEPTH_MAX) {
        json_fail(j);
        return;
    }
    j->is_object[j->depth++] = byte == '{';
    j->first = true;
}

void json_object(struct json *j)
{
    enter(j, '{');
}

void json_array(struct json *j)
{
    enter(j, '[');
}

/* Step to the next element of the open container, past its comma; false at its end. */
static inline bool step(struct json *j, bool is_object)
{
    if (j->failed)
        return false;
    ASSERT(j->depth > 0 && j->is_object[j->depth - 1] == is_object);
    uint8_t byte = next_byte(j);
    if (byte == (is_object ? '}' : ']')) {
        j->at++;
        j->depth--;
        j->first = false;
        return false;
    }
    if (!j->first && !expect(j, ','))
        return false;
    j->first = false;
    return true;
}

bool json_member(struct json *j, struct str *name)
{
    if (!step(j, true))
        return false;
    *name = take_string(j);
    return expect(j, ':');
}

bool json_element(struct json *j)
{
    return step(j, false);
}

/* ---- numbers --------------------------------------------------------------------------------- */

static bool is_digit(uint8_t c)
{
    return (uint8_t)(c - '0') < 10;
}

static const uint8_t *skip_digits(const uint8_t *at, const uint8_t *end)
{
    while (at < end && is_digit(*at))
        at++;
    return at;
}

/* The number at the cursor as text, RFC 8259 section 6; is_integer when it has no fraction and no
 * exponent. */
static struct str scan_number(struct json *j, bool *is_integer)
{
    next_byte(j);
    const uint8_t *start = j->at;
    const uint8_t *at = start;
    at += at < j->end && *at == '-';
    const uint8_t *digits = at;
    at = skip_digits(at, j->end);
    bool good = at > digits && (*digits != '0' || at - digits == 1);
    *is_integer = true;
    if (good && at < j->end && *at == '.') {
        const uint8_t *fraction = ++at;
        at = skip_digits(at, j->end);
        good = at > fraction;
        *is_integer = false;
    }
    if (good && at < j->end && (*at | 0x20) == 'e') {
        at++;
        at += at < j->end && (*at == '+' || *at == '-');
        const uint8_t *exponent = at;
        at = skip_digits(at, j->end);
        good = at > exponent;
        *is_integer = false;
    }
    if (!good) {
        json_fail(j);
        return STR_NONE;
    }
    j->at = at;
    return (struct str){start, (size_t)(at - start)};
}

/* Ordinary readings ("21.5", "-3", "1013.25") in one pass: at most 18 digits, no exponent, no
 * trailing zero in the fraction. Anything else is left to decimal_read(), the one definition. */
static bool decimal_fast(struct json *j, struct decimal *out)
{
    const uint8_t *at = j->at;
    bool negative = at < j->end && *at == '-';
    at += negative;
    const uint8_t *start = at;
    int64_t mantissa = 0;
    const uint8_t *limit = j->end - at > DECIMAL_DIGITS_MAX ? at + DECIMAL_DIGITS_MAX : j->end;
    for (; at < limit && is_digit(*at); at++)
        mantissa = mantissa * 10 + (*at - '0');
    if (at == start || (*start == '0' && at - start > 1) || at == j->end)
        return false;
    int8_t exponent = 0;
    if (*at == '.') {
        const uint8_t *point = at++;
        for (; at < limit && is_digit(*at); at++)
            mantissa = mantissa * 10 + (*at - '0');
        if (at - point < 2 || at[-1] == '0')
            return false;
        exponent = (int8_t)(point + 1 - at);
    }
    if (at == j->end || (*at != ',' && *at != '}' && *at != ']'))
        return false;
    out->mantissa = negative ? -mantissa : mantissa;
    out->exponent = exponent;
    j->at = at;
    return true;
}

struct decimal json_decimal(struct json *j)
{
    struct decimal value = {0, 0};
    next_byte(j);
    if (decimal_fast(j, &value))
        return value;
    bool is_integer;
    struct str text = scan_number(j, &is_integer);
    if (!j->failed && decimal_read(text, &value) != OK)
        json_fail(j);
    return j->failed ? (struct decimal){0, 0} : value;
}

/* A time or a version in one pass: at most 18 digits, no sign. */
static bool int_fast(struct json *j, int64_t *out)
{
    const uint8_t *start = j->at;
    const uint8_t *at = start;
    const uint8_t *limit = j->end - at > 18 ? at + 18 : j->end;
    int64_t value = 0;
    for (; at < limit && is_digit(*at); at++)
        value = value * 10 + (*at - '0');
    if (at == start || at == j->end || (*at != ',' && *at != '}') ||
        (*start == '0' && at - start > 1))
        return false;
    *out = value;
    j->at = at;
    return true;
}

int64_t json_int(struct json *j)
{
    int64_t fast;
    bool is_integer;
    next_byte(j);
    if (int_fast(j, &fast))
        return fast;
    struct str text = scan_number(j, &is_integer);
    if (j->failed || !is_integer) {
        json_fail(j);
        return 0;
    }
    bool negative = text.ptr[0] == '-';
    uint64_t limit = negative ? (uint64_t)INT64_MAX + 1 : (uint64_t)INT64_MAX;
    uint64_t value = 0;
    for (size_t i = negative; i < text.len; i++) {
        uint64_t digit = (uint64_t)(text.ptr[i] - '0');
        if (value > (limit - digit) / 10) {
            json_fail(j);
            return 0;
        }
        value = value * 10 + digit;
    }
    /* Negated as unsigned: 2^63 has no positive twin in int64. */
    return (int64_t)(negative ? 0 - value : value);
}

/* ---- words and whole values ------------------------------------------------------------------ */

static bool take_word(struct json *j, struct str word)
{
    next_byte(j);
    if ((size_t)(j->end - j->at) < word.len || memcmp(j->at, word.ptr, word.len) != 0)
        return false;
    j->at += word.len;
    return true;
}

bool json_bool(struct json *j)
{
    if (j->at == j->end) {
        json_fail(j);
        return false;
    }
    if (take_word(j, STR("true")))
        return true;
    if (!take_word(j, STR("false")))
        json_fail(j);
    return false;
}

void json_null(struct json *j)
{
    if (j->at == j->end || !take_word(j, STR("null")))
        json_fail(j);
}

static void skip_string(struct json *j)
{
    bool has_escape;
    struct str raw = scan_string(j, &has_escape);
    if (has_escape && !unescape(raw, NULL))
        json_fail(j);
}

/* A scalar is consumed, a container entered. */
static void skip_one(struct json *j)
{
    bool ignored;
    switch (json_peek(j)) {
    case JSON_NULL: json_null(j); break;
    case JSON_FALSE:
    case JSON_TRUE: json_bool(j); break;
    case JSON_NUMBER: scan_number(j, &ignored); break;
    case JSON_STRING: skip_string(j); break;
    case JSON_ARRAY: json_array(j); break;
    case JSON_OBJECT: json_object(j); break;
    case JSON_NONE: json_fail(j); break;
    }
}

void json_skip(struct json *j)
{
    uint8_t outer = j->depth;
    skip_one(j);
    while (!j->failed && j->depth > outer) {
        bool in_object = j->is_object[j->depth - 1];
        if (!step(j, in_object))
            continue;
        if (in_object) {
            skip_string(j);
            expect(j, ':');
        }
        skip_one(j);
    }
}

struct str json_raw(struct json *j)
{
    next_byte(j);
    const uint8_t *start = j->at;
    json_skip(j);
    return j->failed ? STR_NONE : (struct str){start, (size_t)(j->at - start)};
}

enum err json_end(struct json *j)
{
    next_byte(j);
    return j->failed || j->depth != 0 || j->at != j->end ? ERR_PEER : OK;
}
