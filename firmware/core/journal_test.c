#include "firmware/core/journal.h"

#include "tests/check.h"
#include "tests/fake/machine.h"

static struct fake f;
static struct journal j;
static struct readings_request batch;
static uint8_t body[8192];

/* head 16, times and flags 22, one reading "m" 14, CRC 4: what append() below writes */
#define RECORD_BYTES 56

static int64_t as_told(void *ctx, const struct journal_time *time)
{
    (void)ctx;
    return time->time_ms;
}

static void open_journal(void)
{
    CHECK_INT(journal_open(&j, &f.port_storage, 0xABCDEF01), OK);
}

static void append(int64_t value)
{
    struct reading r = {.metric = STR("m"), .value = {value, -1}};
    struct journal_time t = {.time_ms = 1000 + value};
    CHECK_INT(journal_append(&j, &t, &r, 1), OK);
}

/* The next batch, read as a server reads it. */
static enum err next_batch(void)
{
    struct writer w = writer_into(body, sizeof body);
    struct str text;
    TRY(journal_batch(&j, as_told, NULL, &w));
    CHECK_INT(writer_end(&w, &text), OK);
    CHECK_INT(readings_request_read(text, NULL, 0, &batch), OK);
    return OK;
}

/* Past the first batches, which are one record each. */
static void warm_up(void)
{
    fake_init(&f);
    open_journal();
    for (int i = 0; i < 16; i++) {
        append(0);
        CHECK_INT(next_batch(), OK);
        CHECK_INT(journal_acknowledge(&j), OK);
    }
}

TEST(journal__one_record__goes_out_as_it_was)
{
    struct reading two[] = {{.metric = STR("temperature"), .value = {-215, -1}},
                            {.metric = STR("humidity"), .error = STR("crc")}};
    struct journal_time t = {.time_ms = 1790000000000};
    fake_init(&f);
    open_journal();
    CHECK(journal_is_empty(&j));
    CHECK_INT(journal_append(&j, &t, two, 2), OK);
    CHECK_INT(next_batch(), OK);
    CHECK_STR(batch.batch, STR("abcdef01-00000000-1-1"));
    CHECK_INT(batch.count, 2);
    CHECK_STR(batch.readings[0].metric, STR("temperature"));
    CHECK(batch.readings[0].value.mantissa == -215 && batch.readings[0].value.exponent == -1);
    CHECK_INT(batch.readings[0].time_ms, 1790000000000);
    CHECK_STR(batch.readings[1].error, STR("crc"));
    CHECK_INT(journal_acknowledge(&j), OK);
    CHECK(journal_is_empty(&j));
}

TEST(journal__a_batch_once_formed__stays_as_it_is)
{
    warm_up();
    for (int i = 1; i <= 3; i++)
        append(i);
    CHECK_INT(next_batch(), OK);
    CHECK_STR(batch.batch, STR("abcdef01-00000000-17-19"));
    append(4);
    CHECK_INT(next_batch(), OK);
    CHECK_STR(batch.batch, STR("abcdef01-00000000-17-19"));
    CHECK_INT(batch.count, 3);
    open_journal(); /* a restart */
    CHECK_INT(next_batch(), OK);
    CHECK_STR(batch.batch, STR("abcdef01-00000000-17-19"));
    CHECK_INT(batch.count, 3);
    CHECK_INT(journal_acknowledge(&j), OK);
    CHECK_INT(next_batch(), OK);
    CHECK_STR(batch.batch, STR("abcdef01-00000000-20-20"));
    CHECK_INT(batch.readings[0].value.mantissa, 4);
}

TEST(journal__restart__goes_on_counting)
{
    warm_up();
    open_journal();
    CHECK(journal_is_empty(&j));
    append(1);
    CHECK_INT(next_batch(), OK);
    CHECK_STR(batch.batch, STR("abcdef01-00000000-17-17"));
}

TEST(journal__full__loses_the_oldest)
{
    warm_up();
    uint32_t capacity = j.capacity;
    for (int i = 1; i <= (int)capacity + 5; i++)
        append(i);
    CHECK_INT(j.lost, 5);
    CHECK_INT(next_batch(), OK);
    CHECK_INT(batch.count, capacity);
    CHECK_INT(batch.readings[0].value.mantissa, 6);
    open_journal();
    CHECK_INT(next_batch(), OK);
    CHECK_INT(batch.readings[0].value.mantissa, 6);
}

/* The ring overtakes a batch that is under way: what is left of it still goes out under its id. */
TEST(journal__overtaken_batch__is_sent_as_far_as_it_is_there)
{
    warm_up();
    for (int i = 1; i <= 3; i++)
        append(i);
    CHECK_INT(next_batch(), OK);
    for (int i = 4; i <= (int)j.capacity + 2; i++)
        append(i);
    CHECK_INT(next_batch(), OK);
    CHECK_STR(batch.batch, STR("abcdef01-00000000-17-19"));
    CHECK_INT(batch.count, 1);
    for (int i = 0; i < 3; i++)
        append(99);
    CHECK_INT(next_batch(), ERR_NOT_FOUND);
    CHECK_INT(journal_acknowledge(&j), OK);
    CHECK_INT(next_batch(), OK);
}

TEST(journal__changed_record__is_left_out)
{
    for (size_t at = 0; at < 60; at++) {
        warm_up();
        append(1);
        append(2);
        append(3);
        size_t sector = 2 + (size_t)(18 % j.capacity); /* the second of them */
        f.storage[sector * 512 + at] ^= 1;
        open_journal();
        CHECK_INT(next_batch(), OK);
        CHECK_INT(journal_acknowledge(&j), OK);
        enum err e = next_batch();
        bool is_left_out = e == ERR_NOT_FOUND;
        CHECK(is_left_out || (e == OK && batch.readings[0].value.mantissa == 2));
        CHECK(is_left_out == (at < RECORD_BYTES));
        CHECK_INT(journal_acknowledge(&j), OK);
        CHECK_INT(next_batch(), OK);
        CHECK_INT(batch.readings[0].value.mantissa, 3);
    }
}

TEST(journal__many_readings__are_split_over_records)
{
    static struct reading many[32];
    struct journal_time t = {.time_ms = 5};
    fake_init(&f);
    open_journal();
    for (size_t i = 0; i < 32; i++)
        many[i] = (struct reading){.metric = STR("a2345678901234567890123456789012"),
                                   .value = {999999999999999999, 30}};
    CHECK_INT(journal_append(&j, &t, many, 32), OK);
    size_t count = 0;
    while (!journal_is_empty(&j)) {
        CHECK_INT(next_batch(), OK);
        count += batch.count;
        CHECK_INT(journal_acknowledge(&j), OK);
    }
    CHECK_INT(count, 32);
}

TEST(journal__blank_or_foreign_storage__starts_anew)
{
    fake_init(&f);
    memset(f.storage, 0xFF, sizeof f.storage); /* erased flash */
    open_journal();
    CHECK(journal_is_empty(&j));
    append(1);
    CHECK_INT(next_batch(), OK);
    CHECK_STR(batch.batch, STR("abcdef01-00000000-1-1"));
    /* Both marks gone: another ring, whose old records do not count. */
    memset(f.storage, 0, 1024);
    CHECK_INT(journal_open(&j, &f.port_storage, 0x22222222), OK);
    CHECK(journal_is_empty(&j));
}

TESTS(journal, TEST_ROW(journal__one_record__goes_out_as_it_was),
      TEST_ROW(journal__a_batch_once_formed__stays_as_it_is),
      TEST_ROW(journal__restart__goes_on_counting), TEST_ROW(journal__full__loses_the_oldest),
      TEST_ROW(journal__overtaken_batch__is_sent_as_far_as_it_is_there),
      TEST_ROW(journal__changed_record__is_left_out),
      TEST_ROW(journal__many_readings__are_split_over_records),
      TEST_ROW(journal__blank_or_foreign_storage__starts_anew))
