#include "server/domain/password_policy.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "server/domain/limits.h"
#include "server/domain/word_table.h"
#include "tests/check.h"

#define EMAIL "ada.lovelace@analytical-engines.example.org"

static const struct {
    const char *password;
    enum password_fault expected;
} rows[] = {
    /* good: long, or a few words that do not belong together, in any script */
    {"an otter floats at dusk", PASSWORD_GOOD},
    {"a password long enough", PASSWORD_GOOD},
    {"correct horse battery staple", PASSWORD_GOOD},
    {"kastanjebrun gris", PASSWORD_GOOD},
    {"mein hund heisst bello", PASSWORD_GOOD},
    {"vk9#xq2!pLzm", PASSWORD_GOOD},
    {"   spaces count   too   ", PASSWORD_GOOD},
    {"\xF0\x9F\x90\x99 octopus \xF0\x9F\x8C\x8A wave", PASSWORD_GOOD},
    {"\xD0\xB4\xD0\xBE\xD0\xB6\xD0\xB4\xD1\x8C \xD0\xB8 \xD0\xBA\xD0\xBE\xD1\x82\xD1\x8B",
     PASSWORD_GOOD},
    /* length: characters, not bytes */
    {"", PASSWORD_TOO_SHORT},
    {"vk9#xq2!pLz", PASSWORD_TOO_SHORT},
    {"\xD0\xB4\xD0\xBE\xD0\xB6\xD0\xB4\xD1\x8C\xD0\xB8\xD0\xBA\xD0\xBE", PASSWORD_TOO_SHORT},
    {"\xFF\xFE good otherwise \xFF", PASSWORD_NO_TEXT},
    /* common */
    {"passwordpassword", PASSWORD_COMMON},
    {"PasswordPassword", PASSWORD_COMMON},
    {"123456789012", PASSWORD_COMMON},
    {"qwertyuiop123", PASSWORD_COMMON},
    /* what everybody may know */
    {"ada.lovelace forever", PASSWORD_HAS_ADDRESS},
    {"my AdaLovelace 1843 x", PASSWORD_HAS_ADDRESS},
    {"the analytical-engines go", PASSWORD_HAS_ADDRESS},
    {"some example of mine", PASSWORD_HAS_ADDRESS},
    {"OceanRemote is running", PASSWORD_HAS_PRODUCT},
    {"my ocean remote server", PASSWORD_HAS_PRODUCT},
    {"l0vel4ce l0vel4ce", PASSWORD_HAS_ADDRESS},
    /* weak */
    {"sunshine summer", PASSWORD_WORDS},
    {"P@ssw0rd!2024", PASSWORD_WORDS},
    {"manchesterunited", PASSWORD_WORDS},
    {"michaeljordan23", PASSWORD_WORDS},
    {"19.04.1987-1987", PASSWORD_DATE},
    {"aaaaaaaaaaaaaaaa", PASSWORD_REPEATS},
    {"abcabcabcabcabc", PASSWORD_REPEATS},
    {"abcdefghijklmnop", PASSWORD_SEQUENCE},
    {"zyxwvutsrqponm", PASSWORD_SEQUENCE},
    {"sdfghjkl;'sdfghjkl", PASSWORD_KEYBOARD},
};

static enum password_fault judge(const char *password)
{
    return password_judge(check_exact(str_from_cstr(password)), STR(EMAIL), PASSWORD_MIN);
}

TEST(passwords__table)
{
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        check_row = rows[i].password;
        enum password_fault fault = judge(rows[i].password);
        if (common_passwords.count == 0 && rows[i].expected == PASSWORD_COMMON)
            CHECK(fault != PASSWORD_GOOD);
        else
            CHECK_STR(str_from_cstr(password_fault_words(fault)),
                      str_from_cstr(password_fault_words(rows[i].expected)));
    }
    check_row = NULL;
}

TEST(length__bounds)
{
    uint8_t text[PASSWORD_MAX + 1];
    for (size_t i = 0; i < sizeof text; i++)
        text[i] = (uint8_t)("vk9#xq2!pLzm7&fT"[i * 7 % 16] + (i % 5 == 0));
    struct str none = STR_NONE;
    CHECK_INT(password_judge(str_from(text, PASSWORD_MAX), none, 12), PASSWORD_GOOD);
    CHECK_INT(password_judge(str_from(text, PASSWORD_MAX + 1), none, 12), PASSWORD_TOO_LONG);
    CHECK_INT(password_judge(str_from(text, 12), none, 12), PASSWORD_GOOD);
    CHECK_INT(password_judge(str_from(text, 12), none, 13), PASSWORD_TOO_SHORT);
    CHECK_INT(password_judge(STR("vk9#xq2!"), none, 8), PASSWORD_GOOD);
    CHECK_INT(password_judge(STR("trustno1!"), none, 8), PASSWORD_WORDS);
}

TEST(a_nul_byte__is_a_character_and_hides_nothing)
{
    CHECK_INT(password_judge(STR("password\0password\0"), STR_NONE, 12), PASSWORD_WORDS);
    CHECK_INT(password_judge(STR("an otter\0floats at dusk"), STR_NONE, 12), PASSWORD_GOOD);
}

/* Short parts of an address stand in many words: an account "ann" may use "channel". */
TEST(short_parts_of_an_address__are_free)
{
    CHECK_INT(password_judge(STR("the channel is planned"), STR("ann@ex.co"), 12), PASSWORD_GOOD);
    CHECK_INT(password_judge(STR("the channel is planned"), STR("anne@chan.co"), 12),
              PASSWORD_HAS_ADDRESS);
    CHECK_INT(password_judge(STR("the channel is planned"), STR("no address"), 12), PASSWORD_GOOD);
    /* The last name of a host is everybody's. */
    CHECK_INT(password_judge(STR("information overload otter"), STR("x@y.info"), 12),
              PASSWORD_GOOD);
}

TEST(every_common_password__is_refused)
{
    size_t good = 0;
    for (size_t i = 0; i < common_passwords.count; i++) {
        uint32_t start = common_passwords.starts[i];
        struct str word =
            str_from(common_passwords.text + start, common_passwords.starts[i + 1] - start);
        good += password_judge(word, STR_NONE, 8) == PASSWORD_GOOD;
    }
    CHECK_INT(good, 0);
}

/* The worst that zxcvbn was found to be given: digits that can be dates in every way. */
TEST(worst_case__is_bounded)
{
    static const char *const alphabets[] = {"12", "0123456789", "a", "4@$5!1|0", "1/2", "19"};
    struct timespec from, to;
    double worst_ms = 0;
    char text[PASSWORD_MAX];
    for (unsigned i = 0; i < 200; i++) {
        const char *alphabet = alphabets[i % 6];
        size_t period = 1 + i / 6 % 7;
        for (size_t n = 0; n < sizeof text; n++)
            text[n] = alphabet[n % period % strlen(alphabet)];
        clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &from);
        (void)password_judge(str_from(text, sizeof text), STR(EMAIL), 12);
        clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &to);
        double ms =
            (double)(to.tv_sec - from.tv_sec) * 1e3 + (double)(to.tv_nsec - from.tv_nsec) / 1e6;
        worst_ms = ms > worst_ms ? ms : worst_ms;
    }
    print_message("the worst of 200: %.1f ms\n", worst_ms);
    CHECK(worst_ms < 1000); /* beside sanitizers and neighbours; 40 ms by itself */
}

TEST(every_fault_has_words_that_say_what_is_wrong)
{
    for (enum password_fault f = 0; f < PASSWORD_FAULT_COUNT; f++) {
        size_t len = strlen(password_fault_words(f));
        CHECK(len > 20 && len < 160 && password_fault_words(f)[len - 1] == '.');
    }
}

TESTS(password_policy, TEST_ROW(passwords__table), TEST_ROW(length__bounds),
      TEST_ROW(a_nul_byte__is_a_character_and_hides_nothing),
      TEST_ROW(short_parts_of_an_address__are_free), TEST_ROW(every_common_password__is_refused),
      TEST_ROW(worst_case__is_bounded), TEST_ROW(every_fault_has_words_that_say_what_is_wrong))
