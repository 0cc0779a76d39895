#include "server/domain/challenge.h"

#include <string.h>

#include "server/os/entropy.h"
#include "tests/check.h"

#define NOW    INT64_C(1795363200000)
#define MINUTE INT64_C(60000)

static struct challenges *c;
static uint8_t text[CHALLENGE_TEXT_LEN];

static void open_challenges(void)
{
    CHECK_INT(challenges_new(entropy_fill, &c), OK);
}

static struct str make(enum challenge_kind kind, int64_t at_ms)
{
    struct challenge what = {.kind = kind, .bits = 18, .account_id = 7};
    challenge_make(c, &what, at_ms, text);
    return str_from(text, sizeof text);
}

static enum err read_at(struct str t, int64_t now_ms, struct challenge *out)
{
    return challenge_read(c, CHALLENGE_FORM, t, now_ms, 3000, 60 * MINUTE, out);
}

TEST(challenge_read__between_its_two_ages__gives_what_was_made)
{
    struct challenge got;
    open_challenges();
    struct str t = make(CHALLENGE_FORM, NOW);
    CHECK_INT(read_at(t, NOW + 2999, &got), ERR_AGAIN);
    CHECK_INT(read_at(t, NOW + 3000, &got), OK);
    CHECK_INT(got.bits, 18);
    CHECK_INT(got.account_id, 7);
    CHECK_INT(read_at(t, NOW + 60 * MINUTE, &got), OK);
    CHECK_INT(read_at(t, NOW + 60 * MINUTE + 1, &got), ERR_DENIED);
    challenges_free(c);
}

TEST(challenge_read__another_kind_another_server_another_length__is_refused)
{
    struct challenge got;
    open_challenges();
    CHECK_INT(read_at(make(CHALLENGE_PASSKEY_USE, NOW), NOW + MINUTE, &got), ERR_DENIED);
    struct str t = make(CHALLENGE_FORM, NOW);
    for (size_t n = 0; n < t.len; n++)
        CHECK_INT(read_at(check_exact(str_slice(t, 0, n)), NOW + MINUTE, &got), ERR_DENIED);
    uint8_t longer[CHALLENGE_TEXT_LEN + 1];
    memcpy(longer, text, sizeof text);
    longer[sizeof text] = 'A';
    CHECK_INT(read_at(str_from(longer, sizeof longer), NOW + MINUTE, &got), ERR_DENIED);
    for (size_t i = 0; i < sizeof text; i++) {
        text[i] ^= 1;
        CHECK_INT(read_at(t, NOW + MINUTE, &got), ERR_DENIED);
        text[i] ^= 1;
    }
    CHECK_INT(read_at(t, NOW + MINUTE, &got), OK);
    challenges_free(c);
    open_challenges();
    CHECK_INT(read_at(t, NOW + MINUTE, &got), ERR_DENIED);
    challenges_free(c);
}

TEST(challenge_spend__it_is_good_once__also_when_the_list_has_forgotten_it)
{
    struct challenge got, first;
    uint8_t kept[CHALLENGE_TEXT_LEN];
    open_challenges();
    make(CHALLENGE_FORM, NOW);
    memcpy(kept, text, sizeof kept);
    struct str t = str_from(kept, sizeof kept);
    CHECK_INT(read_at(t, NOW + MINUTE, &first), OK);
    challenge_spend(c, &first);
    challenge_spend(c, &first);
    CHECK_INT(read_at(t, NOW + MINUTE, &got), ERR_DENIED);
    for (int i = 0; i < CHALLENGES_SPENT; i++) {
        CHECK_INT(read_at(make(CHALLENGE_FORM, NOW + 1 + i), NOW + MINUTE, &got), OK);
        challenge_spend(c, &got);
    }
    CHECK_INT(read_at(t, NOW + MINUTE, &got), ERR_DENIED);
    CHECK_INT(read_at(make(CHALLENGE_FORM, NOW + MINUTE), NOW + 2 * MINUTE, &got), OK);
    challenges_free(c);
}

/* sha256sum says: "abc.0" begins with 20, "abc.1" with 0e, "abc.2" with 89. */
TEST(challenge_work_is_done__counts_zero_bits)
{
    struct str abc = STR("abc");
    CHECK(challenge_work_is_done(abc, STR("0"), 2));
    CHECK(!challenge_work_is_done(abc, STR("0"), 3));
    CHECK(challenge_work_is_done(abc, STR("1"), 4));
    CHECK(!challenge_work_is_done(abc, STR("1"), 5));
    CHECK(challenge_work_is_done(abc, STR("2"), 0));
    CHECK(!challenge_work_is_done(abc, STR("2"), 1));
    CHECK(!challenge_work_is_done(abc, STR(""), 0));
    CHECK(challenge_work_is_done(abc, STR("12345678901234567890"), 0));
    CHECK(!challenge_work_is_done(abc, STR("123456789012345678901"), 0));
}

TESTS(challenge, TEST_ROW(challenge_read__between_its_two_ages__gives_what_was_made),
      TEST_ROW(challenge_read__another_kind_another_server_another_length__is_refused),
      TEST_ROW(challenge_spend__it_is_good_once__also_when_the_list_has_forgotten_it),
      TEST_ROW(challenge_work_is_done__counts_zero_bits))
