#include "server/ipc/link.h"

#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/check.h"

static struct link a, b; /* two ends */

static void open_pair(int buffer_size)
{
    int fds[2];
    CHECK_INT(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fds), 0);
    for (int i = 0; i < 2 && buffer_size > 0; i++)
        CHECK_INT(setsockopt(fds[i], SOL_SOCKET, SO_SNDBUF, &buffer_size, sizeof buffer_size), 0);
    link_init(&a, fds[0], FRAME_TO_EDGE_MAX);
    link_init(&b, fds[1], FRAME_TO_CORE_MAX);
}

static void close_pair(void)
{
    link_done(&a);
    link_done(&b);
}

static uint32_t state = 1;
static uint32_t random_below(uint32_t below)
{
    state = state * 1664525 + 1013904223;
    return (state >> 8) % below;
}

/* A payload that tells by its bytes which one it is. */
static struct str payload_of(uint64_t id)
{
    static uint8_t bytes[40000];
    size_t len = (size_t)(id * 7919 % sizeof bytes);
    if (id % 3 == 0)
        len %= 50;
    for (size_t i = 0; i < len; i++)
        bytes[i] = (uint8_t)(id + i * 31);
    return str_from(bytes, len);
}

static uint64_t take_all(struct link *l, uint64_t next)
{
    struct frame f;
    enum err e;
    while ((e = link_next(l, &f)) == OK) {
        CHECK_INT(f.id, next);
        CHECK_STR(f.payload, payload_of(next));
        next++;
    }
    CHECK_INT(e, ERR_AGAIN);
    return next;
}

TEST(link__frames_arrive_whole_and_in_order_through_the_smallest_of_buffers)
{
    enum { FRAMES = 1500 };
    uint64_t pushed = 0, taken = 0;
    open_pair(1);
    while (taken < FRAMES) {
        for (; pushed < FRAMES && link_mark(&a) < random_below(300000); pushed++)
            CHECK_INT(link_push(&a, FRAME_REPLY, pushed, payload_of(pushed)), OK);
        enum err e = link_flush(&a);
        CHECK_INT(e, link_wants_write(&a) ? ERR_AGAIN : OK);
        for (uint32_t n = random_below(4); n > 0; n--) {
            e = link_fill(&b);
            CHECK(e == OK || e == ERR_AGAIN);
            taken = take_all(&b, taken);
        }
    }
    CHECK(!link_wants_write(&a));
    close_pair();
}

TEST(link__a_torrent_that_nobody_reads__is_refused_at_its_bound)
{
    static uint8_t big[FRAME_REPLY_MAX];
    size_t pushed = 0;
    open_pair(1);
    while (link_push(&a, FRAME_REPLY, pushed, str_from(big, sizeof big)) == OK) {
        (void)!link_flush(&a);
        pushed++;
        CHECK(pushed < 64);
    }
    CHECK(a.out_cap <= LINK_OUT_MAX);
    CHECK_INT(link_push(&a, FRAME_REPLY, pushed, str_from(big, sizeof big)), ERR_LIMIT);
    CHECK_INT(link_push(&a, FRAME_HELD, 1, STR_NONE), OK); /* what fits still goes */
    link_done(&b);
    CHECK_INT(link_flush(&a), ERR_IO);
    close_pair();
}

TEST(link__after_it_was_full__goes_on_where_it_was)
{
    uint64_t pushed = 0, taken = 0;
    open_pair(1);
    while (link_push(&a, FRAME_REPLY, pushed, payload_of(pushed)) == OK)
        pushed++;
    CHECK(pushed > 100);
    while (taken < pushed) {
        (void)!link_flush(&a);
        (void)!link_fill(&b);
        taken = take_all(&b, taken);
    }
    CHECK_INT(link_push(&a, FRAME_REPLY, pushed, payload_of(pushed)), OK);
    while (taken == pushed) {
        (void)!link_flush(&a);
        (void)!link_fill(&b);
        taken = take_all(&b, taken);
    }
    CHECK_INT(link_flush(&a), OK);
    close_pair();
}

TEST(link_rewind__takes_back_what_was_pushed_since_the_mark)
{
    uint64_t taken = 0;
    open_pair(0);
    CHECK_INT(link_push(&a, FRAME_REPLY, 0, payload_of(0)), OK);
    CHECK_INT(link_push(&a, FRAME_REPLY, 1, payload_of(1)), OK);
    size_t mark = link_mark(&a);
    for (uint64_t id = 50; id < 70; id++) /* enough for the buffer to move */
        CHECK_INT(link_push(&a, FRAME_REPLY, id, payload_of(id)), OK);
    link_rewind(&a, mark);
    CHECK_INT(link_mark(&a), mark);
    CHECK_INT(link_push(&a, FRAME_REPLY, 2, payload_of(2)), OK);
    while (taken < 3) {
        (void)!link_flush(&a);
        CHECK_INT(link_fill(&b), OK);
        taken = take_all(&b, taken);
    }
    CHECK_INT(link_fill(&b), ERR_AGAIN);
    close_pair();
}

/* extra: frames pushed and taken back, so few that the buffer stays where it is, or so many that it
 * moves. */
static void rewind_half_sent(uint64_t extra)
{
    uint64_t pushed = 0, taken = 0;
    open_pair(1);
    for (; pushed < 40; pushed++)
        CHECK_INT(link_push(&a, FRAME_REPLY, pushed, payload_of(pushed)), OK);
    CHECK_INT(link_flush(&a), ERR_AGAIN); /* some of it has left */
    CHECK(a.out_sent > 0 && a.out_sent < a.out_len);
    size_t mark = link_mark(&a);
    for (uint64_t id = 0; id < extra; id++)
        CHECK_INT(link_push(&a, FRAME_REPLY, id, extra == 1 ? STR("x") : payload_of(id)), OK);
    CHECK_INT(a.out_sent > 0, extra == 1);
    link_rewind(&a, mark);
    CHECK_INT(link_mark(&a), mark);
    while (taken < pushed) {
        (void)!link_flush(&a);
        (void)!link_fill(&b);
        taken = take_all(&b, taken);
    }
    CHECK_INT(link_fill(&b), ERR_AGAIN);
    close_pair();
}

TEST(link_rewind__behind_bytes_that_are_half_sent__keeps_them)
{
    rewind_half_sent(1);
    rewind_half_sent(200);
}

TEST(link_fill__the_other_end_has_gone__is_told_after_its_last_frame)
{
    struct frame f;
    open_pair(0);
    CHECK_INT(link_push(&a, FRAME_REPLY, 1, STR("last words")), OK);
    CHECK_INT(link_flush(&a), OK);
    link_done(&a);
    CHECK_INT(link_fill(&b), OK);
    CHECK_INT(link_next(&b, &f), OK);
    CHECK_STR(f.payload, STR("last words"));
    CHECK_INT(link_fill(&b), ERR_IO);
    CHECK_INT(link_push(&a, FRAME_REPLY, 1, STR_NONE), ERR_IO); /* and a link that is down */
    CHECK(!link_wants_write(&a));
    close_pair();
}

TEST(link_next__what_is_no_frame__is_refused)
{
    struct frame f;
    open_pair(0);
    CHECK_INT(write(a.fd, "GET / HTTP/1.1\r\nHost: a\r\n\r\n", 27), 27);
    CHECK_INT(link_fill(&b), OK);
    CHECK_INT(link_next(&b, &f), ERR_PEER);
    close_pair();
}

TEST(link_next__a_frame_longer_than_its_direction_allows__is_refused)
{
    static uint8_t big[FRAME_TO_CORE_MAX + 1];
    struct frame f;
    enum err e;
    open_pair(0);
    CHECK_INT(link_push(&a, FRAME_REPLY, 1, str_from(big, sizeof big)), OK);
    (void)!link_flush(&a);
    CHECK_INT(link_fill(&b), OK);
    e = link_next(&b, &f);
    CHECK_INT(e, ERR_PEER);
    close_pair();
}

TEST(link_reserve__gives_room_that_is_there)
{
    struct writer w;
    open_pair(0);
    CHECK_INT(link_push(&a, FRAME_REPLY, 0, payload_of(0)), OK);
    for (size_t size = 0; size < 300000; size = size * 3 + 1) {
        CHECK_INT(link_reserve(&a, size, &w), OK);
        CHECK(writer_left(&w) >= size + FRAME_HEAD_LEN);
    } /* what is not committed was never there */
    CHECK_INT(link_mark(&a), FRAME_HEAD_LEN + payload_of(0).len);
    CHECK_INT(link_reserve(&a, LINK_OUT_MAX, &w), ERR_LIMIT);
    close_pair();
}

TESTS(link, TEST_ROW(link__frames_arrive_whole_and_in_order_through_the_smallest_of_buffers),
      TEST_ROW(link__a_torrent_that_nobody_reads__is_refused_at_its_bound),
      TEST_ROW(link__after_it_was_full__goes_on_where_it_was),
      TEST_ROW(link_rewind__takes_back_what_was_pushed_since_the_mark),
      TEST_ROW(link_rewind__behind_bytes_that_are_half_sent__keeps_them),
      TEST_ROW(link_fill__the_other_end_has_gone__is_told_after_its_last_frame),
      TEST_ROW(link_next__what_is_no_frame__is_refused),
      TEST_ROW(link_next__a_frame_longer_than_its_direction_allows__is_refused),
      TEST_ROW(link_reserve__gives_room_that_is_there))
