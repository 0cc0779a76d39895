#include "server/domain/export.h"

#include "server/domain/limits.h"
#include "tests/check.h"
#include "tests/support/house.h"

static struct house house;

/* ---- places ---------------------------------------------------------------------------------- */

static enum err read_place(const char *text)
{
    struct export_place p;
    return export_place_read(check_exact(str_from_cstr(text)), &p);
}

TEST(export_place__reads_back_and_nothing_else_reads)
{
    uint8_t text[EXPORT_PLACE_MAX];
    static const struct export_place places[] = {
        {0, 0, 0}, {7, 9, 29922720}, {INT64_MAX, INT64_MAX, INT64_MAX}};
    for (size_t i = 0; i < sizeof places / sizeof places[0]; i++) {
        struct export_place got;
        struct str whole = export_place_write(&places[i], text);
        CHECK_INT(export_place_read(check_exact(whole), &got), OK);
        CHECK(got.device_id == places[i].device_id && got.series_id == places[i].series_id &&
              got.minute == places[i].minute);
    }
    /* empty, truncated at every byte, one too many, trailing bytes */
    CHECK_INT(read_place(""), OK);
    static const char *const wrong[] = {
        "7",
        "7.",
        "7.9",
        "7.9.",
        ".9.5",
        "7..5",
        "7.9.5.",
        "7.9.5.1",
        "7.9.x",
        "7.9.5 ",
        " 7.9.5",
        "-7.9.5",
        "+7.9.5",
        "7,9,5",
        "7.9.5\n",
        "0x7.9.5",
        "9223372036854775808.1.1",
        "1.1.99999999999999999999999999999999999999999999999999999999"};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        check_row = wrong[i];
        CHECK_INT(read_place(wrong[i]), ERR_PEER);
    }
    check_row = NULL;
}

/* ---- pages ----------------------------------------------------------------------------------- */

struct seen {
    size_t count;
    double sum; /* of means: each reading is its own minute */
    char last_device[PUBLIC_ID_MAX + 1], last_metric[16];
    int64_t last_minute;
    size_t room;
};

static bool see(void *ctx, const struct export_row *row)
{
    struct seen *s = ctx;
    bool is_same = str_eq(str_from_cstr(s->last_device), row->device_id) &&
                   str_eq(str_from_cstr(s->last_metric), row->metric);
    CHECK(!is_same || row->minute > s->last_minute);
    CHECK_INT(str_to_cstr(row->device_id, s->last_device, sizeof s->last_device), OK);
    CHECK_INT(str_to_cstr(row->metric, s->last_metric, sizeof s->last_metric), OK);
    CHECK(row->min <= row->mean && row->mean <= row->max && row->count == 1);
    s->last_minute = row->minute;
    s->sum += row->mean;
    s->count++;
    return s->count < s->room;
}

static void report(struct house_device *dev, const char *metric, int minutes)
{
    static uint64_t batch;
    struct live *live = live_find(house.d.live, dev->id);
    for (int i = 0; i < minutes; i++) {
        char name[24];
        enum taken taken;
        static struct readings_request r;
        snprintf(name, sizeof name, "b%llu", (unsigned long long)++batch);
        r.batch = str_from_cstr(name);
        r.count = 1;
        r.readings[0] = (struct reading){.metric = str_from_cstr(metric),
                                         .time_ms = house.d.now_ms - i * MINUTE_MS,
                                         .value = {i, 0}};
        HOUSE_MUST(telemetry_take(&house.d, live, &r, &taken));
        CHECK_INT(taken, TAKEN);
    }
}

static size_t walk(int64_t account_id, int64_t at_most, size_t room, double *sum)
{
    struct export_place place = {0};
    bool more = true;
    size_t total = 0;
    *sum = 0;
    for (int pages = 0; more; pages++) {
        struct seen s = {.room = room};
        HOUSE_MUST(export_minutes(&house.d, account_id, &place, at_most, see, &s, &more));
        CHECK((int64_t)s.count <= at_most && s.count <= room && pages < 1000);
        CHECK(!more || s.count > 0);
        total += s.count;
        *sum += s.sum;
    }
    return total;
}

TEST(export_minutes__in_pages_of_any_size__is_everything_of_the_owner_once)
{
    struct house_device one, two, theirs;
    double sum;
    house_open(&house);
    house_begin(&house);
    int64_t ada = house_account(&house, "ada@example.org");
    int64_t bob = house_account(&house, "bob@example.org");
    house_register(&house, ada, 1, &one);
    house_register(&house, bob, 2, &theirs);
    house_register(&house, ada, 3, &two);
    report(&one, "temp", 7);
    report(&one, "air", 5); /* before temp in the alphabet, after it in time */
    report(&theirs, "temp", 9);
    report(&two, "temp", 3);
    for (int64_t size = 1; size < 20; size++) {
        CHECK_INT(walk(ada, size, 1000, &sum), 15);
        CHECK_INT((int64_t)sum, 21 + 10 + 3);
        CHECK_INT(walk(ada, 1000, (size_t)size, &sum), 15);
        CHECK_INT((int64_t)sum, 21 + 10 + 3);
    }
    CHECK_INT(walk(bob, 1000, 1000, &sum), 9);
    CHECK_INT(walk(bob + 1, 1000, 1000, &sum), 0);
    house_commit(&house);
    house_close(&house);
}

TEST(export_minutes__behind_a_device_that_is_gone__goes_on_with_the_next)
{
    struct house_device one, two;
    struct export_place place = {0};
    struct seen s = {.room = 100};
    bool more;
    house_open(&house);
    house_begin(&house);
    int64_t ada = house_account(&house, "ada@example.org");
    house_register(&house, ada, 1, &one);
    house_register(&house, ada, 2, &two);
    report(&one, "temp", 5);
    report(&two, "temp", 4);
    HOUSE_MUST(export_minutes(&house.d, ada, &place, 3, see, &s, &more));
    CHECK(more && s.count == 3 && place.device_id == one.id);
    HOUSE_MUST(device_remove(&house.d, ada, one.id, house_public_id(&one)));
    HOUSE_MUST(export_minutes(&house.d, ada, &place, 100, see, &s, &more));
    CHECK(!more && s.count == 3 + 4);
    house_commit(&house);
    house_close(&house);
}

TESTS(export, TEST_ROW(export_place__reads_back_and_nothing_else_reads),
      TEST_ROW(export_minutes__in_pages_of_any_size__is_everything_of_the_owner_once),
      TEST_ROW(export_minutes__behind_a_device_that_is_gone__goes_on_with_the_next))
