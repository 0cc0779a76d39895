#include "server/domain/mail_allowance.h"

#include "server/domain/limits.h"
#include "tests/check.h"
#include "tests/support/house.h"

static struct house house;

static bool may(const char *to, enum mail_kind kind)
{
    bool may_be_sent;
    HOUSE_MUST(mail_allowance_take(&house.d, str_from_cstr(to), kind, &may_be_sent));
    return may_be_sent;
}

TEST(three_of_a_kind_an_hour_to_an_address)
{
    house_open(&house);
    house_begin(&house);
    for (int i = 0; i < MAILS_ASKED_PER_HOUR; i++) {
        CHECK(may("ada@example.org", MAIL_RESET));
        house_pass(&house, MINUTE_MS);
    }
    for (int i = 0; i < 5; i++)
        CHECK(!may("ada@example.org", MAIL_RESET));
    CHECK(may("ada@example.org", MAIL_CONFIRM_SIGNUP));
    CHECK(may("bob@example.org", MAIL_RESET));
    /* The first was an hour ago; those that were refused do not count. */
    house_pass(&house, HOUR_MS - MAILS_ASKED_PER_HOUR * MINUTE_MS - 1);
    CHECK(!may("ada@example.org", MAIL_RESET));
    house_pass(&house, 1);
    CHECK(may("ada@example.org", MAIL_RESET));
    CHECK(!may("ada@example.org", MAIL_RESET));
    house_commit(&house);
    house_restart(&house);
    house_begin(&house);
    CHECK(!may("ada@example.org", MAIL_RESET));
    house_commit(&house);
    house_close(&house);
}

TEST(an_hour_later_nothing_is_remembered)
{
    house_open(&house);
    house_begin(&house);
    CHECK(may("ada@example.org", MAIL_RESET));
    house_pass(&house, HOUR_MS - 1);
    HOUSE_MUST(mail_allowance_expire(&house.d));
    house_commit(&house);
    CHECK_INT(house_ask(&house, "SELECT count(*) FROM mail_asked"), 1);
    house_begin(&house);
    house_pass(&house, 1);
    HOUSE_MUST(mail_allowance_expire(&house.d));
    house_commit(&house);
    CHECK_INT(house_ask(&house, "SELECT count(*) FROM mail_asked"), 0);
    house_close(&house);
}

TEST(to_everybody_there_is_a_bound_too)
{
    char to[40];
    house_open(&house);
    house_begin(&house);
    for (int i = 0; i < MAILS_ASKED_MAX; i++) {
        snprintf(to, sizeof to, "a%d@example.org", i);
        CHECK(may(to, MAIL_RESET));
    }
    CHECK(!may("ada@example.org", MAIL_RESET));
    house_pass(&house, HOUR_MS);
    HOUSE_MUST(mail_allowance_expire(&house.d));
    CHECK(may("ada@example.org", MAIL_RESET));
    house_commit(&house);
    house_close(&house);
}

TESTS(mail_allowance, TEST_ROW(three_of_a_kind_an_hour_to_an_address),
      TEST_ROW(an_hour_later_nothing_is_remembered), TEST_ROW(to_everybody_there_is_a_bound_too))
