#include "server/domain/chunk.h"

#include "tests/check.h"

#define CHUNK_ID INT64_C(1795363200123456)

static uint8_t room[8192];

/* Two devices; the second record has every kind of reading at its bounds. */
static const struct chunk_reading readings[] = {
    {1, INT64_C(1795363200123), {215, -1}, {NULL, 0}},
    {INT64_C(1) << 40, INT64_C(1795363200122), {-1, 0}, {NULL, 0}},
    {3, 0, {INT64_MAX, DECIMAL_EXPONENT_MAX}, {NULL, 0}},
    {4, INT64_C(1795363500123), {INT64_MIN, DECIMAL_EXPONENT_MIN}, {NULL, 0}},
    {5, -1, {0, 0}, {(const uint8_t *)"disconnected", 12}},
    {6, INT64_MAX / 2, {0, 0}, {NULL, 0}},
};
#define READINGS (sizeof readings / sizeof readings[0])
#define FIRST    2 /* of them in the first record */

static struct str write_chunk(void)
{
    struct str out;
    struct writer w = writer_into(room, sizeof room);
    struct chunk_record c = chunk_record_begin(&w, CHUNK_ID, 17, UINT64_MAX, FIRST);
    for (size_t i = 0; i < FIRST; i++)
        chunk_record_put(&w, &c, &readings[i]);
    chunk_record_end(&w, &c);
    c = chunk_record_begin(&w, CHUNK_ID, INT64_MAX, 0, READINGS - FIRST);
    for (size_t i = FIRST; i < READINGS; i++)
        chunk_record_put(&w, &c, &readings[i]);
    chunk_record_end(&w, &c);
    CHECK_INT(writer_end(&w, &out), OK);
    return out;
}

static void check_same(const struct chunk_reading *got, const struct chunk_reading *expected)
{
    CHECK_INT(got->series_id, expected->series_id);
    CHECK_INT(got->time_ms, expected->time_ms);
    CHECK_INT(got->value.mantissa, expected->value.mantissa);
    CHECK_INT(got->value.exponent, expected->value.exponent);
    CHECK_STR(got->error, expected->error);
}

static size_t walk(struct str data, bool skip, enum err *end)
{
    struct chunk_cursor c = chunk_open(CHUNK_ID, data);
    struct chunk_reading r;
    size_t count = 0;
    while (chunk_next_record(&c)) {
        while (!skip && chunk_next_reading(&c, &r))
            count++;
    }
    *end = chunk_end(&c);
    return count;
}

TEST(chunk__what_was_written_reads_back_digit_for_digit)
{
    struct chunk_cursor c = chunk_open(CHUNK_ID, check_exact(write_chunk()));
    struct chunk_reading r;
    CHECK(chunk_next_record(&c));
    CHECK_INT(c.device_id, 17);
    CHECK_INT(c.batch, -1);
    for (size_t i = 0; i < FIRST; i++) {
        CHECK(chunk_next_reading(&c, &r));
        check_same(&r, &readings[i]);
    }
    CHECK(!chunk_next_reading(&c, &r));
    CHECK(chunk_next_record(&c));
    CHECK_INT(c.device_id, INT64_MAX);
    CHECK_INT(c.readings_left, READINGS - FIRST);
    for (size_t i = FIRST; i < READINGS; i++) {
        CHECK(chunk_next_reading(&c, &r));
        check_same(&r, &readings[i]);
    }
    CHECK(!chunk_next_reading(&c, &r));
    CHECK(!chunk_next_record(&c));
    CHECK_INT(chunk_end(&c), OK);
}

TEST(chunk__records_are_skipped_by_their_length)
{
    struct chunk_cursor c = chunk_open(CHUNK_ID, check_exact(write_chunk()));
    CHECK(chunk_next_record(&c) && chunk_next_record(&c) && !chunk_next_record(&c));
    CHECK_INT(chunk_end(&c), OK);
}

TEST(chunk__nothing_is_an_empty_chunk)
{
    enum err end;
    CHECK_INT(walk(STR_NONE, false, &end), 0);
    CHECK_INT(end, OK);
}

TEST(chunk__cut_at_any_byte__is_corrupt)
{
    struct str whole = write_chunk();
    struct chunk_cursor first = chunk_open(CHUNK_ID, whole);
    CHECK(chunk_next_record(&first));
    size_t boundary = (size_t)(first.bytes.at - whole.ptr);
    for (size_t len = 1; len < whole.len; len++) {
        enum err end;
        write_chunk();
        walk(check_exact(str_slice(whole, 0, len)), false, &end);
        CHECK_INT(end, len == boundary ? OK : ERR_CORRUPT); /* a whole record is a whole chunk */
        walk(check_exact(str_slice(whole, 0, len)), true, &end);
        CHECK_INT(end, len == boundary ? OK : ERR_CORRUPT);
    }
}

TEST(chunk__bytes_behind_the_last_record__are_corrupt)
{
    struct str whole = write_chunk();
    enum err end;
    room[whole.len] = 1;
    CHECK_INT(
        walk(check_exact(str_slice(str_from(room, sizeof room), 0, whole.len + 1)), false, &end),
        READINGS);
    CHECK_INT(end, ERR_CORRUPT);
}

TEST(chunk__damage__is_corrupt_and_never_a_value)
{
#define ROW(literal)                                                                               \
    {                                                                                              \
        (const uint8_t *)(literal), sizeof(literal) - 1                                            \
    }
    static const struct {
        struct str bytes;
        const char *why;
    } rows[] = {
        {ROW("\x01\xFF\xFF\xFF\xFF"), "a record longer than the chunk"},
        {ROW("\x01\x08\0\0\0BATCHBAT"), "a body without a count"},
        {ROW("\x01\x0A\0\0\0BATCHBAT\x01\x02"), "a reading without a time"},
        {ROW("\x01\x0C\0\0\0BATCHBAT\x01\x02\0\x80"), "a value without its digits"},
        {ROW("\x01\x0D\0\0\0BATCHBAT\x01\x02\0\xFF\0"), "an exponent of 127"},
        {ROW("\x01\x0D\0\0\0BATCHBAT\x01\x02\0\0\0"), "an exponent of -128"},
        {ROW("\x01\x0C\0\0\0BATCHBAT\x01\x03\0\x05"), "an error longer than the record"},
        {ROW("\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\x01\x09\0\0\0BATCHBAT\0"), "a negative device"},
        {ROW("\x80\0\x09\0\0\0BATCHBAT\0"), "a varint longer than it need be"},
        {ROW("\x01\x16\0\0\0BATCHBAT\x01\x02\xFE\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\x01\x80\0"),
         "a time beyond 64 bits"},
    };
#undef ROW
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        enum err end;
        check_row = rows[i].why;
        CHECK_INT(walk(check_exact(rows[i].bytes), false, &end), 0);
        CHECK_INT(end, ERR_CORRUPT);
    }
    check_row = NULL;
}

static enum err write_into(size_t cap, struct str *out)
{
    struct writer w = writer_into(room, cap);
    struct chunk_record c = chunk_record_begin(&w, CHUNK_ID, 17, 1, READINGS);
    for (size_t i = 0; i < READINGS; i++)
        chunk_record_put(&w, &c, &readings[i]);
    chunk_record_end(&w, &c);
    return writer_end(&w, out);
}

TEST(chunk_record__too_small_a_buffer__overflows_and_is_told)
{
    struct str out;
    CHECK_INT(write_into(sizeof room, &out), OK);
    size_t enough = out.len;
    CHECK_INT(write_into(enough, &out), OK);
    for (size_t cap = 0; cap < enough; cap++)
        CHECK_INT(write_into(cap, &out), ERR_LIMIT);
}

TESTS(chunk, TEST_ROW(chunk__what_was_written_reads_back_digit_for_digit),
      TEST_ROW(chunk__records_are_skipped_by_their_length),
      TEST_ROW(chunk__nothing_is_an_empty_chunk), TEST_ROW(chunk__cut_at_any_byte__is_corrupt),
      TEST_ROW(chunk__bytes_behind_the_last_record__are_corrupt),
      TEST_ROW(chunk__damage__is_corrupt_and_never_a_value),
      TEST_ROW(chunk_record__too_small_a_buffer__overflows_and_is_told))
