#include "server/domain/mail.h"

#include "server/domain/limits.h"
#include "server/domain/mail_token.h"
#include "tests/check.h"
#include "tests/support/house.h"

static struct house house;
static uint8_t block[4096];

static const struct mail_note note = {
    .kind = MAIL_NEW_BROWSER,
    .to = {(const uint8_t *)"ada@example.org", 15},
    .account_id = 7,
    .detail = {(const uint8_t *)"Firefox on Linux", 16},
};

TEST(every_kind_has_a_name_that_reads_back)
{
    enum mail_kind got;
    for (enum mail_kind k = 0; k < MAIL_KIND_COUNT; k++) {
        CHECK_INT(mail_kind_read(mail_kind_name(k), &got), OK);
        CHECK_INT(got, k);
    }
    CHECK_INT(mail_kind_read(STR("reset "), &got), ERR_CORRUPT);
}

TEST(a_mail_waits_from_the_transaction_of_its_act)
{
    house_open(&house);
    house_begin(&house);
    HOUSE_MUST(mail_add(&house.d, &note));
    house_rollback(&house);
    CHECK_INT(house_ask(&house, "SELECT count(*) FROM mail"), 0);
    house_begin(&house);
    HOUSE_MUST(mail_add(&house.d, &note));
    house_commit(&house);
    CHECK_INT(house_ask(&house, "SELECT count(*) FROM mail WHERE kind = 'new-browser'"), 1);
    house_close(&house);
}

TEST(what_would_change_a_mails_head_is_not_queued)
{
    struct mail_note bad = note;
    house_open(&house);
    house_begin(&house);
    bad.to = STR("ada@example.org\r\nBcc: all@example.org");
    CHECK_INT(mail_add(&house.d, &bad), ERR_PEER);
    bad = note;
    bad.detail = STR("Firefox\non Linux");
    CHECK_INT(mail_add(&house.d, &bad), ERR_PEER);
    house_commit(&house);
    CHECK_INT(house_ask(&house, "SELECT count(*) FROM mail"), 0);
    house_close(&house);
}

static void add_mails(enum mail_kind kind, int count)
{
    struct mail_note n = note;
    n.kind = kind;
    for (int i = 0; i < count; i++)
        HOUSE_MUST(mail_add(&house.d, &n));
}

TEST(a_full_queue_drops_and_counts__what_strangers_cause_first)
{
    house_open(&house);
    house_begin(&house);
    add_mails(MAIL_RESET, MAILS_MAX - MAILS_RESERVE);
    CHECK_INT(house.d.mails_dropped, 0);
    add_mails(MAIL_CONFIRM_SIGNUP, 1);
    add_mails(MAIL_SIGNUP_KNOWN, 1);
    add_mails(MAIL_WATCH, 1);
    CHECK_INT(house.d.mails_dropped, 3);
    add_mails(MAIL_PASSWORD_CHANGED, MAILS_RESERVE);
    CHECK_INT(house.d.mails_dropped, 3);
    add_mails(MAIL_PASSWORD_CHANGED, 1);
    CHECK_INT(house.d.mails_dropped, 4);
    house_commit(&house);
    CHECK_INT(house_ask(&house, "SELECT count(*) FROM mail"), MAILS_MAX);
    house_close(&house);
}

TEST(one_use_ends_every_link_of_its_subject)
{
    struct credential first, second, other;
    struct mail_token got;
    struct arena a = arena_over(block, sizeof block);
    unsigned signup = 1U << MAIL_PURPOSE_SIGNUP, reset = 1U << MAIL_PURPOSE_RESET;
    house_open(&house);
    house_begin(&house);
    struct domain *d = &house.d;
    int64_t end_ms = d->now_ms + 1000;
    struct str email = STR("ada@example.org");
    HOUSE_MUST(mail_token_make(d, MAIL_PURPOSE_SIGNUP, 5, email, end_ms, &first));
    HOUSE_MUST(mail_token_make(d, MAIL_PURPOSE_SIGNUP, 5, email, end_ms, &second));
    HOUSE_MUST(mail_token_make(d, MAIL_PURPOSE_SIGNUP, 6, email, end_ms, &other));
    CHECK_INT(mail_token_find(d, &a, credential_text(&first), reset, &got), ERR_DENIED);
    CHECK_INT(mail_token_find(d, &a, credential_text(&first), signup, &got), OK);
    CHECK_INT(got.subject_id, 5);
    CHECK_STR(got.email, STR("ada@example.org"));
    HOUSE_MUST(mail_token_drop(d, got.purpose, got.subject_id));
    CHECK_INT(mail_token_find(d, &a, credential_text(&first), signup, &got), ERR_DENIED);
    CHECK_INT(mail_token_find(d, &a, credential_text(&second), signup, &got), ERR_DENIED);
    CHECK_INT(mail_token_find(d, &a, credential_text(&other), signup, &got), OK);
    house_pass(&house, 1000);
    CHECK_INT(mail_token_find(d, &a, credential_text(&other), signup, &got), ERR_DENIED);
    HOUSE_MUST(mail_token_expire(d));
    house_commit(&house);
    CHECK_INT(house_ask(&house, "SELECT count(*) FROM mail_token"), 0);
    house_close(&house);
}

TESTS(mail, TEST_ROW(every_kind_has_a_name_that_reads_back),
      TEST_ROW(a_mail_waits_from_the_transaction_of_its_act),
      TEST_ROW(what_would_change_a_mails_head_is_not_queued),
      TEST_ROW(a_full_queue_drops_and_counts__what_strangers_cause_first),
      TEST_ROW(one_use_ends_every_link_of_its_subject))
