#include "server/domain/mail_queue.h"

#include "server/domain/limits.h"
#include "tests/check.h"
#include "tests/support/house.h"

static struct house house;
static uint8_t block[8192];
static struct arena arena;

static void begin(void)
{
    arena = arena_over(block, sizeof block);
    house_begin(&house);
}

static int64_t add(enum mail_kind kind)
{
    struct mail_note note = {.kind = kind,
                             .to = STR("ada@example.org"),
                             .account_id = 7,
                             .subject_id = 9,
                             .detail = STR("Firefox on Linux")};
    HOUSE_MUST(mail_add(&house.d, &note));
    return store_last_id(house.d.store);
}

static size_t due_count(void)
{
    int64_t ids[4];
    size_t count;
    HOUSE_MUST(mail_queue_due(&house.d, ids, 4, &count));
    return count;
}

static struct mail_due take(int64_t id)
{
    struct mail_due due = {0};
    HOUSE_MUST(mail_take(&house.d, &arena, id, &due));
    return due;
}

TEST(a_mail__is_due_at_once_and_gone_when_delivered)
{
    house_open(&house);
    begin();
    int64_t id = add(MAIL_NEW_BROWSER);
    CHECK_INT(due_count(), 1);
    struct mail_due due = take(id);
    CHECK_INT(due.kind, MAIL_NEW_BROWSER);
    CHECK_STR(due.to, STR("ada@example.org"));
    CHECK_INT(due.subject_id, 9);
    CHECK_INT(due_count(), 0);
    HOUSE_MUST(mail_delivered(&house.d, id));
    house_commit(&house);
    CHECK_INT(house_ask(&house, "SELECT count(*) FROM mail"), 0);
    house_close(&house);
}

TEST(attempts__come_less_often_each_time)
{
    static const int64_t minutes[] = {1, 5, 15, 60, 60};
    house_open(&house);
    begin();
    int64_t id = add(MAIL_NEW_BROWSER);
    for (size_t i = 0; i < sizeof minutes / sizeof minutes[0]; i++) {
        take(id);
        HOUSE_MUST(mail_try_again(&house.d, id, STR("451 later")));
        house_pass(&house, minutes[i] * MINUTE_MS - 1);
        CHECK_INT(due_count(), 0);
        house_pass(&house, 1);
        CHECK_INT(due_count(), 1);
    }
    house_commit(&house);
    CHECK_INT(house_ask(&house, "SELECT attempts FROM mail WHERE error = '451 later'"), 5);
    house_close(&house);
}

TEST(a_death_in_between__is_tried_again_soon_but_not_for_ever)
{
    house_open(&house);
    begin();
    int64_t id = add(MAIL_NEW_BROWSER);
    for (int i = 1; i <= 5; i++) {
        take(id);
        house_commit(&house); /* and then nobody hears of it again */
        house_restart(&house);
        begin();
        HOUSE_MUST(mail_queue_load(&house.d));
        house_pass(&house, MAIL_LOST_MS);
        CHECK_INT(due_count(), i <= MAIL_LOST_MAX);
        house_pass(&house, HOUR_MS);
        CHECK_INT(due_count(), 1);
    }
    /* the courier's death, likewise */
    HOUSE_MUST(mail_drop(&house.d, id));
    id = add(MAIL_NEW_BROWSER);
    take(id);
    HOUSE_MUST(mail_lost(&house.d, id, STR("the courier has ended")));
    house_pass(&house, MAIL_LOST_MS);
    CHECK_INT(due_count(), 1);
    house_commit(&house);
    house_close(&house);
}

TEST(a_refused_mail__stays_to_be_seen_for_seven_days)
{
    house_open(&house);
    begin();
    int64_t id = add(MAIL_NEW_BROWSER);
    take(id);
    HOUSE_MUST(mail_give_up(&house.d, id, STR("550 no such user")));
    house_pass(&house, MAIL_FAILED_MS - 1);
    HOUSE_MUST(mail_queue_tidy(&house.d));
    CHECK_INT(due_count(), 0);
    house_commit(&house);
    CHECK_INT(house_ask(&house, "SELECT count(*) FROM mail WHERE failed_at_ms > 0"), 1);
    begin();
    house_pass(&house, 1);
    HOUSE_MUST(mail_queue_tidy(&house.d));
    house_commit(&house);
    CHECK_INT(house_ask(&house, "SELECT count(*) FROM mail"), 0);
    house_close(&house);
}

TEST(a_mail_that_comes_too_late__is_given_up_with_its_last_error)
{
    struct mail_due due;
    house_open(&house);
    begin();
    int64_t id = add(MAIL_RESET);
    take(id);
    HOUSE_MUST(mail_try_again(&house.d, id, STR("451 later")));
    house_pass(&house, MAIL_TOKEN_RESET_MS);
    CHECK_INT(mail_take(&house.d, &arena, id, &due), ERR_NOT_FOUND);
    house_commit(&house);
    CHECK_INT(house_ask(&house, "SELECT count(*) FROM mail WHERE failed_at_ms > 0 AND error = 'too "
                                "late; the last attempt: 451 later'"),
              1);
    house_close(&house);
}

TEST(no_more_failed_mails_are_kept_than_so_many)
{
    house_open(&house);
    begin();
    for (int i = 0; i < MAILS_FAILED_MAX + 5; i++)
        HOUSE_MUST(mail_give_up(&house.d, add(MAIL_NEW_BROWSER), STR("no")));
    HOUSE_MUST(mail_queue_tidy(&house.d));
    house_commit(&house);
    CHECK_INT(house_ask(&house, "SELECT count(*) FROM mail"), MAILS_FAILED_MAX);
    CHECK_INT(house_ask(&house, "SELECT min(id) FROM mail"), 6);
    house_close(&house);
}

TEST(whoever_runs_the_server__may_try_again_and_drop)
{
    house_open(&house);
    begin();
    int64_t id = add(MAIL_NEW_BROWSER);
    take(id);
    HOUSE_MUST(mail_give_up(&house.d, id, STR("550 no")));
    house_pass(&house, 4 * DAY_MS);
    HOUSE_MUST(mail_retry(&house.d, id));
    CHECK_INT(due_count(), 1);
    take(id);
    HOUSE_MUST(mail_drop(&house.d, id));
    CHECK_INT(mail_drop(&house.d, id), ERR_NOT_FOUND);
    CHECK_INT(mail_retry(&house.d, id), ERR_NOT_FOUND);
    /* the answer of an attempt that was under way */
    HOUSE_MUST(mail_try_again(&house.d, id, STR("451")));
    HOUSE_MUST(mail_delivered(&house.d, id));
    house_commit(&house);
    house_close(&house);
}

TEST(a_clock_set_back__lets_no_mail_wait_for_days)
{
    house_open(&house);
    begin();
    int64_t id = add(MAIL_NEW_BROWSER);
    take(id);
    HOUSE_MUST(mail_try_again(&house.d, id, STR("451")));
    house_pass(&house, -2 * DAY_MS);
    CHECK_INT(due_count(), 0);
    HOUSE_MUST(mail_queue_tidy(&house.d));
    CHECK_INT(due_count(), 1);
    house_commit(&house);
    house_close(&house);
}

TESTS(mail_queue, TEST_ROW(a_mail__is_due_at_once_and_gone_when_delivered),
      TEST_ROW(attempts__come_less_often_each_time),
      TEST_ROW(a_death_in_between__is_tried_again_soon_but_not_for_ever),
      TEST_ROW(a_refused_mail__stays_to_be_seen_for_seven_days),
      TEST_ROW(a_mail_that_comes_too_late__is_given_up_with_its_last_error),
      TEST_ROW(no_more_failed_mails_are_kept_than_so_many),
      TEST_ROW(whoever_runs_the_server__may_try_again_and_drop),
      TEST_ROW(a_clock_set_back__lets_no_mail_wait_for_days))
