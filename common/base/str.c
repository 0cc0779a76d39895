#include "common/base/str.h"

#include <string.h>

struct str str_from(const void *ptr, size_t len)
{
    return (struct str){ptr, len};
}

struct str str_from_cstr(const char *text)
{
    return (struct str){(const uint8_t *)text, text == NULL ? 0 : strlen(text)};
}

bool str_eq(struct str a, struct str b)
{
    return a.len == b.len && (a.len == 0 || memcmp(a.ptr, b.ptr, a.len) == 0);
}

static uint8_t lower(uint8_t c)
{
    return c >= 'A' && c <= 'Z' ? (uint8_t)(c + ('a' - 'A')) : c;
}

bool str_eq_nocase(struct str a, struct str b)
{
    if (a.len != b.len)
        return false;
    for (size_t i = 0; i < a.len; i++) {
        if (lower(a.ptr[i]) != lower(b.ptr[i]))
            return false;
    }
    return true;
}

bool str_starts(struct str s, struct str prefix)
{
    return s.len >= prefix.len && str_eq(str_slice(s, 0, prefix.len), prefix);
}

bool str_ends(struct str s, struct str suffix)
{
    return s.len >= suffix.len && str_eq(str_slice(s, s.len - suffix.len, suffix.len), suffix);
}

struct str str_slice(struct str s, size_t from, size_t len)
{
    if (from >= s.len)
        return STR_NONE;
    size_t left = s.len - from;
    return (struct str){s.ptr + from, len < left ? len : left};
}

size_t str_find(struct str s, uint8_t byte)
{
    if (s.len == 0)
        return 0;
    const uint8_t *at = memchr(s.ptr, byte, s.len);
    return at == NULL ? s.len : (size_t)(at - s.ptr);
}

bool str_cut(struct str s, uint8_t byte, struct str *head, struct str *tail)
{
    size_t at = str_find(s, byte);
    if (at == s.len) {
        *head = s;
        *tail = STR_NONE;
        return false;
    }
    *head = str_slice(s, 0, at);
    *tail = str_slice(s, at + 1, s.len);
    return true;
}

struct str str_trim(struct str s)
{
    while (s.len > 0 && (s.ptr[0] == ' ' || s.ptr[0] == '\t')) {
        s.ptr++;
        s.len--;
    }
    while (s.len > 0 && (s.ptr[s.len - 1] == ' ' || s.ptr[s.len - 1] == '\t'))
        s.len--;
    return s;
}

enum err str_u64(struct str s, uint64_t max, uint64_t *out)
{
    if (s.len == 0 || s.len > 20 || (s.len > 1 && s.ptr[0] == '0'))
        return ERR_PEER;
    uint64_t value = 0;
    for (size_t i = 0; i < s.len; i++) {
        if (s.ptr[i] < '0' || s.ptr[i] > '9')
            return ERR_PEER;
        uint64_t digit = (uint64_t)(s.ptr[i] - '0');
        if (value > (UINT64_MAX - digit) / 10)
            return ERR_PEER;
        value = value * 10 + digit;
    }
    if (value > max)
        return ERR_PEER;
    *out = value;
    return OK;
}

enum err str_to_cstr(struct str s, char *out, size_t cap)
{
    if (s.len >= cap)
        return ERR_LIMIT;
    if (str_find(s, 0) != s.len)
        return ERR_PEER;
    if (s.len > 0)
        memcpy(out, s.ptr, s.len);
    out[s.len] = 0;
    return OK;
}

/* Length of the well-formed sequence at s[i], or 0. Ranges: RFC 3629 section 4. */
static size_t utf8_sequence_len(struct str s, size_t i)
{
    uint8_t first = s.ptr[i];
    if (first < 0x80)
        return 1;
    size_t len = first >= 0xC2 && first <= 0xDF ? 2 : (first & 0xF0) == 0xE0 ? 3 : 0;
    if (first >= 0xF0 && first <= 0xF4)
        len = 4;
    if (len == 0 || s.len - i < len)
        return 0;
    for (size_t k = 1; k < len; k++) {
        if ((s.ptr[i + k] & 0xC0) != 0x80)
            return 0;
    }
    uint8_t second = s.ptr[i + 1];
    if ((first == 0xE0 && second < 0xA0) || (first == 0xED && second > 0x9F) ||
        (first == 0xF0 && second < 0x90) || (first == 0xF4 && second > 0x8F))
        return 0;
    return len;
}

bool str_is_utf8(struct str s)
{
    for (size_t i = 0; i < s.len;) {
        size_t len = utf8_sequence_len(s, i);
        if (len == 0)
            return false;
        i += len;
    }
    return true;
}

bool str_eq_secret(struct str a, struct str b)
{
    if (a.len != b.len)
        return false;
    volatile uint8_t differs = 0;
    for (size_t i = 0; i < a.len; i++)
        differs = (uint8_t)(differs | (a.ptr[i] ^ b.ptr[i]));
    return differs == 0;
}
