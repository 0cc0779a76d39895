#include "common/wire/json.h"

#include "tests/check.h"

static uint8_t scratch[256];

static enum err skip_whole(struct str text)
{
    struct json j = json_of(check_exact(text), scratch, sizeof scratch);
    json_skip(&j);
    return json_end(&j);
}

/* After the cases of "Parsing JSON is a Minefield" (Seriot, 2016), each in its own words. */
TEST(json__conformance_table)
{
    static const struct {
        struct str text;
        bool good;
    } rows[] = {
#define GOOD(literal) {{(const uint8_t *)(literal), sizeof(literal) - 1}, true}
#define BAD(literal)                                                                               \
    {                                                                                              \
        {(const uint8_t *)(literal), sizeof(literal) - 1}, false                                   \
    }
        GOOD("null"),
        GOOD(" true "),
        GOOD("false"),
        GOOD("0"),
        GOOD("-0"),
        GOOD("-1.5e+10"),
        GOOD("1E5"),
        GOOD("0e1"),
        GOOD("1e9999"),
        GOOD("\"\""),
        GOOD("\"a\""),
        GOOD("[]"),
        GOOD("[ ]"),
        GOOD("{}"),
        GOOD("{ }"),
        GOOD("[1,2]"),
        GOOD("[ 1 , 2 ]"),
        GOOD("[[],{}]"),
        GOOD("{\"a\":1}"),
        GOOD("{\"a\":1,\"b\":[{}]}"),
        GOOD("\t\r\n[\n1\t]\r\n"),
        GOOD("[[[[[[[[]]]]]]]]"),
        GOOD("\"\\\"\\\\\\/\\b\\f\\n\\r\\t\""),
        GOOD("\"\\u0041\""),
        GOOD("\"\\u0000\""),
        GOOD("\"\\uD834\\uDD1E\""),
        GOOD("\"\\ud834\\udd1e\""),
        GOOD("\"\x7F\""),
        GOOD("\"\xC3\xA9\""),
        GOOD("\"\xF0\x9F\x98\x80\""),
        GOOD("{\"\":0}"),
        GOOD("\"a long string without anything in it\""),
        GOOD("{\"a\":1,\"a\":2}"), /* the handler refuses what it has seen, not the parser */

        BAD(""),
        BAD(" "),
        BAD("nul"),
        BAD("nulll"),
        BAD("True"),
        BAD("NaN"),
        BAD("Infinity"),
        BAD("-"),
        BAD("+1"),
        BAD("01"),
        BAD("-01"),
        BAD("1."),
        BAD(".1"),
        BAD("1.e1"),
        BAD("1e"),
        BAD("1e+"),
        BAD("0x1"),
        BAD("1 2"),
        BAD("1,"),
        BAD("["),
        BAD("]"),
        BAD("[1"),
        BAD("[1,"),
        BAD("[1,]"),
        BAD("[,1]"),
        BAD("[1 2]"),
        BAD("[1,,2]"),
        BAD("[1}"),
        BAD("{"),
        BAD("}"),
        BAD("{\"a\""),
        BAD("{\"a\":"),
        BAD("{\"a\":1"),
        BAD("{\"a\":1,"),
        BAD("{\"a\":1,}"),
        BAD("{,\"a\":1}"),
        BAD("{a:1}"),
        BAD("{'a':1}"),
        BAD("{1:1}"),
        BAD("{\"a\" 1}"),
        BAD("{\"a\"::1}"),
        BAD("{\"a\":1 \"b\":2}"),
        BAD("{\"a\":1]"),
        BAD("{\"a\",1}"),
        BAD("[\"a\":1]"),
        BAD("\""),
        BAD("\"a"),
        BAD("\"\\"),
        BAD("\"\\\""),
        BAD("\"\\x41\""),
        BAD("\"\\u\""),
        BAD("\"\\u12\""),
        BAD("\"\\u123g\""),
        BAD("\"\\u00 1\""),
        BAD("\"\\uD834\""),
        BAD("\"\\uDD1E\""),
        BAD("\"\\uD834\\u0041\""),
        BAD("\"\\uD834x\""),
        BAD("\"\\uD834\\n\""),
        BAD("\"\\U0041\""),
        BAD("\"\t\""),
        BAD("\"\n\""),
        BAD("\"a\0b\""),
        BAD("\"\x1F\""),
        BAD("\"\x80\""),
        BAD("\"\xC0\x80\""),
        BAD("\"\xED\xA0\x80\""),
        BAD("\"\xE2\x82\""),
        BAD("\"\xFF\""),
        BAD("\xEF\xBB\xBF{}"),
        BAD("[1]\0"),
        BAD("[1]x"),
        BAD("//x\n1"),
        BAD("/**/1"),
        BAD("[[[[[[[[[]]]]]]]]]"),
        BAD("\f1"),
        BAD("\xC2\xA0"
            "1"),
        BAD("[\"\",\"\x01\"]"),
        BAD("\"12345678\x01\""),
        BAD("\"12345678\xFF\""),
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        check_row = (const char *)rows[i].text.ptr;
        CHECK_INT(skip_whole(rows[i].text), rows[i].good ? OK : ERR_PEER);
    }
    check_row = NULL;
}

TEST(json_string__unescapes_into_scratch)
{
    static const struct {
        const char *text;
        struct str value;
    } rows[] = {
        {"\"plain\"", {(const uint8_t *)"plain", 5}},
        {"\"a\\nb\"", {(const uint8_t *)"a\nb", 3}},
        {"\"\\u00e9\"", {(const uint8_t *)"\xC3\xA9", 2}},
        {"\"\\u20AC\"", {(const uint8_t *)"\xE2\x82\xAC", 3}},
        {"\"\\uD83D\\uDE00!\"", {(const uint8_t *)"\xF0\x9F\x98\x80!", 5}},
        {"\"\\u0000\"", {(const uint8_t *)"\0", 1}},
        {"\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"", {(const uint8_t *)"\"\\/\b\f\n\r\t", 8}},
        {"\"\xC3\xA9\\n\"", {(const uint8_t *)"\xC3\xA9\n", 3}},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct json j = json_of(check_exact(str_from_cstr(rows[i].text)), scratch, sizeof scratch);
        check_row = rows[i].text;
        CHECK_STR(json_string(&j), rows[i].value);
        CHECK_INT(json_end(&j), OK);
    }
    check_row = NULL;
}

TEST(json_string__without_escapes__is_a_view_of_the_input)
{
    struct str text = STR("\"view\"");
    struct json j = json_of(text, NULL, 0);
    CHECK(json_string(&j).ptr == text.ptr + 1);
    CHECK_INT(json_end(&j), OK);
}

TEST(json_string__scratch_too_small__fails)
{
    uint8_t two[2];
    struct json j = json_of(STR("[\"\\n\\n\",\"\\n\"]"), two, sizeof two);
    json_array(&j);
    CHECK(json_element(&j));
    CHECK_STR(json_string(&j), STR("\n\n"));
    CHECK(json_element(&j));
    CHECK_INT(json_string(&j).len, 0);
    CHECK(!json_element(&j));
    CHECK_INT(json_end(&j), ERR_PEER);
}

TEST(json_int__table)
{
    static const struct {
        const char *text;
        int64_t value;
        enum err expected;
    } rows[] = {
        {"0", 0, OK},
        {"-0", 0, OK},
        {"9223372036854775807", INT64_MAX, OK},
        {"-9223372036854775808", INT64_MIN, OK},
        {"9223372036854775808", 0, ERR_PEER},
        {"-9223372036854775809", 0, ERR_PEER},
        {"99999999999999999999999", 0, ERR_PEER},
        {"1.0", 0, ERR_PEER},
        {"1e2", 0, ERR_PEER},
        {"007", 0, ERR_PEER},
        {"\"1\"", 0, ERR_PEER},
        {"true", 0, ERR_PEER},
        {"", 0, ERR_PEER},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct json j = json_of(check_exact(str_from_cstr(rows[i].text)), NULL, 0);
        check_row = rows[i].text;
        CHECK(json_int(&j) == rows[i].value);
        CHECK_INT(json_end(&j), rows[i].expected);
    }
    check_row = NULL;
}

/* The one-pass readers and the general ones agree, followed by what ends a number or by nothing. */
TEST(json_decimal__is_what_decimal_read_says)
{
    static const char *const rows[] = {"0",
                                       "-0",
                                       "1",
                                       "21.5",
                                       "-21.5",
                                       "0.5",
                                       "1013.25",
                                       "21.50",
                                       "1e3",
                                       "-2E-2",
                                       "123456789012345678",
                                       "1234567890123456789",
                                       "0.0",
                                       "100",
                                       "12345678901234567.5",
                                       "0.12345678901234567",
                                       "0.123456789012345678",
                                       "99999999999999999.9"};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char text[64];
        struct decimal expected = {0, 0};
        check_row = rows[i];
        CHECK_INT(decimal_read(str_from_cstr(rows[i]), &expected), OK);
        snprintf(text, sizeof text, "[%s]", rows[i]);
        struct json j = json_of(check_exact(str_from_cstr(text)), NULL, 0);
        json_array(&j);
        CHECK(json_element(&j));
        struct decimal d = json_decimal(&j);
        CHECK(d.mantissa == expected.mantissa && d.exponent == expected.exponent);
        CHECK(!json_element(&j));
        CHECK_INT(json_end(&j), OK);
        j = json_of(check_exact(str_from_cstr(rows[i])), NULL, 0);
        d = json_decimal(&j);
        CHECK(d.mantissa == expected.mantissa && d.exponent == expected.exponent);
        CHECK_INT(json_end(&j), OK);
    }
    static const char *const bad[] = {"[01]",    "[1.]",    "[-]",   "[.5]",
                                      "[1e999]", "[\"1\"]", "[null]"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct json j = json_of(check_exact(str_from_cstr(bad[i])), NULL, 0);
        check_row = bad[i];
        json_array(&j);
        CHECK(json_element(&j));
        CHECK(json_decimal(&j).mantissa == 0);
        CHECK(!json_element(&j));
        CHECK_INT(json_end(&j), ERR_PEER);
    }
    check_row = NULL;
}

TEST(json_raw__is_the_text_of_one_value)
{
    struct json j = json_of(STR("{\"a\": {\"x\" : [1, 2]} , \"b\":\"s\"}"), NULL, 0);
    struct str name;
    json_object(&j);
    CHECK(json_member(&j, &name));
    CHECK_STR(name, STR("a"));
    CHECK_INT(json_peek(&j), JSON_OBJECT);
    CHECK_STR(json_raw(&j), STR("{\"x\" : [1, 2]}"));
    CHECK(json_member(&j, &name));
    CHECK_STR(json_raw(&j), STR("\"s\""));
    CHECK(!json_member(&j, &name));
    CHECK_INT(json_end(&j), OK);
}

TEST(json__a_value_left_unread__fails)
{
    struct json j = json_of(STR("{\"a\":1,\"b\":2}"), NULL, 0);
    struct str name;
    json_object(&j);
    CHECK(json_member(&j, &name));
    CHECK(!json_member(&j, &name));
    CHECK_INT(json_end(&j), ERR_PEER);
}

TEST(json__after_a_failure__everything_is_zero)
{
    struct json j = json_of(STR("[1,2]"), NULL, 0);
    struct str name;
    json_fail(&j);
    json_object(&j);
    json_array(&j);
    CHECK(!json_member(&j, &name) && !json_element(&j) && !json_bool(&j));
    CHECK(json_int(&j) == 0 && json_decimal(&j).mantissa == 0);
    CHECK(json_string(&j).len == 0 && json_raw(&j).len == 0);
    json_null(&j);
    CHECK_INT(json_peek(&j), JSON_NONE);
    CHECK_INT(json_end(&j), ERR_PEER);
}

TEST(json__truncated_at_every_byte__fails)
{
    struct str whole = STR("{\"a\":[1,-2.5e3,true,null],\"b\":{\"c\":\"\\u00e9x\xC3\xA9\"}}");
    CHECK_INT(skip_whole(whole), OK);
    for (size_t n = 0; n < whole.len; n++)
        CHECK_INT(skip_whole(str_slice(whole, 0, n)), ERR_PEER);
}

TEST(json_out__places_commas_and_escapes)
{
    char buf[256];
    struct writer w = writer_into(buf, sizeof buf);
    struct json_out o = json_into(&w);
    json_out_object(&o);
    json_out_name_string(&o, STR("s"), STR("q\"b\\n\nt\tr\r\x01\xC3\xA9"));
    json_out_name(&o, STR("a"));
    json_out_array(&o);
    json_out_int(&o, -5);
    json_out_decimal(&o, (struct decimal){215, -1});
    json_out_array(&o);
    json_out_array_end(&o);
    json_out_null(&o);
    json_out_object(&o);
    json_out_object_end(&o);
    json_out_array_end(&o);
    json_out_name_bool(&o, STR("t"), true);
    json_out_name_int(&o, STR("i"), 0);
    json_out_name_raw(&o, STR("r"), STR("[1]"));
    json_out_object_end(&o);
    CHECK_STR(str_from(buf, w.len),
              STR("{\"s\":\"q\\\"b\\\\n\\nt\\tr\\r\\u0001\xC3\xA9\","
                  "\"a\":[-5,21.5,[],null,{}],\"t\":true,\"i\":0,\"r\":[1]}"));
    CHECK_INT(skip_whole(str_from(buf, w.len)), OK);
}

TESTS(json, TEST_ROW(json__conformance_table), TEST_ROW(json_string__unescapes_into_scratch),
      TEST_ROW(json_string__without_escapes__is_a_view_of_the_input),
      TEST_ROW(json_string__scratch_too_small__fails), TEST_ROW(json_int__table),
      TEST_ROW(json_decimal__is_what_decimal_read_says),
      TEST_ROW(json_raw__is_the_text_of_one_value), TEST_ROW(json__a_value_left_unread__fails),
      TEST_ROW(json__after_a_failure__everything_is_zero),
      TEST_ROW(json__truncated_at_every_byte__fails), TEST_ROW(json_out__places_commas_and_escapes))
