#include "server/domain/browser_session.h"

#include "server/domain/limits.h"
#include "tests/check.h"
#include "tests/support/house.h"

static struct house house;
static struct credential cookie; /* what ada's browser has */
static struct browser_session session;
static int64_t ada;
static char csrf_token[64]; /* the arena is begun anew at each use */

static struct browser_session open_session(int64_t account, int64_t *ended)
{
    struct browser_session s;
    struct sign_in in = {.account_id = account,
                         .way = SIGNED_IN_WITH_PASSWORD,
                         .user_agent = user_agent_read(STR("Firefox/1 Linux"))};
    HOUSE_MUST(
        browser_session_open(&house.d, &house.arena, &in, STR("ada@example.org"), &s, ended));
    return s;
}

static void open_signed_in(void)
{
    int64_t ended;
    house_open(&house);
    house_begin(&house);
    ada = house_account(&house, "ada@example.org");
    session = open_session(ada, &ended);
    cookie = session.cookie;
    CHECK_INT(str_to_cstr(session.csrf_token, csrf_token, sizeof csrf_token), OK);
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

static enum err use(const struct credential *shown, struct browser_session *out)
{
    arena_reset(&house.arena);
    return browser_session_use(&house.d, &house.arena, credential_text(shown), out);
}

static bool is_same(const struct credential *a, const struct credential *b)
{
    return str_eq(credential_text(a), credential_text(b));
}

/* An hour of use: the answer brings another id. */
static struct credential rotate(void)
{
    struct browser_session s;
    CHECK_INT(use(&cookie, &s), OK);
    house_pass(&house, SESSION_ROTATE_MS);
    CHECK_INT(use(&cookie, &s), OK);
    CHECK(s.is_renewed && !is_same(&s.cookie, &cookie));
    return s.cookie;
}

/* ---- whose it is ----------------------------------------------------------------------------- */

TEST(browser_session_find__cookie__is_its_account)
{
    struct browser_session found;
    open_signed_in();
    CHECK_INT(find(&found), OK);
    CHECK_INT(found.account_id, ada);
    CHECK_INT(found.id, session.id);
    CHECK_INT(found.confirmed_at_ms, house.d.now_ms);
    CHECK_STR(found.csrf_token, session.csrf_token);
    CHECK_INT(found.csrf_token.len, 32);
    CHECK(!found.is_renewed);
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
    int64_t ended;
    open_signed_in();
    struct browser_session other = open_session(ada, &ended);
    CHECK(!is_same(&cookie, &other.cookie));
    CHECK(!str_eq(session.csrf_token, other.csrf_token));
    CHECK(session.id != other.id);
    CHECK_INT(ended, 0);
    close_house();
}

TEST(browser_session_open__one_too_many__ends_the_one_used_longest_ago)
{
    int64_t ended;
    struct browser_session found;
    open_signed_in();
    for (size_t i = 1; i < SESSIONS_PER_OWNER; i++) {
        house_pass(&house, 1);
        arena_reset(&house.arena);
        open_session(ada, &ended);
        CHECK_INT(ended, 0);
    }
    house_pass(&house, 1);
    open_session(ada, &ended);
    CHECK_INT(ended, session.id);
    CHECK_INT(find(&found), ERR_DENIED);
    close_house();
}

/* ---- another id ------------------------------------------------------------------------------ */

TEST(browser_session_use__less_than_an_hour__keeps_its_id)
{
    struct browser_session s;
    open_signed_in();
    CHECK_INT(use(&cookie, &s), OK);
    house_pass(&house, SESSION_ROTATE_MS - 1);
    CHECK_INT(use(&cookie, &s), OK);
    CHECK(!s.is_renewed);
    close_house();
}

TEST(browser_session_use__an_hour__has_another_id_and_the_same_token)
{
    struct browser_session s;
    open_signed_in();
    struct credential next = rotate();
    CHECK_INT(use(&next, &s), OK);
    CHECK_INT(s.id, session.id);
    CHECK_INT(s.account_id, ada);
    CHECK_STR(s.csrf_token, str_from_cstr(csrf_token));
    CHECK(!s.is_renewed);
    close_house();
}

TEST(browser_session_use__many_requests_at_once__are_told_the_same_id)
{
    struct browser_session s;
    open_signed_in();
    struct credential next = rotate();
    for (int i = 0; i < 5; i++) {
        CHECK_INT(use(&cookie, &s), OK);
        CHECK(s.is_renewed && is_same(&s.cookie, &next));
    }
    CHECK_INT(use(&next, &s), OK);
    CHECK_INT(use(&cookie, &s), OK); /* asked before the answer came */
    CHECK(!s.is_renewed);
    close_house();
}

TEST(browser_session_use__the_answer_was_lost__the_old_id_goes_on_and_is_told_again)
{
    struct browser_session s;
    open_signed_in();
    struct credential next = rotate();
    for (int i = 0; i < 8; i++) {
        house_pass(&house, HOUR_MS);
        CHECK_INT(use(&cookie, &s), OK);
        CHECK(s.is_renewed && is_same(&s.cookie, &next));
    }
    CHECK_INT(use(&next, &s), OK);
    CHECK(s.is_renewed); /* it is old by now */
    close_house();
}

TEST(browser_session_use__the_old_id__is_good_for_a_minute_after_the_new_one_was_shown)
{
    struct browser_session s;
    open_signed_in();
    struct credential next = rotate();
    house_pass(&house, 5 * MINUTE_MS);
    CHECK_INT(use(&next, &s), OK);
    house_pass(&house, SESSION_OVERLAP_MS - 1);
    CHECK_INT(use(&cookie, &s), OK);
    CHECK_INT(s.confirmed_at_ms, 0);
    close_house();
}

TEST(browser_session_use__the_old_id_after_that__is_stolen_and_ends_both)
{
    struct browser_session s;
    open_signed_in();
    struct credential next = rotate();
    CHECK_INT(use(&next, &s), OK);
    house_pass(&house, SESSION_OVERLAP_MS);
    CHECK_INT(find(&s), ERR_CONFLICT); /* looking ends nothing */
    CHECK_INT(use(&cookie, &s), ERR_CONFLICT);
    CHECK_INT(s.account_id, ada);
    CHECK_INT(s.id, session.id);
    CHECK_INT(use(&next, &s), ERR_DENIED);
    CHECK_INT(use(&cookie, &s), ERR_DENIED);
    house_commit(&house);
    CHECK_INT(house_ask(&house, "SELECT count(*) FROM audit WHERE event = 'session.ended' AND "
                                "detail LIKE '%stolen%'"),
              1);
    house_begin(&house);
    close_house();
}

TEST(browser_session_use__the_id_before_the_one_before__is_nobodys)
{
    struct browser_session s;
    open_signed_in();
    struct credential first = cookie;
    cookie = rotate();
    cookie = rotate();
    CHECK_INT(use(&first, &s), ERR_DENIED);
    CHECK_INT(use(&cookie, &s), OK);
    close_house();
}

TEST(browser_session_use__no_id_can_be_made_of_the_database)
{
    struct browser_session s;
    open_signed_in();
    struct credential next = rotate();
    CHECK_INT(use(&next, &s), OK);
    house_commit(&house); /* once it was shown, the salt is gone */
    CHECK_INT(house_ask(&house, "SELECT count(*) FROM browser_session WHERE salt <> x''"), 0);
    house_begin(&house);
    close_house();
}

TEST(browser_session_use__storage_in_trouble__writes_nothing_and_goes_on)
{
    struct browser_session s;
    open_signed_in();
    CHECK_INT(use(&cookie, &s), OK);
    house_pass(&house, SESSION_ROTATE_MS);
    house.d.storage_is_in_trouble = true;
    CHECK_INT(use(&cookie, &s), OK);
    CHECK(!s.is_renewed);
    house.d.storage_is_in_trouble = false;
    CHECK_INT(use(&cookie, &s), OK);
    CHECK(s.is_renewed);
    close_house();
}

/* ---- rights ---------------------------------------------------------------------------------- */

TEST(browser_session_renew__the_old_id__goes_on_for_a_minute_without_the_rights)
{
    struct browser_session s, old;
    open_signed_in();
    house_pass(&house, 20 * MINUTE_MS);
    CHECK_INT(use(&cookie, &s), OK);
    HOUSE_MUST(browser_session_renew(&house.d, &s, house.d.now_ms));
    CHECK(s.is_renewed && !is_same(&s.cookie, &cookie));
    struct credential next = s.cookie;
    CHECK_INT(use(&cookie, &old), OK);
    CHECK(!old.is_renewed); /* who has the old one is never told the new one */
    CHECK_INT(old.confirmed_at_ms, 0);
    CHECK_INT(use(&next, &s), OK);
    CHECK_INT(s.confirmed_at_ms, house.d.now_ms);
    house_pass(&house, SESSION_OVERLAP_MS);
    CHECK_INT(use(&cookie, &old), ERR_CONFLICT);
    close_house();
}

TEST(browser_session_renew__the_answer_was_lost__both_are_good_for_nothing_after_a_minute)
{
    struct browser_session s;
    open_signed_in();
    CHECK_INT(use(&cookie, &s), OK);
    HOUSE_MUST(browser_session_renew(&house.d, &s, house.d.now_ms));
    house_pass(&house, SESSION_OVERLAP_MS);
    CHECK_INT(use(&cookie, &s), ERR_DENIED);
    close_house();
}

/* The request that proves it may be the very one that is an hour late. */
TEST(browser_session_renew__while_another_id_waits__replaces_what_the_browser_has)
{
    struct browser_session s;
    open_signed_in();
    struct credential lost = rotate();
    CHECK_INT(use(&cookie, &s), OK);
    HOUSE_MUST(browser_session_renew(&house.d, &s, house.d.now_ms));
    struct credential next = s.cookie;
    CHECK_INT(use(&cookie, &s), OK);
    CHECK_INT(use(&lost, &s), ERR_DENIED);
    CHECK_INT(use(&next, &s), OK);
    close_house();
}

/* ---- the end --------------------------------------------------------------------------------- */

TEST(browser_session_end__this_browser_only_and_only_its_owner)
{
    int64_t ended;
    struct browser_session found;
    open_signed_in();
    int64_t eve = house_account(&house, "eve@example.org");
    struct browser_session other = open_session(ada, &ended);
    CHECK_INT(browser_session_end(&house.d, eve, session.id, STR("x")), ERR_NOT_FOUND);
    CHECK_INT(find(&found), OK);
    HOUSE_MUST(browser_session_end(&house.d, ada, session.id, STR("signed out")));
    CHECK_INT(browser_session_end(&house.d, ada, session.id, STR("x")), ERR_NOT_FOUND);
    CHECK_INT(find(&found), ERR_DENIED);
    CHECK_INT(use(&other.cookie, &found), OK);
    close_house();
}

TEST(browser_session_end_all__but_one_and_but_others)
{
    int64_t ended;
    struct browser_session found;
    open_signed_in();
    int64_t eve = house_account(&house, "eve@example.org");
    struct browser_session second = open_session(ada, &ended), hers = open_session(eve, &ended);
    HOUSE_MUST(browser_session_end_all(&house.d, ada, second.id, STR("x")));
    CHECK_INT(find(&found), ERR_DENIED);
    CHECK_INT(use(&second.cookie, &found), OK);
    HOUSE_MUST(browser_session_end_all(&house.d, ada, 0, STR("x")));
    CHECK_INT(use(&second.cookie, &found), ERR_DENIED);
    CHECK_INT(use(&hers.cookie, &found), OK);
    close_house();
}

TEST(browser_session__a_day_unused__is_over)
{
    struct browser_session found;
    open_signed_in();
    for (int i = 0; i < 2; i++) {
        house_pass(&house, SESSION_IDLE_MS - 1);
        CHECK_INT(use(&cookie, &found), OK); /* and used: the day begins anew */
        cookie = found.cookie;
    }
    house_pass(&house, SESSION_IDLE_MS);
    CHECK_INT(use(&cookie, &found), ERR_DENIED);
    HOUSE_MUST(browser_session_expire(&house.d));
    house_commit(&house);
    CHECK_INT(house_ask(&house, "SELECT count(*) FROM browser_session"), 0);
    house_begin(&house);
    close_house();
}

TEST(browser_session__two_weeks_in_all__are_over_however_busy)
{
    struct browser_session found;
    open_signed_in();
    int64_t end = house.d.now_ms + SESSION_ABSOLUTE_MS;
    while (house.d.now_ms + HOUR_MS < end) {
        CHECK_INT(use(&cookie, &found), OK);
        if (found.is_renewed)
            cookie = found.cookie;
        house_pass(&house, HOUR_MS);
    }
    HOUSE_MUST(browser_session_expire(&house.d));
    CHECK_INT(use(&cookie, &found), OK);
    house_pass(&house, end - house.d.now_ms);
    CHECK_INT(use(&cookie, &found), ERR_DENIED);
    close_house();
}

TEST(sign_in_way__each_has_a_name)
{
    for (enum sign_in_way w = SIGNED_IN_WITH_PASSWORD; w <= SIGNED_IN_WITH_PASSKEY; w++)
        CHECK(!str_eq(sign_in_way_name(w), STR("unknown")));
}

TESTS(
    browser_session, TEST_ROW(browser_session_find__cookie__is_its_account),
    TEST_ROW(browser_session_find__any_other_text__is_denied),
    TEST_ROW(browser_session_open__each_has_its_own_cookie_and_token),
    TEST_ROW(browser_session_open__one_too_many__ends_the_one_used_longest_ago),
    TEST_ROW(browser_session_use__less_than_an_hour__keeps_its_id),
    TEST_ROW(browser_session_use__an_hour__has_another_id_and_the_same_token),
    TEST_ROW(browser_session_use__many_requests_at_once__are_told_the_same_id),
    TEST_ROW(browser_session_use__the_answer_was_lost__the_old_id_goes_on_and_is_told_again),
    TEST_ROW(browser_session_use__the_old_id__is_good_for_a_minute_after_the_new_one_was_shown),
    TEST_ROW(browser_session_use__the_old_id_after_that__is_stolen_and_ends_both),
    TEST_ROW(browser_session_use__the_id_before_the_one_before__is_nobodys),
    TEST_ROW(browser_session_use__no_id_can_be_made_of_the_database),
    TEST_ROW(browser_session_use__storage_in_trouble__writes_nothing_and_goes_on),
    TEST_ROW(browser_session_renew__the_old_id__goes_on_for_a_minute_without_the_rights),
    TEST_ROW(browser_session_renew__the_answer_was_lost__both_are_good_for_nothing_after_a_minute),
    TEST_ROW(browser_session_renew__while_another_id_waits__replaces_what_the_browser_has),
    TEST_ROW(browser_session_end__this_browser_only_and_only_its_owner),
    TEST_ROW(browser_session_end_all__but_one_and_but_others),
    TEST_ROW(browser_session__a_day_unused__is_over),
    TEST_ROW(browser_session__two_weeks_in_all__are_over_however_busy),
    TEST_ROW(sign_in_way__each_has_a_name))
