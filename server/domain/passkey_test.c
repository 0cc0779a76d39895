#include "server/domain/passkey.h"

#include <string.h>

#include "server/domain/factor.h"
#include "tests/check.h"
#include "tests/support/house.h"

static struct house house;
static struct domain *d = &house.d;
static int64_t ada, eve;

static void open_house(void)
{
    struct str handle;
    house_open(&house);
    house_begin(&house);
    ada = house_account(&house, "ada@example.org");
    eve = house_account(&house, "eve@example.org");
    HOUSE_MUST(passkey_handle(d, &house.arena, ada, &handle));
    HOUSE_MUST(passkey_handle(d, &house.arena, eve, &handle));
}

static void close_house(void)
{
    house_commit(&house);
    house_close(&house);
}

static enum err add(int64_t account_id, const char *name, const char *credential, int64_t *id)
{
    struct passkey_new fresh = {.name = str_from_cstr(name),
                                .credential_id = str_from_cstr(credential),
                                .algorithm = -7,
                                .public_key = STR("key"),
                                .sign_count = 5};
    return passkey_add(d, &house.arena, account_id, &fresh, id);
}

TEST(handle__is_made_once__and_is_another_for_each)
{
    struct str first, again, other;
    open_house();
    CHECK_INT(passkey_handle(d, &house.arena, ada, &first), OK);
    CHECK_INT(passkey_handle(d, &house.arena, ada, &again), OK);
    CHECK_INT(passkey_handle(d, &house.arena, eve, &other), OK);
    CHECK_INT(first.len, PASSKEY_HANDLE_LEN);
    CHECK_STR(again, first);
    CHECK(!str_eq(other, first));
    close_house();
}

TEST(add__a_credential_is_one_account_s)
{
    struct passkey p;
    int64_t id;
    open_house();
    CHECK_INT(add(ada, "Phone", "credential", &id), OK);
    CHECK_INT(add(ada, "Again", "credential", &id), ERR_CONFLICT);
    CHECK_INT(add(eve, "Mine now", "credential", &id), ERR_CONFLICT);
    CHECK_INT(add(ada, "", "other", &id), ERR_PEER);
    CHECK_INT(add(ada, "a\nb", "other", &id), ERR_PEER);
    CHECK_INT(passkey_find(d, &house.arena, STR("credential"), &p), OK);
    CHECK_INT(p.account_id, ada);
    CHECK_INT(p.algorithm, -7);
    CHECK_INT(p.handle.len, PASSKEY_HANDLE_LEN);
    CHECK_INT(passkey_find(d, &house.arena, STR("credentia"), &p), ERR_NOT_FOUND);
    close_house();
}

TEST(add__no_more_than_an_owner_may_have)
{
    char credential[16];
    int64_t id;
    open_house();
    for (int i = 0; i < PASSKEYS_PER_OWNER; i++) {
        snprintf(credential, sizeof credential, "c%d", i);
        CHECK_INT(add(ada, "Phone", credential, &id), OK);
    }
    CHECK_INT(add(ada, "Phone", "one more", &id), ERR_LIMIT);
    CHECK_INT(add(eve, "Phone", "one more", &id), OK);
    close_house();
}

TEST(use__a_count_that_does_not_go_on__is_a_copy)
{
    static const struct {
        int64_t had, says;
        enum err expected;
    } rows[] = {{0, 0, OK},         {0, 1, OK},         {5, 6, OK},
                {5, 5, ERR_DENIED}, {5, 4, ERR_DENIED}, {5, 0, ERR_DENIED}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct passkey p;
        int64_t id;
        open_house();
        CHECK_INT(add(ada, "Phone", "credential", &id), OK);
        CHECK_INT(passkey_find(d, &house.arena, STR("credential"), &p), OK);
        p.sign_count = rows[i].had;
        CHECK_INT(passkey_use(d, &p, rows[i].says), rows[i].expected);
        CHECK_INT(passkey_find(d, &house.arena, STR("credential"), &p), OK);
        CHECK_INT(p.sign_count, rows[i].expected == OK ? rows[i].says : 5);
        close_house();
    }
}

TEST(rename_and_remove__one_s_own__and_nobody_else_s)
{
    struct passkey p;
    int64_t id;
    open_house();
    CHECK_INT(add(ada, "Phone", "credential", &id), OK);
    CHECK_INT(passkey_rename(d, eve, id, STR("Mine")), ERR_NOT_FOUND);
    CHECK_INT(passkey_remove(d, &house.arena, eve, id), ERR_NOT_FOUND);
    CHECK_INT(passkey_rename(d, ada, id, STR("")), ERR_PEER);
    CHECK_INT(passkey_rename(d, ada, id, STR("Laptop")), OK);
    CHECK_INT(passkey_find(d, &house.arena, STR("credential"), &p), OK);
    CHECK_STR(p.name, STR("Laptop"));
    house.rules.second_factor = FACTOR_FOR_ALL;
    CHECK_INT(passkey_remove(d, &house.arena, ada, id), ERR_CONFLICT);
    house.rules.second_factor = FACTOR_OPTIONAL;
    CHECK_INT(passkey_remove(d, &house.arena, ada, id), OK);
    CHECK_INT(passkey_find(d, &house.arena, STR("credential"), &p), ERR_NOT_FOUND);
    close_house();
}

TESTS(passkey, TEST_ROW(handle__is_made_once__and_is_another_for_each),
      TEST_ROW(add__a_credential_is_one_account_s), TEST_ROW(add__no_more_than_an_owner_may_have),
      TEST_ROW(use__a_count_that_does_not_go_on__is_a_copy),
      TEST_ROW(rename_and_remove__one_s_own__and_nobody_else_s))
