#include "server/domain/signup_watch.h"

#include <stdio.h>

#include "server/net/networks.h"
#include "tests/check.h"
#include "tests/support/house.h"

static struct house house;

static void open_house(unsigned admins)
{
    house_open(&house);
    house_begin(&house);
    for (unsigned i = 0; i < admins; i++) {
        char email[] = {'b', 'o', 's', 's', (char)('a' + i), '@', 'e', '.', 'o', 'r', 'g', 0};
        HOUSE_MUST(account_add(&house.d, str_from_cstr(email), STR("x"), true));
    }
    house_account(&house, "ada@example.org");
    house_commit(&house);
}

static void sign_up(const char *address, unsigned times)
{
    uint8_t peer[PEER_LEN];
    HOUSE_MUST(address_read(str_from_cstr(address), peer));
    house_begin(&house);
    for (unsigned i = 0; i < times; i++)
        CHECK_INT(signup_watch(&house.d, STR("eve@example.net"), peer), OK);
    house_commit(&house);
}

static void tick(void)
{
    house_begin(&house);
    CHECK_INT(signup_watch_tick(&house.d), OK);
    house_commit(&house);
}

static int64_t mails(void)
{
    return house_ask(&house, "SELECT count(*) FROM mail WHERE kind = 'watch'");
}

TEST(from_a_home__nothing_happens)
{
    open_house(1);
    sign_up("10.0.0.1", 3);
    sign_up("2001:db8::1", 3);
    CHECK_INT(mails(), 0);
    CHECK_INT(house_ask(&house, "SELECT count(*) FROM audit WHERE event = 'signup.watched'"), 0);
    house_close(&house);
}

TEST(from_a_data_centre__audited_and_told_with_network_provider_and_age)
{
    open_house(2);
    house_pass(&house, 12 * DAY_MS);
    sign_up("34.64.0.9", 1);
    CHECK_INT(mails(), 2);
    CHECK_INT(house_ask(&house, "SELECT count(*) FROM mail WHERE recipient = 'ada@example.org'"),
              0);
    CHECK_INT(house_ask(&house, "SELECT count(*) FROM mail WHERE detail = 'eve@example.net from "
                                "34.64.0.9 in 34.64.0.0/10, google (datacentre; list built-in, "
                                "12 days old)'"),
              2);
    CHECK_INT(house_ask(&house, "SELECT count(*) FROM audit WHERE event = 'signup.watched' AND "
                                "subject = 'eve@example.net' AND detail LIKE '34.64.0.9 in %'"),
              1);
    house_close(&house);
}

TEST(ten_mails_an_hour__then_one_that_says_how_many_more)
{
    open_house(1);
    sign_up("34.64.0.9", 25);
    CHECK_INT(mails(), SIGNUP_WATCH_MAILS);
    CHECK_INT(house_ask(&house, "SELECT count(*) FROM audit WHERE event = 'signup.watched'"), 25);
    house_pass(&house, HOUR_MS - 1);
    tick();
    CHECK_INT(mails(), SIGNUP_WATCH_MAILS);
    house_pass(&house, 1);
    tick();
    tick();
    CHECK_INT(mails(), SIGNUP_WATCH_MAILS + 1);
    CHECK_INT(house_ask(&house, "SELECT count(*) FROM mail WHERE detail LIKE '15 more%'"), 1);
    sign_up("34.64.0.9", 1);
    CHECK_INT(mails(), SIGNUP_WATCH_MAILS + 2);
    house_close(&house);
}

TEST(the_next_one_after_the_hour__says_it_too)
{
    open_house(1);
    sign_up("34.64.0.9", 12);
    house_pass(&house, HOUR_MS);
    sign_up("34.64.0.9", 1);
    CHECK_INT(house_ask(&house, "SELECT count(*) FROM mail WHERE detail LIKE '2 more%'"), 1);
    CHECK_INT(mails(), SIGNUP_WATCH_MAILS + 2);
    house_close(&house);
}

TEST(many_admins__ten_in_all__or_the_first_to_each)
{
    open_house(4);
    sign_up("34.64.0.9", 5);
    CHECK_INT(mails(), 8);
    house_close(&house);
    open_house(15);
    sign_up("34.64.0.9", 5);
    CHECK_INT(mails(), 15);
    house_close(&house);
}

TEST(a_rolled_back_registration__leaves_nothing)
{
    uint8_t peer[PEER_LEN];
    open_house(1);
    HOUSE_MUST(address_read(STR("34.64.0.9"), peer));
    house_begin(&house);
    HOUSE_MUST(signup_watch(&house.d, STR("eve@example.net"), peer));
    house_rollback(&house);
    CHECK_INT(mails(), 0);
    CHECK_INT(house_ask(&house, "SELECT told FROM signup_watch"), 0);
    house_close(&house);
}

TEST(the_longest_address__fits)
{
    char email[EMAIL_MAX + 1];
    uint8_t peer[PEER_LEN];
    open_house(1);
    memset(email, 'a', EMAIL_MAX);
    email[64] = '@';
    email[EMAIL_MAX] = 0;
    HOUSE_MUST(address_read(STR("2600:1900:ffff:ffff:ffff:ffff:ffff:ffff"), peer));
    house_begin(&house);
    CHECK_INT(signup_watch(&house.d, str_from_cstr(email), peer), OK);
    house_commit(&house);
    CHECK_INT(house_ask(&house, "SELECT count(*) FROM mail WHERE detail LIKE '%days old)'"), 1);
    house_close(&house);
}

TESTS(signup_watch, TEST_ROW(from_a_home__nothing_happens),
      TEST_ROW(from_a_data_centre__audited_and_told_with_network_provider_and_age),
      TEST_ROW(ten_mails_an_hour__then_one_that_says_how_many_more),
      TEST_ROW(the_next_one_after_the_hour__says_it_too),
      TEST_ROW(many_admins__ten_in_all__or_the_first_to_each),
      TEST_ROW(a_rolled_back_registration__leaves_nothing), TEST_ROW(the_longest_address__fits))
