#include "server/domain/signup.h"

#include "server/domain/mail_token.h"
#include "server/domain/password.h"
#include "tests/check.h"
#include "tests/support/house.h"

static struct house house;

static void open_house(void)
{
    house_open(&house);
    house_begin(&house);
}

static void close_house(void)
{
    house_commit(&house);
    house_close(&house);
}

static int64_t sign_up(const char *email, const char *hash)
{
    int64_t id;
    HOUSE_MUST(signup_add(&house.d, str_from_cstr(email), str_from_cstr(hash), &id));
    return id;
}

static enum err confirm(int64_t id)
{
    struct signup s;
    return signup_confirm(&house.d, &house.arena, id, &s);
}

static enum err find_account(const char *email, struct account *out)
{
    return account_find(&house.d, &house.arena, str_from_cstr(email), out);
}

TEST(signup_confirm__makes_the_account_with_its_own_password)
{
    struct account account;
    open_house();
    int64_t mine = sign_up("ada@example.org", "mine");
    int64_t theirs = sign_up("ada@example.org", "theirs");
    CHECK_INT(find_account("ada@example.org", &account), ERR_NOT_FOUND);
    CHECK_INT(confirm(mine), OK);
    CHECK_INT(find_account("ada@example.org", &account), OK);
    CHECK_STR(account.password, STR("mine"));
    CHECK(account.is_active && !account.is_admin);
    /* One is enough: every other sign-up of the address is over, and so is this one. */
    CHECK_INT(confirm(theirs), ERR_DENIED);
    CHECK_INT(confirm(mine), ERR_DENIED);
    close_house();
}

TEST(signup_confirm__ends_the_links_of_its_mails)
{
    struct credential link;
    struct mail_token token;
    open_house();
    int64_t id = sign_up("ada@example.org", "hash");
    HOUSE_MUST(mail_token_make(&house.d, MAIL_PURPOSE_SIGNUP, id, STR("ada@example.org"),
                               house.d.now_ms + HOUR_MS, &link));
    CHECK_INT(mail_token_find(&house.d, &house.arena, credential_text(&link),
                              1U << MAIL_PURPOSE_SIGNUP, &token),
              OK);
    CHECK_INT(token.subject_id, id);
    CHECK_INT(confirm(id), OK);
    CHECK_INT(mail_token_find(&house.d, &house.arena, credential_text(&link),
                              1U << MAIL_PURPOSE_SIGNUP, &token),
              ERR_DENIED);
    close_house();
}

TEST(signup_confirm__address_that_has_an_account__is_denied)
{
    struct account account;
    open_house();
    int64_t early = sign_up("ada@example.org", "early");
    house_account(&house, "ada@example.org");
    int64_t late = sign_up("ada@example.org", "late");
    CHECK_INT(confirm(early), ERR_DENIED);
    CHECK_INT(confirm(late), ERR_DENIED);
    CHECK_INT(find_account("ada@example.org", &account), OK);
    CHECK_STR(account.password, STR("pbkdf2_sha256$1$a$b"));
    close_house();
}

TEST(signup_confirm__what_never_was__is_denied)
{
    open_house();
    int64_t id = sign_up("ada@example.org", "hash");
    static const int64_t others[] = {0, -1, INT64_MAX, INT64_MIN};
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++)
        CHECK_INT(confirm(others[i]), ERR_DENIED);
    CHECK_INT(confirm(id + 1), ERR_DENIED);
    close_house();
}

TEST(signup__a_day_old__is_over)
{
    struct signup s;
    open_house();
    int64_t id = sign_up("ada@example.org", "hash");
    house_pass(&house, SIGNUP_MS - 1);
    CHECK_INT(signup_find_newest(&house.d, &house.arena, STR("ada@example.org"), &s), OK);
    CHECK_INT(s.id, id);
    house_pass(&house, 1);
    CHECK_INT(signup_find_newest(&house.d, &house.arena, STR("ada@example.org"), &s),
              ERR_NOT_FOUND);
    CHECK_INT(confirm(id), ERR_DENIED);
    HOUSE_MUST(signup_expire(&house.d));
    house_commit(&house);
    CHECK_INT(house_ask(&house, "SELECT count(*) FROM signup"), 0);
    house_begin(&house);
    close_house();
}

TEST(signup_add__of_one_address__the_newest_three_stay)
{
    struct signup s;
    int64_t ids[SIGNUPS_PER_ADDRESS + 2];
    open_house();
    int64_t other = sign_up("bob@example.org", "bob's");
    for (size_t i = 0; i < SIGNUPS_PER_ADDRESS + 2; i++)
        ids[i] = sign_up("ada@example.org", "hash");
    house_commit(&house);
    CHECK_INT(house_ask(&house, "SELECT count(*) FROM signup"), SIGNUPS_PER_ADDRESS + 1);
    house_begin(&house);
    CHECK_INT(signup_find_newest(&house.d, &house.arena, STR("ada@example.org"), &s), OK);
    CHECK_INT(s.id, ids[SIGNUPS_PER_ADDRESS + 1]);
    CHECK_INT(confirm(ids[1]), ERR_DENIED);
    CHECK_INT(confirm(other), OK);
    CHECK_INT(confirm(ids[2]), OK);
    close_house();
}

/* Also when the rival has pushed the owner's own sign-ups out. */
TEST(signup_confirm__registered_from_elsewhere_too__no_password_of_either_counts)
{
    static const uint8_t elsewhere[PEER_LEN] = {0x20, 0x01, 0x0d, 0xb8, 1};
    struct account account;
    int64_t last = 0;
    open_house();
    sign_up("ada@example.org", "owner's");
    house.d.peer = elsewhere;
    for (int i = 0; i < SIGNUPS_PER_ADDRESS; i++)
        last = sign_up("ada@example.org", "rival's");
    house.d.peer = NULL;
    CHECK_INT(confirm(last), OK);
    CHECK_INT(find_account("ada@example.org", &account), OK);
    CHECK(password_is_unusable(account.password));
    house_commit(&house);
    CHECK_INT(house_ask(&house, "SELECT count(*) FROM mail WHERE kind = 'reset'"), 1);
    house_begin(&house);
    close_house();
}

TEST(signup_add__beyond_the_bound__the_oldest_of_all_gives_way)
{
    char email[40];
    open_house();
    int64_t oldest = sign_up("oldest@example.org", "hash");
    int64_t second = sign_up("second@example.org", "hash");
    for (size_t i = 2; i <= SIGNUPS_MAX; i++) {
        snprintf(email, sizeof email, "a%zu@example.org", i);
        sign_up(email, "hash");
    }
    house_commit(&house);
    CHECK_INT(house_ask(&house, "SELECT count(*) FROM signup"), SIGNUPS_MAX);
    house_begin(&house);
    CHECK_INT(confirm(oldest), ERR_DENIED);
    CHECK_INT(confirm(second), OK);
    close_house();
}

TESTS(signup, TEST_ROW(signup_confirm__makes_the_account_with_its_own_password),
      TEST_ROW(signup_confirm__ends_the_links_of_its_mails),
      TEST_ROW(signup_confirm__address_that_has_an_account__is_denied),
      TEST_ROW(signup_confirm__what_never_was__is_denied), TEST_ROW(signup__a_day_old__is_over),
      TEST_ROW(signup_add__of_one_address__the_newest_three_stay),
      TEST_ROW(signup_confirm__registered_from_elsewhere_too__no_password_of_either_counts),
      TEST_ROW(signup_add__beyond_the_bound__the_oldest_of_all_gives_way))
