/* Readings as their owner asks for them: JSON for charts, CSV for everybody.
 *
 * Owns:     nothing.
 * Promise:  a value that was measured is shown digit for digit; what failed is a gap with a reason,
 *           never a number.
 * Source:   api/openapi.yaml.
 * Watch:    a rolled-up point stands at the start of its step. */
#include <stdio.h>

#include "server/api/input.h"
#include "server/api/routes.h"
#include "server/api/time_text.h"
#include "server/domain/device.h"
#include "server/domain/telemetry.h"

#define STEP_S_MAX (31 * 86400)

/* Enough digits for a mean of sensor values, and no more. */
static void write_real(struct writer *w, double v)
{
    char text[32];
    int len = snprintf(text, sizeof text, "%.10g", v);
    writer_bytes(w, text, (size_t)len);
}

static void out_real(struct json_out *o, double v)
{
    char text[32];
    int len = snprintf(text, sizeof text, "%.10g", v);
    json_out_raw(o, str_from(text, (size_t)len));
}

static void json_point(struct json_out *o, const struct point *p)
{
    json_out_array(o);
    json_out_int(o, p->time_ms);
    if (p->error_len > 0) {
        json_out_null(o);
        json_out_string(o, str_from(p->error, p->error_len));
    } else if (p->count > 0) {
        out_real(o, p->mean);
    } else {
        json_out_decimal(o, p->value);
    }
    json_out_array_end(o);
}

static void json_step(struct json_out *o, const struct point *p)
{
    json_out_array(o);
    json_out_int(o, p->time_ms);
    out_real(o, p->mean);
    out_real(o, p->min);
    out_real(o, p->max);
    json_out_int(o, p->count);
    json_out_array_end(o);
}

static void answer_points_json(struct call *c, struct str metric, const struct points *points)
{
    struct json_out o = json_into(&c->body);
    json_out_object(&o);
    json_out_name_string(&o, STR("metric"), metric);
    json_out_name_int(&o, STR("step_s"), points->step_s);
    json_out_name(&o, STR("points"));
    json_out_array(&o);
    for (size_t i = 0; i < points->count; i++)
        json_point(&o, &points->at[i]);
    json_out_array_end(&o);
    if (points->step_s > 0) {
        json_out_name(&o, STR("series"));
        json_out_object(&o);
        json_out_name_raw(&o, STR("columns"),
                          STR("[\"time_ms\",\"mean\",\"min\",\"max\",\"count\"]"));
        json_out_name(&o, STR("rows"));
        json_out_array(&o);
        for (size_t i = 0; i < points->count; i++)
            json_step(&o, &points->at[i]);
        json_out_array_end(&o);
        json_out_object_end(&o);
    }
    json_out_object_end(&o);
    answer_json(c, 200);
}

static void csv_time(struct writer *w, int64_t time_ms)
{
    uint8_t text[TIME_TEXT_MAX];
    char fraction[8];
    struct str whole = time_text(time_ms, text);
    writer_str(w, str_slice(whole, 0, whole.len - 1));
    int len = snprintf(fraction, sizeof fraction, ".%03dZ", (int)(time_ms % 1000));
    writer_bytes(w, fraction, (size_t)len);
}

static void csv_raw(struct writer *w, const struct point *p)
{
    csv_time(w, p->time_ms);
    writer_u8(w, ',');
    if (p->error_len == 0)
        decimal_write(w, p->value);
    writer_u8(w, ',');
    writer_str(w, p->error_len > 0 ? str_from(p->error, p->error_len) : STR("ok"));
    writer_str(w, STR("\r\n"));
}

static void csv_step(struct writer *w, const struct point *p)
{
    const double values[] = {p->mean, p->min, p->max};
    csv_time(w, p->time_ms);
    for (size_t i = 0; i < 3; i++) {
        writer_u8(w, ',');
        write_real(w, values[i]);
    }
    writer_u8(w, ',');
    writer_decimal(w, p->count);
    writer_str(w, STR("\r\n"));
}

/* RFC 4180. */
static void answer_points_csv(struct call *c, const struct points *points)
{
    writer_str(&c->body, points->step_s > 0 ? STR("time,mean,min,max,count\r\n")
                                            : STR("time,value,quality\r\n"));
    for (size_t i = 0; i < points->count; i++) {
        if (points->step_s > 0)
            csv_step(&c->body, &points->at[i]);
        else
            csv_raw(&c->body, &points->at[i]);
    }
    answer_header(c, STR("Content-Disposition"), STR("attachment; filename=\"readings.csv\""));
    answer_body(c, 200, STR("text/csv; charset=utf-8"));
}

static enum err time_value(struct call *c, struct str name, int64_t otherwise, int64_t *out)
{
    struct str text;
    TRY(query_value(c, name, &text));
    *out = otherwise;
    return text.len == 0 ? OK : time_read(text, out);
}

struct window {
    struct str metric;
    int64_t from_ms, to_ms;
    uint64_t step_s;
};

/* False after the problem has been answered. */
static bool read_window(struct call *c, struct window *out)
{
    struct str step;
    if (query_value(c, STR("metric"), &out->metric) != OK || !metric_name_is_valid(out->metric)) {
        answer_invalid(c, "metric", "Name one of the device's metrics, see latest.");
        return false;
    }
    if (time_value(c, STR("to"), c->d->now_ms + 1, &out->to_ms) != OK ||
        time_value(c, STR("from"), out->to_ms - HOUR_MS, &out->from_ms) != OK ||
        out->from_ms >= out->to_ms) {
        answer_invalid(c, "from", "from and to are RFC 3339 or milliseconds, from before to.");
        return false;
    }
    out->step_s = 0;
    if (query_value(c, STR("step"), &step) != OK ||
        (step.len > 0 && str_u64(step, STEP_S_MAX, &out->step_s) != OK)) {
        answer_invalid(c, "step", "step is a number of seconds, at most 31 days.");
        return false;
    }
    return true;
}

static bool wants_csv(const struct request *r)
{
    struct str left = r->field[FIELD_ACCEPT], type, parameters;
    bool more = left.len > 0;
    while (more) {
        struct str range;
        more = str_cut(left, ',', &range, &left);
        str_cut(range, ';', &type, &parameters);
        if (str_eq_nocase(str_trim(type), STR("text/csv")))
            return true;
        if (str_eq_nocase(str_trim(type), STR("application/json")))
            return false;
    }
    return false;
}

enum err readings_get(struct call *c)
{
    struct sql_device_of_owner_row row;
    struct window w;
    struct points points;
    TRY(sql_device_of_owner(c->d->store, &c->arena, c->account_id, c->id, &row));
    if (!read_window(c, &w))
        return OK;
    TRY(telemetry_query(c->d, c->account_id, row.id, w.metric, w.from_ms, w.to_ms,
                        (int64_t)w.step_s, &points));
    answer_header(c, STR("Vary"), STR("Accept"));
    if (wants_csv(c->request))
        answer_points_csv(c, &points);
    else
        answer_points_json(c, w.metric, &points);
    points_done(&points);
    return OK;
}
