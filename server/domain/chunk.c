#include "server/domain/chunk.h"

/* Record lengths are four bytes, so that they can be set afterwards. */
#define LENGTH_WIDTH 4
#define LENGTH_MAX   ((1U << 28) - 1)

static uint64_t zigzag(int64_t v)
{
    return (uint64_t)v << 1 ^ (v < 0 ? UINT64_MAX : 0);
}

static int64_t unzigzag(uint64_t v)
{
    return (int64_t)(v >> 1 ^ ((v & 1) == 1 ? UINT64_MAX : 0));
}

struct chunk_record chunk_record_begin(struct writer *w, int64_t chunk_id, int64_t device_id,
                                       uint64_t batch, size_t count)
{
    writer_varint(w, (uint64_t)device_id);
    struct chunk_record c = {.length_at = w->len, .time_ms = chunk_id / 1000};
    writer_u32(w, 0);
    writer_u64(w, batch);
    writer_varint(w, count);
    return c;
}

void chunk_record_put(struct writer *w, struct chunk_record *c, const struct chunk_reading *r)
{
    bool is_error = r->error.len > 0;
    writer_varint(w, (uint64_t)r->series_id << 1 | is_error);
    writer_varint(w, zigzag(r->time_ms - c->time_ms));
    c->time_ms = r->time_ms;
    if (is_error) {
        writer_u8(w, (uint8_t)r->error.len);
        writer_str(w, r->error);
    } else {
        writer_u8(w, (uint8_t)(r->value.exponent + 128));
        writer_varint(w, zigzag(r->value.mantissa));
    }
}

void chunk_record_end(struct writer *w, const struct chunk_record *c)
{
    if (w->overflow)
        return;
    writer_patch_u32(w, c->length_at, (uint32_t)(w->len - c->length_at - LENGTH_WIDTH));
}

struct chunk_cursor chunk_open(int64_t chunk_id, struct str data)
{
    return (struct chunk_cursor){.bytes = reader_of(data), .chunk_id = chunk_id};
}

bool chunk_next_record(struct chunk_cursor *c)
{
    if (c->bytes.failed || reader_left(&c->bytes) == 0)
        return false;
    uint64_t device_id = reader_varint(&c->bytes);
    uint32_t len = reader_u32(&c->bytes);
    c->body = reader_of(reader_bytes(&c->bytes, len));
    c->batch = reader_u64(&c->body);
    c->readings_left = reader_varint(&c->body);
    if (c->bytes.failed || c->body.failed || device_id > INT64_MAX || len > LENGTH_MAX) {
        reader_fail(&c->bytes);
        return false;
    }
    c->device_id = (int64_t)device_id;
    c->time_ms = c->chunk_id / 1000;
    return true;
}

bool chunk_next_reading(struct chunk_cursor *c, struct chunk_reading *out)
{
    if (c->readings_left == 0)
        return false;
    struct reader *r = &c->body;
    struct chunk_reading q = {0};
    uint64_t head = reader_varint(r);
    int64_t delta = unzigzag(reader_varint(r));
    q.series_id = (int64_t)(head >> 1);
    if ((head & 1) == 1) {
        q.error = reader_bytes(r, reader_u8(r));
    } else {
        int exponent = reader_u8(r) - 128;
        q.value.mantissa = unzigzag(reader_varint(r));
        if (exponent < DECIMAL_EXPONENT_MIN || exponent > DECIMAL_EXPONENT_MAX)
            reader_fail(r);
        else
            q.value.exponent = (int8_t)exponent;
    }
    if (__builtin_add_overflow(c->time_ms, delta, &q.time_ms) || r->failed) {
        reader_fail(&c->bytes); /* the damage ends the whole walk */
        c->readings_left = 0;
        return false;
    }
    c->time_ms = q.time_ms;
    c->readings_left--;
    *out = q;
    return true;
}

enum err chunk_end(const struct chunk_cursor *c)
{
    return reader_end(&c->bytes) == OK ? OK : ERR_CORRUPT;
}
