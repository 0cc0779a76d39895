#include "server/domain/browser_session.h"

#include "server/domain/limits.h"
#include "tests/check.h"
#include "tests/support/house.h"

static struct house house;
static struct credential cookie;
static struct browser_session session;
static int64_t ada;

static void open_signed_in(void)
{
    house_open(&house);
    house_begin(&house);
    ada = house_account(&house, "ada@example.org");
    HOUSE_MUST(browser_session_open(&house.d, &house.arena, ada, STR("ada@example.org"), &cookie,
                                    &session));
}

static void close_house(void)
{
    house_commit(&house);
    house_close(&house);
}

static enum err find(struct browser_session *out)
{
    return browser_session_find(&house.d, &house.arena, credential_text(&cookie), out);
}

TEST(browser_session_find__cookie__is_its_account)
{
    struct browser_session found;
    open_signed_in();
    CHECK_INT(find(&found), OK);
    CHECK_INT(found.account_id, ada);
    CHECK_STR(found.csrf_token, session.csrf_token);
    CHECK_INT(found.csrf_token.len, 32);
    house_commit(&house);
    house_restart(&house);
    house_begin(&house);
    CHECK_INT(find(&found), OK);
    close_house();
}

TEST(browser_session_find__any_other_text__is_denied)
{
    struct browser_session found;
    open_signed_in();
    for (size_t i = 0; i <= cookie.len; i++) {
        struct credential bent = cookie;
        CHECK_INT(browser_session_find(&house.d, &house.arena,
                                       str_slice(credential_text(&cookie), 0, i), &found),
                  i == cookie.len ? OK : ERR_DENIED);
        if (i == cookie.len)
            break;
        bent.text[i] = bent.text[i] == 'A' ? 'B' : 'A';
        CHECK_INT(browser_session_find(&house.d, &house.arena, credential_text(&bent), &found),
                  ERR_DENIED);
    }
    close_house();
}

TEST(browser_session_open__each_has_its_own_cookie_and_token)
{
    struct credential second;
    struct browser_session other;
    open_signed_in();
    HOUSE_MUST(
        browser_session_open(&house.d, &house.arena, ada, STR("ada@example.org"), &second, &other));
    CHECK(!str_eq(credential_text(&cookie), credential_text(&second)));
    CHECK(!str_eq(session.csrf_token, other.csrf_token));
    close_house();
}

TEST(browser_session_end__signs_out_this_browser_only)
{
    struct credential second;
    struct browser_session other, found;
    open_signed_in();
    HOUSE_MUST(
        browser_session_open(&house.d, &house.arena, ada, STR("ada@example.org"), &second, &other));
    HOUSE_MUST(browser_session_end(&house.d, &session));
    CHECK_INT(find(&found), ERR_DENIED);
    CHECK_INT(browser_session_find(&house.d, &house.arena, credential_text(&second), &found), OK);
    close_house();
}

TEST(browser_session_find__a_day_unused__is_over)
{
    struct browser_session found;
    open_signed_in();
    house_pass(&house, SESSION_IDLE_MS - 1);
    CHECK_INT(find(&found), OK); /* and used: the day begins anew */
    house_pass(&house, SESSION_IDLE_MS - 1);
    CHECK_INT(find(&found), OK);
    house_pass(&house, SESSION_IDLE_MS);
    CHECK_INT(find(&found), ERR_DENIED);
    HOUSE_MUST(browser_session_expire(&house.d));
    house_commit(&house);
    CHECK_INT(house_ask(&house, "SELECT count(*) FROM browser_session"), 0);
    house_begin(&house);
    close_house();
}

TEST(browser_session_find__two_weeks_in_all__are_over_however_busy)
{
    struct browser_session found;
    open_signed_in();
    int64_t end = house.d.now_ms + SESSION_ABSOLUTE_MS;
    while (house.d.now_ms + HOUR_MS < end) {
        arena_reset(&house.arena);
        CHECK_INT(find(&found), OK);
        house_pass(&house, HOUR_MS);
    }
    HOUSE_MUST(browser_session_expire(&house.d));
    CHECK_INT(find(&found), OK);
    house_pass(&house, end - house.d.now_ms);
    CHECK_INT(find(&found), ERR_DENIED);
    close_house();
}

TESTS(browser_session, TEST_ROW(browser_session_find__cookie__is_its_account),
      TEST_ROW(browser_session_find__any_other_text__is_denied),
      TEST_ROW(browser_session_open__each_has_its_own_cookie_and_token),
      TEST_ROW(browser_session_end__signs_out_this_browser_only),
      TEST_ROW(browser_session_find__a_day_unused__is_over),
      TEST_ROW(browser_session_find__two_weeks_in_all__are_over_however_busy))
