/* A wall clock that is set back by an hour, for a server that is started with this preloaded: at
 * the second of the epoch that CLOCK_BACK_AT names. */
#include <stdlib.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

static time_t back_at;

__attribute__((constructor)) static void read_moment(void)
{
    const char *text = getenv("CLOCK_BACK_AT");
    back_at = text == NULL ? 0 : (time_t)strtoll(text, NULL, 10);
}

int clock_gettime(clockid_t clock, struct timespec *out)
{
    long result = syscall(SYS_clock_gettime, clock, out);
    if (result == 0 && clock == CLOCK_REALTIME && back_at != 0 && out->tv_sec >= back_at)
        out->tv_sec -= 3600;
    return (int)result;
}
