#include "server/domain/known_browser.h"

#include "server/domain/limits.h"
#include "tests/check.h"
#include "tests/support/house.h"

static struct house house;
static int64_t ada, eve;

static void open_house(void)
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

static bool is_known(int64_t account, const struct credential *c)
{
    uint8_t digest[SHA256_LEN];
    bool known;
    HOUSE_MUST(known_browser_is(&house.d, account, credential_text(c), digest, &known));
    return known;
}

static struct credential renew(int64_t account, const struct credential *shown)
{
    struct credential fresh;
    HOUSE_MUST(known_browser_renew(&house.d, account,
                                   shown == NULL ? STR_NONE : credential_text(shown), &fresh));
    return fresh;
}

TEST(known_browser__is_known_to_the_account_it_signed_in_to)
{
    open_house();
    struct credential one = renew(ada, NULL);
    CHECK(is_known(ada, &one));
    CHECK(!is_known(eve, &one));
    one.text[20] = one.text[20] == 'A' ? 'B' : 'A';
    CHECK(!is_known(ada, &one));
    one.len--;
    CHECK(!is_known(ada, &one));
    close_house();
}

TEST(known_browser_renew__the_token_before__is_known_no_more)
{
    open_house();
    struct credential one = renew(ada, NULL), two = renew(ada, &one);
    CHECK(!is_known(ada, &one));
    CHECK(is_known(ada, &two));
    house_commit(&house);
    CHECK_INT(house_ask(&house, "SELECT count(*) FROM known_browser"), 1);
    house_begin(&house);
    close_house();
}

TEST(known_browser_renew__two_people_at_one_browser__are_both_known)
{
    open_house();
    struct credential one = renew(ada, NULL), two = renew(eve, &one), three = renew(ada, &two);
    CHECK(!is_known(ada, &two) && !is_known(eve, &two));
    CHECK(is_known(ada, &three) && is_known(eve, &three));
    close_house();
}

TEST(known_browser_renew__somebody_elses_token__gives_nothing_of_theirs)
{
    open_house();
    struct credential made_up = {.len = 43};
    memset(made_up.text, 'A', sizeof made_up.text);
    struct credential one = renew(ada, &made_up);
    CHECK(is_known(ada, &one) && !is_known(eve, &one) && !is_known(ada, &made_up));
    close_house();
}

TEST(known_browser_renew__one_too_many__the_oldest_goes)
{
    struct credential all[KNOWN_BROWSERS_PER_OWNER + 1];
    open_house();
    for (size_t i = 0; i <= KNOWN_BROWSERS_PER_OWNER; i++) {
        house_pass(&house, 1000);
        all[i] = renew(ada, NULL);
    }
    CHECK(!is_known(ada, &all[0]));
    for (size_t i = 1; i <= KNOWN_BROWSERS_PER_OWNER; i++)
        CHECK(is_known(ada, &all[i]));
    close_house();
}

TEST(known_browser__half_a_year_without_a_sign_in__is_forgotten)
{
    open_house();
    struct credential one = renew(ada, NULL);
    house_pass(&house, KNOWN_BROWSER_MS - 1);
    CHECK(is_known(ada, &one));
    house_pass(&house, 1);
    CHECK(!is_known(ada, &one));
    HOUSE_MUST(known_browser_expire(&house.d));
    house_commit(&house);
    CHECK_INT(house_ask(&house, "SELECT count(*) FROM known_browser"), 0);
    house_begin(&house);
    close_house();
}

TEST(known_browser_forget__all_of_one_account)
{
    open_house();
    struct credential one = renew(ada, NULL), two = renew(eve, NULL);
    HOUSE_MUST(known_browser_forget(&house.d, ada));
    CHECK(!is_known(ada, &one));
    CHECK(is_known(eve, &two));
    close_house();
}

TESTS(known_browser, TEST_ROW(known_browser__is_known_to_the_account_it_signed_in_to),
      TEST_ROW(known_browser_renew__the_token_before__is_known_no_more),
      TEST_ROW(known_browser_renew__two_people_at_one_browser__are_both_known),
      TEST_ROW(known_browser_renew__somebody_elses_token__gives_nothing_of_theirs),
      TEST_ROW(known_browser_renew__one_too_many__the_oldest_goes),
      TEST_ROW(known_browser__half_a_year_without_a_sign_in__is_forgotten),
      TEST_ROW(known_browser_forget__all_of_one_account))
