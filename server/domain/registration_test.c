#include "server/domain/registration.h"

#include "tests/check.h"
#include "tests/support/house.h"

static struct house house;
static struct house_device buoy;
static int64_t ada;

static void open_with_pending_device(void)
{
    house_open(&house);
    house_begin(&house);
    ada = house_account(&house, "ada@example.org");
    house_add_device(&house, ada, &buoy);
    memset(buoy.mac, 1, sizeof buoy.mac);
}

static void close_house(void)
{
    house_commit(&house);
    house_close(&house);
}

static enum err redeem_as(uint8_t mac)
{
    memset(buoy.mac, mac, sizeof buoy.mac);
    return house_redeem(&house, &buoy);
}

static struct sql_device_of_owner_row stored(void)
{
    struct sql_device_of_owner_row row;
    HOUSE_MUST(sql_device_of_owner(house.d.store, &house.arena, ada, house_public_id(&buoy), &row));
    return row;
}

TEST(registration_redeem__fresh_token__makes_a_device)
{
    open_with_pending_device();
    CHECK_INT(house_redeem(&house, &buoy), OK);
    struct live *live = live_find(house.d.live, buoy.id);
    CHECK(live != NULL && live == buoy.registered.live);
    CHECK(memcmp(live->mac, buoy.mac, MAC_LEN) == 0);
    CHECK_INT(live->account_id, ada);
    CHECK_INT(buoy.registered.interval_s, 10);
    CHECK(str_starts(credential_text(&buoy.registered.key), STR("oc_key_")));
    CHECK_INT(stored().registered_at_ms, house.d.now_ms);
    CHECK_STR(stored().chip, STR("ESP32-D0WD"));
    close_house();
}

TEST(registration_redeem__the_key_itself__is_nowhere_in_the_store)
{
    char sql[200];
    open_with_pending_device();
    CHECK_INT(house_redeem(&house, &buoy), OK);
    house_commit(&house);
    snprintf(sql, sizeof sql,
             "SELECT count(*) FROM device WHERE instr(stored_key, '%.*s') OR instr(server_key, "
             "'%.*s') OR salt = ''",
             STR_ARGS(credential_text(&buoy.registered.key)),
             STR_ARGS(credential_text(&buoy.registered.key)));
    CHECK_INT(house_ask(&house, sql), 0);
    house_begin(&house);
    close_house();
}

TEST(registration_redeem__unknown_token__is_denied_and_leaves_no_trace)
{
    int64_t owner;
    struct registration out;
    static const char *const rows[] = {
        "", "oc_reg_", "oc_reg_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
        "oc_key_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", "nothing like it"};
    open_with_pending_device();
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct register_request r = {.registration_token = str_from_cstr(rows[i])};
        check_row = rows[i];
        CHECK_INT(registration_redeem(&house.d, &house.arena, &r, &out, &owner), ERR_DENIED);
        CHECK_INT(owner, 0);
    }
    check_row = NULL;
    CHECK_INT(stored().registered_at_ms, 0);
    CHECK_INT(stored().token_refused_at_ms, 0);
    close_house();
}

TEST(registration_redeem__spent_token__is_denied_and_the_owner_learns_of_it)
{
    open_with_pending_device();
    CHECK_INT(redeem_as(1), OK);
    CHECK_INT(redeem_as(2), ERR_DENIED);
    CHECK(live_find(house.d.live, buoy.id)->mac[0] == 1);
    CHECK_INT(stored().token_refusals, 1);
    CHECK_STR(stored().token_refused_reason, STR("used"));
    CHECK_STR(stored().token_refused_mac, STR("\2\2\2\2\2\2"));
    close_house();
}

TEST(registration_redeem__among_many_attempts__exactly_one_mac_wins)
{
    int won = 0;
    open_with_pending_device();
    house_seed(3);
    for (int i = 0; i < 60; i++) {
        won += redeem_as((uint8_t)(i + 1)) == OK;
        if (house_random(3) == 0) { /* in one transaction or in several */
            house_commit(&house);
            house_begin(&house);
        }
        if (house_random(10) == 0)
            house_pass(&house, 1000);
    }
    CHECK_INT(won, 1);
    CHECK_INT(stored().token_refusals, 59);
    close_house();
}

TEST(registration_redeem__when_the_token_is_over)
{
    static const struct {
        int64_t age_ms;
        enum err expected;
        const char *why;
    } rows[] = {
        {0, OK, "just made"},
        {REGISTRATION_TOKEN_MS - 1, OK, "the last millisecond"},
        {REGISTRATION_TOKEN_MS, ERR_DENIED, "the first one after"},
        {10 * REGISTRATION_TOKEN_MS, ERR_DENIED, "long ago"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        check_row = rows[i].why;
        open_with_pending_device();
        house_pass(&house, rows[i].age_ms);
        CHECK_INT(house_redeem(&house, &buoy), rows[i].expected);
        if (rows[i].expected != OK)
            CHECK_STR(stored().token_refused_reason, STR("expired"));
        CHECK_INT(live_find(house.d.live, buoy.id) != NULL, rows[i].expected == OK);
        close_house();
    }
    check_row = NULL;
}

TEST(registration_redeem__lost_answer__may_be_asked_for_again_by_the_same_mac_for_an_hour)
{
    static const struct {
        int64_t after_ms;
        uint8_t mac;
        enum err expected;
        const char *why;
    } rows[] = {
        {0, 1, OK, "at once"},
        {REGISTRATION_RETRY_MS, 1, OK, "an hour later"},
        {REGISTRATION_RETRY_MS + 1, 1, ERR_DENIED, "later still"},
        {1, 2, ERR_DENIED, "another board"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        int64_t alarm;
        check_row = rows[i].why;
        open_with_pending_device();
        CHECK_INT(redeem_as(1), OK);
        struct registration lost = buoy.registered;
        house_pass(&house, rows[i].after_ms);
        CHECK_INT(redeem_as(rows[i].mac), rows[i].expected);
        memset(buoy.mac, 1, sizeof buoy.mac);
        if (rows[i].expected == OK) {
            struct registration second = buoy.registered;
            buoy.registered = lost;
            CHECK_INT(house_sign_in(&house, &buoy, credential_text(&lost.key), &alarm), ERR_DENIED);
            buoy.registered = second;
        }
        CHECK_INT(house_sign_in(&house, &buoy, credential_text(&buoy.registered.key), &alarm), OK);
        close_house();
    }
    check_row = NULL;
}

TEST(registration_redeem__retries__do_not_stretch_the_hour)
{
    open_with_pending_device();
    CHECK_INT(redeem_as(1), OK);
    house_pass(&house, REGISTRATION_RETRY_MS / 2 + 1);
    CHECK_INT(redeem_as(1), OK);
    house_pass(&house, REGISTRATION_RETRY_MS / 2 + 1);
    CHECK_INT(redeem_as(1), ERR_DENIED);
    close_house();
}

TEST(registration_redeem__the_key_has_been_used__no_retry)
{
    int64_t alarm;
    open_with_pending_device();
    CHECK_INT(redeem_as(1), OK);
    CHECK_INT(house_sign_in(&house, &buoy, credential_text(&buoy.registered.key), &alarm), OK);
    CHECK_INT(redeem_as(1), ERR_DENIED);
    close_house();
}

TEST(device_renew_token__kills_the_one_before)
{
    struct credential first, second;
    int64_t expires;
    open_with_pending_device();
    first = buoy.token;
    HOUSE_MUST(
        device_renew_token(&house.d, ada, buoy.id, house_public_id(&buoy), &second, &expires));
    CHECK_INT(expires, house.d.now_ms + REGISTRATION_TOKEN_MS);
    CHECK_INT(redeem_as(1), ERR_DENIED);
    buoy.token = second;
    CHECK_INT(redeem_as(1), OK);
    buoy.token = first;
    CHECK_INT(redeem_as(1), ERR_DENIED);
    close_house();
}

TEST(device_renew_token__registered_device__keeps_its_identity_until_the_token_is_used)
{
    int64_t alarm, expires;
    open_with_pending_device();
    CHECK_INT(redeem_as(1), OK);
    struct registration before = buoy.registered;
    CHECK_INT(house_sign_in(&house, &buoy, credential_text(&before.key), &alarm), OK);
    HOUSE_MUST(
        device_renew_token(&house.d, ada, buoy.id, house_public_id(&buoy), &buoy.token, &expires));
    CHECK_INT(house_sign_in(&house, &buoy, credential_text(&before.key), &alarm), OK);
    CHECK_INT(live_find(house.d.live, buoy.id)->session_count, 2);

    CHECK_INT(redeem_as(9), OK); /* a new board takes its place */
    CHECK_INT(live_find(house.d.live, buoy.id)->session_count, 0);
    CHECK_INT(redeem_as(9), OK); /* and may ask again, whatever the old one did */
    struct registration now = buoy.registered;
    buoy.registered = before;
    memset(buoy.mac, 1, sizeof buoy.mac);
    CHECK_INT(house_sign_in(&house, &buoy, credential_text(&before.key), &alarm), ERR_DENIED);
    buoy.registered = now;
    memset(buoy.mac, 9, sizeof buoy.mac);
    CHECK_INT(house_sign_in(&house, &buoy, credential_text(&now.key), &alarm), OK);
    house_commit(&house);
    CHECK_INT(house_ask(&house, "SELECT count(*) FROM device_session"), 1);
    house_begin(&house);
    close_house();
}

TEST(registration_redeem__what_was_desired_before__is_known)
{
    int64_t version;
    open_with_pending_device();
    struct sql_device_of_owner_row row = stored();
    HOUSE_MUST(device_set_desired(&house.d, ada, &row, STR("{\"interval_s\":5}"), 5, &version));
    CHECK_INT(redeem_as(1), OK);
    CHECK_INT(buoy.registered.interval_s, 5);
    CHECK_INT(buoy.registered.live->desired_version, version);
    house_commit(&house);
    house_restart(&house);
    house_begin(&house);
    CHECK_INT(live_find(house.d.live, buoy.id)->desired_version, version);
    CHECK_INT(live_find(house.d.live, buoy.id)->interval_s, 5);
    close_house();
}

TEST(device_remove__takes_the_token_with_it)
{
    open_with_pending_device();
    CHECK_INT(device_remove(&house.d, ada + 1, buoy.id, house_public_id(&buoy)), ERR_NOT_FOUND);
    HOUSE_MUST(device_remove(&house.d, ada, buoy.id, house_public_id(&buoy)));
    CHECK_INT(redeem_as(1), ERR_DENIED);
    close_house();
}

TESTS(
    registration, TEST_ROW(registration_redeem__fresh_token__makes_a_device),
    TEST_ROW(registration_redeem__the_key_itself__is_nowhere_in_the_store),
    TEST_ROW(registration_redeem__unknown_token__is_denied_and_leaves_no_trace),
    TEST_ROW(registration_redeem__spent_token__is_denied_and_the_owner_learns_of_it),
    TEST_ROW(registration_redeem__among_many_attempts__exactly_one_mac_wins),
    TEST_ROW(registration_redeem__when_the_token_is_over),
    TEST_ROW(registration_redeem__lost_answer__may_be_asked_for_again_by_the_same_mac_for_an_hour),
    TEST_ROW(registration_redeem__retries__do_not_stretch_the_hour),
    TEST_ROW(registration_redeem__the_key_has_been_used__no_retry),
    TEST_ROW(device_renew_token__kills_the_one_before),
    TEST_ROW(device_renew_token__registered_device__keeps_its_identity_until_the_token_is_used),
    TEST_ROW(registration_redeem__what_was_desired_before__is_known),
    TEST_ROW(device_remove__takes_the_token_with_it))
