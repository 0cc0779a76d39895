#include "firmware/core/journal.h"

#include <string.h>

#include "common/base/assert.h"
#include "common/base/reader.h"
#include "common/wire/json.h"
#include "firmware/core/crc32.h"

#define MARK_MAGIC   0x314A434F /* "OCJ1" */
#define RECORD_MAGIC 0x5243     /* "CR" */
#define MARKS        2
#define CRC_LEN      4
#define BATCH_ENDING 160 /* room for the batch id and the closing brackets */
#define READING_JSON 160 /* one reading as JSON at its longest: names 32, times 16, numbers 30 */
#define MARKS_A_SYNC 16  /* below the 32 batch ids the server remembers */

/* ---- sectors --------------------------------------------------------------------------------- */

static enum err sector_write(struct journal *j, uint32_t sector, struct writer *w)
{
    struct str body = STR_NONE;
    writer_u32(w, crc32_of(str_from(w->buf, w->len)));
    TRY(writer_end(w, &body));
    return j->storage->write(j->storage->ctx, sector * JOURNAL_SECTOR, body);
}

/* The len bytes before the CRC in a sector just read; ERR_CORRUPT when they do not match it. */
static enum err sector_check(const uint8_t *raw, size_t len, struct reader *r)
{
    if (len + CRC_LEN > JOURNAL_SECTOR)
        return ERR_CORRUPT;
    struct reader crc = reader_of(str_from(raw + len, CRC_LEN));
    if (reader_u32(&crc) != crc32_of(str_from(raw, len)))
        return ERR_CORRUPT;
    *r = reader_of(str_from(raw, len));
    return OK;
}

static enum err sector_load(const struct journal *j, uint32_t sector, uint8_t *raw)
{
    return j->storage->read(j->storage->ctx, sector * JOURNAL_SECTOR, raw, JOURNAL_SECTOR);
}

static uint32_t record_sector(const struct journal *j, uint64_t number)
{
    return MARKS + (uint32_t)(number % j->capacity);
}

/* ---- marks: u32 magic, u64 sequence, u32 id, u64 acknowledged, first, last, u32 boot --------- */

#define MARK_LEN (4 + 8 + 4 + 3 * 8 + 4)

static enum err mark_write(struct journal *j)
{
    uint8_t raw[MARK_LEN + CRC_LEN];
    struct writer w = writer_into(raw, sizeof raw);
    uint64_t sequence = j->mark_sequence + 1;
    writer_u32(&w, MARK_MAGIC);
    writer_u64(&w, sequence);
    writer_u32(&w, j->id);
    writer_u64(&w, j->acknowledged);
    writer_u64(&w, j->batch_first);
    writer_u64(&w, j->batch_last);
    writer_u32(&w, j->batch_boot);
    TRY(sector_write(j, (uint32_t)(sequence % MARKS), &w));
    j->mark_sequence = sequence;
    return OK;
}

static void mark_take(struct journal *j, const uint8_t *raw)
{
    struct reader r;
    if (sector_check(raw, MARK_LEN, &r) != OK || reader_u32(&r) != MARK_MAGIC)
        return;
    uint64_t sequence = reader_u64(&r);
    if (sequence <= j->mark_sequence)
        return;
    j->mark_sequence = sequence;
    j->id = reader_u32(&r);
    j->acknowledged = reader_u64(&r);
    j->batch_first = reader_u64(&r);
    j->batch_last = reader_u64(&r);
    j->batch_boot = reader_u32(&r);
}

/* ---- records: u16 magic, u16 length, u64 number, u32 id, time, u8 count, readings ------------ */

#define RECORD_HEAD (2 + 2 + 8 + 4)

static enum err record_open(const struct journal *j, const uint8_t *raw, uint64_t *number,
                            struct reader *r)
{
    struct reader head = reader_of(str_from(raw, RECORD_HEAD));
    if (reader_u16(&head) != RECORD_MAGIC)
        return ERR_CORRUPT;
    size_t len = reader_u16(&head);
    if (len < RECORD_HEAD)
        return ERR_CORRUPT;
    TRY(sector_check(raw, len, r));
    reader_bytes(r, 4);
    *number = reader_u64(r);
    return reader_u32(r) == j->id ? OK : ERR_CORRUPT;
}

static void write_reading(struct writer *w, const struct reading *r)
{
    writer_str16(w, r->metric);
    writer_str16(w, r->error);
    if (r->error.len > 0)
        return;
    writer_u64(w, (uint64_t)r->value.mantissa);
    writer_u8(w, (uint8_t)r->value.exponent);
}

static struct reading read_reading(struct reader *r)
{
    struct reading out = {.metric = reader_str16(r), .error = reader_str16(r)};
    if (out.error.len > 0)
        return out;
    out.value.mantissa = (int64_t)reader_u64(r);
    out.value.exponent = (int8_t)reader_u8(r);
    return out;
}

/* As many readings as one sector holds; *taken of them. */
static enum err record_write(struct journal *j, const struct journal_time *time,
                             const struct reading *readings, size_t count, size_t *taken)
{
    uint8_t raw[JOURNAL_SECTOR];
    struct writer w = writer_into(raw, sizeof raw - CRC_LEN);
    writer_u16(&w, RECORD_MAGIC);
    writer_u16(&w, 0);
    writer_u64(&w, j->next);
    writer_u32(&w, j->id);
    writer_u32(&w, time->boot_id);
    writer_u64(&w, (uint64_t)time->monotonic_ms);
    writer_u64(&w, (uint64_t)time->time_ms);
    writer_u8(&w, time->is_server_time);
    size_t count_at = w.len;
    writer_u8(&w, 0);
    size_t n = 0;
    for (; n < count && n < UINT8_MAX; n++) {
        struct writer before = w;
        write_reading(&w, &readings[n]);
        if (w.overflow) {
            w = before;
            break;
        }
    }
    ASSERT(n > 0); /* metric and error names are bounded: one always fits */
    raw[2] = (uint8_t)w.len;
    raw[3] = (uint8_t)(w.len >> 8);
    raw[count_at] = (uint8_t)n;
    w.cap += CRC_LEN;
    TRY(sector_write(j, record_sector(j, j->next), &w));
    *taken = n;
    return OK;
}

/* ---- opening --------------------------------------------------------------------------------- */

static void record_notice(struct journal *j, const uint8_t *raw, uint64_t *oldest)
{
    struct reader r;
    uint64_t number;
    if (record_open(j, raw, &number, &r) != OK || number == 0)
        return;
    if (number >= j->next)
        j->next = number + 1;
    if (*oldest == 0 || number < *oldest)
        *oldest = number;
}

enum err journal_open(struct journal *j, const struct port_storage *storage, uint32_t fresh_id)
{
    uint8_t raw[JOURNAL_SECTOR];
    uint64_t oldest = 0;
    uint32_t sectors = storage->size / JOURNAL_SECTOR;
    ASSERT(sectors >= JOURNAL_SECTORS_MIN);
    *j = (struct journal){
        .storage = storage, .capacity = sectors - MARKS, .next = 1, .alone_left = MARKS_A_SYNC};
    for (uint32_t sector = 0; sector < MARKS; sector++) {
        TRY(sector_load(j, sector, raw));
        mark_take(j, raw);
    }
    if (j->mark_sequence == 0) {
        j->id = fresh_id;
        TRY(mark_write(j));
        return storage->sync(storage->ctx);
    }
    for (uint32_t sector = MARKS; sector < sectors; sector++) {
        TRY(sector_load(j, sector, raw));
        record_notice(j, raw, &oldest);
    }
    /* A number is never given twice, even when the records up to a mark are gone. */
    if (j->next <= j->acknowledged)
        j->next = j->acknowledged + 1;
    if (j->next <= j->batch_last)
        j->next = j->batch_last + 1;
    if (oldest > 0 && oldest > j->acknowledged + 1)
        j->acknowledged = oldest - 1;
    return OK;
}

bool journal_is_empty(const struct journal *j)
{
    return j->acknowledged + 1 >= j->next;
}

/* ---- in -------------------------------------------------------------------------------------- */

enum err journal_append(struct journal *j, const struct journal_time *time,
                        const struct reading *readings, size_t count)
{
    while (count > 0) {
        size_t taken;
        TRY(record_write(j, time, readings, count, &taken));
        j->next++;
        if (j->next - 1 - j->acknowledged > j->capacity) {
            j->acknowledged++;
            j->lost++;
        }
        readings += taken;
        count -= taken;
    }
    return OK;
}

/* ---- out ------------------------------------------------------------------------------------- */

struct batch_writer {
    struct json_out out;
    journal_clock *clock;
    void *ctx;
    size_t count;  /* readings written */
    uint32_t boot; /* of the first record that has any */
};

static void write_one(struct json_out *o, const struct reading *r, int64_t time_ms)
{
    json_out_object(o);
    json_out_name_string(o, STR("metric"), r->metric);
    json_out_name_int(o, STR("time_ms"), time_ms);
    if (r->error.len > 0) {
        json_out_name_string(o, STR("error"), r->error);
    } else {
        json_out_name(o, STR("value"));
        json_out_decimal(o, r->value);
    }
    json_out_object_end(o);
}

/* Add a record to the body. ERR_LIMIT: it does not fit any more, the body is as before. A record
 * that does not read back is left out: there is nothing to send. */
static enum err write_record(struct journal *j, struct batch_writer *b, uint64_t number)
{
    uint8_t raw[JOURNAL_SECTOR];
    struct reader r;
    uint64_t found;
    TRY(sector_load(j, record_sector(j, number), raw));
    if (record_open(j, raw, &found, &r) != OK || found != number)
        return OK;
    struct journal_time time = {.boot_id = reader_u32(&r)};
    time.monotonic_ms = (int64_t)reader_u64(&r);
    time.time_ms = (int64_t)reader_u64(&r);
    time.is_server_time = reader_u8(&r) != 0;
    size_t count = reader_u8(&r);
    int64_t time_ms = b->clock(b->ctx, &time);
    if (r.failed || time_ms <= 0)
        return OK;
    if (b->count + count > READINGS_PER_BATCH_MAX ||
        writer_left(b->out.w) < count * READING_JSON + BATCH_ENDING)
        return ERR_LIMIT;
    if (b->count == 0)
        b->boot = time.boot_id;
    for (size_t i = 0; i < count; i++) {
        struct reading reading = read_reading(&r);
        if (r.failed)
            break;
        write_one(&b->out, &reading, time_ms);
        b->count++;
    }
    return OK;
}

static void write_u32_hex(struct writer *w, uint32_t v)
{
    uint8_t raw[4] = {(uint8_t)(v >> 24), (uint8_t)(v >> 16), (uint8_t)(v >> 8), (uint8_t)v};
    writer_hex(w, str_from(raw, sizeof raw));
}

/* "8f3a01cc-5d20a6b1-17-24": ring, boot, first and last record. The boot is in it because a power
 * cut may take records that were sent and not yet synced: their numbers are then given again, in
 * another boot, to records that the server must not take for the old ones. */
static struct str batch_id(const struct journal *j, char *buf, size_t cap)
{
    struct writer w = writer_into(buf, cap);
    struct str text = STR_NONE;
    write_u32_hex(&w, j->id);
    writer_u8(&w, '-');
    write_u32_hex(&w, j->batch_boot);
    writer_u8(&w, '-');
    writer_decimal(&w, (int64_t)j->batch_first);
    writer_u8(&w, '-');
    writer_decimal(&w, (int64_t)j->batch_last);
    enum err e = writer_end(&w, &text);
    ASSERT(e == OK);
    return text;
}

/* Form a batch of as many records as fit. A batch of several is marked, and the mark synced, before
 * it is first sent. One of a single record needs no mark: its id says all. But a power cut may have
 * taken the last few marks of such, and their records must then go out under the same ids again;
 * hence the first batches after a start are single records too. */
static enum err batch_form(struct journal *j, struct batch_writer *b)
{
    uint64_t first = j->acknowledged + 1;
    uint64_t last = first;
    enum err e = write_record(j, b, last);
    while (e == OK && j->alone_left == 0 && last + 1 < j->next) {
        e = write_record(j, b, last + 1);
        if (e == OK)
            last++;
    }
    if (e != OK && (e != ERR_LIMIT || b->count == 0))
        return e;
    j->batch_first = first;
    j->batch_last = last;
    j->batch_boot = b->boot;
    if (j->alone_left > 0)
        j->alone_left--;
    if (last == first)
        return OK;
    TRY(mark_write(j));
    return j->storage->sync(j->storage->ctx);
}

static enum err batch_again(struct journal *j, struct batch_writer *b)
{
    uint64_t from = j->acknowledged + 1 > j->batch_first ? j->acknowledged + 1 : j->batch_first;
    for (uint64_t number = from; number <= j->batch_last; number++)
        TRY(write_record(j, b, number));
    return OK;
}

enum err journal_batch(struct journal *j, journal_clock *clock, void *ctx, struct writer *body)
{
    char id[BATCH_ID_MAX];
    struct batch_writer b = {json_into(body), clock, ctx, 0, 0};
    ASSERT(!journal_is_empty(j));
    json_out_object(&b.out);
    json_out_name(&b.out, STR("readings"));
    json_out_array(&b.out);
    TRY(j->batch_first != 0 ? batch_again(j, &b) : batch_form(j, &b));
    json_out_array_end(&b.out);
    json_out_name_string(&b.out, STR("batch"), batch_id(j, id, sizeof id));
    json_out_object_end(&b.out);
    return b.count == 0 ? ERR_NOT_FOUND : OK;
}

enum err journal_acknowledge(struct journal *j)
{
    ASSERT(j->batch_first != 0);
    if (j->batch_last > j->acknowledged)
        j->acknowledged = j->batch_last;
    j->batch_first = j->batch_last = 0;
    TRY(mark_write(j));
    return j->mark_sequence % MARKS_A_SYNC == 0 ? j->storage->sync(j->storage->ctx) : OK;
}
