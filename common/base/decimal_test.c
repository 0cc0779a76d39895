#include "common/base/decimal.h"

#include "tests/check.h"

TEST(decimal_read__table)
{
    static const struct {
        const char *text;
        int64_t mantissa;
        int exponent;
    } rows[] = {
        {"0", 0, 0},
        {"-0", 0, 0},
        {"0.0", 0, 0},
        {"0e5", 0, 0},
        {"0.000e-9999", 0, 0},
        {"7", 7, 0},
        {"-7", -7, 0},
        {"21.5", 215, -1},
        {"21.50", 215, -1},
        {"21.00", 21, 0},
        {"1000", 1000, 0},
        {"-0.001", -1, -3},
        {"1013.25", 101325, -2},
        {"1e3", 1, 3},
        {"1E+3", 1, 3},
        {"15e-1", 15, -1},
        {"1.50e2", 150, 0},
        {"100.100", 1001, -1},
        {"0.10203040506070809", 10203040506070809, -17},
        {"123456789012345678", 123456789012345678, 0},
        {"999999999999999999", 999999999999999999, 0},
        {"1234567890123456784", 123456789012345678, 1}, /* the 19th digit rounds down */
        {"1234567890123456785", 123456789012345679, 1}, /* half goes away from zero */
        {"-1234567890123456785", -123456789012345679, 1},
        {"9999999999999999999", 100000000000000000, 2}, /* rounding makes one digit more */
        {"0.1234567890123456789", 123456789012345679, -18},
        {"3.14159265358979323846264338327950288", 314159265358979324, -17},
        {"10000000000000000000000000000000", 100000000000000000, 14},
        {"1.00000000000000000000000000000000001", 1, 0},
        {"0.00000000000000000000000000000000000000001", 0, 0},
        {"1e30", 1, 30},
        {"1e31", 10, 30},
        {"1e47", 100000000000000000, 30},
        {"1e-30", 1, -30},
        {"16e-31", 2, -30},
        {"14e-31", 1, -30},
        {"1e-31", 0, 0},
        {"5e-31", 1, -30},
        {"1e-999999999999999999999", 0, 0},
        {"0e999999999999999999999", 0, 0},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct decimal d = {99, 99};
        check_row = rows[i].text;
        CHECK_INT(decimal_read(check_exact(str_from_cstr(rows[i].text)), &d), OK);
        CHECK_INT(d.mantissa, rows[i].mantissa);
        CHECK_INT(d.exponent, rows[i].exponent);
    }
    check_row = NULL;
}

TEST(decimal_read__not_a_number__is_refused)
{
    static const char *const rows[] = {
        "",    "-",    "+1",  ".5",  "1.",    "1.e5", "01",   "-01",
        "00",  "1e",   "1e+", "1e-", "e5",    "--1",  "1 ",   " 1",
        "1,0", "0x10", "NaN", "inf", "1.2.3", "1e1.", "1e48", "1e999999999999999999",
        "1_0"};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct decimal d = {99, 99};
        check_row = rows[i];
        CHECK_INT(decimal_read(check_exact(str_from_cstr(rows[i])), &d), ERR_PEER);
        CHECK_INT(d.mantissa, 99);
    }
    check_row = NULL;
}

TEST(decimal_read__nul_inside__is_refused)
{
    struct decimal d;
    CHECK_INT(decimal_read(STR("1\0"), &d), ERR_PEER);
}

TEST(decimal_write__table)
{
    static const struct {
        struct decimal d;
        const char *text;
    } rows[] = {
        {{0, 0}, "0"},
        {{0, 7}, "0"},
        {{215, -1}, "21.5"},
        {{2150, -2}, "21.5"},
        {{-1, -3}, "-0.001"},
        {{1, -9}, "0.000000001"},
        {{1, -10}, "1e-10"},
        {{15, -11}, "15e-11"},
        {{15, -10}, "0.0000000015"},
        {{1, 18}, "1000000000000000000"},
        {{1, 19}, "1e19"},
        {{15, 29}, "15e29"},
        {{1500, 27}, "15e29"},
        {{INT64_MAX, 0}, "9223372036854775807"},
        {{INT64_MIN, 0}, "-9223372036854775808"},
        {{INT64_MIN, -30}, "-9223372036854775808e-30"},
        {{123456789012345678, -17}, "1.23456789012345678"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char buf[64];
        struct writer w = writer_into(buf, sizeof buf);
        decimal_write(&w, rows[i].d);
        check_row = rows[i].text;
        CHECK_STR(str_from(buf, w.len), str_from_cstr(rows[i].text));
    }
    check_row = NULL;
}

TEST(decimal__written_and_read__is_the_same_value)
{
    for (int64_t mantissa = -99; mantissa <= 999999; mantissa = mantissa * 3 + 1) {
        for (int exponent = DECIMAL_EXPONENT_MIN; exponent <= DECIMAL_EXPONENT_MAX; exponent++) {
            char buf[64];
            char again[64];
            struct writer w = writer_into(buf, sizeof buf);
            struct writer w2 = writer_into(again, sizeof again);
            struct decimal back;
            decimal_write(&w, (struct decimal){mantissa, (int8_t)exponent});
            CHECK_INT(decimal_read(str_from(buf, w.len), &back), OK);
            decimal_write(&w2, back);
            CHECK_STR(str_from(again, w2.len), str_from(buf, w.len));
        }
        if (mantissa < 0)
            mantissa = 0;
    }
}

/* Left out where there is not even a soft-float library; nothing on a device uses doubles. */
#ifndef CHECK_NO_DOUBLE
TEST(decimal_to_double__is_what_the_compiler_makes_of_it)
{
    CHECK(decimal_to_double((struct decimal){215, -1}) == 21.5);
    CHECK(decimal_to_double((struct decimal){-101325, -2}) == -1013.25);
    CHECK(decimal_to_double((struct decimal){1, -7}) == 1e-7);
    CHECK(decimal_to_double((struct decimal){1, 22}) == 1e22);
    CHECK(decimal_to_double((struct decimal){0, 0}) == 0.0);
    double far = decimal_to_double((struct decimal){1, 30});
    CHECK(far > 0.999999e30 && far < 1.000001e30);
}
#define TO_DOUBLE_ROW , TEST_ROW(decimal_to_double__is_what_the_compiler_makes_of_it)
#else
#define TO_DOUBLE_ROW
#endif

TESTS(decimal, TEST_ROW(decimal_read__table), TEST_ROW(decimal_read__not_a_number__is_refused),
      TEST_ROW(decimal_read__nul_inside__is_refused), TEST_ROW(decimal_write__table),
      TEST_ROW(decimal__written_and_read__is_the_same_value) TO_DOUBLE_ROW)
