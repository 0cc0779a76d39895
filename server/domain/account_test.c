#include "server/domain/account.h"

#include "tests/check.h"
#include "tests/support/house.h"

#define A64 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"

static struct house house;

TEST(email_normalise__table)
{
    static const struct {
        const char *email, *normal; /* NULL: refused */
    } rows[] = {
        {"ada@example.org", "ada@example.org"},
        {"Ada@EXAMPLE.org", "ada@example.org"},
        {"a+b_c.d-e@sub.example.co", "a+b_c.d-e@sub.example.co"},
        {"root@localhost", "root@localhost"},
        {"j\xC3\xB6rg@example.org", "j\xC3\xB6rg@example.org"},
        {A64 "@b", A64 "@b"},
        {A64 "a@b", NULL},
        {"", NULL},
        {"@", NULL},
        {"ada", NULL},
        {"ada@", NULL},
        {"@example.org", NULL},
        {"ada@b@c", NULL},
        {"ada @example.org", NULL},
        {"ada@exam ple.org", NULL},
        {"ada@example.org\r\nBcc: eve@example.org", NULL},
        {"ada@example.org\n", NULL},
        {"<ada@example.org>", NULL},
        {"Ada <ada@example.org>", NULL},
        {"ada@example.org,eve@example.org", NULL},
        {"\"ada\"@example.org", NULL},
        {"ada\x7F@example.org", NULL},
        {"ad\xFF@example.org", NULL},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        uint8_t out[EMAIL_MAX];
        struct str normal = STR_NONE;
        check_row = rows[i].email;
        enum err e = email_normalise(check_exact(str_from_cstr(rows[i].email)), out, &normal);
        CHECK_INT(e, rows[i].normal == NULL ? ERR_PEER : OK);
        CHECK_STR(normal, rows[i].normal == NULL ? STR_NONE : str_from_cstr(rows[i].normal));
    }
    check_row = NULL;
}

TEST(email_normalise__the_longest_and_one_more)
{
    char text[EMAIL_MAX + 1];
    uint8_t out[EMAIL_MAX];
    struct str normal;
    memset(text, 'A', sizeof text);
    text[1] = '@';
    CHECK_INT(email_normalise(str_from(text, EMAIL_MAX), out, &normal), OK);
    CHECK_INT(normal.len, EMAIL_MAX);
    CHECK_INT(email_normalise(str_from(text, EMAIL_MAX + 1), out, &normal), ERR_PEER);
}

TEST(account_add__an_address_is_one_account)
{
    struct account a;
    house_open(&house);
    house_begin(&house);
    CHECK_INT(account_find(&house.d, &house.arena, STR("ada@example.org"), &a), ERR_NOT_FOUND);
    CHECK_INT(account_add(&house.d, STR("ada@example.org"), STR("hash"), true), OK);
    CHECK_INT(account_find(&house.d, &house.arena, STR("ada@example.org"), &a), OK);
    CHECK_STR(a.password, STR("hash"));
    CHECK(a.is_active);
    int64_t id = a.id;
    CHECK_INT(account_get(&house.d, &house.arena, id, &a), OK);
    CHECK_STR(a.email, STR("ada@example.org"));
    CHECK(a.is_admin && a.is_active);
    CHECK_INT(account_get(&house.d, &house.arena, id + 1, &a), ERR_NOT_FOUND);
    CHECK_INT(account_rehash(&house.d, id, STR("stronger")), OK);
    CHECK_INT(account_find(&house.d, &house.arena, STR("ada@example.org"), &a), OK);
    CHECK_STR(a.password, STR("stronger"));
    house_commit(&house);
    house_begin(&house);
    CHECK_INT(account_add(&house.d, STR("ada@example.org"), STR("hash"), false), ERR_CONFLICT);
    house_rollback(&house);
    CHECK_INT(house_ask(&house, "SELECT count(*) FROM account"), 1);
    house_close(&house);
}

TESTS(account, TEST_ROW(email_normalise__table),
      TEST_ROW(email_normalise__the_longest_and_one_more),
      TEST_ROW(account_add__an_address_is_one_account))
