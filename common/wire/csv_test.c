#include "common/wire/csv.h"

#include <string.h>

#include "tests/check.h"

#define MAX 4

/* Everything again, a field in <>, a record in a line: "<a><b>|<c><d>|". */
static struct str show(struct str text, char out[static 400])
{
    uint8_t scratch[16];
    struct str fields[MAX];
    size_t count, len = 0;
    struct csv c = csv_of(text, scratch, sizeof scratch);
    while (csv_record(&c, fields, MAX, &count)) {
        for (size_t i = 0; i < count; i++)
            len += (size_t)snprintf(out + len, 400 - len, "<%.*s>", (int)fields[i].len,
                                    fields[i].len == 0 ? "" : (const char *)fields[i].ptr);
        len += (size_t)snprintf(out + len, 400 - len, "|");
    }
    if (csv_end(&c) != OK)
        len = (size_t)snprintf(out, 400, "line %u", c.line);
    return str_from(out, len);
}

TEST(records__table)
{
    static const struct {
        const char *text, *expected;
    } rows[] = {
        {"", ""},
        {"a", "<a>|"},
        {"a,b\r\nc,d\r\n", "<a><b>|<c><d>|"},
        {"a,b\nc,d", "<a><b>|<c><d>|"},
        {",", "<><>|"},
        {"\n", "<>|"},
        {"a,\n,b\n", "<a><>|<><b>|"},
        {"\"a\",b", "<a><b>|"},
        {"\"\",b", "<><b>|"},
        {"\"a,b\"\n", "<a,b>|"},
        {"\"a\"\"b\"", "<a\"b>|"},
        {"\"\"\"\"", "<\">|"},
        {"\"\"\"a\"\"\",\"\"\"b\"", "<\"a\"><\"b>|"},
        {"\"a\r\nb\",c\nd", "<a\r\nb><c>|<d>|"},
        {" a , b ", "< a >< b >|"},
        {"a,b,c,d", "<a><b><c><d>|"},
        {"\xFF,\xC3", "<\xFF><\xC3>|"},
        {"a,b,c,d,e", "line 1"},
        {"a\"b", "line 1"},
        {"\"a\"b", "line 1"},
        {"\"a\" ,b", "line 1"},
        {"\"a", "line 1"},
        {"\"", "line 1"},
        {"\"a\"\"", "line 1"},
        {"a\rb", "line 1"},
        {"a\r", "line 1"},
        {"a\n\"b\nc\"\nd\"", "line 4"},
        {"\"0123456789\"\"567890\"", "line 1"}, /* more than the scratch */
        {"\"0123456789\"\"5678\"", "<0123456789\"5678>|"},
        {"\"0123456789 without doubled quotes\"", "<0123456789 without doubled quotes>|"},
    };
    char out[400];
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        check_row = rows[i].text;
        struct str text = check_exact(str_from_cstr(rows[i].text));
        if (rows[i].expected[0] == 'l')
            CHECK_STR(str_slice(show(text, out), 0, 6), str_from_cstr(rows[i].expected));
        else
            CHECK_STR(show(text, out), str_from_cstr(rows[i].expected));
    }
    check_row = NULL;
}

TEST(truncated_at_every_byte__reads_nothing_beyond)
{
    static const char text[] = "name,\"a \"\"b\"\"\"\r\n\"x\ny\",\r\n";
    char out[400];
    for (size_t len = 0; len < sizeof text; len++)
        (void)show(check_exact(str_from(text, len)), out);
}

TEST(after_a_failure__nothing_comes_any_more)
{
    struct str fields[MAX];
    size_t count;
    struct csv c = csv_of(STR("a\"\nb\nc\n"), NULL, 0);
    CHECK(!csv_record(&c, fields, MAX, &count));
    CHECK(!csv_record(&c, fields, MAX, &count));
    CHECK_INT(csv_end(&c), ERR_PEER);
}

TESTS(csv, TEST_ROW(records__table), TEST_ROW(truncated_at_every_byte__reads_nothing_beyond),
      TEST_ROW(after_a_failure__nothing_comes_any_more))
