#include "server/api/events.h"

#include "tests/check.h"

/* A request over the only life that this link has had. */
static struct origin of(uint32_t link, uint64_t id)
{
    return (struct origin){.link = link, .life = 1, .id = id};
}

static struct events events;
static struct {
    struct origin to;
    char text[128];
} heard[2 * STREAMS_MAX];
static size_t heard_count, ended;

static enum err add(struct origin origin, int64_t account_id)
{
    return events_add(
        &events,
        &(struct stream){.origin = origin, .account_id = account_id, .ends_at_ms = INT64_MAX});
}

static void on_data(void *ctx, struct origin to, struct str data)
{
    (void)ctx;
    heard[heard_count].to = to;
    CHECK(data.len < sizeof heard[0].text);
    memcpy(heard[heard_count].text, data.ptr, data.len);
    heard[heard_count++].text[data.len] = 0;
}

static void on_end(void *ctx, struct origin to)
{
    (void)ctx, (void)to;
    ended++;
}

static const struct outlet outlet = {.stream_data = on_data, .stream_end = on_end};

static void start(void)
{
    memset(&events, 0, sizeof events);
    heard_count = ended = 0;
}

TEST(events_publish__reaches_the_owner_and_nobody_else)
{
    start();
    CHECK_INT(add(of(0, 1), 10), OK);
    CHECK_INT(add(of(1, 1), 20), OK);
    CHECK_INT(add(of(0, 2), 10), OK);
    events_publish(&events, &outlet, 10, STR("device"), STR("{\"id\":\"dev_1\"}"));
    CHECK_INT(heard_count, 2);
    for (size_t i = 0; i < 2; i++) {
        CHECK_INT(heard[i].to.link, 0);
        CHECK_INT(heard[i].to.id, i + 1);
        CHECK_STR(str_from_cstr(heard[i].text), STR("event: device\ndata: {\"id\":\"dev_1\"}\n\n"));
    }
    CHECK(events_wanted(&events, 10) && events_wanted(&events, 20) && !events_wanted(&events, 30));
    events_publish(&events, &outlet, 30, STR("device"), STR("{}"));
    CHECK_INT(heard_count, 2);
}

TEST(events_add__bounds_of_an_owner_and_of_all)
{
    start();
    for (uint64_t i = 0; i < STREAMS_PER_OWNER_MAX; i++)
        CHECK_INT(add(of(0, i), 1), OK);
    CHECK_INT(add(of(0, 100), 1), ERR_LIMIT);
    events_remove(&events, of(0, 3));
    CHECK_INT(add(of(0, 100), 1), OK);
    for (uint64_t i = STREAMS_PER_OWNER_MAX; i < STREAMS_MAX; i++)
        CHECK_INT(add(of(1, i), (int64_t)i), OK);
    CHECK_INT(add(of(1, 5000), 5000), ERR_LIMIT);
}

TEST(events_remove__this_stream_only__and_a_link_takes_all_of_its_own)
{
    start();
    for (uint64_t i = 0; i < 30; i++)
        CHECK_INT(add(of((uint32_t)(i % 3), i / 3), 1), OK);
    events_remove(&events, of(1, 4));
    events_remove(&events, of(1, 4)); /* once more does nothing */
    CHECK_INT(events.count, 29);
    events_remove_link(&events, 0);
    CHECK_INT(events.count, 19);
    events_publish(&events, &outlet, 1, STR("e"), STR("{}"));
    CHECK_INT(heard_count, 19);
    for (size_t i = 0; i < heard_count; i++)
        CHECK(heard[i].to.link != 0 && !(heard[i].to.link == 1 && heard[i].to.id == 4));
}

/* So that a session that has expired does not listen for ever. */
TEST(events_ping__a_stream_that_has_had_its_time__ends)
{
    struct stream s = {.origin = of(0, 7), .account_id = 1, .ends_at_ms = 1000000 + PING_MS};
    start();
    CHECK_INT(events_add(&events, &s), OK);
    events_ping(&events, &outlet, 1000000);
    CHECK(!events.streams[0].is_ended);
    events_ping(&events, &outlet, 1000000 + PING_MS);
    CHECK(events.streams[0].is_ended);
    events_sweep(&events);
    CHECK_INT(events.count, 0);
}

TEST(events_ping__every_20_seconds)
{
    start();
    CHECK_INT(add(of(0, 1), 1), OK);
    events_ping(&events, &outlet, 1000000);
    events_ping(&events, &outlet, 1000000 + PING_MS - 1);
    CHECK_INT(heard_count, 1);
    CHECK_STR(str_from_cstr(heard[0].text), STR(": ping\n\n"));
    events_ping(&events, &outlet, 1000000 + PING_MS);
    CHECK_INT(heard_count, 2);
}

TEST(events_publish__an_event_too_large__is_left_out_whole)
{
    static uint8_t big[70000];
    start();
    CHECK_INT(add(of(0, 1), 1), OK);
    events_publish(&events, &outlet, 1, STR("device"), str_from(big, sizeof big));
    CHECK_INT(heard_count, 0);
}

TEST(events_end_all__ends_each_once)
{
    start();
    for (uint64_t i = 0; i < 5; i++)
        CHECK_INT(add(of(0, i), 1), OK);
    events_end_all(&events, &outlet);
    events_end_all(&events, &outlet);
    CHECK_INT(ended, 5);
    CHECK(!events_wanted(&events, 1));
}

/* Two browsers and two keys of one owner. */
static void start_with_four(void)
{
    start();
    for (uint8_t i = 0; i < 4; i++) {
        struct stream s = {.origin = of(0, i),
                           .account_id = 1,
                           .api_key_id = i < 2 ? 0 : i,
                           .session_id = i < 2 ? i + 1 : 0};
        CHECK_INT(events_add(&events, &s), OK);
    }
}

static void check_who_hears(const char *expected)
{
    char who[8] = "";
    heard_count = 0;
    events_publish(&events, &outlet, 1, STR("e"), STR("{}"));
    for (size_t i = 0; i < heard_count; i++)
        who[heard[i].to.id] = (char)('0' + heard[i].to.id);
    char packed[8] = "";
    for (size_t i = 0, n = 0; i < 4; i++) {
        if (who[i] != 0)
            packed[n++] = who[i];
    }
    CHECK_STR(str_from_cstr(packed), str_from_cstr(expected));
}

TEST(events_end_session__the_browser_that_signed_out__hears_no_more)
{
    start_with_four();
    events_end_session(&events, &outlet, 2);
    CHECK_INT(ended, 1);
    check_who_hears("023");
    CHECK_INT(events.count, 4); /* a batch that fails still knows whom to tell */
    events_sweep(&events);
    CHECK_INT(events.count, 3);
    check_who_hears("023");
    events_end_session(&events, &outlet, 0); /* what a key's stream has there is no session */
    check_who_hears("023");
}

TEST(events_end_sessions__all_browsers_of_the_owner_but_one)
{
    start_with_four();
    events_end_sessions(&events, &outlet, 2, 0); /* somebody else */
    check_who_hears("0123");
    events_end_sessions(&events, &outlet, 1, 2);
    check_who_hears("123");
    events_end_sessions(&events, &outlet, 1, 0);
    check_who_hears("23");
    CHECK_INT(ended, 2);
}

TEST(events_end_key__the_key_that_was_removed__hears_no_more)
{
    start_with_four();
    events_end_key(&events, &outlet, 3);
    check_who_hears("012");
    events_sweep(&events);
    CHECK_INT(ended, 1);
    CHECK_INT(events.count, 3);
    check_who_hears("012");
}

TESTS(events, TEST_ROW(events_publish__reaches_the_owner_and_nobody_else),
      TEST_ROW(events_add__bounds_of_an_owner_and_of_all),
      TEST_ROW(events_remove__this_stream_only__and_a_link_takes_all_of_its_own),
      TEST_ROW(events_ping__every_20_seconds),
      TEST_ROW(events_ping__a_stream_that_has_had_its_time__ends),
      TEST_ROW(events_publish__an_event_too_large__is_left_out_whole),
      TEST_ROW(events_end_all__ends_each_once),
      TEST_ROW(events_end_session__the_browser_that_signed_out__hears_no_more),
      TEST_ROW(events_end_sessions__all_browsers_of_the_owner_but_one),
      TEST_ROW(events_end_key__the_key_that_was_removed__hears_no_more))
