#include "server/domain/user_import.h"

#include "server/domain/password.h"
#include "tests/check.h"
#include "tests/support/house.h"

/* "otter" at 1 round, of our own making. */
static uint8_t hash_bytes[PASSWORD_HASH_TEXT_MAX];

static struct house house;
static struct user_import imp;

static struct str hash_of(struct str password, uint32_t iterations)
{
    struct writer w = writer_into(hash_bytes, sizeof hash_bytes);
    password_hash(password, STR("salt"), iterations, &w);
    return str_from(hash_bytes, w.len);
}

static void open_house(bool makes_admins)
{
    house_open(&house);
    house_begin(&house);
    house_account(&house, "known@example.org");
    CHECK_INT(user_import_begin(&house.d, makes_admins, &imp), OK);
}

static void close_house(void)
{
    house_commit(&house);
    house_close(&house);
}

static enum import_verdict take(const struct django_user *u, struct str *email)
{
    static uint8_t bytes[EMAIL_MAX];
    enum import_verdict verdict = IMPORT_VERDICT_COUNT;
    CHECK_INT(user_import_take(&house.d, &imp, u, bytes, email, &verdict), OK);
    return verdict;
}

static enum import_verdict take_with(const char *email, const char *username, struct str password)
{
    struct str ignored;
    struct django_user u = {.email = str_from_cstr(email),
                            .username = str_from_cstr(username),
                            .password = password,
                            .is_active = true};
    return take(&u, &ignored);
}

TEST(addresses__table)
{
    static const struct {
        const char *email, *username;
        enum import_verdict expected;
    } rows[] = {
        {"ada@example.org", "ada", IMPORT_TAKEN},
        {" Ada@Example.org ", "ada", IMPORT_TWICE},
        {"", "eve@example.org", IMPORT_TAKEN},
        {"not an address", "bob@example.org", IMPORT_TAKEN},
        {"", "admin", IMPORT_NO_ADDRESS},
        {"", "", IMPORT_NO_ADDRESS},
        {"KNOWN@example.org", "x", IMPORT_KNOWN},
        {"x@y\r\nBcc: all", "", IMPORT_NO_ADDRESS},
    };
    open_house(false);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        check_row = rows[i].email;
        CHECK_INT(take_with(rows[i].email, rows[i].username, hash_of(STR("otter"), 1)),
                  rows[i].expected);
    }
    check_row = NULL;
    CHECK_INT(imp.counts[IMPORT_TAKEN], 3);
    CHECK_INT(imp.counts[IMPORT_NO_ADDRESS], 3);
    close_house();
}

/* Which kinds of hash go on working, and that no other makes an account anybody gets into. */
TEST(hashes__table)
{
    static const struct {
        const char *hash;
        enum import_verdict expected;
    } rows[] = {
        {"pbkdf2_sha256$1$salt$zTBZh7Kc5hvXWWdh0yqxQrCrL8TtLHOd6JzvRo04L5o=", IMPORT_TAKEN},
        {"pbkdf2_sha256$1000000$salt$zTBZh7Kc5hvXWWdh0yqxQrCrL8TtLHOd6JzvRo04L5o=", IMPORT_TAKEN},
        {"pbkdf2_sha256$0$salt$zTBZh7Kc5hvXWWdh0yqxQrCrL8TtLHOd6JzvRo04L5o=",
         IMPORT_TAKEN_TO_RESET},
        {"pbkdf2_sha256$99999999$salt$zTBZh7Kc5hvXWWdh0yqxQrCrL8TtLHOd6JzvRo04L5o=",
         IMPORT_TAKEN_TO_RESET},
        {"pbkdf2_sha1$1$salt$AAAA", IMPORT_TAKEN_TO_RESET},
        {"argon2$argon2id$v=19$m=102400,t=2,p=8$c2FsdA$aGFzaA", IMPORT_TAKEN_TO_RESET},
        {"bcrypt_sha256$$2b$12$x", IMPORT_TAKEN_TO_RESET},
        {"md5$salt$0123456789abcdef0123456789abcdef", IMPORT_TAKEN_TO_RESET},
        {"!", IMPORT_TAKEN_TO_RESET},
        {"!Aqx1rUZnfa3E5PPCbKDRgVPmHIZRPAjXSZqkQBCk", IMPORT_TAKEN_TO_RESET},
        {"", IMPORT_TAKEN_TO_RESET},
        {"plain text", IMPORT_TAKEN_TO_RESET},
    };
    open_house(false);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char email[] = {(char)('a' + i), '@', 'e', 'x', '.', 'o', 'r', 'g', 0};
        struct account account;
        check_row = rows[i].hash;
        CHECK_INT(take_with(email, "", str_from_cstr(rows[i].hash)), rows[i].expected);
        CHECK_INT(account_find(&house.d, &house.arena, str_from_cstr(email), &account), OK);
        CHECK_INT(password_is_unusable(account.password),
                  rows[i].expected == IMPORT_TAKEN_TO_RESET);
        if (password_is_unusable(account.password)) {
            CHECK_INT(password_matches(account.password, STR("")), ERR_DENIED);
            CHECK_INT(password_matches(account.password, str_from_cstr(rows[i].hash)), ERR_DENIED);
        }
    }
    check_row = NULL;
    close_house();
}

TEST(a_hash_of_any_count__verifies_and_wants_to_be_renewed)
{
    static const uint32_t counts[] = {1, 12000, 260000, 700000};
    struct account account;
    open_house(false);
    for (size_t i = 0; i < sizeof counts / sizeof counts[0]; i++) {
        char email[] = {(char)('a' + i), '@', 'e', 'x', '.', 'o', 'r', 'g', 0};
        CHECK_INT(take_with(email, "", hash_of(STR("otter"), counts[i])), IMPORT_TAKEN);
        CHECK_INT(account_find(&house.d, &house.arena, str_from_cstr(email), &account), OK);
        CHECK_INT(password_matches(account.password, STR("otter")), OK);
        CHECK_INT(password_matches(account.password, STR("Otter")), ERR_DENIED);
        CHECK_INT(password_needs_rehash(account.password, 600000), counts[i] < 600000);
    }
    close_house();
}

static void take_chief(bool is_superuser, bool is_staff, bool is_active, const char *email)
{
    struct str ignored;
    struct django_user u = {.email = str_from_cstr(email),
                            .password = hash_of(STR("otter"), 1),
                            .is_active = is_active,
                            .is_superuser = is_superuser,
                            .is_staff = is_staff,
                            .joined_at_ms = 1614834367000};
    CHECK_INT(take(&u, &ignored), IMPORT_TAKEN);
}

TEST(admins__only_when_asked_for)
{
    for (int asked = 0; asked <= 1; asked++) {
        open_house(asked == 1);
        take_chief(true, false, true, "a@ex.org");
        take_chief(false, true, true, "b@ex.org");
        take_chief(false, false, false, "c@ex.org");
        CHECK_INT(imp.admins, asked == 1 ? 2 : 0);
        CHECK_INT(imp.inactive, 1);
        house_commit(&house);
        CHECK_INT(house_ask(&house, "SELECT count(*) FROM account WHERE is_admin = 1"),
                  asked == 1 ? 2 : 0);
        CHECK_INT(house_ask(&house, "SELECT count(*) FROM account WHERE is_active = 0"), 1);
        CHECK_INT(house_ask(&house, "SELECT count(*) FROM account WHERE created_at_ms = "
                                    "1614834367000"),
                  3);
        CHECK_INT(house_ask(&house, "SELECT count(*) FROM audit a JOIN account b ON b.id = "
                                    "a.account_id WHERE a.event = 'account.imported'"),
                  3);
        house_close(&house);
    }
}

TESTS(user_import, TEST_ROW(addresses__table), TEST_ROW(hashes__table),
      TEST_ROW(a_hash_of_any_count__verifies_and_wants_to_be_renewed),
      TEST_ROW(admins__only_when_asked_for))
