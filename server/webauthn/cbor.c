#include "server/webauthn/cbor.h"

/* RFC 8949 section 3.1. */
enum major {
    UNSIGNED,
    NEGATIVE,
    BYTES,
    TEXT,
    ARRAY,
    MAP,
    TAG,
    SIMPLE,
};

struct head {
    enum major major;
    uint64_t value;
};

static uint64_t big_endian(struct reader *r, size_t len)
{
    uint64_t value = 0;
    for (size_t i = 0; i < len; i++)
        value = value << 8 | reader_u8(r);
    return value;
}

static struct head head_read(struct reader *r)
{
    uint8_t first = reader_u8(r);
    struct head h = {(enum major)(first >> 5), first & 31};
    if (h.value < 24)
        return h;
    if (h.value > 27) { /* reserved, or of indefinite length */
        reader_fail(r);
        return (struct head){0};
    }
    size_t len = (size_t)1 << (h.value - 24);
    h.value = big_endian(r, len);
    uint64_t least = len == 1 ? 24 : (uint64_t)1 << (8 * len / 2);
    if (h.value < least && h.major != SIMPLE) /* there the argument is no number */
        reader_fail(r);
    return h;
}

static struct head head_of(struct reader *r, enum major wanted)
{
    struct head h = head_read(r);
    if (h.major != wanted)
        reader_fail(r);
    return r->failed ? (struct head){0} : h;
}

static struct str view(struct reader *r, uint64_t len)
{
    if (len > reader_left(r)) {
        reader_fail(r);
        return STR_NONE;
    }
    return reader_bytes(r, (size_t)len);
}

int64_t cbor_int(struct reader *r)
{
    struct head h = head_read(r);
    if (h.major > NEGATIVE || h.value > INT64_MAX)
        reader_fail(r);
    if (r->failed)
        return 0;
    return h.major == UNSIGNED ? (int64_t)h.value : -1 - (int64_t)h.value;
}

struct str cbor_bytes(struct reader *r)
{
    return view(r, head_of(r, BYTES).value);
}

struct str cbor_text(struct reader *r)
{
    struct str text = view(r, head_of(r, TEXT).value);
    if (!str_is_utf8(text))
        reader_fail(r);
    return text;
}

uint64_t cbor_map(struct reader *r)
{
    return head_of(r, MAP).value;
}

static void skip(struct reader *r, int depth);

static void skip_all(struct reader *r, uint64_t count, int depth)
{
    /* Each takes a byte at least: more than are left cannot be there. */
    if (depth == CBOR_DEPTH_MAX || count > reader_left(r))
        reader_fail(r);
    for (uint64_t i = 0; i < count && !r->failed; i++)
        skip(r, depth + 1);
}

static void skip(struct reader *r, int depth)
{
    struct head h = head_read(r);
    if (r->failed)
        return;
    switch (h.major) {
    case UNSIGNED:
    case NEGATIVE:
    case SIMPLE: return;
    case BYTES:
    case TEXT: view(r, h.value); return;
    case ARRAY: skip_all(r, h.value, depth); return;
    case MAP: skip_all(r, h.value > UINT64_MAX / 2 ? UINT64_MAX : 2 * h.value, depth); return;
    case TAG: break; /* canonical form has none */
    }
    reader_fail(r);
}

void cbor_skip(struct reader *r)
{
    skip(r, 0);
}

struct str cbor_raw(struct reader *r)
{
    const uint8_t *begin = r->at;
    cbor_skip(r);
    return r->failed ? STR_NONE : str_from(begin, (size_t)(r->at - begin));
}
