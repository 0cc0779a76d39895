#include "server/api/time_text.h"

#include <stdio.h>
#include <time.h>

#define TIME_MS_MAX INT64_C(253402300799999) /* the end of the year 9999 */

struct str time_text(int64_t time_ms, uint8_t out[static TIME_TEXT_MAX])
{
    time_t seconds = (time_t)(time_ms / 1000);
    struct tm t;
    gmtime_r(&seconds, &t);
    size_t len = strftime((char *)out, TIME_TEXT_MAX, "%Y-%m-%dT%H:%M:%SZ", &t);
    return str_from(out, len);
}

/* Two or four digits at a place. */
static int digits(struct str text, size_t at, size_t count)
{
    int value = 0;
    for (size_t i = at; i < at + count; i++) {
        if (i >= text.len || text.ptr[i] < '0' || text.ptr[i] > '9')
            return -1;
        value = value * 10 + (text.ptr[i] - '0');
    }
    return value;
}

static bool is_at(struct str text, size_t at, uint8_t c)
{
    return at < text.len && text.ptr[at] == c;
}

/* RFC 3339 section 5.6: "Z" or "+hh:mm". */
static enum err offset_read(struct str text, int64_t *offset_s)
{
    *offset_s = 0;
    if (str_eq_nocase(text, STR("Z")))
        return OK;
    int hours = digits(text, 1, 2), minutes = digits(text, 4, 2);
    if (text.len != 6 || !(is_at(text, 0, '+') || is_at(text, 0, '-')) || !is_at(text, 3, ':') ||
        hours < 0 || hours > 23 || minutes < 0 || minutes > 59)
        return ERR_PEER;
    *offset_s = (hours * 60 + minutes) * 60;
    if (is_at(text, 0, '-'))
        *offset_s = -*offset_s;
    return OK;
}

enum err time_read(struct str text, int64_t *time_ms)
{
    uint64_t ms;
    if (str_u64(text, (uint64_t)TIME_MS_MAX, &ms) == OK) {
        *time_ms = (int64_t)ms;
        return OK;
    }
    struct tm t = {.tm_year = digits(text, 0, 4) - 1900,
                   .tm_mon = digits(text, 5, 2) - 1,
                   .tm_mday = digits(text, 8, 2),
                   .tm_hour = digits(text, 11, 2),
                   .tm_min = digits(text, 14, 2),
                   .tm_sec = digits(text, 17, 2)};
    bool separated = is_at(text, 4, '-') && is_at(text, 7, '-') &&
                     (is_at(text, 10, 'T') || is_at(text, 10, 't')) && is_at(text, 13, ':') &&
                     is_at(text, 16, ':');
    bool within = t.tm_year >= 70 && t.tm_mon >= 0 && t.tm_mon <= 11 && t.tm_mday >= 1 &&
                  t.tm_mday <= 31 && t.tm_hour >= 0 && t.tm_hour <= 23 && t.tm_min >= 0 &&
                  t.tm_min <= 59 && t.tm_sec >= 0 && t.tm_sec <= 60;
    if (!separated || !within)
        return ERR_PEER;
    int day = t.tm_mday, second = t.tm_sec;
    t.tm_sec = 0; /* a leap second is the first of the next minute */
    int64_t seconds = (int64_t)timegm(&t) + second;
    if (t.tm_mday != day)
        return ERR_PEER; /* timegm() has made 31 April the first of May */
    size_t at = 19;
    int fraction_ms = 0, scale = 100;
    if (is_at(text, at, '.')) {
        if (digits(text, at + 1, 1) < 0)
            return ERR_PEER;
        for (at++; at < text.len && text.ptr[at] >= '0' && text.ptr[at] <= '9'; at++, scale /= 10)
            fraction_ms += (text.ptr[at] - '0') * scale;
    }
    int64_t offset_s;
    TRY(offset_read(str_slice(text, at, text.len), &offset_s));
    *time_ms = (seconds - offset_s) * 1000 + fraction_ms;
    return *time_ms < 0 ? ERR_PEER : OK;
}
