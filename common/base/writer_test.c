#include "common/base/writer.h"

#include "tests/check.h"

TEST(writer__overflow__writes_nothing_more)
{
    uint8_t buf[4] = {0};
    struct writer w = writer_into(buf, 3);
    struct str out = STR("untouched");
    writer_u8(&w, 1);
    writer_u32(&w, 0xFFFFFFFF);
    writer_u8(&w, 2); /* would fit, but half a message must not leave */
    CHECK_INT(writer_left(&w), 0);
    CHECK_INT(writer_end(&w, &out), ERR_LIMIT);
    CHECK_STR(out, STR("untouched"));
    CHECK(buf[1] == 0 && buf[2] == 0 && buf[3] == 0);
}

TEST(writer__exactly_full__is_fine)
{
    uint8_t buf[2];
    struct writer w = writer_into(buf, sizeof buf);
    struct str out;
    writer_u16(&w, 0x0201);
    writer_bytes(&w, NULL, 0);
    CHECK_INT(writer_end(&w, &out), OK);
    CHECK_STR(out, STR("\x01\x02"));
}

TEST(writer_decimal__extremes)
{
    static const struct {
        int64_t v;
        const char *text;
    } rows[] = {{0, "0"},
                {-1, "-1"},
                {10, "10"},
                {INT64_MAX, "9223372036854775807"},
                {INT64_MIN, "-9223372036854775808"}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char buf[24];
        struct writer w = writer_into(buf, sizeof buf);
        writer_decimal(&w, rows[i].v);
        CHECK_STR(str_from(buf, w.len), str_from_cstr(rows[i].text));
    }
}

TEST(writer_str16__too_long__overflows)
{
    static uint8_t big[70000];
    static uint8_t out[80000];
    struct writer w = writer_into(out, sizeof out);
    writer_str16(&w, str_from(big, 65535));
    CHECK(!w.overflow && w.len == 65537);
    w = writer_into(out, sizeof out);
    writer_str16(&w, str_from(big, 65536));
    CHECK(w.overflow && w.len == 0);
}

TEST(writer_patch__fills_in_a_length)
{
    uint8_t buf[8];
    struct writer w = writer_into(buf, sizeof buf);
    writer_u32(&w, 0);
    writer_u8(&w, 9);
    writer_patch_u32(&w, 0, 0x04030201);
    CHECK_STR(str_from(buf, w.len), STR("\x01\x02\x03\x04\x09"));
}

TESTS(writer, TEST_ROW(writer__overflow__writes_nothing_more),
      TEST_ROW(writer__exactly_full__is_fine), TEST_ROW(writer_decimal__extremes),
      TEST_ROW(writer_str16__too_long__overflows), TEST_ROW(writer_patch__fills_in_a_length))
