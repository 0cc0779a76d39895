#include "firmware/include/oceanremote/client.h"

#include "tests/check.h"
#include "tests/fake/machine.h"

static struct fake f;
static struct oc_client c;

/* Registered, online, one sample sent. */
static void bring_up(void)
{
    fake_init(&f);
    fake_boot(&f, &c);
    fake_run(&f, &c, 1000);
}

/* Every value from 1 to the last is there exactly once, in order. */
static void check_all_stored(int64_t last)
{
    CHECK_INT(f.stored_count, last);
    for (size_t i = 0; i < f.stored_count; i++)
        CHECK_INT(f.stored[i].value, i + 1);
}

TEST(client__first_run__registers_reports_and_sends)
{
    bring_up();
    CHECK_INT(f.registers, 1);
    CHECK_INT(f.sessions, 1);
    CHECK_STR(str_from_cstr(f.reported),
              STR("{\"switches\":{\"relay1\":false},\"interval_s\":10}"));
    check_all_stored(1);
    CHECK(f.stored[0].time_ms >= 1790000000000 && f.stored[0].time_ms <= 1790000000100);
    CHECK(fake_logged(&f, "registered as dev_7hQmZr3KpT0s") && fake_logged(&f, "online"));
    CHECK(f.is_holding && oc_client_is_settled(&c));
    fake_run(&f, &c, 60000);
    check_all_stored(7);
    CHECK_INT(f.opened, 1);
}

TEST(client__restart__needs_no_token)
{
    bring_up();
    f.config.registration_token = STR_NONE;
    fake_boot(&f, &c);
    fake_run(&f, &c, 1000);
    CHECK_INT(f.registers, 1);
    CHECK_INT(f.sessions, 2);
    check_all_stored(2);
}

TEST(client__no_identity_and_no_token__says_so)
{
    fake_init(&f);
    f.config.registration_token = STR_NONE;
    fake_boot(&f, &c);
    fake_run(&f, &c, 30000);
    CHECK_INT(oc_client_status(&c), OC_REFUSED);
    CHECK_INT(f.opened, 0);
}

TEST(client__token_refused__asks_slowly)
{
    fake_init(&f);
    f.is_token_good = false;
    fake_boot(&f, &c);
    fake_run(&f, &c, 10 * 60000);
    CHECK_INT(oc_client_status(&c), OC_REFUSED);
    CHECK(f.registers >= 3 && f.registers <= 10);
    CHECK(fake_logged(&f, "refuses the registration token: do this"));
}

/* device.md section 1: an answer lost on the way strands nobody. */
TEST(client__register_answer_lost__registers_again)
{
    fake_init(&f);
    f.lose_answers = 1;
    fake_boot(&f, &c);
    fake_run(&f, &c, 10000);
    CHECK_INT(f.registers, 2);
    CHECK(f.sessions == 1 && f.stored_count > 0);
}

TEST(client__answers_lost__each_batch_is_stored_once)
{
    bring_up();
    for (int i = 0; i < 20; i++) {
        f.lose_answers = 1;
        fake_run(&f, &c, 15000);
    }
    fake_run(&f, &c, 20000);
    check_all_stored(f.next_value - 1);
    CHECK(f.batches_again > 5);
}

TEST(client__one_byte_at_a_time__works)
{
    fake_init(&f);
    f.is_slow_link = true;
    fake_boot(&f, &c);
    fake_run(&f, &c, 30000);
    check_all_stored(f.next_value - 1);
    CHECK_INT(f.opened, 1);
}

TEST(client__busy_server__is_left_alone_as_long_as_it_says)
{
    static const int statuses[] = {429, 503, 507};
    for (size_t i = 0; i < 3; i++) {
        bring_up();
        f.force_status = statuses[i];
        f.force_problem = "busy";
        f.force_times = 1;
        f.force_retry_after = 47;
        int64_t value = f.next_value;
        while (f.next_value == value)
            fake_run(&f, &c, 100);
        int64_t refused_at = f.request_at_ms;
        unsigned requests = f.requests;
        fake_run(&f, &c, 46000);
        CHECK_INT(f.requests, requests);
        fake_run(&f, &c, 30000);
        CHECK(f.requests > requests && f.request_at_ms > refused_at);
        check_all_stored(f.next_value - 1);
        CHECK_INT(f.opened, 1);
    }
}

TEST(client__session_forgotten__opens_another_on_the_same_link)
{
    bring_up();
    f.session = 0;
    fake_run(&f, &c, 20000);
    CHECK_INT(f.sessions, 2);
    CHECK_INT(f.opened, 1);
    check_all_stored(f.next_value - 1);
}

TEST(client__session_never_accepted__does_not_spin)
{
    bring_up();
    f.forgets_sessions = true;
    fake_run(&f, &c, 600000);
    CHECK(f.sessions > 3 && f.sessions < 20);
}

/* Renewed within the last tenth before renew_in_s, long before it ends: no request meets a 401. */
TEST(client__renewal__leaves_no_gap)
{
    bring_up();
    fake_run(&f, &c, 2400 * 1000);
    CHECK_INT(f.sessions, 1);
    fake_run(&f, &c, 310 * 1000);
    CHECK_INT(f.sessions, 2);
    fake_run(&f, &c, 4 * 3600 * 1000);
    CHECK(f.sessions >= 6 && f.sessions <= 8);
    CHECK_INT(f.opened, 1);
    CHECK(!fake_logged(&f, "offline"));
}

TEST(client__device_deleted__is_told_slowly)
{
    bring_up();
    f.config.registration_token = STR_NONE;
    fake_boot(&f, &c);
    f.has_device = false;
    f.session = 0;
    unsigned opened = f.opened;
    fake_run(&f, &c, 10 * 60000);
    CHECK_INT(oc_client_status(&c), OC_REFUSED);
    CHECK(f.opened - opened >= 2 && f.opened - opened <= 10);
    CHECK(fake_logged(&f, "does not know this device's key"));
}

TEST(client__device_deleted_but_fresh_token__registers_anew)
{
    bring_up();
    fake_boot(&f, &c);
    f.has_device = false;
    f.session = 0;
    fake_run(&f, &c, 30000);
    CHECK_INT(f.registers, 2);
    CHECK_INT(oc_client_status(&c), OC_RUNNING);
    check_all_stored(f.next_value - 1);
}

TEST(client__server_without_the_verifier__gets_nothing)
{
    fake_init(&f);
    f.is_impostor = true;
    fake_boot(&f, &c);
    fake_run(&f, &c, 120000);
    CHECK(fake_logged(&f, "not the server that enrolled the device"));
    CHECK_INT(f.stored_count, 0);
    CHECK_INT(f.reported[0], 0);
}

TEST(client__server_down__comes_back_ever_more_slowly_and_loses_nothing)
{
    bring_up();
    f.is_down = true;
    int64_t last = f.monotonic_ms;
    int64_t longest = 0;
    unsigned opened = f.opened;
    for (int i = 0; i < 100; i++) {
        fake_run(&f, &c, 1000);
        if (f.opened != opened) {
            longest = f.monotonic_ms - last > longest ? f.monotonic_ms - last : longest;
            last = f.monotonic_ms;
            opened = f.opened;
        }
    }
    CHECK(f.opened >= 6 && f.opened <= 10);
    CHECK(longest > 15000 && longest < 66000);
    f.is_down = false;
    fake_run(&f, &c, 70000);
    check_all_stored(f.next_value - 1);
}

TEST(client__down_for_hours__waits_at_most_five_minutes_and_keeps_the_newest)
{
    bring_up();
    f.is_down = true;
    fake_run(&f, &c, 3600 * 1000);
    unsigned opened = f.opened;
    fake_run(&f, &c, 600 * 1000);
    CHECK(f.opened - opened >= 2 && f.opened - opened <= 5);
    f.is_down = false;
    size_t before = f.stored_count;
    fake_run(&f, &c, 301 * 1000);
    /* The ring holds 14 records; the newest of them are these. */
    CHECK(fake_logged(&f, "the buffer is full"));
    CHECK(f.stored_count > before + 10);
    CHECK_INT(f.stored[f.stored_count - 1].value, f.next_value - 1);
    for (size_t i = before + 1; i < f.stored_count; i++)
        CHECK_INT(f.stored[i].value, f.stored[i - 1].value + 1);
}

TEST(client__desired_changes__switches_at_once_and_confirms)
{
    bring_up();
    fake_desire(&f, "{\"switches\":{\"relay1\":true}}");
    fake_run(&f, &c, 5);
    CHECK(f.relay);
    CHECK_INT(f.reported_version, 1);
    CHECK_STR(str_from_cstr(f.reported), STR("{\"switches\":{\"relay1\":true},\"interval_s\":10}"));
    CHECK(fake_logged(&f, "switch relay1 on (desired version 1)"));
    fake_desire(&f, "{\"switches\":{\"relay1\":true,\"ghost\":true,\"x\":null},\"interval_s\":2}");
    fake_run(&f, &c, 5);
    CHECK_INT(f.relay_moves, 1);
    CHECK_INT(f.reported_version, 2);
    CHECK(fake_logged(&f, "ghost on wanted, but there is no such switch"));
    size_t before = f.stored_count;
    fake_run(&f, &c, 20000);
    CHECK(f.stored_count - before >= 9 && f.stored_count - before <= 11);
}

TEST(client__desired_out_of_range__is_ignored)
{
    bring_up();
    fake_desire(&f, "{\"switches\":[],\"interval_s\":0,\"other\":{\"deep\":[1,2]}}");
    fake_run(&f, &c, 100);
    CHECK_INT(f.reported_version, 1);
    fake_desire(&f, "{\"interval_s\":2.5}");
    fake_run(&f, &c, 100);
    CHECK(!f.relay && c.desired_interval_s == 0);
}

TEST(client__switched_by_hand__goes_out_through_the_hold)
{
    bring_up();
    CHECK(f.is_holding);
    f.relay = true;
    oc_client_changed(&c);
    fake_run(&f, &c, 5);
    CHECK_STR(str_from_cstr(f.reported), STR("{\"switches\":{\"relay1\":true},\"interval_s\":10}"));
    CHECK_INT(f.opened, 1);
    CHECK(f.is_holding);
}

TEST(client__report_lost__is_made_again)
{
    bring_up();
    f.reported[0] = 0;
    f.lose_answers = 1;
    f.relay = true;
    oc_client_changed(&c);
    fake_run(&f, &c, 10);
    f.reported[0] = 0;
    fake_run(&f, &c, 10000);
    CHECK_STR(str_from_cstr(f.reported), STR("{\"switches\":{\"relay1\":true},\"interval_s\":10}"));
}

/* Offline since boot, with no clock: the server's time is filled in when it is known. */
TEST(client__samples_before_the_time_is_known__get_it_later)
{
    bring_up();
    f.is_down = true;
    fake_boot(&f, &c);
    int64_t booted_at = f.monotonic_ms;
    fake_run(&f, &c, 35000);
    f.is_down = false;
    fake_run(&f, &c, 70000);
    check_all_stored(f.next_value - 1);
    for (size_t i = 1; i < 4; i++) {
        int64_t expected = f.server_time_ms + booted_at + (int64_t)(i - 1) * 10000;
        /* The server's time is as old as its answer took on the way. */
        CHECK(f.stored[i].time_ms >= expected - 5 && f.stored[i].time_ms <= expected + 5);
    }
}

/* Taken in an earlier boot that never knew the time: the machine's own clock is all there is, and
 * without one the reading cannot be placed and is not sent. */
TEST(client__samples_of_a_lost_boot__keep_the_wall_clock)
{
    static const int64_t clocks[] = {1790000003000, 0};
    for (size_t i = 0; i < 2; i++) {
        bring_up();
        f.is_down = true;
        f.wall_ms = clocks[i];
        fake_boot(&f, &c);
        int64_t taken_at = f.monotonic_ms;
        fake_run(&f, &c, 1000);
        f.is_down = false;
        fake_boot(&f, &c);
        fake_run(&f, &c, 1000);
        if (clocks[i] != 0) {
            check_all_stored(3);
            CHECK_INT(f.stored[1].time_ms, clocks[i] + taken_at);
        } else {
            CHECK_INT(f.stored_count, 2);
            CHECK_INT(f.stored[1].value, 3);
        }
    }
}

TEST(client__clock_skew__is_mended_once_and_then_given_up)
{
    bring_up();
    f.force_status = 422;
    f.force_problem = "clock-skew";
    f.force_times = 1;
    fake_run(&f, &c, 20000);
    check_all_stored(f.next_value - 1);
    f.force_times = 2;
    fake_run(&f, &c, 20000);
    CHECK_INT(f.stored_count, f.next_value - 2);
    CHECK(fake_logged(&f, "never take these, dropped: do this"));
}

TEST(client__nonsense_answers__are_failures_of_the_link)
{
    static const char *const rows[] = {
        "x",
        "HTTP/1.1 200 OK\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}",
        "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}HTTP/1.1 204 x\r\n\r\n",
        "HTTP/1.1 204 x\r\n\r\nHTTP/1.1 204 x\r\n\r\n",
        "HTTP/1.1 500 x\r\nContent-Length: 0\r\n\r\n",
        "HTTP/1.1 302 x\r\nContent-Length: 0\r\nLocation: /x\r\n\r\n",
        "HTTP/1.1 401 x\r\nContent-Length: 3\r\n\r\n[1]",
        "HTTP/2 200\r\n\r\n",
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        check_row = rows[i];
        bring_up();
        fake_force(&f, rows[i], strlen(rows[i]));
        fake_run(&f, &c, 100000);
        CHECK_INT(f.stored_count, 1);
        CHECK(f.requests < 200);
        fake_force(&f, NULL, 0);
        fake_run(&f, &c, 400000);
        CHECK_INT(f.stored[f.stored_count - 1].value, f.next_value - 1);
    }
    check_row = NULL;
}

TEST(client__answer_larger_than_its_buffer__is_a_failure)
{
    static char large[OC_ANSWER_MAX + 200];
    bring_up();
    memset(large, 'x', sizeof large - 1);
    memcpy(large, "HTTP/1.1 200 OK\r\nContent-Length: 6200\r\n\r\n", 41);
    fake_force(&f, large, sizeof large - 1);
    fake_run(&f, &c, 20000);
    CHECK(fake_logged(&f, "not one of OceanRemote's"));
    fake_force(&f, NULL, 0);
    fake_run(&f, &c, 60000);
    check_all_stored(f.next_value - 1);
}

TEST(client__server_silent__is_noticed)
{
    bring_up();
    fake_force(&f, "", 0);
    fake_run(&f, &c, 25000);
    CHECK(fake_logged(&f, "does not answer any more"));
}

/* A life with a server that is away in between, in which power fails at one write, in the middle of
 * it, and comes back. False when the life was over before that write. */
static bool live_through_power_cut(unsigned at_write, bool loses_unsynced)
{
    fake_init(&f);
    f.power_fails_at = at_write;
    f.loses_unsynced = loses_unsynced;
    fake_boot(&f, &c);
    /* Past the first sixteen batches, which are a single record each. */
    fake_run(&f, &c, 175000);
    f.is_down = true;
    fake_run(&f, &c, 65000);
    f.is_down = false;
    fake_run(&f, &c, 100000);
    bool was_cut = f.is_dead;
    f.power_fails_at = 0;
    fake_boot(&f, &c);
    f.is_down = false;
    fake_run(&f, &c, 100000);
    return was_cut;
}

/* What reached the flash is neither lost nor doubled, whichever write is torn. */
TEST(client__power_cut_at_each_write__loses_nothing_and_doubles_nothing)
{
    bool was_cut = true;
    for (unsigned cut = 1; was_cut; cut++) {
        char row[40];
        snprintf(row, sizeof row, "write %u", cut);
        check_row = row;
        was_cut = live_through_power_cut(cut, false);
        int64_t missing = 0;
        int64_t before = 0;
        for (size_t i = 0; i < f.stored_count; i++) {
            CHECK(f.stored[i].value > before);
            missing += f.stored[i].value - before - 1;
            before = f.stored[i].value;
        }
        CHECK_INT(before, f.next_value - 1);
        CHECK(missing <= (was_cut ? 1 : 0)); /* the one whose write was torn */
        CHECK(f.sessions > 0 && cut < 200);
    }
    check_row = NULL;
}

/* A disk cache loses what was not synced: perhaps the newest readings, but the numbers given again
 * after that must not make the server mistake new readings for old ones, nor old ones come twice.
 */
TEST(client__power_cut_with_a_disk_cache__doubles_nothing)
{
    bool was_cut = true;
    for (unsigned cut = 1; was_cut; cut++) {
        char row[40];
        snprintf(row, sizeof row, "write %u", cut);
        check_row = row;
        was_cut = live_through_power_cut(cut, true);
        int64_t before = 0;
        int64_t missing = 0;
        for (size_t i = 0; i < f.stored_count; i++) {
            CHECK(f.stored[i].value > before);
            missing += f.stored[i].value - before - 1;
            before = f.stored[i].value;
        }
        CHECK_INT(before, f.next_value - 1);
        CHECK(missing <= 1); /* only what was taken and not yet sent */
        CHECK(cut < 200);
    }
    check_row = NULL;
}

TEST(client__another_mac_than_registered__is_a_conflict)
{
    bring_up();
    struct oc_config other = f.config;
    other.mac[5] = 99;
    CHECK_INT(oc_client_init(&c, &f.port, &f.board, &other, true), ERR_CONFLICT);
    CHECK_INT(oc_client_init(&c, &f.port, &f.board, &other, false), OK);
    CHECK_INT(c.config.mac[5], 1);
}

TESTS(client, TEST_ROW(client__first_run__registers_reports_and_sends),
      TEST_ROW(client__restart__needs_no_token),
      TEST_ROW(client__no_identity_and_no_token__says_so),
      TEST_ROW(client__token_refused__asks_slowly),
      TEST_ROW(client__register_answer_lost__registers_again),
      TEST_ROW(client__answers_lost__each_batch_is_stored_once),
      TEST_ROW(client__one_byte_at_a_time__works),
      TEST_ROW(client__busy_server__is_left_alone_as_long_as_it_says),
      TEST_ROW(client__session_forgotten__opens_another_on_the_same_link),
      TEST_ROW(client__session_never_accepted__does_not_spin),
      TEST_ROW(client__renewal__leaves_no_gap), TEST_ROW(client__device_deleted__is_told_slowly),
      TEST_ROW(client__device_deleted_but_fresh_token__registers_anew),
      TEST_ROW(client__server_without_the_verifier__gets_nothing),
      TEST_ROW(client__server_down__comes_back_ever_more_slowly_and_loses_nothing),
      TEST_ROW(client__down_for_hours__waits_at_most_five_minutes_and_keeps_the_newest),
      TEST_ROW(client__desired_changes__switches_at_once_and_confirms),
      TEST_ROW(client__desired_out_of_range__is_ignored),
      TEST_ROW(client__switched_by_hand__goes_out_through_the_hold),
      TEST_ROW(client__report_lost__is_made_again),
      TEST_ROW(client__samples_before_the_time_is_known__get_it_later),
      TEST_ROW(client__samples_of_a_lost_boot__keep_the_wall_clock),
      TEST_ROW(client__clock_skew__is_mended_once_and_then_given_up),
      TEST_ROW(client__nonsense_answers__are_failures_of_the_link),
      TEST_ROW(client__answer_larger_than_its_buffer__is_a_failure),
      TEST_ROW(client__server_silent__is_noticed),
      TEST_ROW(client__power_cut_at_each_write__loses_nothing_and_doubles_nothing),
      TEST_ROW(client__power_cut_with_a_disk_cache__doubles_nothing),
      TEST_ROW(client__another_mac_than_registered__is_a_conflict))
