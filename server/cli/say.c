#include "server/cli/say.h"

#include <stdio.h>
#include <time.h>

#include "server/cli/command.h"

int say_refused(const char *why)
{
    fprintf(stderr, "oceanremote: %s\n", why);
    return EXIT_REFUSED;
}

void say_outside(struct str text)
{
    for (size_t i = 0; i < text.len; i++) {
        uint8_t c = text.ptr[i];
        if (c >= 0x20 && c < 0x7F && c != '"' && c != '\\')
            putchar(c);
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
