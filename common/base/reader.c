#include "common/base/reader.h"

struct reader reader_of(struct str bytes)
{
    return (struct reader){bytes.ptr, bytes.ptr == NULL ? NULL : bytes.ptr + bytes.len, false};
}

size_t reader_left(const struct reader *r)
{
    return r->failed || r->at == NULL ? 0 : (size_t)(r->end - r->at);
}

void reader_fail(struct reader *r)
{
    r->failed = true;
}

struct str reader_bytes(struct reader *r, size_t len)
{
    if (len > reader_left(r)) {
        reader_fail(r);
        return STR_NONE;
    }
    struct str out = {r->at, len};
    if (len > 0)
        r->at += len;
    return out;
}

struct str reader_rest(struct reader *r)
{
    return reader_bytes(r, reader_left(r));
}

static uint64_t little_endian(struct reader *r, size_t width)
{
    struct str raw = reader_bytes(r, width);
    uint64_t value = 0;
    for (size_t i = raw.len; i > 0; i--)
        value = value << 8 | raw.ptr[i - 1];
    return value;
}

uint8_t reader_u8(struct reader *r)
{
    return (uint8_t)little_endian(r, 1);
}

uint16_t reader_u16(struct reader *r)
{
    return (uint16_t)little_endian(r, 2);
}

uint32_t reader_u32(struct reader *r)
{
    return (uint32_t)little_endian(r, 4);
}

uint64_t reader_u64(struct reader *r)
{
    return little_endian(r, 8);
}

uint64_t reader_varint(struct reader *r)
{
    uint64_t value = 0;
    for (unsigned shift = 0; shift < 64; shift += 7) {
        uint8_t byte = reader_u8(r);
        uint64_t bits = byte & 0x7FU;
        if (shift == 63 && bits > 1)
            break; /* beyond 64 bits */
        value |= bits << shift;
        if ((byte & 0x80U) == 0) {
            if (byte == 0 && shift > 0)
                break; /* not the shortest form */
            return r->failed ? 0 : value;
        }
    }
    reader_fail(r);
    return 0;
}

struct str reader_str16(struct reader *r)
{
    return reader_bytes(r, reader_u16(r));
}

struct str reader_str32(struct reader *r)
{
    return reader_bytes(r, reader_u32(r));
}

enum err reader_end(const struct reader *r)
{
    return r->failed || reader_left(r) != 0 ? ERR_PEER : OK;
}
