#include "server/domain/range_list.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/check.h"

static struct range_list list;
static unsigned line;
static const char *why;

static enum err read_text(struct str text)
{
    list.count = 0;
    list.provider_count = 1;
    return range_list_read(&list, text, &line, &why);
}

static struct str packed(void)
{
    static uint8_t room[RANGE_PACKED_MAX];
    struct writer w = writer_into(room, sizeof room);
    range_list_pack(&list, &w);
    return str_from(room, w.len);
}

/* How many ranges come back, or -1. */
static int unpack(struct str bytes)
{
    struct packed_ranges p = packed_ranges_of(bytes);
    struct range r;
    int count = 0;
    for (size_t i = 1; i < p.provider_count; i++)
        (void)packed_ranges_provider(&p);
    packed_ranges_begin(&p);
    while (packed_ranges_next(&p, &r))
        count++;
    return packed_ranges_end(&p) == OK ? count : -1;
}

TEST(lines__table)
{
    static const struct {
        const char *text;
        int count; /* -1: refused */
        unsigned line;
    } rows[] = {
        {"192.0.2.0/24", 1, 0},
        {"192.0.2.0/24\n", 1, 0},
        {"192.0.2.0/24\r\n198.51.100.0/24\r\n", 2, 0},
        {"# a remark\n\n  192.0.2.0/24  # another\n; and one\n", 1, 0},
        {"amazon 192.0.2.0/24\namazon 198.51.100.0/24\ngoogle 203.0.113.0/24", 3, 0},
        {"amazon   192.0.2.0/24", 1, 0},
        {"192.0.2.7", 1, 0},
        {"2001:db8::/32\n2001:db8:1:2::/64\n2001:db8:1:2:3::/80", 2, 0},
        {"192.0.2.0/24\n192.0.2.0/24\nx 192.0.2.0/24", 1, 0},
        {"255.255.255.255\nffff::/16", 2, 0},
        {"", -1, 0},
        {"\n", -1, 2},
        {"# nothing\n", -1, 2},
        {"192.0.2.0/24\n192.0.2.1/24", -1, 2},
        {"192.0.2.0/24\n<html>", -1, 2},
        {"192.0.2.0/33", -1, 1},
        {"192.0.2.0-192.0.2.255", -1, 1},
        {"0.0.0.0/0", -1, 1},
        {"0.0.0.0/7", -1, 1},
        {"2000::/3", -1, 1},
        {"::/16", -1, 1},
        {"::1", -1, 1},
        {"::ffff:192.0.2.0/120", -1, 1},
        {"a b 192.0.2.0/24", -1, 1},
        {"192.0.2.0/24 amazon", -1, 1},
        {"amazon\t192.0.2.0/24", -1, 1},
        {"a\"b 192.0.2.0/24", -1, 1},
        {"caf\xC3\xA9 192.0.2.0/24", -1, 1},
        {"a23456789012345678901234567890123 192.0.2.0/24", -1, 1},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        check_row = rows[i].text;
        enum err e = read_text(check_exact(str_from_cstr(rows[i].text)));
        CHECK_INT(e, rows[i].count < 0 ? ERR_PEER : OK);
        if (e == OK)
            CHECK_INT(list.count, rows[i].count);
        else
            CHECK(why != NULL && line == rows[i].line);
        if (e == OK)
            CHECK_INT(unpack(packed()), rows[i].count);
    }
    check_row = NULL;
}

TEST(of_one_network_said_twice__the_named_counts)
{
    CHECK_INT(read_text(STR("192.0.2.0/24\namazon 192.0.2.0/24\n192.0.2.0/24")), OK);
    CHECK_INT(list.count, 1);
    CHECK_STR(str_from(list.providers[list.ranges[0].provider].text, 6), STR("amazon"));
}

TEST(bounds__lines_and_providers)
{
    char *text = malloc(32 * (RANGE_LINES_MAX + 1)), *at = text;
    for (unsigned i = 0; i < RANGE_LINES_MAX; i++)
        at += sprintf(at, "%u.%u.%u.0/24\n", 1 + (i >> 16), i >> 8 & 255, i & 255);
    CHECK_INT(read_text(str_from(text, (size_t)(at - text))), OK);
    CHECK_INT(list.count, RANGE_LINES_MAX);
    CHECK_INT(unpack(packed()), RANGE_LINES_MAX);
    at += sprintf(at, "x");
    CHECK_INT(read_text(str_from(text, (size_t)(at - text))), ERR_PEER);
    CHECK_INT(line, RANGE_LINES_MAX + 1);
    at = text;
    for (unsigned i = 1; i < RANGE_PROVIDERS_MAX; i++)
        at += sprintf(at, "p%u 10.0.%u.%u\n", i, i >> 8, i & 255);
    CHECK_INT(read_text(str_from(text, (size_t)(at - text))), OK);
    CHECK_INT(unpack(packed()), RANGE_PROVIDERS_MAX - 1);
    at += sprintf(at, "more 10.1.0.0");
    CHECK_INT(read_text(str_from(text, (size_t)(at - text))), ERR_PEER);
    CHECK_INT(line, RANGE_PROVIDERS_MAX);
    free(text);
}

TEST(packed__empty_truncated_trailing)
{
    uint8_t more[256];
    CHECK_INT(read_text(STR("192.0.2.0/24\namazon 198.51.100.0/24\nx 2001:db8::/32")), OK);
    struct str whole = packed();
    memcpy(more, whole.ptr, whole.len);
    more[whole.len] = 0;
    CHECK_INT(unpack(whole), 3);
    CHECK_INT(unpack(str_from(more, whole.len + 1)), -1);
    for (size_t len = 0; len < whole.len; len++)
        CHECK_INT(unpack(check_exact(str_from(more, len))), -1);
}

TEST(packed__what_we_would_not_write__is_refused)
{
    uint8_t bytes[256];
    CHECK_INT(read_text(STR("192.0.2.0/24\n198.51.100.0/24")), OK);
    struct str whole = packed();
    static const struct {
        const char *what;
        size_t at;
        uint8_t value;
    } rows[] = {
        {"version", 0, 2},
        {"no providers", 1, 0},
        {"provider unknown", 16, 1},
        {"prefix too short", 15, 7},
        {"prefix too long", 15, 33},
        {"host bits", 7, 1},
        {"order", 21, 0},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        check_row = rows[i].what;
        memcpy(bytes, whole.ptr, whole.len);
        bytes[rows[i].at] = rows[i].value;
        CHECK_INT(unpack(str_from(bytes, whole.len)), -1);
    }
    check_row = NULL;
}

static int set_up(void **state)
{
    (void)state;
    return range_list_init(&list) == OK ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    range_list_done(&list);
    return 0;
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        TEST_ROW(lines__table), TEST_ROW(of_one_network_said_twice__the_named_counts),
        TEST_ROW(bounds__lines_and_providers), TEST_ROW(packed__empty_truncated_trailing),
        TEST_ROW(packed__what_we_would_not_write__is_refused)};
    return cmocka_run_group_tests_name("range_list", tests, set_up, tear_down);
}
