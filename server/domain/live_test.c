#include "server/domain/live.h"
#include "server/domain/telemetry.h"

#include "tests/check.h"
#include "tests/support/house.h"

static struct house house;
static struct house_device fleet[5];

static void open_with_devices(size_t count)
{
    house_open(&house);
    house_begin(&house);
    int64_t ada = house_account(&house, "ada@example.org");
    for (size_t i = 0; i < count; i++)
        house_register(&house, ada, (uint8_t)i, &fleet[i]);
}

static void close_house(void)
{
    house_commit(&house);
    house_close(&house);
}

/* ---- presence -------------------------------------------------------------------------------- */

TEST(live_presence__table_of_silences)
{
    static const struct {
        int64_t interval_s, silent_ms;
        bool held;
        enum presence expected;
        const char *why;
    } rows[] = {
        {10, 0, false, PRESENCE_ONLINE, "just heard"},
        {10, -5000, false, PRESENCE_ONLINE, "the clock went back"},
        {10, 16000, false, PRESENCE_ONLINE, "one and a half intervals and a second"},
        {10, 16001, false, PRESENCE_LATE, "more than that"},
        {10, 31000, false, PRESENCE_LATE, "three intervals and a second"},
        {10, 31001, false, PRESENCE_OFFLINE, "more than that"},
        {10, DAY_MS, true, PRESENCE_ONLINE, "its request is held: it is there"},
        {1, 2500, false, PRESENCE_ONLINE, "the shortest interval"},
        {1, 2501, false, PRESENCE_LATE, "the shortest interval, late"},
        {1, 4001, false, PRESENCE_OFFLINE, "the shortest interval, gone"},
        {3600, 5400 * 1000 + 1000, false, PRESENCE_ONLINE, "the longest interval"},
        {3600, 5400 * 1000 + 1001, false, PRESENCE_LATE, "the longest interval, late"},
        {3600, 10800 * 1000 + 1001, false, PRESENCE_OFFLINE, "the longest interval, gone"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct live live = {.interval_s = rows[i].interval_s, .last_seen_ms = HOUSE_START_MS};
        check_row = rows[i].why;
        live.hold = rows[i].held ? (struct hold *)(void *)&live : NULL;
        CHECK_INT(live_presence(&live, HOUSE_START_MS + rows[i].silent_ms), rows[i].expected);
    }
    check_row = NULL;
}

/* ---- latest values --------------------------------------------------------------------------- */

TEST(latest_update__table_of_orders)
{
    static const struct {
        const char *readings; /* v: value, e: error, the digit is its time */
        int64_t time, good;
        bool is_error;
    } rows[] = {
        {"v1", 1, 1, false},     {"e1", 1, 0, true},     {"v1v2", 2, 2, false},
        {"v2v1", 2, 2, false},   {"v1e2", 2, 1, true},   {"e2v1", 2, 1, true},
        {"e1v2", 2, 2, false},   {"v2e1", 2, 2, false},  {"v1e2v3", 3, 3, false},
        {"v3e2v1", 3, 3, false}, {"e1e3v2", 3, 2, true}, {"v1v1", 1, 1, false},
        {"v1e1", 1, 1, true},    {"e1v1", 1, 1, false},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct latest l = {0};
        check_row = rows[i].readings;
        for (const char *r = rows[i].readings; *r != 0; r += 2) {
            struct decimal value = {r[1] - '0', 0};
            latest_update(&l, r[1] - '0', value, *r == 'e' ? STR("bus") : STR_NONE);
        }
        CHECK_INT(l.time_ms, rows[i].time);
        CHECK_INT(l.good_ms, rows[i].good);
        CHECK_INT(l.good.mantissa, rows[i].good);
        CHECK_INT(l.error_len > 0, rows[i].is_error);
    }
    check_row = NULL;
}

/* ---- snapshots ------------------------------------------------------------------------------- */

static void fill(struct live *live, uint64_t seed)
{
    house_seed(seed);
    size_t metrics = house_random(METRICS_PER_DEVICE + 1);
    for (size_t i = 0; i < metrics; i++) {
        char name[8];
        struct latest *l;
        int len = snprintf(name, sizeof name, "m%zu", i);
        struct str metric = str_from(name, (size_t)len);
        HOUSE_MUST(sql_series_add(house.d.store, live->device_id, metric));
        HOUSE_MUST(live_latest_add(live, store_last_id(house.d.store), metric, &l));
        for (size_t n = house_random(4); n > 0; n--) {
            struct decimal value = {(int64_t)(house_random(UINT64_C(1) << 53) << 10) * -1,
                                    (int8_t)((int)house_random(61) - 30)};
            latest_update(l, HOUSE_START_MS + (int64_t)house_random(1000), value,
                          house_random(2) == 0 ? STR("error_of_full_length_abc") : STR_NONE);
        }
    }
    for (size_t n = house_random(2 * BATCH_IDS_KEPT); n > 0; n--)
        live_remember_batch(live, house_random(UINT64_MAX));
    live->last_seen_ms = HOUSE_START_MS + (int64_t)house_random(1000);
    live->is_dirty = true;
}

static void check_same_latest(const struct latest *a, const struct latest *b)
{
    CHECK_INT(a->series_id, b->series_id);
    CHECK_INT(a->time_ms, b->time_ms);
    CHECK_INT(a->good_ms, b->good_ms);
    CHECK_INT(a->good.mantissa, b->good.mantissa);
    CHECK_INT(a->good.exponent, b->good.exponent);
    CHECK_STR(str_from(a->metric, a->metric_len), str_from(b->metric, b->metric_len));
    CHECK_STR(str_from(a->error, a->error_len), str_from(b->error, b->error_len));
}

TEST(live_save__what_is_loaded_again__is_the_same)
{
    for (uint64_t seed = 1; seed <= 40; seed++) {
        static struct live before;
        static struct latest latest[METRICS_PER_DEVICE];
        bool more;
        open_with_devices(1);
        struct live *live = live_find(house.d.live, fleet[0].id);
        fill(live, seed);
        before = *live;
        if (live->latest_count > 0)
            memcpy(latest, live->latest, live->latest_count * sizeof latest[0]);
        HOUSE_MUST(live_save(&house.d, 10, &more));
        CHECK(!more && !live->is_dirty);
        house_commit(&house);
        house_restart(&house);
        house_begin(&house);
        live = live_find(house.d.live, fleet[0].id);
        CHECK_INT(live->last_seen_ms, before.last_seen_ms);
        CHECK_INT(live->batch_count, before.batch_count);
        for (size_t i = 0; i < before.batch_count; i++)
            CHECK(live_knows_batch(live, before.batch_ids[i]));
        CHECK_INT(live->latest_count, before.latest_count);
        for (size_t i = 0; i < before.latest_count; i++)
            check_same_latest(&live->latest[i], &latest[i]);
        close_house();
    }
}

TEST(live_load__a_snapshot_cut_or_lengthened__is_counted_and_passed_over)
{
    bool more;
    static uint8_t copy[8192];
    open_with_devices(1);
    fill(live_find(house.d.live, fleet[0].id), 3);
    HOUSE_MUST(live_save(&house.d, 10, &more));
    struct cursor c;
    struct sql_live_all_row row;
    HOUSE_MUST(sql_live_all(house.d.store, &c));
    CHECK(sql_live_all_next(&c, &row));
    size_t len = row.data.len;
    memcpy(copy, row.data.ptr, len);
    HOUSE_MUST(cursor_end(&c));
    CHECK(len > 100);
    for (size_t cut = 0; cut <= len + 1; cut++) {
        HOUSE_MUST(sql_live_set(house.d.store, fleet[0].id, str_from(copy, cut)));
        int64_t damaged = telemetry_damaged_chunks(house.d.telemetry);
        HOUSE_MUST(live_load(&house.d));
        CHECK_INT(telemetry_damaged_chunks(house.d.telemetry) - damaged, cut == len ? 0 : 1);
    }
    copy[0] = 2; /* a version that this program does not know */
    HOUSE_MUST(sql_live_set(house.d.store, fleet[0].id, str_from(copy, len)));
    int64_t damaged = telemetry_damaged_chunks(house.d.telemetry);
    HOUSE_MUST(live_load(&house.d));
    CHECK_INT(telemetry_damaged_chunks(house.d.telemetry) - damaged, 1);
    house_rollback(&house);
    house_close(&house);
}

TEST(live_save__in_slices__saves_each_dirty_device_once)
{
    bool more = true;
    size_t slices = 0;
    open_with_devices(5);
    for (size_t i = 0; i < 5; i++)
        live_find(house.d.live, fleet[i].id)->is_dirty = i != 2;
    for (; more; slices++)
        HOUSE_MUST(live_save(&house.d, 2, &more));
    CHECK(slices >= 2 && slices <= 3);
    house_commit(&house);
    CHECK_INT(house_ask(&house, "SELECT count(*) FROM live"), 4);
    house_begin(&house);
    close_house();
}

TEST(live_save__a_device_that_stays_busy__does_not_keep_a_pass_from_ending)
{
    bool more = true;
    size_t slices = 0;
    open_with_devices(5);
    for (; more && slices < 10; slices++) {
        for (size_t i = 0; i < 5; i++)
            live_find(house.d.live, fleet[i].id)->is_dirty = true;
        HOUSE_MUST(live_save(&house.d, 2, &more));
    }
    CHECK(!more);
    house_commit(&house);
    CHECK_INT(house_ask(&house, "SELECT count(*) FROM live"), 5);
    house_begin(&house);
    HOUSE_MUST(live_save(&house.d, 10, &more)); /* the next pass takes what came behind */
    CHECK(!more);
    for (size_t i = 0; i < 5; i++)
        CHECK(!live_find(house.d.live, fleet[i].id)->is_dirty);
    close_house();
}

/* ---- batches --------------------------------------------------------------------------------- */

TEST(live_remember_batch__keeps_the_last_32)
{
    struct live live = {0};
    CHECK(!live_knows_batch(&live, 0));
    for (uint64_t id = 0; id < 100; id++) {
        live_remember_batch(&live, id);
        for (uint64_t known = 0; known < 100; known++)
            CHECK_INT(live_knows_batch(&live, known), known <= id && known + BATCH_IDS_KEPT > id);
    }
}

/* ---- the table ------------------------------------------------------------------------------- */

TEST(live_remove__takes_its_sessions_along)
{
    uint8_t digest[SHA256_LEN] = {1}, other[SHA256_LEN] = {2};
    open_with_devices(2);
    HOUSE_MUST(live_session_add(house.d.live, live_find(house.d.live, fleet[0].id), digest, 1));
    HOUSE_MUST(live_session_add(house.d.live, live_find(house.d.live, fleet[1].id), other, 1));
    live_remove(house.d.live, fleet[0].id);
    live_remove(house.d.live, fleet[0].id); /* once more does nothing */
    CHECK(live_session_find(house.d.live, digest) == NULL);
    CHECK(live_session_find(house.d.live, other) != NULL);
    CHECK(live_find(house.d.live, fleet[0].id) == NULL);
    CHECK(live_find(house.d.live, fleet[1].id) != NULL);
    close_house();
}

TESTS(live, TEST_ROW(live_presence__table_of_silences), TEST_ROW(latest_update__table_of_orders),
      TEST_ROW(live_save__what_is_loaded_again__is_the_same),
      TEST_ROW(live_load__a_snapshot_cut_or_lengthened__is_counted_and_passed_over),
      TEST_ROW(live_save__in_slices__saves_each_dirty_device_once),
      TEST_ROW(live_save__a_device_that_stays_busy__does_not_keep_a_pass_from_ending),
      TEST_ROW(live_remember_batch__keeps_the_last_32),
      TEST_ROW(live_remove__takes_its_sessions_along))
