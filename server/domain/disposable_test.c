#include "server/domain/disposable.h"

#include <string.h>

#include "server/domain/word_table.h"
#include "tests/check.h"

TEST(hosts__table)
{
    static const struct {
        const char *host;
        bool expected;
    } rows[] = {
        {"mailinator.com", true},
        {"MAILINATOR.com", true},
        {"mailinator.com.", true},
        {"a.b.mailinator.com", true},
        {"guerrillamail.com", true},
        {"yopmail.com", true},
        {"xyzmailinator.com", false},
        {"mailinator.com.example.org", false},
        {"example.org", false},
        {"gmail.com", false},
        {"posteo.de", false},
        {"com", false},
        {"", false},
        {".", false},
        {"..", false},
        {"mailinator", false},
    };
    if (disposable_domains.count == 0) {
        print_message("built without npm: this test was left out\n");
        return;
    }
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        check_row = rows[i].host;
        CHECK_INT(disposable_domain_is_known(check_exact(str_from_cstr(rows[i].host))),
                  rows[i].expected);
    }
    check_row = NULL;
}

static void check_table(const struct word_table *t, size_t least)
{
    if (t->count == 0)
        return;
    CHECK(t->count >= least);
    for (size_t i = 0; i < t->count; i++) {
        struct str word = str_from(t->text + t->starts[i], t->starts[i + 1] - t->starts[i]);
        CHECK(word.len > 0 && word_table_has(t, word));
        CHECK(i == 0 || t->starts[i - 1] < t->starts[i]);
        for (size_t n = 0; n < word.len; n++)
            CHECK(word.ptr[n] > 0x20 && word.ptr[n] < 0x7F &&
                  !(word.ptr[n] >= 'A' && word.ptr[n] <= 'Z'));
    }
}

TEST(every_word_of_the_tables_is_found)
{
    check_table(&disposable_domains, 5000);
    check_table(&common_passwords, 10000);
    CHECK(!word_table_has(&disposable_domains, STR("")));
    CHECK(!word_table_has(&common_passwords, STR("zzzzzzzzzzzzzzzzzzzzzz")));
}

TESTS(disposable, TEST_ROW(hosts__table), TEST_ROW(every_word_of_the_tables_is_found))
