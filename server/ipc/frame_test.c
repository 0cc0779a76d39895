#include "server/ipc/frame.h"

#include "tests/check.h"

static uint8_t room[FRAME_TO_EDGE_MAX + FRAME_HEAD_LEN];
static uint8_t big[FRAME_REPLY_MAX + 1];

static struct str take_payload(struct str bytes, size_t payload_max, enum frame_type type,
                               uint64_t id)
{
    struct frame f;
    size_t taken = 0;
    CHECK_INT(frame_take(bytes, payload_max, &f, &taken), OK);
    CHECK_INT(taken, bytes.len);
    CHECK_INT(f.type, type);
    CHECK_INT(f.id, id);
    return f.payload;
}

/* ---- frames ---------------------------------------------------------------------------------- */

static struct str one_frame(struct str payload)
{
    struct writer w = writer_into(room, sizeof room);
    CHECK_INT(frame_put(&w, FRAME_STREAM_DATA, UINT64_C(0x1122334455667788), payload), OK);
    return str_from(room, w.len);
}

TEST(frame__head_has_its_published_bytes)
{
    CHECK_STR(one_frame(STR("ab")), STR("\x02\0\0\0\x13\0\0\0\x88\x77\x66\x55\x44\x33\x22\x11"
                                        "ab"));
}

TEST(frame_take__every_type__and_no_other)
{
    static const uint8_t known[] = {1, 2, 3, 16, 17, 18, 19, 20, 21};
    for (unsigned type = 0; type < 256; type++) {
        struct frame f;
        size_t taken;
        one_frame(STR("ab"));
        room[4] = (uint8_t)type;
        bool good = memchr(known, (int)type, sizeof known) != NULL;
        CHECK_INT(frame_take(str_from(room, 18), 2, &f, &taken), good ? OK : ERR_PEER);
    }
}

TEST(frame_take__cut_at_any_byte__waits_for_more)
{
    struct frame f;
    size_t taken = 77;
    struct str whole = one_frame(STR("a payload"));
    for (size_t len = 0; len < whole.len; len++) {
        CHECK_INT(frame_take(check_exact(str_slice(whole, 0, len)), 9, &f, &taken), ERR_AGAIN);
        CHECK_INT(taken, 77);
    }
    CHECK_STR(take_payload(check_exact(whole), 9, FRAME_STREAM_DATA, UINT64_C(0x1122334455667788)),
              STR("a payload"));
}

TEST(frame_take__longer_than_allowed__is_refused_before_its_payload_is_there)
{
    struct frame f;
    size_t taken;
    struct str whole = one_frame(STR("a payload"));
    CHECK_INT(frame_take(whole, 8, &f, &taken), ERR_PEER);
    CHECK_INT(frame_take(str_slice(whole, 0, FRAME_HEAD_LEN), 8, &f, &taken), ERR_PEER);
    memset(room, 0xFF, 4);
    CHECK_INT(frame_take(str_slice(whole, 0, FRAME_HEAD_LEN), FRAME_TO_EDGE_MAX, &f, &taken),
              ERR_PEER);
}

TEST(frame_take__filler_that_is_not_zero__is_refused)
{
    for (size_t at = 5; at < 8; at++) {
        struct frame f;
        size_t taken;
        struct str whole = one_frame(STR("ab"));
        room[at] = 1;
        CHECK_INT(frame_take(whole, 2, &f, &taken), ERR_PEER);
    }
}

TEST(frame_take__what_is_behind_it__is_left)
{
    struct frame f;
    size_t taken;
    struct str whole = one_frame(STR("ab"));
    CHECK_INT(frame_take(str_from(room, whole.len + 5), 2, &f, &taken), OK);
    CHECK_INT(taken, whole.len);
}

TEST(frame_put__does_not_fit__leaves_the_writer_as_it_was)
{
    for (size_t cap = 0; cap < FRAME_HEAD_LEN + 9; cap++) {
        struct writer w = writer_into(room, cap);
        writer_u8(&w, 'x');
        size_t before = w.len;
        bool overflowed = w.overflow;
        if (overflowed)
            continue;
        CHECK_INT(frame_put(&w, FRAME_REPLY, 1, STR("a payload")), ERR_LIMIT);
        CHECK_INT(w.len, before);
        CHECK(!w.overflow);
    }
    struct writer w = writer_into(room, sizeof room);
    CHECK_INT(frame_put(&w, FRAME_REPLY, 1, str_from(big, FRAME_TO_EDGE_MAX + 1)), ERR_LIMIT);
    CHECK_INT(w.len, 0);
}

/* ---- requests -------------------------------------------------------------------------------- */

static struct request a_request(void)
{
    struct request r = {.method = METHOD_PATCH,
                        .peer = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16},
                        .target = STR("/api/v1/devices/dev_1?x=y"),
                        .body = STR("{\"name\":\"Buoy\"}")};
    for (size_t i = 0; i < FIELD_COUNT; i++)
        r.field[i] = str_slice(STR("abcdefghijklmnop"), i, i); /* each another, the first empty */
    return r;
}

static void check_same_request(const struct request *a, const struct request *b)
{
    CHECK_INT(a->method, b->method);
    CHECK(memcmp(a->peer, b->peer, sizeof a->peer) == 0);
    CHECK_STR(a->target, b->target);
    CHECK_STR(a->body, b->body);
    for (size_t i = 0; i < FIELD_COUNT; i++)
        CHECK_STR(a->field[i], b->field[i]);
}

static struct str put_request(const struct request *r)
{
    struct writer w = writer_into(room, sizeof room);
    CHECK_INT(request_put(&w, 5, r), OK);
    return take_payload(str_from(room, w.len), FRAME_TO_CORE_MAX, FRAME_REQUEST, 5);
}

TEST(request__round_trip)
{
    struct request r = a_request(), got;
    for (enum method m = METHOD_GET; m <= METHOD_OPTIONS; m++) {
        r.method = m;
        CHECK_INT(request_take(check_exact(put_request(&r)), &got), OK);
        check_same_request(&r, &got);
    }
}

TEST(request_take__cut_at_any_byte__is_refused_or_has_less_body)
{
    struct request r = a_request(), got;
    struct str whole = put_request(&r);
    size_t head = whole.len - r.body.len;
    for (size_t len = 0; len < whole.len; len++) {
        enum err e = request_take(check_exact(str_slice(whole, 0, len)), &got);
        CHECK_INT(e, len < head ? ERR_PEER : OK);
        if (e == OK)
            CHECK_INT(got.body.len, len - head);
    }
}

TEST(request_take__methods_that_do_not_exist__are_refused)
{
    struct request r = a_request(), got;
    for (unsigned m = 0; m < 256; m++) {
        struct str payload = put_request(&r);
        room[FRAME_HEAD_LEN] = (uint8_t)m;
        CHECK_INT(request_take(payload, &got),
                  m >= METHOD_GET && m <= METHOD_OPTIONS ? OK : ERR_PEER);
    }
}

TEST(request__largest_passes_and_one_more_of_anything_does_not)
{
    struct request r = a_request(), got;
    struct writer w;
    memset(big, 'x', sizeof big);
    r.target = str_from(big, FRAME_TARGET_MAX);
    r.body = str_from(big, FRAME_BODY_MAX);
    r.field[FIELD_COOKIE] = str_from(big, FRAME_FIELD_MAX);
    CHECK_INT(request_take(put_request(&r), &got), OK);
    check_same_request(&r, &got);

    for (int part = 0; part < 3; part++) {
        struct request more = r;
        w = writer_into(room, sizeof room);
        more.target.len += part == 0;
        more.body.len += part == 1;
        more.field[FIELD_COOKIE].len += part == 2;
        CHECK_INT(request_put(&w, 5, &more), ERR_LIMIT);
        CHECK_INT(w.len, 0);
        CHECK(!w.overflow);
    }
}

TEST(request_take__a_field_or_target_beyond_its_bound__is_refused)
{
    struct request got;
    for (int part = 0; part < 3; part++) {
        struct writer w = writer_into(room, sizeof room);
        writer_u8(&w, METHOD_GET);
        writer_bytes(&w, big, 16);
        writer_str16(&w, str_from(big, part == 0 ? FRAME_TARGET_MAX + 1 : part == 1 ? 0 : 1));
        for (size_t i = 0; i < FIELD_COUNT; i++)
            writer_str16(&w, str_from(big, part == 2 && i == 3 ? FRAME_FIELD_MAX + 1 : 0));
        CHECK_INT(request_take(str_from(room, w.len), &got), ERR_PEER);
    }
}

/* ---- replies --------------------------------------------------------------------------------- */

static struct str put_reply(const struct reply *r, enum frame_type type)
{
    struct writer w = writer_into(room, sizeof room);
    CHECK_INT(reply_put(&w, type, 9, r), OK);
    return take_payload(str_from(room, w.len), FRAME_TO_EDGE_MAX, type, 9);
}

TEST(reply__round_trip)
{
    struct reply got, r = {200, true, STR("Content-Type: text/csv\r\n"), STR("a,b\n"),
                           PRINCIPAL_OF(PRINCIPAL_DEVICE, 7)};
    CHECK_INT(reply_take(check_exact(put_reply(&r, FRAME_REPLY)), &got), OK);
    CHECK_INT(got.status, 200);
    CHECK(got.close);
    CHECK_STR(got.headers, r.headers);
    CHECK_STR(got.body, r.body);
    CHECK(got.caller == r.caller && PRINCIPAL_KIND(got.caller) == PRINCIPAL_DEVICE);
    r = (struct reply){.status = 204};
    CHECK_INT(reply_take(check_exact(put_reply(&r, FRAME_STREAM)), &got), OK);
    CHECK(!got.close && got.headers.len == 0 && got.body.len == 0);
}

TEST(reply_take__cut_at_any_byte__is_refused_or_has_less_body)
{
    struct reply got, r = {200, false, STR("A: b\r\n"), STR("body"), 1};
    struct str whole = put_reply(&r, FRAME_REPLY);
    for (size_t len = 0; len < whole.len; len++)
        CHECK_INT(reply_take(check_exact(str_slice(whole, 0, len)), &got),
                  len + r.body.len < whole.len ? ERR_PEER : OK);
}

TEST(reply_take__what_no_core_would_say__is_refused)
{
    static const struct {
        uint16_t status;
        uint8_t close;
        size_t headers;
        enum err expected;
    } rows[] = {
        {99, 0, 0, ERR_PEER},
        {100, 0, 0, OK},
        {599, 1, 0, OK},
        {600, 0, 0, ERR_PEER},
        {0, 0, 0, ERR_PEER},
        {65535, 0, 0, ERR_PEER},
        {200, 2, 0, ERR_PEER},
        {200, 255, 0, ERR_PEER},
        {200, 0, FRAME_HEADERS_MAX, OK},
        {200, 0, FRAME_HEADERS_MAX + 1, ERR_PEER},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct reply got;
        struct writer w = writer_into(room, sizeof room);
        writer_u16(&w, rows[i].status);
        writer_u8(&w, rows[i].close);
        writer_u64(&w, 0);
        writer_str16(&w, str_from(big, rows[i].headers));
        CHECK_INT(reply_take(str_from(room, w.len), &got), rows[i].expected);
    }
}

TEST(reply__largest_passes_and_one_more_does_not)
{
    struct reply got,
        r = {200, false, str_from(big, FRAME_HEADERS_MAX), str_from(big, FRAME_REPLY_MAX), 1};
    struct writer w = writer_into(room, sizeof room);
    CHECK_INT(reply_take(put_reply(&r, FRAME_REPLY), &got), OK);
    CHECK_INT(got.body.len, FRAME_REPLY_MAX);
    r.body.len++;
    CHECK_INT(reply_put(&w, FRAME_REPLY, 1, &r), ERR_LIMIT);
    r.body.len = 0;
    r.headers.len++;
    CHECK_INT(reply_put(&w, FRAME_REPLY, 1, &r), ERR_LIMIT);
    CHECK_INT(w.len, 0);
}

TEST(held_take__eight_bytes_and_nothing_else)
{
    uint8_t bytes[9] = {1, 0, 0, 0, 0, 0, 0, PRINCIPAL_DEVICE};
    for (size_t len = 0; len <= sizeof bytes; len++) {
        principal got = 0;
        CHECK_INT(held_take(check_exact(str_from(bytes, len)), &got), len == 8 ? OK : ERR_PEER);
        CHECK(got == (len == 8 ? PRINCIPAL_OF(PRINCIPAL_DEVICE, 1) : 0));
    }
}

TEST(ban_take__an_address_and_a_time_and_nothing_else)
{
    struct ban_notice got, b = {.address = {0x20, 1}, .seconds = 86400};
    struct writer w = writer_into(room, sizeof room);
    CHECK_INT(ban_put(&w, &b), OK);
    struct str payload = take_payload(str_from(room, w.len), FRAME_TO_EDGE_MAX, FRAME_BAN, 0);
    for (size_t len = 0; len <= payload.len; len++)
        CHECK_INT(ban_take(check_exact(str_slice(payload, 0, len)), &got),
                  len == payload.len ? OK : ERR_PEER);
    CHECK(memcmp(&got, &b, sizeof got) == 0);
    writer_u8(&w, 0);
    CHECK_INT(ban_take(check_exact(str_from(room + FRAME_HEAD_LEN, payload.len + 1)), &got),
              ERR_PEER);
}

TESTS(frame, TEST_ROW(ban_take__an_address_and_a_time_and_nothing_else),
      TEST_ROW(held_take__eight_bytes_and_nothing_else),
      TEST_ROW(frame__head_has_its_published_bytes), TEST_ROW(frame_take__every_type__and_no_other),
      TEST_ROW(frame_take__cut_at_any_byte__waits_for_more),
      TEST_ROW(frame_take__longer_than_allowed__is_refused_before_its_payload_is_there),
      TEST_ROW(frame_take__filler_that_is_not_zero__is_refused),
      TEST_ROW(frame_take__what_is_behind_it__is_left),
      TEST_ROW(frame_put__does_not_fit__leaves_the_writer_as_it_was), TEST_ROW(request__round_trip),
      TEST_ROW(request_take__cut_at_any_byte__is_refused_or_has_less_body),
      TEST_ROW(request_take__methods_that_do_not_exist__are_refused),
      TEST_ROW(request__largest_passes_and_one_more_of_anything_does_not),
      TEST_ROW(request_take__a_field_or_target_beyond_its_bound__is_refused),
      TEST_ROW(reply__round_trip),
      TEST_ROW(reply_take__cut_at_any_byte__is_refused_or_has_less_body),
      TEST_ROW(reply_take__what_no_core_would_say__is_refused),
      TEST_ROW(reply__largest_passes_and_one_more_does_not))
