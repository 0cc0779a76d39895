#include "server/ipc/outbound.h"

#include "tests/check.h"

static uint8_t room[OUTBOUND_TASK_MAX + 8];
static uint8_t bytes[OUTBOUND_MAIL_MAX + 1];

static struct outbound_task mail(size_t address, size_t message)
{
    memset(bytes, 'a', sizeof bytes);
    return (struct outbound_task){.kind = OUTBOUND_MAIL,
                                  .id = 7,
                                  .from = str_from(bytes, address),
                                  .to = str_from(bytes, address),
                                  .message = str_from(bytes, message)};
}

static struct outbound_task check(size_t token)
{
    memset(bytes, 't', sizeof bytes);
    return (struct outbound_task){
        .kind = OUTBOUND_CHECK, .id = 8, .peer = {1, 2, 3}, .token = str_from(bytes, token)};
}

static struct str task(struct outbound_task t)
{
    struct writer w = writer_into(room, sizeof room);
    CHECK_INT(outbound_task_put(&w, &t), OK);
    return str_from(room, w.len);
}

static struct str answer(enum outbound_verdict verdict, struct str text)
{
    struct writer w = writer_into(room, sizeof room);
    struct outbound_answer a = {verdict, 9, text};
    CHECK_INT(outbound_answer_put(&w, &a), OK);
    return str_from(room, w.len);
}

TEST(tasks__round_trip)
{
    struct outbound_task got;
    CHECK_INT(outbound_task_take(check_exact(task(mail(15, 1000))), &got), OK);
    CHECK_INT(got.kind, OUTBOUND_MAIL);
    CHECK_INT(got.id, 7);
    CHECK_INT(got.to.len, 15);
    CHECK_INT(got.message.len, 1000);
    CHECK_INT(outbound_task_take(check_exact(task(check(20))), &got), OK);
    CHECK_INT(got.kind, OUTBOUND_CHECK);
    CHECK_INT(got.peer[2], 3);
    CHECK_INT(got.token.len, 20);
}

TEST(tasks__empty_truncated_and_trailing__are_refused)
{
    struct outbound_task got;
    CHECK_INT(outbound_task_take(STR_NONE, &got), ERR_PEER);
    for (int which = 0; which < 2; which++) {
        struct str whole = task(which == 0 ? mail(5, 40) : check(20));
        static uint8_t copy[200];
        memcpy(copy, whole.ptr, whole.len);
        for (size_t len = 0; len < whole.len; len++)
            CHECK_INT(outbound_task_take(check_exact(str_from(copy, len)), &got), ERR_PEER);
        CHECK_INT(outbound_task_take(str_from(copy, whole.len + 1), &got), ERR_PEER);
        CHECK_INT(outbound_task_take(str_from(copy, whole.len), &got), OK);
    }
}

TEST(tasks__the_largest__and_one_too_many)
{
    struct outbound_task got, bad;
    struct writer w = writer_into(room, sizeof room);
    struct str whole = task(mail(OUTBOUND_ADDRESS_MAX, OUTBOUND_MAIL_MAX));
    CHECK_INT(whole.len, OUTBOUND_TASK_MAX);
    CHECK_INT(outbound_task_take(check_exact(whole), &got), OK);
    bad = mail(OUTBOUND_ADDRESS_MAX + 1, 10);
    CHECK_INT(outbound_task_put(&w, &bad), ERR_LIMIT);
    bad = mail(10, OUTBOUND_MAIL_MAX + 1);
    CHECK_INT(outbound_task_put(&w, &bad), ERR_LIMIT);
    CHECK_INT(outbound_task_take(task(check(OUTBOUND_TOKEN_MAX)), &got), OK);
    bad = check(OUTBOUND_TOKEN_MAX + 1);
    CHECK_INT(outbound_task_put(&w, &bad), ERR_LIMIT);
    CHECK_INT(w.len, 0);
    /* the same, written by somebody else */
    writer_u8(&w, OUTBOUND_CHECK);
    writer_u64(&w, 1);
    writer_bytes(&w, bad.peer, sizeof bad.peer);
    writer_str16(&w, bad.token);
    CHECK_INT(outbound_task_take(str_from(room, w.len), &got), ERR_PEER);
}

TEST(tasks__of_no_kind_or_without_content__are_refused)
{
    struct outbound_task got, bad = mail(0, 10);
    struct writer w = writer_into(room, sizeof room);
    CHECK_INT(outbound_task_put(&w, &bad), ERR_LIMIT);
    bad = mail(10, 0);
    CHECK_INT(outbound_task_put(&w, &bad), ERR_LIMIT);
    bad = check(0);
    CHECK_INT(outbound_task_put(&w, &bad), ERR_LIMIT);
    struct str whole = task(check(5));
    room[0] = 3;
    CHECK_INT(outbound_task_take(whole, &got), ERR_PEER);
    w = writer_into(room, whole.len - 1);
    bad = check(5);
    CHECK_INT(outbound_task_put(&w, &bad), ERR_LIMIT);
    CHECK_INT(w.len, 0);
}

TEST(answers__the_same_questions)
{
    struct outbound_answer got, bad = {OUTBOUND_DONE, 1, STR("two\nlines")};
    struct writer w = writer_into(room, sizeof room);
    CHECK_INT(outbound_answer_take(check_exact(answer(OUTBOUND_REFUSED, STR("550 no"))), &got), OK);
    CHECK_INT(got.verdict, OUTBOUND_REFUSED);
    CHECK_INT(got.id, 9);
    CHECK_STR(got.text, STR("550 no"));
    struct str whole = answer(OUTBOUND_DONE, str_from(memset(bytes, 'x', 200), OUTBOUND_TEXT_MAX));
    CHECK_INT(whole.len, OUTBOUND_ANSWER_MAX);
    static uint8_t copy[OUTBOUND_ANSWER_MAX + 1];
    memcpy(copy, whole.ptr, whole.len);
    CHECK_INT(outbound_answer_take(check_exact(str_from(copy, whole.len)), &got), OK);
    for (size_t len = 0; len < whole.len; len++)
        CHECK_INT(outbound_answer_take(check_exact(str_from(copy, len)), &got), ERR_PEER);
    CHECK_INT(outbound_answer_take(str_from(copy, sizeof copy), &got), ERR_PEER);
    copy[20] = '\r';
    CHECK_INT(outbound_answer_take(str_from(copy, whole.len), &got), ERR_PEER);
    copy[20] = 'x';
    copy[0] = 4;
    CHECK_INT(outbound_answer_take(str_from(copy, whole.len), &got), ERR_PEER);
    CHECK_INT(outbound_answer_put(&w, &bad), ERR_LIMIT);
    bad.text = str_from(bytes, OUTBOUND_TEXT_MAX + 1);
    CHECK_INT(outbound_answer_put(&w, &bad), ERR_LIMIT);
}

TEST(what_a_stranger_says__becomes_one_plain_line)
{
    uint8_t out[OUTBOUND_TEXT_MAX];
    CHECK_STR(outbound_text(STR("550 \x1b[2Jgo\r\naway \xc3\xa9"), out),
              STR("550 ?[2Jgo??away ??"));
    CHECK_INT(outbound_text(str_from(bytes, 1000), out).len, OUTBOUND_TEXT_MAX);
}

TESTS(outbound, TEST_ROW(tasks__round_trip),
      TEST_ROW(tasks__empty_truncated_and_trailing__are_refused),
      TEST_ROW(tasks__the_largest__and_one_too_many),
      TEST_ROW(tasks__of_no_kind_or_without_content__are_refused),
      TEST_ROW(answers__the_same_questions), TEST_ROW(what_a_stranger_says__becomes_one_plain_line))
