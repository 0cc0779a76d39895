#include "common/base/reader.h"

#include "common/base/writer.h"
#include "tests/check.h"

/* One of everything, as writer_test writes it. */
static struct str sample(uint8_t *buf, size_t cap)
{
    struct writer w = writer_into(buf, cap);
    struct str out = STR_NONE;
    writer_u8(&w, 0xA5);
    writer_u16(&w, 0x1234);
    writer_u32(&w, 0xDEADBEEF);
    writer_u64(&w, 0x0123456789ABCDEF);
    writer_varint(&w, 300);
    writer_str16(&w, STR("hello"));
    writer_str32(&w, STR("world!"));
    CHECK_INT(writer_end(&w, &out), OK);
    return out;
}

static enum err read_sample(struct str bytes)
{
    struct reader r = reader_of(bytes);
    bool same = reader_u8(&r) == 0xA5;
    same &= reader_u16(&r) == 0x1234;
    same &= reader_u32(&r) == 0xDEADBEEF;
    same &= reader_u64(&r) == 0x0123456789ABCDEF;
    same &= reader_varint(&r) == 300;
    same &= str_eq(reader_str16(&r), STR("hello"));
    same &= str_eq(reader_str32(&r), STR("world!"));
    TRY(reader_end(&r));
    return same ? OK : ERR_CORRUPT;
}

TEST(reader__what_was_written__comes_back)
{
    uint8_t buf[128];
    CHECK_INT(read_sample(check_exact(sample(buf, sizeof buf))), OK);
}

TEST(reader__empty__fails)
{
    CHECK_INT(read_sample(STR_NONE), ERR_PEER);
    struct reader r = reader_of(STR_NONE);
    CHECK_INT(reader_end(&r), OK); /* nothing asked, nothing left */
}

TEST(reader__truncated_at_every_byte__fails)
{
    uint8_t buf[128];
    struct str whole = sample(buf, sizeof buf);
    for (size_t n = 0; n < whole.len; n++)
        CHECK_INT(read_sample(check_exact(str_slice(whole, 0, n))), ERR_PEER);
}

TEST(reader__trailing_byte__fails)
{
    uint8_t buf[128];
    struct str whole = sample(buf, sizeof buf);
    buf[whole.len] = 0;
    CHECK_INT(read_sample(str_from(buf, whole.len + 1)), ERR_PEER);
}

TEST(reader_varint__shortest_form_of_at_most_64_bits)
{
    static const struct {
        struct str bytes;
        uint64_t value;
        enum err expected;
    } rows[] = {
        {{(const uint8_t *)"\x00", 1}, 0, OK},
        {{(const uint8_t *)"\x7F", 1}, 127, OK},
        {{(const uint8_t *)"\x80\x01", 2}, 128, OK},
        {{(const uint8_t *)"\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\x01", 10}, UINT64_MAX, OK},
        {{(const uint8_t *)"\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\x02", 10}, 0, ERR_PEER},
        {{(const uint8_t *)"\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\x81\x00", 11}, 0, ERR_PEER},
        {{(const uint8_t *)"\x80\x00", 2}, 0, ERR_PEER}, /* longer than need be */
        {{(const uint8_t *)"\x80", 1}, 0, ERR_PEER},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct reader r = reader_of(check_exact(rows[i].bytes));
        CHECK(reader_varint(&r) == rows[i].value);
        CHECK_INT(reader_end(&r), rows[i].expected);
    }
}

TEST(reader__length_beyond_the_end__fails_and_stays_failed)
{
    struct reader r = reader_of(STR("\xFF\xFF\xFF\xFF\x01"));
    CHECK_INT(reader_str32(&r).len, 0);
    CHECK_INT(reader_u8(&r), 0);
    CHECK_INT(reader_rest(&r).len, 0);
    CHECK_INT(reader_end(&r), ERR_PEER);
}

TESTS(reader, TEST_ROW(reader__what_was_written__comes_back), TEST_ROW(reader__empty__fails),
      TEST_ROW(reader__truncated_at_every_byte__fails), TEST_ROW(reader__trailing_byte__fails),
      TEST_ROW(reader_varint__shortest_form_of_at_most_64_bits),
      TEST_ROW(reader__length_beyond_the_end__fails_and_stays_failed))
