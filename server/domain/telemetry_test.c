#include "server/domain/telemetry.h"

#include <math.h>

#include "tests/check.h"
#include "tests/support/house.h"

static struct house house;
static struct house_device buoy;
static struct readings_request batch;
static char batch_name[24];

static void begin_batch(uint64_t id)
{
    int len = snprintf(batch_name, sizeof batch_name, "%llu", (unsigned long long)id);
    batch = (struct readings_request){.batch = str_from(batch_name, (size_t)len)};
}

static void put(struct str metric, int64_t time_ms, int64_t mantissa, int8_t exponent)
{
    batch.readings[batch.count++] =
        (struct reading){.metric = metric, .time_ms = time_ms, .value = {mantissa, exponent}};
}

static void put_error(struct str metric, int64_t time_ms, struct str error)
{
    batch.readings[batch.count++] =
        (struct reading){.metric = metric, .time_ms = time_ms, .error = error};
}

static enum taken take(struct house_device *dev)
{
    enum taken taken;
    struct live *live = live_find(house.d.live, dev->id);
    HOUSE_MUST(telemetry_take(&house.d, live, &batch, &taken));
    return taken;
}

static void fold_all(void)
{
    bool more = true;
    while (more)
        HOUSE_MUST(telemetry_fold(&house.d, 3, &more));
}

static struct points ask(struct str metric, int64_t from_ms, int64_t to_ms, int64_t step_s)
{
    struct points p;
    HOUSE_MUST(
        telemetry_query(&house.d, buoy.account_id, buoy.id, metric, from_ms, to_ms, step_s, &p));
    return p;
}

static void open_with_device(void)
{
    house_open(&house);
    house_begin(&house);
    house_register(&house, house_account(&house, "ada@example.org"), 1, &buoy);
    house_commit(&house);
}

static const int64_t now = HOUSE_START_MS;

/* ---- taking in ------------------------------------------------------------------------------- */

TEST(telemetry_take__same_batch_again__is_taken_once)
{
    open_with_device();
    house_begin(&house);
    begin_batch(7);
    put(STR("temperature"), now, 215, -1);
    CHECK_INT(take(&buoy), TAKEN);
    CHECK_INT(take(&buoy), TAKEN_BEFORE);
    house_commit(&house);
    house_begin(&house);
    CHECK_INT(take(&buoy), TAKEN_BEFORE);
    struct points p = ask(STR("temperature"), now - 1000, now + 1000, 60);
    CHECK_INT(p.count, 1);
    CHECK_INT(p.at[0].count, 1);
    points_done(&p);
    house_commit(&house);
    CHECK_INT(house_ask(&house, "SELECT count(*) FROM chunk"), 1);
    house_close(&house);
}

TEST(telemetry_take__batch_acknowledged_before_a_crash__is_known_after_it)
{
    open_with_device();
    house_begin(&house);
    begin_batch(7);
    put(STR("temperature"), now, 215, -1);
    CHECK_INT(take(&buoy), TAKEN);
    house_commit(&house);
    house_restart(&house);
    house_begin(&house);
    CHECK_INT(take(&buoy), TAKEN_BEFORE);
    house_commit(&house);
    house_close(&house);
}

TEST(telemetry_take__batch_of_a_failed_commit__may_come_again)
{
    open_with_device();
    house_begin(&house);
    begin_batch(7);
    put(STR("temperature"), now, 215, -1);
    CHECK_INT(take(&buoy), TAKEN);
    HOUSE_MUST(telemetry_flush(&house.d));
    house_rollback(&house);
    CHECK(live_latest(live_find(house.d.live, buoy.id), STR("temperature"), 0) == NULL);
    house_begin(&house);
    CHECK_INT(take(&buoy), TAKEN);
    house_commit(&house);
    CHECK_INT(house_ask(&house, "SELECT count(*) FROM chunk"), 1);
    CHECK_INT(house_ask(&house, "SELECT first_reading_at_ms FROM device"), now);
    house_close(&house);
}

TEST(telemetry_take__the_oldest_of_more_than_32_batches__is_forgotten_and_no_other)
{
    open_with_device();
    for (uint64_t id = 1; id <= BATCH_IDS_KEPT + 1; id++) {
        house_begin(&house);
        begin_batch(id);
        put(STR("t"), now, (int64_t)id, 0);
        CHECK_INT(take(&buoy), TAKEN);
        house_commit(&house);
    }
    house_begin(&house);
    for (uint64_t id = BATCH_IDS_KEPT + 1; id > 1; id--) {
        begin_batch(id);
        put(STR("t"), now, 1, 0);
        CHECK_INT(take(&buoy), TAKEN_BEFORE);
    }
    begin_batch(1);
    put(STR("t"), now, 1, 0);
    CHECK_INT(take(&buoy), TAKEN);
    house_commit(&house);
    house_close(&house);
}

TEST(telemetry_take__times_out_of_bounds__refuse_the_whole_batch)
{
    static const struct {
        int64_t offset_ms;
        enum taken expected;
        const char *why;
    } rows[] = {
        {0, TAKEN, "now"},
        {CLOCK_AHEAD_MS, TAKEN, "as far ahead as is allowed"},
        {CLOCK_AHEAD_MS + 1, REFUSED_CLOCK, "a millisecond further"},
        {-READING_AGE_MAX_MS, TAKEN, "as old as is allowed"},
        {-READING_AGE_MAX_MS - 1, REFUSED_CLOCK, "a millisecond older"},
        {-HOUSE_START_MS, REFUSED_CLOCK, "1970: the device has no time yet"},
        {INT64_MAX - HOUSE_START_MS, REFUSED_CLOCK, "the end of time"},
        {INT64_MIN + 1, REFUSED_CLOCK, "its beginning"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        check_row = rows[i].why;
        open_with_device();
        house_begin(&house);
        begin_batch(i);
        put(STR("good"), now, 1, 0);
        put(STR("odd"), now + rows[i].offset_ms, 2, 0);
        CHECK_INT(take(&buoy), rows[i].expected);
        house_commit(&house);
        bool taken = rows[i].expected == TAKEN;
        CHECK_INT(house_ask(&house, "SELECT count(*) FROM chunk"), taken);
        CHECK_INT(house_ask(&house, "SELECT count(*) FROM series"), taken ? 2 : 0);
        CHECK_INT(live_find(house.d.live, buoy.id)->latest_count, taken ? 2 : 0);
        CHECK_INT(live_find(house.d.live, buoy.id)->batch_count, taken);
        house_close(&house);
    }
    check_row = NULL;
}

static void put_many_metrics(size_t from, size_t count)
{
    static char names[READINGS_PER_BATCH_MAX][12];
    for (size_t i = from; i < from + count; i++) {
        int len = snprintf(names[i], sizeof names[i], "m%zu", i);
        put(str_from(names[i], (size_t)len), now, 1, 0);
    }
}

TEST(telemetry_take__more_metrics_than_a_device_may_have__takes_nothing)
{
    open_with_device();
    house_begin(&house);
    begin_batch(1);
    put_many_metrics(0, METRICS_PER_DEVICE + 1);
    CHECK_INT(take(&buoy), REFUSED_METRICS);
    CHECK_INT(live_find(house.d.live, buoy.id)->latest_count, 0);
    begin_batch(2);
    put_many_metrics(0, METRICS_PER_DEVICE);
    CHECK_INT(take(&buoy), TAKEN);
    begin_batch(3);
    put_many_metrics(METRICS_PER_DEVICE, 1);
    CHECK_INT(take(&buoy), REFUSED_METRICS);
    begin_batch(4);
    put_many_metrics(0, METRICS_PER_DEVICE);
    CHECK_INT(take(&buoy), TAKEN);
    house_commit(&house);
    CHECK_INT(house_ask(&house, "SELECT count(*) FROM series"), METRICS_PER_DEVICE);
    house_close(&house);
}

TEST(telemetry_take__many_readings_of_one_new_metric__count_as_one)
{
    open_with_device();
    house_begin(&house);
    begin_batch(1);
    for (int i = 0; i < READINGS_PER_BATCH_MAX; i++)
        put(STR("t"), now - i, i, 0);
    CHECK_INT(take(&buoy), TAKEN);
    house_commit(&house);
    CHECK_INT(house_ask(&house, "SELECT count(*) FROM series"), 1);
    house_close(&house);
}

TEST(telemetry_take__more_than_a_chunk_holds__becomes_two)
{
    open_with_device();
    house_begin(&house);
    for (uint64_t id = 0; id < 200; id++) {
        begin_batch(id);
        for (int i = 0; i < READINGS_PER_BATCH_MAX; i++)
            put_error(STR("t"), now - i * 977, STR("the_longest_error_of_all"));
        CHECK_INT(take(&buoy), TAKEN);
    }
    house_commit(&house);
    CHECK(house_ask(&house, "SELECT count(*) FROM chunk") >= 2);
    house_restart(&house);
    CHECK_INT(telemetry_damaged_chunks(house.d.telemetry), 0);
    house_close(&house);
}

TEST(telemetry_begin__the_wall_clock_steps_back__chunk_ids_rise_all_the_same)
{
    open_with_device();
    for (uint64_t id = 0; id < 5; id++) {
        house_begin(&house);
        begin_batch(id);
        put(STR("t"), house.d.now_ms, (int64_t)id, 0);
        CHECK_INT(take(&buoy), TAKEN);
        house_commit(&house);
        house_pass(&house, -HOUR_MS);
    }
    CHECK_INT(house_ask(&house, "SELECT count(*) FROM chunk"), 5);
    CHECK_INT(house_ask(&house, "SELECT max(id) - min(id) FROM chunk"), 4);
    house_close(&house);
}

/* ---- asking ---------------------------------------------------------------------------------- */

TEST(telemetry_query__raw__tells_values_errors_and_gaps_in_order_of_time)
{
    open_with_device();
    house_begin(&house);
    begin_batch(1);
    put(STR("t"), now - 1000, 3, 0);
    put(STR("other"), now - 1500, 99, 0);
    put_error(STR("t"), now - 2000, STR("disconnected"));
    put(STR("t"), now - 3000, -125, -2);
    CHECK_INT(take(&buoy), TAKEN);
    house_commit(&house);
    house_begin(&house);
    begin_batch(2);
    put(STR("t"), now - 2500, 2, 0); /* late */
    CHECK_INT(take(&buoy), TAKEN);
    struct points p = ask(STR("t"), now - 3000, now - 1000, 0);
    CHECK_INT(p.step_s, 0);
    CHECK_INT(p.count, 3); /* from is in, to is not */
    CHECK_INT(p.at[0].time_ms, now - 3000);
    CHECK_INT(p.at[0].value.mantissa, -125);
    CHECK_INT(p.at[0].value.exponent, -2);
    CHECK_INT(p.at[1].time_ms, now - 2500);
    CHECK_INT(p.at[2].time_ms, now - 2000);
    CHECK_STR(str_from(p.at[2].error, p.at[2].error_len), STR("disconnected"));
    points_done(&p);
    p = ask(STR("unknown"), now - 3000, now, 0);
    CHECK_INT(p.count, 0);
    points_done(&p);
    house_commit(&house);
    house_close(&house);
}

TEST(telemetry_query__raw__finds_a_reading_from_as_far_ahead_as_is_allowed)
{
    open_with_device();
    house_begin(&house);
    begin_batch(1);
    put(STR("t"), now + CLOCK_AHEAD_MS, 3, 0);
    CHECK_INT(take(&buoy), TAKEN);
    house_commit(&house);
    house_begin(&house);
    struct points p = ask(STR("t"), now + CLOCK_AHEAD_MS, now + CLOCK_AHEAD_MS + 1, 0);
    CHECK_INT(p.count, 1);
    points_done(&p);
    house_commit(&house);
    house_close(&house);
}

TEST(telemetry_query__another_owner__learns_nothing)
{
    struct points p;
    open_with_device();
    house_begin(&house);
    int64_t eve = house_account(&house, "eve@example.org");
    begin_batch(1);
    put(STR("t"), now, 3, 0);
    CHECK_INT(take(&buoy), TAKEN);
    for (int64_t step_s = 0; step_s <= 60; step_s += 60) {
        HOUSE_MUST(
            telemetry_query(&house.d, eve, buoy.id, STR("t"), now - 1000, now + 1000, step_s, &p));
        CHECK_INT(p.count, 0);
        points_done(&p);
    }
    house_commit(&house);
    house_close(&house);
}

TEST(telemetry_query__steps_are_whole_minutes_and_points_fit)
{
    static const struct {
        int64_t window_ms, age_ms, asked_s, expected_s;
        const char *why;
    } rows[] = {
        {RAW_WINDOW_MS, 0, 0, 0, "two hours of late are raw"},
        {RAW_WINDOW_MS + 1, 0, 0, 60, "a longer window is not"},
        {HOUR_MS, RAW_AGE_MS - HOUR_MS, 0, 0, "just recent enough to be raw"},
        {HOUR_MS, RAW_AGE_MS, 0, 60, "too long ago to be raw"},
        {HOUR_MS, 0, 1, 60, "a second becomes a minute"},
        {HOUR_MS, 0, 60, 60, "a minute stays one"},
        {HOUR_MS, 0, 61, 120, "rounded up"},
        {HOUR_MS, 0, 3600, 3600, "an hour"},
        {DAY_MS, 0, 0, 60, "a day of minutes fits"},
        {31 * DAY_MS, 0, 60, 540, "a month of minutes does not"},
        {366 * DAY_MS, 0, 0, 6360, "a year"},
    };
    open_with_device();
    house_begin(&house);
    begin_batch(1);
    put(STR("t"), now, 3, 0);
    CHECK_INT(take(&buoy), TAKEN);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        check_row = rows[i].why;
        int64_t to = now - rows[i].age_ms;
        struct points p = ask(STR("t"), to - rows[i].window_ms, to, rows[i].asked_s);
        CHECK_INT(p.step_s, rows[i].expected_s);
        if (p.step_s > 0)
            CHECK(rows[i].window_ms / 1000 / p.step_s + 1 <= POINTS_MAX);
        points_done(&p);
    }
    check_row = NULL;
    house_commit(&house);
    house_close(&house);
}

TEST(telemetry_query__more_raw_points_than_fit__are_rolled_up_instead)
{
    open_with_device();
    house_begin(&house);
    int64_t sum = 0;
    for (uint64_t id = 0; id * 250 <= POINTS_MAX; id++) {
        begin_batch(id);
        for (int i = 0; i < 250; i++) {
            put(STR("t"), now - (int64_t)id * 250 - i, 2, 0);
            sum++;
        }
        CHECK_INT(take(&buoy), TAKEN);
    }
    struct points p = ask(STR("t"), now - HOUR_MS, now + 1, 0);
    CHECK_INT(p.step_s, 60);
    int64_t counted = 0;
    for (size_t i = 0; i < p.count; i++) {
        counted += p.at[i].count;
        CHECK(fabs(p.at[i].mean - 2) < 1e-9 && fabs(p.at[i].min - 2) < 1e-9);
    }
    CHECK_INT(counted, sum);
    points_done(&p);
    house_commit(&house);
    house_close(&house);
}

TEST(telemetry_query__late_readings_join_their_minute)
{
    open_with_device();
    house_begin(&house);
    begin_batch(1);
    put(STR("t"), now - 10 * MINUTE_MS, 10, 0);
    put(STR("t"), now, 1, 0);
    CHECK_INT(take(&buoy), TAKEN);
    HOUSE_MUST(telemetry_flush(&house.d));
    fold_all();
    house_commit(&house);
    house_pass(&house, 3 * HOUR_MS);
    house_begin(&house);
    begin_batch(2);
    put(STR("t"), now - 10 * MINUTE_MS + 59999, 20, 0);
    put_error(STR("t"), now - 10 * MINUTE_MS + 1, STR("bus"));
    CHECK_INT(take(&buoy), TAKEN);
    struct points p = ask(STR("t"), now - 10 * MINUTE_MS, now, 60);
    CHECK_INT(p.count, 1); /* nine empty minutes are a gap */
    CHECK_INT(p.at[0].time_ms, now - 10 * MINUTE_MS);
    CHECK_INT(p.at[0].count, 2); /* an error is no value */
    CHECK(fabs(p.at[0].mean - 15) < 1e-9);
    CHECK(fabs(p.at[0].min - 10) < 1e-9 && fabs(p.at[0].max - 20) < 1e-9);
    points_done(&p);
    house_commit(&house);
    house_close(&house);
}

/* ---- folding --------------------------------------------------------------------------------- */

TEST(telemetry_fold__readings_of_a_device_removed_since__are_passed_over)
{
    struct house_device other;
    open_with_device();
    house_begin(&house);
    house_register(&house, buoy.account_id, 2, &other);
    begin_batch(1);
    put(STR("t"), now, 1, 0);
    CHECK_INT(take(&buoy), TAKEN);
    CHECK_INT(take(&other), TAKEN);
    house_commit(&house);
    house_begin(&house);
    HOUSE_MUST(device_remove(&house.d, buoy.account_id, other.id, house_public_id(&other)));
    fold_all();
    house_commit(&house);
    CHECK_INT(house_ask(&house, "SELECT count(*) FROM rollup_minute"), 1);
    house_restart(&house);
    CHECK(live_find(house.d.live, other.id) == NULL);
    house_close(&house);
}

TEST(telemetry_fold__a_damaged_chunk__is_counted_and_passed_over)
{
    open_with_device();
    house_begin(&house);
    HOUSE_MUST(sql_chunk_add(house.d.store, now * 1000 - 5, STR("\x01\xFF\xFF\xFF\x7Fjunk")));
    begin_batch(1);
    put(STR("t"), now, 1, 0);
    CHECK_INT(take(&buoy), TAKEN);
    HOUSE_MUST(telemetry_flush(&house.d));
    house_commit(&house);
    house_restart(&house); /* chunks are read again */
    int64_t damaged = telemetry_damaged_chunks(house.d.telemetry);
    house_begin(&house);
    fold_all();
    house_commit(&house);
    CHECK_INT(telemetry_damaged_chunks(house.d.telemetry), damaged + 1);
    CHECK_INT(house_ask(&house, "SELECT sum(count) FROM rollup_minute"), 1);
    house_restart(&house);
    CHECK_INT(live_find(house.d.live, buoy.id)->latest_count, 1);
    house_close(&house);
}

TEST(telemetry_wants_fold__when_chunks_wait_long_enough)
{
    open_with_device();
    house_begin(&house);
    fold_all();
    house_commit(&house);
    CHECK(!telemetry_wants_fold(house.d.telemetry, house.d.now_ms + DAY_MS));
    house_begin(&house);
    begin_batch(1);
    put(STR("t"), now, 1, 0);
    CHECK_INT(take(&buoy), TAKEN);
    house_commit(&house);
    CHECK(!telemetry_wants_fold(house.d.telemetry, house.d.now_ms));
    CHECK(telemetry_wants_fold(house.d.telemetry, house.d.now_ms + 10000));
    house_begin(&house);
    fold_all();
    house_commit(&house);
    CHECK(!telemetry_wants_fold(house.d.telemetry, house.d.now_ms + 10000));
    house_close(&house);
}

/* ---- everything at once, against a list ------------------------------------------------------ */

#define DEVICES    3
#define METRICS    4
#define KEPT_MAX   40000
#define SOAK_STEPS 400

struct kept {
    size_t device, metric;
    int64_t time_ms, value;
    bool is_error;
};
static struct kept kept[KEPT_MAX];
static size_t kept_count;
static const char *const metric_names[METRICS] = {"a", "b", "c", "d"};
static struct house_device fleet[DEVICES];

static void random_batch(uint64_t id, size_t device)
{
    begin_batch(id);
    size_t count = house_random(20) + 1;
    for (size_t i = 0; i < count && kept_count < KEPT_MAX; i++) {
        struct kept k = {device, house_random(METRICS),
                         house.d.now_ms - (int64_t)house_random(20 * MINUTE_MS),
                         (int64_t)house_random(2000) - 1000, house_random(10) == 0};
        if (k.is_error)
            put_error(str_from_cstr(metric_names[k.metric]), k.time_ms, STR("bus"));
        else
            put(str_from_cstr(metric_names[k.metric]), k.time_ms, k.value, 0);
        kept[kept_count++] = k;
    }
    CHECK_INT(take(&fleet[device]), TAKEN);
    if (house_random(4) == 0)
        CHECK_INT(take(&fleet[device]), TAKEN_BEFORE);
}

static void check_series(size_t device, size_t metric, int64_t from_ms, int64_t to_ms)
{
    struct points p;
    struct str name = str_from_cstr(metric_names[metric]);
    HOUSE_MUST(telemetry_query(&house.d, fleet[device].account_id, fleet[device].id, name, from_ms,
                               to_ms, 60, &p));
    int64_t expected = 0, sum = 0, min = INT64_MAX, got = 0;
    double got_sum = 0, got_min = INFINITY;
    for (size_t i = 0; i < kept_count; i++) {
        const struct kept *k = &kept[i];
        if (k->device != device || k->metric != metric || k->is_error || k->time_ms < from_ms ||
            k->time_ms >= to_ms)
            continue;
        expected++;
        sum += k->value;
        min = k->value < min ? k->value : min;
    }
    for (size_t i = 0; i < p.count; i++) {
        got += p.at[i].count;
        got_sum += p.at[i].mean * (double)p.at[i].count;
        got_min = p.at[i].min < got_min ? p.at[i].min : got_min;
        CHECK(i == 0 || p.at[i].time_ms > p.at[i - 1].time_ms);
    }
    CHECK_INT(got, expected);
    CHECK(fabs(got_sum - (double)sum) < 1e-3);
    CHECK(expected == 0 || fabs(got_min - (double)min) < 1e-9);
    points_done(&p);
}

static void check_latest(size_t device, size_t metric)
{
    struct str name = str_from_cstr(metric_names[metric]);
    const struct latest *l = live_latest(live_find(house.d.live, fleet[device].id), name, 0);
    int64_t newest = 0, good = 0;
    for (size_t i = 0; i < kept_count; i++) {
        if (kept[i].device != device || kept[i].metric != metric)
            continue;
        newest = kept[i].time_ms > newest ? kept[i].time_ms : newest;
        if (!kept[i].is_error && kept[i].time_ms > good)
            good = kept[i].time_ms;
    }
    CHECK_INT(l == NULL ? 0 : l->time_ms, newest);
    CHECK_INT(l == NULL ? 0 : l->good_ms, good);
}

TEST(telemetry__batches_folds_failed_commits_and_crashes__count_each_reading_once)
{
    uint64_t next_batch = 1;
    bool more;
    kept_count = 0;
    house_open(&house);
    house_begin(&house);
    int64_t ada = house_account(&house, "ada@example.org");
    for (size_t i = 0; i < DEVICES; i++)
        house_register(&house, ada, (uint8_t)i, &fleet[i]);
    house_commit(&house);
    house_seed(20261122);
    for (int step = 0; step < SOAK_STEPS; step++) {
        size_t before = kept_count;
        house_pass(&house, (int64_t)house_random(3000));
        house_begin(&house);
        for (size_t n = house_random(4); n > 0; n--)
            random_batch(next_batch++, house_random(DEVICES));
        if (house_random(5) == 0)
            HOUSE_MUST(telemetry_fold(&house.d, 1 + (int64_t)house_random(5), &more));
        if (house_random(5) == 0)
            HOUSE_MUST(telemetry_save_live(&house.d, 1, &more));
        if (house_random(6) == 0) {
            HOUSE_MUST(telemetry_flush(&house.d));
            house_rollback(&house);
            kept_count = before;
            continue;
        }
        house_commit(&house);
        if (house_random(10) == 0)
            house_restart(&house);
    }
    house_begin(&house);
    for (size_t device = 0; device < DEVICES; device++) {
        for (size_t metric = 0; metric < METRICS; metric++) {
            check_series(device, metric, 0, house.d.now_ms + DAY_MS);
            check_series(device, metric, now, now + 5 * MINUTE_MS);
            check_latest(device, metric);
        }
    }
    house_commit(&house);
    house_restart(&house);
    for (size_t i = 0; i < DEVICES * METRICS; i++)
        check_latest(i / METRICS, i % METRICS);
    house_close(&house);
}

TESTS(telemetry, TEST_ROW(telemetry_take__same_batch_again__is_taken_once),
      TEST_ROW(telemetry_take__batch_acknowledged_before_a_crash__is_known_after_it),
      TEST_ROW(telemetry_take__batch_of_a_failed_commit__may_come_again),
      TEST_ROW(telemetry_take__the_oldest_of_more_than_32_batches__is_forgotten_and_no_other),
      TEST_ROW(telemetry_take__times_out_of_bounds__refuse_the_whole_batch),
      TEST_ROW(telemetry_take__more_metrics_than_a_device_may_have__takes_nothing),
      TEST_ROW(telemetry_take__many_readings_of_one_new_metric__count_as_one),
      TEST_ROW(telemetry_take__more_than_a_chunk_holds__becomes_two),
      TEST_ROW(telemetry_begin__the_wall_clock_steps_back__chunk_ids_rise_all_the_same),
      TEST_ROW(telemetry_query__raw__tells_values_errors_and_gaps_in_order_of_time),
      TEST_ROW(telemetry_query__raw__finds_a_reading_from_as_far_ahead_as_is_allowed),
      TEST_ROW(telemetry_query__another_owner__learns_nothing),
      TEST_ROW(telemetry_query__steps_are_whole_minutes_and_points_fit),
      TEST_ROW(telemetry_query__more_raw_points_than_fit__are_rolled_up_instead),
      TEST_ROW(telemetry_query__late_readings_join_their_minute),
      TEST_ROW(telemetry_fold__readings_of_a_device_removed_since__are_passed_over),
      TEST_ROW(telemetry_fold__a_damaged_chunk__is_counted_and_passed_over),
      TEST_ROW(telemetry_wants_fold__when_chunks_wait_long_enough),
      TEST_ROW(telemetry__batches_folds_failed_commits_and_crashes__count_each_reading_once))
