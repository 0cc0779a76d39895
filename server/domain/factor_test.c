#include "server/domain/factor.h"

#include "queries.h"
#include "tests/check.h"
#include "tests/support/house.h"

static struct house house;
static struct domain *d = &house.d;
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

static struct factors of(int64_t account_id)
{
    struct factors f;
    HOUSE_MUST(factors_of(d, account_id, &f));
    return f;
}

static void add_app(int64_t account_id)
{
    HOUSE_MUST(totp_begin(d, account_id, STR("sealed")));
    HOUSE_MUST(totp_activate(d, &house.arena, account_id, 100));
}

static int64_t mails(void)
{
    struct sql_mail_count_row row;
    HOUSE_MUST(sql_mail_count(d->store, &row));
    return row.count;
}

TEST(totp__shown_then_active__once_its_first_code_was_right)
{
    struct str sealed;
    struct totp have;
    open_house();
    CHECK_INT(totp_activate(d, &house.arena, ada, 100), ERR_CONFLICT);
    CHECK_INT(totp_begin(d, ada, STR("first")), OK);
    CHECK_INT(totp_begin(d, ada, STR("second")), OK);
    CHECK_INT(of(ada).totp_since_ms, 0);
    CHECK_INT(totp_pending(d, &house.arena, ada, &sealed), OK);
    CHECK_STR(sealed, STR("second"));
    CHECK_INT(totp_activate(d, &house.arena, ada, 100), OK);
    CHECK_INT(of(ada).totp_since_ms, d->now_ms);
    CHECK_INT(totp_get(d, &house.arena, ada, &have), OK);
    CHECK_STR(have.sealed, STR("second"));
    CHECK_INT(have.step, 100);
    CHECK_INT(totp_pending(d, &house.arena, ada, &sealed), OK);
    CHECK_INT(sealed.len, 0);
    CHECK_INT(mails(), 1);
    CHECK(!factors_has_one(&(struct factors){0}));
    CHECK_INT(of(eve).totp_since_ms, 0);
    close_house();
}

TEST(totp__a_seed_that_waits_too_long__is_forgotten)
{
    struct str sealed;
    open_house();
    CHECK_INT(totp_begin(d, ada, STR("first")), OK);
    house_pass(&house, TOTP_PENDING_MS - 1);
    CHECK_INT(totp_pending(d, &house.arena, ada, &sealed), OK);
    CHECK_INT(sealed.len, 5);
    house_pass(&house, 1);
    CHECK_INT(totp_pending(d, &house.arena, ada, &sealed), OK);
    CHECK_INT(sealed.len, 0);
    close_house();
}

TEST(totp_use__each_step_once__and_none_of_before)
{
    open_house();
    CHECK_INT(totp_use(d, ada, 101), ERR_DENIED);
    add_app(ada);
    static const struct {
        int64_t step;
        enum err expected;
    } rows[] = {{100, ERR_DENIED}, {99, ERR_DENIED},  {101, OK}, {101, ERR_DENIED},
                {103, OK},         {102, ERR_DENIED}, {104, OK}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        CHECK_INT(totp_use(d, ada, rows[i].step), rows[i].expected);
    CHECK_INT(totp_use(d, eve, 200), ERR_DENIED);
    CHECK_INT(totp_remove(d, &house.arena, ada), OK);
    CHECK_INT(totp_use(d, ada, 300), ERR_DENIED);
    CHECK_INT(totp_remove(d, &house.arena, ada), ERR_NOT_FOUND);
    close_house();
}

TEST(recovery__each_code_once__of_the_newest_set__of_its_owner)
{
    struct recovery_codes first, codes;
    open_house();
    add_app(ada);
    CHECK_INT(recovery_make(d, &house.arena, ada, &first), OK);
    CHECK_INT(recovery_make(d, &house.arena, ada, &codes), OK);
    CHECK_INT(of(ada).recovery_codes, RECOVERY_CODES);
    struct str code = str_from(codes.text[3], RECOVERY_CODE_TEXT_LEN);
    CHECK_INT(recovery_use(d, &house.arena, ada, str_from(first.text[3], RECOVERY_CODE_TEXT_LEN)),
              ERR_DENIED);
    CHECK_INT(recovery_use(d, &house.arena, eve, code), ERR_DENIED);
    CHECK_INT(recovery_use(d, &house.arena, ada, code), OK);
    CHECK_INT(recovery_use(d, &house.arena, ada, code), ERR_DENIED);
    CHECK_INT(of(ada).recovery_codes, RECOVERY_CODES - 1);
    CHECK_INT(mails(), 4); /* an app, codes twice, one used */
    close_house();
}

TEST(recovery_use__as_people_type_it)
{
    struct recovery_codes codes;
    uint8_t upper[32];
    open_house();
    CHECK_INT(recovery_make(d, &house.arena, ada, &codes), OK);
    struct writer w = writer_into(upper, sizeof upper);
    for (size_t i = 0; i < RECOVERY_CODE_TEXT_LEN; i++) {
        uint8_t c = codes.text[0][i];
        if (c != '-')
            writer_u8(&w, c >= 'a' ? (uint8_t)(c - ('a' - 'A')) : c);
        else
            writer_u8(&w, ' ');
    }
    static const char *const bad[] = {"",
                                      "xxxx",
                                      "aaaa-aaaa-aaaa-aaaa-a",
                                      "aaaa-aaaa-aaaa-aaa",
                                      "aaaa-aaaa-aaaa-aaa1",
                                      "123456",
                                      "aaaa-aaaa-aaaa-aaa\xC3\xA4"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        CHECK_INT(recovery_use(d, &house.arena, ada, str_from_cstr(bad[i])), ERR_DENIED);
    CHECK_INT(recovery_use(d, &house.arena, ada, str_from(upper, w.len)), OK);
    close_house();
}

TEST(recovery__go_with_the_last_factor)
{
    struct recovery_codes codes;
    open_house();
    add_app(ada);
    CHECK_INT(recovery_make(d, &house.arena, ada, &codes), OK);
    CHECK_INT(totp_remove(d, &house.arena, ada), OK);
    CHECK_INT(of(ada).recovery_codes, 0);
    close_house();
}

TEST(policy__who_must_have_one__keeps_the_last)
{
    static const struct {
        int64_t rule;
        bool is_admin, required;
    } rows[] = {
        {FACTOR_OPTIONAL, true, false},  {FACTOR_FOR_ADMINS, false, false},
        {FACTOR_FOR_ADMINS, true, true}, {FACTOR_FOR_ALL, false, true},
        {FACTOR_FOR_ALL, true, true},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct account root;
        open_house();
        HOUSE_MUST(account_add(d, STR("root@example.org"), STR("x"), rows[i].is_admin));
        HOUSE_MUST(account_find(d, &house.arena, STR("root@example.org"), &root));
        house.rules.second_factor = rows[i].rule;
        CHECK_INT(of(root.id).is_required, rows[i].required);
        add_app(root.id);
        CHECK_INT(totp_remove(d, &house.arena, root.id), rows[i].required ? ERR_CONFLICT : OK);
        CHECK_INT(of(root.id).totp_since_ms != 0, rows[i].required);
        close_house();
    }
}

TEST(factors_of__nobody__is_not_found)
{
    struct factors f;
    open_house();
    CHECK_INT(factors_of(d, 999, &f), ERR_NOT_FOUND);
    close_house();
}

TESTS(factor, TEST_ROW(totp__shown_then_active__once_its_first_code_was_right),
      TEST_ROW(totp__a_seed_that_waits_too_long__is_forgotten),
      TEST_ROW(totp_use__each_step_once__and_none_of_before),
      TEST_ROW(recovery__each_code_once__of_the_newest_set__of_its_owner),
      TEST_ROW(recovery_use__as_people_type_it), TEST_ROW(recovery__go_with_the_last_factor),
      TEST_ROW(policy__who_must_have_one__keeps_the_last),
      TEST_ROW(factors_of__nobody__is_not_found))
