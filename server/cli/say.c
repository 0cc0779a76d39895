#include "server/cli/say.h"

#include <stdio.h>
#include <time.h>

#include "server/cli/command.h"

int say_refused(const char *why)
{
    fprintf(stderr, "oceanremote: %s\n", why);
    return EXIT_REFUSED;
}

/* A byte that would be a control, to a terminal too, or would end a JSON string. In UTF-8 the
 * controls of ISO 8859-1 are C2 80 to C2 9F. */
static bool is_harmful(struct str text, size_t at)
{
    uint8_t c = text.ptr[at];
    bool is_c1 = c == 0xC2 && at + 1 < text.len && text.ptr[at + 1] < 0xA0;
    return c < 0x20 || c == 0x7F || c == '"' || c == '\\' || is_c1;
}

void say_outside(struct str text)
{
    bool is_text = str_is_utf8(text);
    for (size_t i = 0; i < text.len; i++) {
        uint8_t c = text.ptr[i];
        if (c >= 0x80 ? is_text && !is_harmful(text, i) : !is_harmful(text, i))
            putchar(c);
        else if (c == 0xC2 && is_text)
            printf("\\u%04x", text.ptr[++i]);
        else
            printf("\\u%04x", c);
    }
}

const char *say_time(int64_t ms, char out[static SAY_TIME_MAX])
{
    time_t s = (time_t)(ms / 1000);
    struct tm t;
    gmtime_r(&s, &t);
    strftime(out, SAY_TIME_MAX, "%Y-%m-%dT%H:%M:%SZ", &t);
    return out;
}
