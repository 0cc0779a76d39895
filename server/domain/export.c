#include "server/domain/export.h"

#include "common/base/writer.h"
#include "queries.h"
#include "server/domain/telemetry.h"

#define FOLD_SLICE 1024

static enum err number(struct str text, int64_t *out)
{
    uint64_t value;
    TRY(str_u64(text, INT64_MAX, &value));
    *out = (int64_t)value;
    return OK;
}

enum err export_place_read(struct str text, struct export_place *out)
{
    struct str device, series, minute;
    struct export_place p = {0};
    if (text.len > 0) {
        if (text.len > EXPORT_PLACE_MAX || !str_cut(text, '.', &device, &text) ||
            !str_cut(text, '.', &series, &minute))
            return ERR_PEER;
        TRY(number(device, &p.device_id));
        TRY(number(series, &p.series_id));
        TRY(number(minute, &p.minute));
    }
    *out = p;
    return OK;
}

struct str export_place_write(const struct export_place *place,
                              uint8_t out[static EXPORT_PLACE_MAX])
{
    struct writer w = writer_into(out, EXPORT_PLACE_MAX);
    writer_decimal(&w, place->device_id);
    writer_u8(&w, '.');
    writer_decimal(&w, place->series_id);
    writer_u8(&w, '.');
    writer_decimal(&w, place->minute);
    return str_from(out, w.len);
}

struct page {
    struct domain *d;
    int64_t account_id;
    struct export_place *place;
    int64_t left;
    bool (*take)(void *ctx, const struct export_row *row);
    void *ctx;
    bool more;
};

static enum err give_series(struct page *p, const struct sql_series_of_owner_row *series,
                            int64_t after_minute)
{
    struct cursor c;
    struct sql_rollup_minute_after_row row;
    TRY(sql_rollup_minute_after(p->d->store, p->account_id, series->id, after_minute, p->left + 1,
                                &c));
    while (sql_rollup_minute_after_next(&c, &row)) {
        if (p->left == 0) {
            p->more = true;
            break;
        }
        struct export_row out = {.device_id = series->public_id,
                                 .device = series->device,
                                 .metric = series->metric,
                                 .minute = row.minute,
                                 .min = row.min,
                                 .mean = row.sum / (double)row.count,
                                 .max = row.max,
                                 .count = row.count};
        p->left = p->take(p->ctx, &out) ? p->left - 1 : 0;
        *p->place = (struct export_place){series->device_id, series->id, row.minute};
    }
    return cursor_end(&c);
}

static enum err give_page(struct page *p, struct export_place from)
{
    struct cursor c;
    struct sql_series_of_owner_row row;
    enum err e = OK;
    /* Series of the first device come again; those before the one we stopped in are over. A device
     * that is gone has no row, and all of the next one's are to come. */
    bool is_behind = false;
    TRY(sql_series_of_owner(p->d->store, p->account_id, from.device_id, &c));
    while (e == OK && !p->more && sql_series_of_owner_next(&c, &row)) {
        bool is_same = row.device_id == from.device_id;
        if (is_same && !is_behind && row.id != from.series_id)
            continue;
        e = give_series(p, &row, is_same && row.id == from.series_id ? from.minute : -1);
        is_behind = true;
    }
    enum err end = cursor_end(&c);
    return e != OK ? e : end;
}

enum err export_minutes(struct domain *d, int64_t account_id, struct export_place *place,
                        int64_t at_most, bool (*take)(void *ctx, const struct export_row *row),
                        void *ctx, bool *more)
{
    struct page p = {d, account_id, place, at_most, take, ctx, false};
    bool has_more_to_fold = !d->storage_is_in_trouble;
    while (has_more_to_fold)
        TRY(telemetry_fold(d, FOLD_SLICE, &has_more_to_fold));
    TRY(give_page(&p, *place));
    *more = p.more;
    return OK;
}
