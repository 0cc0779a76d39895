#include "server/domain/account.h"

#include "server/domain/mail_token.h"
#include "tests/check.h"
#include "tests/support/house.h"

#define A64 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"

static struct house house;

TEST(email_normalise__table)
{
    static const struct {
        const char *email, *normal; /* NULL: refused */
    } rows[] = {
        {"ada@example.org", "ada@example.org"},
        {"Ada@EXAMPLE.org", "ada@example.org"},
        {"a+b_c.d-e@sub.example.co", "a+b_c.d-e@sub.example.co"},
        {"root@localhost", "root@localhost"},
        {"j\xC3\xB6rg@example.org", "j\xC3\xB6rg@example.org"},
        {A64 "@b", A64 "@b"},
        {A64 "a@b", NULL},
        {"", NULL},
        {"@", NULL},
        {"ada", NULL},
        {"ada@", NULL},
        {"@example.org", NULL},
        {"ada@b@c", NULL},
        {"ada @example.org", NULL},
        {"ada@exam ple.org", NULL},
        {"ada@example.org\r\nBcc: eve@example.org", NULL},
        {"ada@example.org\n", NULL},
        {"<ada@example.org>", NULL},
        {"Ada <ada@example.org>", NULL},
        {"ada@example.org,eve@example.org", NULL},
        {"\"ada\"@example.org", NULL},
        {"ada\x7F@example.org", NULL},
        {"ad\xFF@example.org", NULL},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        uint8_t out[EMAIL_MAX];
        struct str normal = STR_NONE;
        check_row = rows[i].email;
        enum err e = email_normalise(check_exact(str_from_cstr(rows[i].email)), out, &normal);
        CHECK_INT(e, rows[i].normal == NULL ? ERR_PEER : OK);
        CHECK_STR(normal, rows[i].normal == NULL ? STR_NONE : str_from_cstr(rows[i].normal));
    }
    check_row = NULL;
}

TEST(email_normalise__the_longest_and_one_more)
{
    char text[EMAIL_MAX + 1];
    uint8_t out[EMAIL_MAX];
    struct str normal;
    memset(text, 'A', sizeof text);
    text[1] = '@';
    CHECK_INT(email_normalise(str_from(text, EMAIL_MAX), out, &normal), OK);
    CHECK_INT(normal.len, EMAIL_MAX);
    CHECK_INT(email_normalise(str_from(text, EMAIL_MAX + 1), out, &normal), ERR_PEER);
}

TEST(account_add__an_address_is_one_account)
{
    struct account a;
    house_open(&house);
    house_begin(&house);
    CHECK_INT(account_find(&house.d, &house.arena, STR("ada@example.org"), &a), ERR_NOT_FOUND);
    CHECK_INT(account_add(&house.d, STR("ada@example.org"), STR("hash"), true), OK);
    CHECK_INT(account_find(&house.d, &house.arena, STR("ada@example.org"), &a), OK);
    CHECK_STR(a.password, STR("hash"));
    CHECK(a.is_active);
    int64_t id = a.id;
    CHECK_INT(account_get(&house.d, &house.arena, id, &a), OK);
    CHECK_STR(a.email, STR("ada@example.org"));
    CHECK(a.is_admin && a.is_active);
    CHECK_INT(account_get(&house.d, &house.arena, id + 1, &a), ERR_NOT_FOUND);
    CHECK_INT(account_rehash(&house.d, id, STR("stronger")), OK);
    CHECK_INT(account_find(&house.d, &house.arena, STR("ada@example.org"), &a), OK);
    CHECK_STR(a.password, STR("stronger"));
    house_commit(&house);
    house_begin(&house);
    CHECK_INT(account_add(&house.d, STR("ada@example.org"), STR("hash"), false), ERR_CONFLICT);
    house_rollback(&house);
    CHECK_INT(house_ask(&house, "SELECT count(*) FROM account"), 1);
    house_close(&house);
}

/* ---- what changes, and the end --------------------------------------------------------------- */

static struct account ada;

static void open_with_ada(void)
{
    house_open(&house);
    house_begin(&house);
    house_account(&house, "ada@example.org");
    HOUSE_MUST(account_find(&house.d, &house.arena, STR("ada@example.org"), &ada));
}

static struct credential link_of(enum mail_purpose purpose, struct str email)
{
    struct credential link;
    HOUSE_MUST(mail_token_make(&house.d, purpose, ada.id, email, house.d.now_ms + HOUR_MS, &link));
    return link;
}

static bool leads_somewhere(const struct credential *link)
{
    struct mail_token token;
    return mail_token_find(&house.d, &house.arena, credential_text(link), ~0U, &token) == OK;
}

static void ask_for_links(void)
{
    struct mail_note note = {
        .kind = MAIL_RESET, .to = ada.email, .account_id = ada.id, .subject_id = ada.id};
    HOUSE_MUST(mail_add(&house.d, &note));
    HOUSE_MUST(account_ask_email(&house.d, &ada, STR("ada@example.net"), STR("Firefox")));
}

TEST(account_set_password__every_link_is_over_and_its_owner_is_told)
{
    open_with_ada();
    ask_for_links();
    struct credential reset = link_of(MAIL_PURPOSE_RESET, ada.email);
    struct credential move = link_of(MAIL_PURPOSE_EMAIL, STR("ada@example.net"));
    HOUSE_MUST(account_set_password(&house.d, &ada, STR("fresh"), STR("by a link")));
    CHECK(!leads_somewhere(&reset) && !leads_somewhere(&move));
    HOUSE_MUST(account_find(&house.d, &house.arena, ada.email, &ada));
    CHECK_STR(ada.password, STR("fresh"));
    house_commit(&house);
    CHECK_INT(
        house_ask(&house, "SELECT count(*) FROM mail WHERE kind IN ('reset', 'confirm-email')"), 0);
    CHECK_INT(house_ask(&house, "SELECT count(*) FROM mail WHERE kind = 'password-changed'"), 1);
    house_close(&house);
}

TEST(account_set_email__the_old_mailbox_is_told_and_opens_nothing)
{
    open_with_ada();
    ask_for_links();
    struct credential reset = link_of(MAIL_PURPOSE_RESET, ada.email);
    HOUSE_MUST(account_set_email(&house.d, &ada, STR("ada@example.net")));
    CHECK(!leads_somewhere(&reset));
    CHECK_INT(account_find(&house.d, &house.arena, STR("ada@example.org"), &ada), ERR_NOT_FOUND);
    CHECK_INT(account_find(&house.d, &house.arena, STR("ada@example.net"), &ada), OK);
    house_commit(&house);
    CHECK_INT(house_ask(&house, "SELECT count(*) FROM mail WHERE kind = 'email-changed' AND "
                                "recipient = 'ada@example.org'"),
              1);
    house_close(&house);
}

TEST(account_is_last_admin__counts_others_who_may)
{
    struct account root = {0};
    bool is_last;
    open_with_ada();
    HOUSE_MUST(account_is_last_admin(&house.d, &ada, &is_last));
    CHECK(!is_last); /* no admin at all */
    HOUSE_MUST(account_add(&house.d, STR("root@example.org"), STR("hash"), true));
    HOUSE_MUST(account_find(&house.d, &house.arena, STR("root@example.org"), &root));
    HOUSE_MUST(account_get(&house.d, &house.arena, root.id, &root));
    HOUSE_MUST(account_is_last_admin(&house.d, &root, &is_last));
    CHECK(is_last);
    HOUSE_MUST(account_add(&house.d, STR("root2@example.org"), STR("hash"), true));
    HOUSE_MUST(account_is_last_admin(&house.d, &root, &is_last));
    CHECK(!is_last);
    house_commit(&house);
    house_close(&house);
}

static void report_minutes(struct house_device *dev, int count)
{
    struct live *live = live_find(house.d.live, dev->id);
    static struct readings_request r;
    enum taken taken;
    r.batch = house_public_id(dev);
    r.count = (size_t)count;
    for (int i = 0; i < count; i++)
        r.readings[i] = (struct reading){
            .metric = STR("temp"), .time_ms = house.d.now_ms - i * MINUTE_MS, .value = {i, 0}};
    HOUSE_MUST(telemetry_take(&house.d, live, &r, &taken));
    CHECK_INT(taken, TAKEN);
    HOUSE_MUST(telemetry_fold(&house.d, 100, &(bool){false}));
}

static int64_t purge(void)
{
    int64_t id, slices = 0;
    while (account_find_retired(&house.d, &id) == OK) {
        HOUSE_MUST(account_purge(&house.d, id));
        slices++;
    }
    return slices;
}

TEST(account_retire__nobody_is_left_and_the_rest_goes_in_slices)
{
    struct house_device mine, theirs;
    struct sql_device_verifier_row verifier;
    int64_t owner;
    struct account a;
    open_with_ada();
    int64_t bob = house_account(&house, "bob@example.org");
    house_register(&house, ada.id, 1, &mine);
    house_register(&house, bob, 2, &theirs);
    report_minutes(&mine, 20);
    report_minutes(&theirs, 20);
    ask_for_links();
    struct credential reset = link_of(MAIL_PURPOSE_RESET, ada.email);
    HOUSE_MUST(account_retire(&house.d, &ada));
    CHECK_INT(account_find(&house.d, &house.arena, STR("ada@example.org"), &a), ERR_NOT_FOUND);
    CHECK(!leads_somewhere(&reset));
    CHECK_INT(sql_device_verifier(house.d.store, &house.arena, house_public_id(&mine), &verifier),
              ERR_NOT_FOUND);
    CHECK_INT(house_redeem(&house, &mine), ERR_DENIED);
    house_commit(&house);
    CHECK_INT(house_ask(&house, "SELECT count(*) FROM mail WHERE recipient LIKE 'ada@%'"), 1);
    CHECK_INT(house_ask(&house, "SELECT count(*) FROM mail WHERE kind = 'account-removed'"), 1);
    house_restart(&house); /* what is loaded knows nothing of it */
    CHECK(live_find(house.d.live, mine.id) == NULL && live_find(house.d.live, theirs.id) != NULL);
    house_begin(&house);
    CHECK_INT(purge(), 3); /* minutes, devices, the account */
    house_commit(&house);
    CHECK_INT(house_ask(&house, "SELECT count(*) FROM rollup_minute"), 20);
    CHECK_INT(house_ask(&house, "SELECT count(*) FROM device"), 1);
    CHECK_INT(house_ask(&house, "SELECT count(*) FROM account"), 1);
    CHECK_INT(house_ask(&house, "SELECT count(*) FROM audit WHERE event = 'account.removed'"), 1);
    house_begin(&house);
    CHECK_INT(house_sign_in(&house, &theirs,
                            str_from(theirs.registered.key.text, theirs.registered.key.len),
                            &owner),
              OK);
    house_commit(&house);
    house_close(&house);
}

TEST(account_retire__more_minutes_than_a_slice__takes_several)
{
    struct house_device dev;
    open_with_ada();
    house_register(&house, ada.id, 1, &dev);
    report_minutes(&dev, 1);
    for (int64_t i = 0; i < 2 * PURGE_MINUTES; i++)
        HOUSE_MUST(sql_rollup_minute_merge(house.d.store, 1, i, 0, 0, 0, 1));
    HOUSE_MUST(account_retire(&house.d, &ada));
    CHECK_INT(purge(), 3 + 2);
    house_commit(&house);
    CHECK_INT(house_ask(&house, "SELECT count(*) FROM rollup_minute"), 0);
    house_close(&house);
}

TEST(account_add__after_the_last_is_gone__is_another_number)
{
    struct account next;
    open_with_ada();
    HOUSE_MUST(account_retire(&house.d, &ada));
    purge();
    house_account(&house, "ada@example.org");
    HOUSE_MUST(account_find(&house.d, &house.arena, STR("ada@example.org"), &next));
    CHECK(next.id > ada.id);
    house_commit(&house);
    house_close(&house);
}

TESTS(account, TEST_ROW(email_normalise__table),
      TEST_ROW(email_normalise__the_longest_and_one_more),
      TEST_ROW(account_add__an_address_is_one_account),
      TEST_ROW(account_set_password__every_link_is_over_and_its_owner_is_told),
      TEST_ROW(account_set_email__the_old_mailbox_is_told_and_opens_nothing),
      TEST_ROW(account_is_last_admin__counts_others_who_may),
      TEST_ROW(account_retire__nobody_is_left_and_the_rest_goes_in_slices),
      TEST_ROW(account_retire__more_minutes_than_a_slice__takes_several),
      TEST_ROW(account_add__after_the_last_is_gone__is_another_number))
