#include "server/domain/chunk.h"

#include "tests/fuzz.h"

#define CHUNK_ID INT64_C(1795363200123456)

static uint8_t room[1 << 20];

/* What reads at all writes back to something that reads the same. */
static void copy_record(struct chunk_cursor *c)
{
    struct writer w = writer_into(room, sizeof room);
    struct chunk_cursor again = *c;
    struct chunk_reading r, s;
    struct chunk_record out =
        chunk_record_begin(&w, CHUNK_ID, c->device_id, c->batch, c->readings_left);
    while (chunk_next_reading(c, &r))
        chunk_record_put(&w, &out, &r);
    chunk_record_end(&w, &out);
    FUZZ_CHECK(!w.overflow);
    if (chunk_next_reading(c, &r) || c->bytes.failed)
        return;
    struct chunk_cursor copy = chunk_open(CHUNK_ID, str_from(room, w.len));
    FUZZ_CHECK(chunk_next_record(&copy));
    while (chunk_next_reading(&again, &r)) {
        FUZZ_CHECK(chunk_next_reading(&copy, &s));
        FUZZ_CHECK(r.series_id == s.series_id && r.time_ms == s.time_ms);
        FUZZ_CHECK(r.value.mantissa == s.value.mantissa && r.value.exponent == s.value.exponent);
        FUZZ_CHECK(str_eq(r.error, s.error));
    }
    FUZZ_CHECK(!chunk_next_reading(&copy, &s) && !chunk_next_record(&copy));
    FUZZ_CHECK(chunk_end(&copy) == OK);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct chunk_cursor c = chunk_open(CHUNK_ID, str_from(data, size));
    if (size > sizeof room / 8)
        return 0;
    while (chunk_next_record(&c))
        copy_record(&c);
    enum err end = chunk_end(&c);
    FUZZ_CHECK(end == OK || end == ERR_CORRUPT);
    return 0;
}
