/* One event, one line, key=value, on standard error.
 *
 * Owns:     nothing; each line leaves in one write(2), so lines of several processes never mix.
 * Promise:  a line is at most LOG_LINE_MAX bytes and holds no control character; what strangers can
 *           trigger is limited to LOG_PER_SECOND lines a second for each event, and what was left
 *           out is counted on the next line.
 * Source:   nginx ngx_log.h and h2o for counts in place of floods; ASVS 16.4.1 (no log injection).
 * Watch:    never a secret, a token or a body. Outside text only through log_text(). */
#ifndef OC_OS_LOG_H
#define OC_OS_LOG_H

#include "common/base/str.h"

#define LOG_LINE_MAX   1024
#define LOG_TEXT_MAX   120 /* bytes of outside text that a line shows */
#define LOG_TEXT_CAP   (LOG_TEXT_MAX * 4 + 3)
#define LOG_PER_SECOND 5

/* time=2026-11-22T16:48:12.123Z event=edge.start pid=123 connections=20000
 * event is a stable name, "room.what_happened"; format makes the "key=value key=value" rest. */
void log_event(const char *event, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* One of these, static and zero, stands beside each call that a stranger can trigger. */
struct log_limit {
    int64_t second;
    unsigned shown;
    unsigned left_out;
};

void log_event_limited(struct log_limit *limit, const char *event, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Outside text in quotes, cut to LOG_TEXT_MAX bytes, everything but plain ASCII as \xNN. Returns
 * out, for use as a %s argument. */
const char *log_text(struct str outside, char out[static LOG_TEXT_CAP]);

#endif
