#include "server/ipc/sealing.h"

#include <string.h>

#include "tests/check.h"

static uint8_t room[SEALING_QUESTION_MAX + SEALING_ANSWER_MAX + 8];

static const struct sealing_question questions[] = {
    {.id = 5, .verb = SEALING_MAKE, .account_id = 7},
    {.id = UINT64_MAX,
     .verb = SEALING_CHECK,
     .account_id = INT64_MAX,
     .now_s = 1111111111,
     .code = 999999,
     .sealed = {1, 2, 3}},
};
static const struct sealing_answer answers[] = {
    {.id = 1, .verb = SEALING_MAKE, .verdict = SEALING_DONE, .seed = {4}, .sealed = {5}},
    {.id = 2, .verb = SEALING_CHECK, .verdict = SEALING_DONE, .step = UINT64_MAX},
    {.id = 3, .verb = SEALING_CHECK, .verdict = SEALING_NOT_OURS},
};

static struct str question_text(const struct sealing_question *q)
{
    struct writer w = writer_into(room, SEALING_QUESTION_MAX);
    sealing_question_put(&w, q);
    return str_from(room, w.len);
}

static struct str answer_text(const struct sealing_answer *a)
{
    struct writer w = writer_into(room, SEALING_ANSWER_MAX);
    sealing_answer_put(&w, a);
    return str_from(room, w.len);
}

TEST(question__round_trip__and_nothing_shorter_or_longer)
{
    struct sealing_question got;
    for (size_t i = 0; i < sizeof questions / sizeof questions[0]; i++) {
        struct str whole = question_text(&questions[i]);
        CHECK_INT(sealing_question_take(str_from(room, whole.len + 1), &got), ERR_PEER);
        for (size_t len = 0; len < whole.len; len++)
            CHECK_INT(sealing_question_take(check_exact(str_slice(whole, 0, len)), &got), ERR_PEER);
        CHECK_INT(sealing_question_take(check_exact(whole), &got), OK);
        CHECK(memcmp(&got, &questions[i], sizeof got) == 0);
    }
    CHECK_INT(question_text(&questions[1]).len, SEALING_QUESTION_MAX);
}

TEST(question__a_verb_or_code_that_is_none__is_refused)
{
    struct sealing_question got;
    struct str whole = question_text(&questions[0]);
    for (unsigned verb = 0; verb < 256; verb++) {
        room[8] = (uint8_t)verb;
        CHECK_INT(sealing_question_take(whole, &got), verb == SEALING_MAKE ? OK : ERR_PEER);
    }
    struct sealing_question too_large = questions[1];
    too_large.code = 1000000;
    CHECK_INT(sealing_question_take(question_text(&too_large), &got), ERR_PEER);
}

TEST(answer__round_trip__and_nothing_shorter_or_longer)
{
    struct sealing_answer got;
    for (size_t i = 0; i < sizeof answers / sizeof answers[0]; i++) {
        struct str whole = answer_text(&answers[i]);
        CHECK_INT(sealing_answer_take(str_from(room, whole.len + 1), &got), ERR_PEER);
        for (size_t len = 0; len < whole.len; len++)
            CHECK_INT(sealing_answer_take(check_exact(str_slice(whole, 0, len)), &got), ERR_PEER);
        CHECK_INT(sealing_answer_take(check_exact(whole), &got), OK);
        CHECK(memcmp(&got, &answers[i], sizeof got) == 0);
    }
    CHECK_INT(answer_text(&answers[0]).len, SEALING_ANSWER_MAX);
}

TEST(answer__a_verdict_that_is_none__is_refused)
{
    struct sealing_answer got;
    struct str whole = answer_text(&answers[2]);
    for (unsigned verdict = 0; verdict < 256; verdict++) {
        room[9] = (uint8_t)verdict;
        CHECK_INT(sealing_answer_take(whole, &got), verdict == SEALING_NOT_OURS ? OK : ERR_PEER);
    }
}

TESTS(sealing, TEST_ROW(question__round_trip__and_nothing_shorter_or_longer),
      TEST_ROW(question__a_verb_or_code_that_is_none__is_refused),
      TEST_ROW(answer__round_trip__and_nothing_shorter_or_longer),
      TEST_ROW(answer__a_verdict_that_is_none__is_refused))
