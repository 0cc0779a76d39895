#include "server/os/log.h"

#include <stdarg.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include "server/os/clock.h"

/* What snprintf really wrote into room bytes. */
static size_t written(int said, size_t room)
{
    if (said < 0 || room == 0)
        return 0;
    return (size_t)said < room ? (size_t)said : room - 1;
}

static size_t put_start(char *line, size_t cap, const char *event)
{
    int64_t now_ms = clock_wall_ms();
    time_t second = (time_t)(now_ms / 1000);
    struct tm utc;
    gmtime_r(&second, &utc);
    size_t len = strftime(line, cap, "time=%Y-%m-%dT%H:%M:%S", &utc);
    len += written(snprintf(line + len, cap - len, ".%03dZ event=%s pid=%d", (int)(now_ms % 1000),
                            event, (int)getpid()),
                   cap - len);
    return len;
}

__attribute__((format(printf, 3, 0))) static void put_line(const char *event, unsigned left_out,
                                                           const char *format, va_list args)
{
    char line[LOG_LINE_MAX];
    size_t cap = sizeof line - 1; /* the newline always fits */
    size_t len = put_start(line, cap, event);
    if (format[0] != 0) {
        line[len++] = ' ';
        len += written(vsnprintf(line + len, cap - len, format, args), cap - len);
    }
    if (left_out > 0)
        len += written(snprintf(line + len, cap - len, " left_out=%u", left_out), cap - len);
    for (size_t i = 0; i < len; i++) {
        if ((unsigned char)line[i] < 0x20)
            line[i] = '?'; /* a caller forgot log_text(); still one event, one line */
    }
    line[len++] = '\n';
    ssize_t ignored = write(STDERR_FILENO, line, len); /* nobody is left to tell */
    (void)ignored;
}

void log_event(const char *event, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    put_line(event, 0, format, args);
    va_end(args);
}

void log_event_limited(struct log_limit *limit, const char *event, const char *format, ...)
{
    int64_t second = clock_monotonic_ms() / 1000;
    if (second != limit->second) {
        limit->second = second;
        limit->shown = 0;
    }
    if (limit->shown >= LOG_PER_SECOND) {
        limit->left_out++;
        return;
    }
    limit->shown++;
    unsigned left_out = limit->left_out;
    limit->left_out = 0;
    va_list args;
    va_start(args, format);
    put_line(event, left_out, format, args);
    va_end(args);
}

const char *log_text(struct str outside, char out[static LOG_TEXT_CAP])
{
    static const char digit[] = "0123456789abcdef";
    size_t at = 0;
    size_t shown = outside.len < LOG_TEXT_MAX ? outside.len : LOG_TEXT_MAX;
    out[at++] = '"';
    for (size_t i = 0; i < shown; i++) {
        uint8_t c = outside.ptr[i];
        if (c >= 0x20 && c < 0x7F && c != '"' && c != '\\') {
            out[at++] = (char)c;
            continue;
        }
        out[at++] = '\\';
        out[at++] = 'x';
        out[at++] = digit[c >> 4];
        out[at++] = digit[c & 15];
    }
    out[at++] = '"';
    out[at] = 0;
    return out;
}
