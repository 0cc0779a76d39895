#include "server/ipc/signing.h"

#include "tests/check.h"

static uint8_t room[SIGNING_MESSAGE_MAX + SIGNING_REQUEST_MAX];
static uint8_t bytes[SIGNING_CONTENT_MAX + 1];

static struct signing_request request(uint64_t id, size_t len)
{
    return (struct signing_request){id, {1, 2, 3, 4, 5, 6, 7, (uint8_t)id}, str_from(bytes, len)};
}

/* A message of so many requests, the first with a content of len bytes. */
static struct str requests(size_t count, size_t len)
{
    struct writer w = writer_into(room, sizeof room);
    for (size_t i = 0; i < count; i++) {
        struct signing_request r = request(i, i == 0 ? len : 3);
        CHECK_INT(signing_request_put(&w, &r), OK);
    }
    return str_from(room, w.len);
}

static struct str answers(size_t count, size_t len)
{
    struct writer w = writer_into(room, sizeof room);
    for (size_t i = 0; i < count; i++) {
        struct signing_answer a = {i, str_from(bytes, i == 0 ? len : 0)};
        CHECK_INT(signing_answer_put(&w, &a), OK);
    }
    return str_from(room, w.len);
}

TEST(requests__round_trip)
{
    static struct signing_requests got;
    CHECK_INT(signing_requests_take(check_exact(requests(3, 130)), &got), OK);
    CHECK_INT(got.count, 3);
    CHECK_INT(got.of[2].id, 2);
    CHECK_INT(got.of[2].key[7], 2);
    CHECK_STR(got.of[0].content, str_from(bytes, 130));
    CHECK_INT(got.of[1].content.len, 3);
}

TEST(requests__empty_and_truncated_at_every_byte__are_refused)
{
    static struct signing_requests got;
    CHECK_INT(signing_requests_take(STR_NONE, &got), ERR_PEER);
    struct str whole = requests(1, SIGNING_CONTENT_MAX);
    for (size_t len = 0; len < whole.len; len++)
        CHECK_INT(signing_requests_take(check_exact(str_slice(whole, 0, len)), &got), ERR_PEER);
    CHECK_INT(signing_requests_take(check_exact(whole), &got), OK);
}

TEST(requests__the_largest_message__and_one_too_many)
{
    static struct signing_requests got;
    struct writer w = writer_into(room, sizeof room);
    struct signing_request r = request(7, SIGNING_CONTENT_MAX);
    for (size_t i = 0; i < SIGNING_BATCH_MAX; i++)
        CHECK_INT(signing_request_put(&w, &r), OK);
    CHECK_INT(w.len, SIGNING_MESSAGE_MAX);
    CHECK_INT(signing_requests_take(check_exact(str_from(room, w.len)), &got), OK);
    CHECK_INT(got.count, SIGNING_BATCH_MAX);
    CHECK_INT(signing_request_put(&w, &r), OK);
    CHECK_INT(signing_requests_take(str_from(room, w.len), &got), ERR_PEER);
    CHECK_INT(signing_requests_take(requests(SIGNING_BATCH_MAX + 1, 3), &got), ERR_PEER);
}

TEST(requests__a_content_too_long__is_neither_written_nor_read)
{
    static struct signing_requests got;
    struct writer w = writer_into(room, sizeof room);
    struct signing_request r = request(1, SIGNING_CONTENT_MAX + 1);
    CHECK_INT(signing_request_put(&w, &r), ERR_LIMIT);
    CHECK_INT(w.len, 0);
    writer_u64(&w, 1);
    writer_u64(&w, 2);
    writer_str16(&w, r.content);
    CHECK_INT(signing_requests_take(str_from(room, w.len), &got), ERR_PEER);
}

TEST(requests__what_does_not_fit__leaves_no_half)
{
    struct writer w = writer_into(room, 2 * (18 + 10) - 1);
    struct signing_request r = request(1, 10);
    CHECK_INT(signing_request_put(&w, &r), OK);
    CHECK_INT(signing_request_put(&w, &r), ERR_LIMIT);
    CHECK_INT(w.len, 18 + 10);
}

TEST(requests__trailing_bytes__are_refused)
{
    static struct signing_requests got;
    struct str whole = requests(2, 5);
    CHECK_INT(signing_requests_take(str_from(room, whole.len + 1), &got), ERR_PEER);
}

TEST(answers__the_same_questions)
{
    static struct signing_answers got;
    struct str whole = answers(SIGNING_BATCH_MAX, SIGNATURE_LEN_MAX);
    CHECK_INT(signing_answers_take(check_exact(whole), &got), OK);
    CHECK_INT(got.count, SIGNING_BATCH_MAX);
    CHECK_INT(got.of[0].signature.len, SIGNATURE_LEN_MAX);
    CHECK_INT(got.of[5].id, 5);
    CHECK_INT(got.of[5].signature.len, 0);
    CHECK_INT(signing_answers_take(answers(SIGNING_BATCH_MAX + 1, 1), &got), ERR_PEER);
    CHECK_INT(signing_answers_take(STR_NONE, &got), ERR_PEER);
    whole = answers(1, SIGNATURE_LEN_MAX);
    for (size_t len = 0; len < whole.len; len++)
        CHECK_INT(signing_answers_take(check_exact(str_slice(whole, 0, len)), &got), ERR_PEER);
    CHECK_INT(signing_answers_take(str_from(room, whole.len + 1), &got), ERR_PEER);
    struct writer w = writer_into(room, sizeof room);
    struct signing_answer too_long = {1, str_from(bytes, SIGNATURE_LEN_MAX + 1)};
    CHECK_INT(signing_answer_put(&w, &too_long), ERR_LIMIT);
    writer_u64(&w, 1);
    writer_str16(&w, too_long.signature);
    CHECK_INT(signing_answers_take(str_from(room, w.len), &got), ERR_PEER);
}

TESTS(signing, TEST_ROW(requests__round_trip),
      TEST_ROW(requests__empty_and_truncated_at_every_byte__are_refused),
      TEST_ROW(requests__the_largest_message__and_one_too_many),
      TEST_ROW(requests__a_content_too_long__is_neither_written_nor_read),
      TEST_ROW(requests__what_does_not_fit__leaves_no_half),
      TEST_ROW(requests__trailing_bytes__are_refused), TEST_ROW(answers__the_same_questions))
