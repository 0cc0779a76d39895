#include "common/base/encoding.h"

static const char base32[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
static const char standard[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
static const char url_safe[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

void base32_write(struct writer *w, struct str bytes)
{
    uint32_t bits = 0, have = 0;
    for (size_t i = 0; i < bytes.len; i++) {
        bits = (bits << 8 | bytes.ptr[i]) & 0xFFF;
        for (have += 8; have >= 5; have -= 5)
            writer_u8(w, (uint8_t)base32[bits >> (have - 5) & 31]);
    }
    if (have > 0)
        writer_u8(w, (uint8_t)base32[bits << (5 - have) & 31]);
}

static void write_with(struct writer *w, struct str bytes, const char *alphabet, bool padded)
{
    for (size_t i = 0; i < bytes.len; i += 3) {
        size_t have = bytes.len - i < 3 ? bytes.len - i : 3;
        uint32_t group = (uint32_t)bytes.ptr[i] << 16;
        if (have > 1)
            group |= (uint32_t)bytes.ptr[i + 1] << 8;
        if (have > 2)
            group |= bytes.ptr[i + 2];
        for (size_t k = 0; k < 4; k++) {
            if (k <= have)
                writer_u8(w, (uint8_t)alphabet[group >> (18 - 6 * k) & 63]);
            else if (padded)
                writer_u8(w, '=');
        }
    }
}

void base64_write(struct writer *w, struct str bytes)
{
    write_with(w, bytes, standard, true);
}

void base64url_write(struct writer *w, struct str bytes)
{
    write_with(w, bytes, url_safe, false);
}

/* The value of one digit, or 64. */
static uint32_t sextet(uint8_t c, const char *alphabet)
{
    if (c >= 'A' && c <= 'Z')
        return (uint32_t)(c - 'A');
    if (c >= 'a' && c <= 'z')
        return (uint32_t)(c - 'a') + 26;
    if (c >= '0' && c <= '9')
        return (uint32_t)(c - '0') + 52;
    if (c == (uint8_t)alphabet[62])
        return 62;
    if (c == (uint8_t)alphabet[63])
        return 63;
    return 64;
}

/* text holds digits only, padding already taken off. */
static enum err read_with(struct str text, const char *alphabet, uint8_t *out, size_t cap,
                          size_t *len)
{
    if (text.len % 4 == 1)
        return ERR_PEER;
    size_t size = text.len / 4 * 3 + (text.len % 4 == 0 ? 0 : text.len % 4 - 1);
    if (size > cap)
        return ERR_LIMIT;
    size_t at = 0;
    for (size_t i = 0; i < text.len; i += 4) {
        size_t have = text.len - i < 4 ? text.len - i : 4;
        uint32_t group = 0;
        for (size_t k = 0; k < have; k++) {
            uint32_t digit = sextet(text.ptr[i + k], alphabet);
            if (digit == 64)
                return ERR_PEER;
            group |= digit << (18 - 6 * k);
        }
        /* RFC 4648 section 3.5: bits that carry nothing must be zero. */
        if ((have == 2 && (group & 0xFFFF) != 0) || (have == 3 && (group & 0xFF) != 0))
            return ERR_PEER;
        for (size_t k = 0; k + 1 < have; k++)
            out[at++] = (uint8_t)(group >> (16 - 8 * k));
    }
    *len = at;
    return OK;
}

enum err base64_read(struct str text, uint8_t *out, size_t cap, size_t *len)
{
    if (text.len % 4 != 0)
        return ERR_PEER;
    for (int pad = 0; pad < 2 && text.len > 0 && text.ptr[text.len - 1] == '='; pad++)
        text.len--;
    return read_with(text, standard, out, cap, len);
}

enum err base64url_read(struct str text, uint8_t *out, size_t cap, size_t *len)
{
    return read_with(text, url_safe, out, cap, len);
}

static int hex_digit(uint8_t c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    return -1;
}

enum err hex_read(struct str text, uint8_t *out, size_t cap, size_t *len)
{
    if (text.len % 2 != 0)
        return ERR_PEER;
    if (text.len / 2 > cap)
        return ERR_LIMIT;
    for (size_t i = 0; i < text.len; i += 2) {
        int high = hex_digit(text.ptr[i]);
        int low = hex_digit(text.ptr[i + 1]);
        if (high < 0 || low < 0)
            return ERR_PEER;
        out[i / 2] = (uint8_t)(high << 4 | low);
    }
    *len = text.len / 2;
    return OK;
}
