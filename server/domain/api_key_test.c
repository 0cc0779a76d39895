#include "server/domain/api_key.h"

#include "server/domain/limits.h"
#include "tests/check.h"
#include "tests/support/house.h"

static struct house house;
static int64_t ada, eve;

static void open_with_two(void)
{
    house_open(&house);
    house_begin(&house);
    ada = house_account(&house, "ada@example.org");
    eve = house_account(&house, "eve@example.org");
}

static void close_house(void)
{
    house_commit(&house);
    house_close(&house);
}

TEST(api_key_find__a_key_is_its_owner_and_scope)
{
    struct credential key;
    struct api_key found;
    int64_t id;
    open_with_two();
    for (enum scope s = SCOPE_READ; s <= SCOPE_MANAGE; s++) {
        CHECK_INT(api_key_add(&house.d, ada, STR("script"), s, API_KEY_FOR_EVER, &key, &id), OK);
        CHECK_INT(credential_text(&key).len, 50);
        CHECK_INT(api_key_find(&house.d, credential_text(&key), &found), OK);
        CHECK_INT(found.id, id);
        CHECK_INT(found.account_id, ada);
        CHECK_INT(found.scope, s);
    }
    house_commit(&house);
    CHECK_INT(house_ask(&house, "SELECT count(*) FROM api_key WHERE instr(digest, 'oc_api_')"), 0);
    house_begin(&house);
    close_house();
}

TEST(api_key_find__anything_else__is_denied)
{
    struct credential key;
    struct api_key found;
    int64_t id;
    open_with_two();
    CHECK_INT(api_key_add(&house.d, ada, STR("script"), SCOPE_MANAGE, API_KEY_FOR_EVER, &key, &id),
              OK);
    for (size_t i = 0; i < key.len; i++) {
        struct credential bent = key;
        bent.text[i] = bent.text[i] == 'A' ? 'B' : 'A';
        CHECK_INT(api_key_find(&house.d, credential_text(&bent), &found), ERR_DENIED);
        CHECK_INT(api_key_find(&house.d, str_slice(credential_text(&key), 0, i), &found),
                  ERR_DENIED);
    }
    struct credential cookie;
    credential_make(&house.d, CREDENTIAL_BROWSER_SESSION, &cookie);
    CHECK_INT(api_key_find(&house.d, credential_text(&cookie), &found), ERR_DENIED);
    close_house();
}

TEST(api_key_find__its_time_is_over)
{
    struct credential key, other;
    struct api_key found;
    int64_t id;
    open_with_two();
    CHECK_INT(api_key_add(&house.d, ada, STR("script"), SCOPE_READ, 2, &key, &id), OK);
    CHECK_INT(api_key_add(&house.d, ada, STR("script"), SCOPE_READ, API_KEY_DAYS_MAX, &other, &id),
              OK);
    house_pass(&house, 2 * DAY_MS - 1);
    CHECK_INT(api_key_find(&house.d, credential_text(&key), &found), OK);
    house_pass(&house, 1);
    CHECK_INT(api_key_find(&house.d, credential_text(&key), &found), ERR_CONFLICT);
    CHECK_INT(api_key_find(&house.d, credential_text(&other), &found), OK);
    close_house();
}

TEST(api_key_remove__of_another_owner__is_not_found)
{
    struct credential key;
    struct api_key found;
    int64_t id;
    open_with_two();
    CHECK_INT(api_key_add(&house.d, ada, STR("script"), SCOPE_READ, API_KEY_FOR_EVER, &key, &id),
              OK);
    CHECK_INT(api_key_remove(&house.d, eve, id), ERR_NOT_FOUND);
    CHECK_INT(api_key_find(&house.d, credential_text(&key), &found), OK);
    CHECK_INT(api_key_remove(&house.d, ada, id), OK);
    CHECK_INT(api_key_find(&house.d, credential_text(&key), &found), ERR_DENIED);
    CHECK_INT(api_key_remove(&house.d, ada, id), ERR_NOT_FOUND);
    close_house();
}

TEST(api_key_add__more_than_an_owner_may_have__is_refused)
{
    struct credential key;
    int64_t id;
    open_with_two();
    for (int i = 0; i < API_KEYS_PER_OWNER; i++)
        CHECK_INT(
            api_key_add(&house.d, ada, STR("script"), SCOPE_READ, API_KEY_FOR_EVER, &key, &id), OK);
    CHECK_INT(api_key_add(&house.d, ada, STR("script"), SCOPE_READ, API_KEY_FOR_EVER, &key, &id),
              ERR_LIMIT);
    CHECK_INT(api_key_add(&house.d, eve, STR("script"), SCOPE_READ, API_KEY_FOR_EVER, &key, &id),
              OK);
    close_house();
}

TEST(api_key_find__last_use__is_written_once_a_minute)
{
    struct credential key;
    struct api_key found;
    int64_t id;
    open_with_two();
    CHECK_INT(api_key_add(&house.d, ada, STR("script"), SCOPE_READ, API_KEY_FOR_EVER, &key, &id),
              OK);
    CHECK_INT(api_key_find(&house.d, credential_text(&key), &found), OK);
    int64_t first = house.d.now_ms;
    house_pass(&house, SESSION_TOUCH_MS);
    CHECK_INT(api_key_find(&house.d, credential_text(&key), &found), OK);
    house_commit(&house);
    CHECK_INT(house_ask(&house, "SELECT last_used_at_ms FROM api_key"), first);
    house_begin(&house);
    house_pass(&house, 1);
    house.d.storage_is_in_trouble = true;
    CHECK_INT(api_key_find(&house.d, credential_text(&key), &found), OK);
    house_commit(&house);
    CHECK_INT(house_ask(&house, "SELECT last_used_at_ms FROM api_key"), first);
    house_begin(&house);
    house.d.storage_is_in_trouble = false;
    CHECK_INT(api_key_find(&house.d, credential_text(&key), &found), OK);
    house_commit(&house);
    CHECK_INT(house_ask(&house, "SELECT last_used_at_ms FROM api_key"), house.d.now_ms);
    house_begin(&house);
    close_house();
}

TEST(scope_read__names_and_nothing_else)
{
    enum scope s;
    CHECK(scope_read(STR("read"), &s) == OK && s == SCOPE_READ);
    CHECK(scope_read(STR("control"), &s) == OK && s == SCOPE_CONTROL);
    CHECK(scope_read(STR("manage"), &s) == OK && s == SCOPE_MANAGE);
    CHECK_INT(scope_read(STR(""), &s), ERR_PEER);
    CHECK_INT(scope_read(STR("Read"), &s), ERR_PEER);
    CHECK_INT(scope_read(STR("manage "), &s), ERR_PEER);
    CHECK_INT(scope_read(STR("admin"), &s), ERR_PEER);
}

TEST(label_is_valid__table)
{
    static const struct {
        const char *text;
        bool good;
    } rows[] = {
        {"", false},
        {"a", true},
        {"abcd", true},
        {"abcde", false},
        {"a\nb", false},
        {"a\tb", false},
        {"\x7F", false},
        {"\xC3\xA9", true},
        {"\xC3\xA9\xC3\xA9\xC3\xA9\xC3\xA9", true},
        {"\xC3\xA9\xC3\xA9\xC3\xA9\xC3\xA9"
         "a",
         false},
        {"\xC3", false},
        {"\xED\xA0\x80", false},
        {"<b>", true},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        check_row = rows[i].text;
        CHECK_INT(label_is_valid(check_exact(str_from_cstr(rows[i].text)), 4), rows[i].good);
    }
    check_row = NULL;
}

TESTS(api_key, TEST_ROW(api_key_find__a_key_is_its_owner_and_scope),
      TEST_ROW(api_key_find__anything_else__is_denied), TEST_ROW(api_key_find__its_time_is_over),
      TEST_ROW(api_key_remove__of_another_owner__is_not_found),
      TEST_ROW(api_key_add__more_than_an_owner_may_have__is_refused),
      TEST_ROW(api_key_find__last_use__is_written_once_a_minute),
      TEST_ROW(scope_read__names_and_nothing_else), TEST_ROW(label_is_valid__table))
