#include "server/api/merge_patch.h"

#include <stdlib.h>

#include "common/proto/device_messages.h"
#include "tests/check.h"

static uint8_t block[16384];
static struct arena arena;

static enum err patch(const char *current, const char *change, struct patched *out)
{
    arena = arena_over(block, sizeof block);
    return merge_patch(&arena, check_exact(str_from_cstr(current)), str_from_cstr(change), 10, out);
}

/* RFC 7396 appendix A, the rows whose documents are objects, and more of their kind. */
TEST(merge_patch__table_of_rfc_7396)
{
    static const struct {
        const char *current, *patch, *result;
    } rows[] = {
        {"{\"a\":\"b\"}", "{\"a\":\"c\"}", "{\"a\":\"c\"}"},
        {"{\"a\":\"b\"}", "{\"b\":\"c\"}", "{\"a\":\"b\",\"b\":\"c\"}"},
        {"{\"a\":\"b\"}", "{\"a\":null}", "{}"},
        {"{\"a\":\"b\",\"b\":\"c\"}", "{\"a\":null}", "{\"b\":\"c\"}"},
        {"{\"a\":[\"b\"]}", "{\"a\":\"c\"}", "{\"a\":\"c\"}"},
        {"{\"a\":\"c\"}", "{\"a\":[\"b\"]}", "{\"a\":[\"b\"]}"},
        {"{\"a\":{\"b\":\"c\"}}", "{\"a\":{\"b\":\"d\",\"c\":null}}", "{\"a\":{\"b\":\"d\"}}"},
        {"{\"a\":[{\"b\":\"c\"}]}", "{\"a\":[1]}", "{\"a\":[1]}"},
        {"{\"e\":null}", "{\"a\":1}", "{\"e\":null,\"a\":1}"},
        {"{}", "{\"a\":{\"bb\":{\"ccc\":null}}}", "{\"a\":{\"bb\":{}}}"},
        /* beyond the appendix */
        {"{}", "{}", "{}"},
        {"{\"a\":1}", "{}", "{\"a\":1}"},
        {" { \"a\" : [ 1 , null ] } ", " { \"b\" : { } } ", "{\"a\":[ 1 , null ],\"b\":{}}"},
        {"{\"a\":1}", "{\"a\":{\"b\":null,\"c\":2}}", "{\"a\":{\"c\":2}}"},
        {"{\"a\":{\"b\":1}}", "{\"a\":null}", "{}"},
        {"{\"a\":{\"b\":1}}", "{\"a\":{}}", "{\"a\":{\"b\":1}}"},
        {"{\"a\":{\"b\":1}}", "{\"a\":[null]}", "{\"a\":[null]}"},
        {"{}", "{\"a\":null}", "{}"},
        {"{\"a\":1.50}", "{\"b\":-0e9}", "{\"a\":1.50,\"b\":-0e9}"},
        {"{\"\":1}", "{\"\":2}", "{\"\":2}"},
        {"{\"a\\\"b\":1}", "{\"a\\u0022b\":2}", "{\"a\\\"b\":2}"},
        {"{\"\xC3\xA9\":1}", "{\"\\u00e9\":null}", "{}"},
        {"{\"switches\":{\"relay1\":true,\"relay2\":false}}", "{\"switches\":{\"relay1\":false}}",
         "{\"switches\":{\"relay1\":false,\"relay2\":false}}"},
        {"{\"switches\":{\"relay1\":true}}", "{\"switches\":{\"relay1\":null}}",
         "{\"switches\":{}}"},
        {"{\"switches\":{\"relay1\":true}}", "{\"switches\":null}", "{}"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct patched out;
        check_row = rows[i].patch;
        CHECK_INT(patch(rows[i].current, rows[i].patch, &out), OK);
        CHECK_STR(out.desired, str_from_cstr(rows[i].result));
        CHECK_INT(out.interval_s, 10);
    }
    check_row = NULL;
}

TEST(merge_patch__what_devices_rely_on__is_checked)
{
    static const struct {
        const char *patch;
        int64_t interval_s; /* 0: refused */
        const char *wrong;
    } rows[] = {
        {"{\"interval_s\":1}", 1, NULL},
        {"{\"interval_s\":3600}", 3600, NULL},
        {"{\"interval_s\":60.0}", 0, "interval_s"},
        {"{\"interval_s\":null}", 10, NULL},
        {"{\"interval_s\":0}", 0, "interval_s"},
        {"{\"interval_s\":-1}", 0, "interval_s"},
        {"{\"interval_s\":3601}", 0, "interval_s"},
        {"{\"interval_s\":1.5}", 0, "interval_s"},
        {"{\"interval_s\":\"10\"}", 0, "interval_s"},
        {"{\"interval_s\":true}", 0, "interval_s"},
        {"{\"interval_s\":[10]}", 0, "interval_s"},
        {"{\"interval_s\":{}}", 0, "interval_s"},
        {"{\"interval_s\":18446744073709551617}", 0, "interval_s"},
        {"{\"switches\":{\"relay_1\":true,\"lamp\":false}}", 10, NULL},
        {"{\"switches\":{}}", 10, NULL},
        {"{\"switches\":[]}", 0, "switches"},
        {"{\"switches\":true}", 0, "switches"},
        {"{\"switches\":{\"a\":1}}", 0, "switches"},
        {"{\"switches\":{\"a\":\"true\"}}", 0, "switches"},
        {"{\"switches\":{\"a\":{}}}", 0, "switches"},
        {"{\"switches\":{\"\":true}}", 0, "switches"},
        {"{\"switches\":{\"A\":true}}", 0, "switches"},
        {"{\"switches\":{\"../gpio\":true}}", 0, "switches"},
        {"{\"switches\":{\"a.b\":true}}", 0, "switches"},
        {"{\"switches\":{\"a b\":true}}", 0, "switches"},
        {"{\"switches\":{\"a\\u0000\":true}}", 0, "switches"},
        {"{\"anything\":{\"else\":[1,{\"is\":\"kept\"}]}}", 10, NULL},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct patched out;
        check_row = rows[i].patch;
        enum err e = patch("{}", rows[i].patch, &out);
        CHECK_INT(e, rows[i].interval_s == 0 ? ERR_PEER : OK);
        if (e == OK)
            CHECK_INT(out.interval_s, rows[i].interval_s);
        else
            CHECK_STR(str_from_cstr(out.wrong), str_from_cstr(rows[i].wrong));
    }
    check_row = NULL;
}

TEST(merge_patch__what_is_no_patch__is_refused)
{
    static const char *const rows[] = {
        "",
        "null",
        "[]",
        "\"a\"",
        "1",
        "{",
        "{\"a\"}",
        "{\"a\":}",
        "{\"a\":1,}",
        "{\"a\":1}x",
        "{\"a\":1,\"a\":2}",
        "{\"a\":1,\"\\u0061\":2}",
        "{\"a\":null,\"a\":null}",
        "{\"x\":{\"a\":1,\"a\":2}}",
        "{\"a\":01}",
        "{a:1}",
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct patched out;
        check_row = rows[i];
        CHECK_INT(patch("{\"a\":0}", rows[i], &out), ERR_PEER);
        CHECK_INT(patch("{}", rows[i], &out), ERR_PEER);
    }
    check_row = NULL;
}

TEST(merge_patch__cut_at_any_byte__is_refused)
{
    struct str whole = STR("{\"a\":{\"b\":[1,\"x\\u0041\",null]},\"switches\":{\"r\":true}}");
    for (size_t len = 0; len <= whole.len; len++) {
        struct patched out;
        arena = arena_over(block, sizeof block);
        CHECK_INT(merge_patch(&arena, STR("{\"a\":{\"b\":2}}"),
                              check_exact(str_slice(whole, 0, len)), 10, &out),
                  len == whole.len ? OK : ERR_PEER);
    }
}

/* {"m00":true,...}: count members, of which the first is number from. */
static const char *members(size_t from, size_t count, const char *value)
{
    static char text[2][4096];
    static size_t turn;
    char *at = text[turn++ % 2], *start = at;
    *at++ = '{';
    for (size_t i = 0; i < count; i++)
        at += sprintf(at, "%s\"m%02zu\":%s", i == 0 ? "" : ",", from + i, value);
    strcpy(at, "}");
    return start;
}

TEST(merge_patch__members_of_one_object__are_bounded)
{
    struct patched out;
    CHECK_INT(patch("{}", members(0, 64, "1"), &out), OK);
    CHECK_INT(patch("{}", members(0, 65, "1"), &out), ERR_LIMIT);
    CHECK_INT(patch(members(0, 64, "1"), members(64, 1, "1"), &out), ERR_LIMIT);
    CHECK_INT(patch(members(0, 32, "1"), members(32, 32, "1"), &out), OK);
    CHECK_INT(patch(members(0, 64, "1"), members(0, 64, "2"), &out), OK); /* all of them anew */
    CHECK_STR(out.desired, str_from_cstr(members(0, 64, "2")));
    CHECK_INT(patch(members(0, 64, "1"), members(0, 64, "null"), &out), OK);
    CHECK_STR(out.desired, STR("{}"));
}

TEST(merge_patch__depth__is_bounded)
{
    struct patched out;
    CHECK_INT(patch("{}", "{\"a\":{\"b\":{\"c\":{\"d\":1}}}}", &out), OK);
    CHECK_INT(patch("{}", "{\"a\":{\"b\":{\"c\":{\"d\":{}}}}}", &out), ERR_LIMIT);
    CHECK_INT(
        patch("{\"a\":{\"b\":{\"c\":{\"d\":1}}}}", "{\"a\":{\"b\":{\"c\":{\"d\":{}}}}}", &out),
        ERR_LIMIT);
}

TEST(merge_patch__result__has_at_most_4096_bytes)
{
    static char text[STATE_JSON_MAX + 16];
    for (size_t len = STATE_JSON_MAX - 2; len <= STATE_JSON_MAX + 2; len++) {
        struct patched out;
        memset(text, 'x', sizeof text);
        memcpy(text, "{\"a\":\"", 6);
        memcpy(text + len - 2, "\"}", 3);
        CHECK_INT(patch("{}", text, &out), len <= STATE_JSON_MAX ? OK : ERR_LIMIT);
        if (len == STATE_JSON_MAX) {
            text[len] = 0;
            char *copy = strdup(text);
            CHECK_INT(patch(copy, "{\"b\":1}", &out), ERR_LIMIT);
            CHECK_INT(patch(copy, "{\"a\":null,\"b\":1}", &out), OK);
            free(copy);
        }
    }
}

TESTS(merge_patch, TEST_ROW(merge_patch__table_of_rfc_7396),
      TEST_ROW(merge_patch__what_devices_rely_on__is_checked),
      TEST_ROW(merge_patch__what_is_no_patch__is_refused),
      TEST_ROW(merge_patch__cut_at_any_byte__is_refused),
      TEST_ROW(merge_patch__members_of_one_object__are_bounded),
      TEST_ROW(merge_patch__depth__is_bounded),
      TEST_ROW(merge_patch__result__has_at_most_4096_bytes))
