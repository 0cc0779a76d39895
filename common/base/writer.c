#include "common/base/writer.h"

#include <string.h>

#include "common/base/assert.h"

struct writer writer_into(void *buf, size_t cap)
{
    return (struct writer){buf, cap, 0, false};
}

size_t writer_left(const struct writer *w)
{
    return w->overflow ? 0 : w->cap - w->len;
}

void writer_bytes(struct writer *w, const void *ptr, size_t len)
{
    if (len > writer_left(w)) {
        w->overflow = true;
        return;
    }
    if (len > 0)
        memcpy(w->buf + w->len, ptr, len);
    w->len += len;
}

void writer_str(struct writer *w, struct str s)
{
    writer_bytes(w, s.ptr, s.len);
}

static void little_endian(uint8_t *out, uint64_t v, size_t width)
{
    for (size_t i = 0; i < width; i++)
        out[i] = (uint8_t)(v >> (8 * i));
}

void writer_u8(struct writer *w, uint8_t v)
{
    writer_bytes(w, &v, 1);
}

void writer_u16(struct writer *w, uint16_t v)
{
    uint8_t raw[2];
    little_endian(raw, v, sizeof raw);
    writer_bytes(w, raw, sizeof raw);
}

void writer_u32(struct writer *w, uint32_t v)
{
    uint8_t raw[4];
    little_endian(raw, v, sizeof raw);
    writer_bytes(w, raw, sizeof raw);
}

void writer_u64(struct writer *w, uint64_t v)
{
    uint8_t raw[8];
    little_endian(raw, v, sizeof raw);
    writer_bytes(w, raw, sizeof raw);
}

void writer_varint(struct writer *w, uint64_t v)
{
    for (; v >= 0x80; v >>= 7)
        writer_u8(w, (uint8_t)(v | 0x80));
    writer_u8(w, (uint8_t)v);
}

void writer_str16(struct writer *w, struct str s)
{
    if (s.len > UINT16_MAX) {
        w->overflow = true;
        return;
    }
    writer_u16(w, (uint16_t)s.len);
    writer_str(w, s);
}

void writer_str32(struct writer *w, struct str s)
{
    if (s.len > UINT32_MAX) {
        w->overflow = true;
        return;
    }
    writer_u32(w, (uint32_t)s.len);
    writer_str(w, s);
}

void writer_decimal(struct writer *w, int64_t v)
{
    char digits[20];
    size_t at = sizeof digits;
    /* Negate as unsigned: the smallest int64 has no positive twin. */
    uint64_t left = v < 0 ? 0 - (uint64_t)v : (uint64_t)v;
    do {
        digits[--at] = (char)('0' + left % 10);
        left /= 10;
    } while (left > 0);
    if (v < 0)
        digits[--at] = '-';
    writer_bytes(w, digits + at, sizeof digits - at);
}

void writer_hex(struct writer *w, struct str bytes)
{
    static const char digit[] = "0123456789abcdef";
    for (size_t i = 0; i < bytes.len; i++) {
        writer_u8(w, (uint8_t)digit[bytes.ptr[i] >> 4]);
        writer_u8(w, (uint8_t)digit[bytes.ptr[i] & 15]);
    }
}

void writer_patch_u32(struct writer *w, size_t at, uint32_t v)
{
    if (w->overflow)
        return;
    ASSERT(at <= w->len && w->len - at >= 4);
    little_endian(w->buf + at, v, 4);
}

enum err writer_end(const struct writer *w, struct str *out)
{
    if (w->overflow)
        return ERR_LIMIT;
    *out = (struct str){w->buf, w->len};
    return OK;
}
