#include "server/os/fatal.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "common/base/assert.h"

void fatal(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    fputs("fatal: ", stderr);
    vfprintf(stderr, format, args);
    fputc('\n', stderr);
    va_end(args);
    abort();
}

/* Weak: a test or fuzz target brings its own, which tells more than the end of the process. */
__attribute__((weak)) void assert_failed(const char *expr, const char *file, int line)
{
    fatal("assertion failed: %s at %s:%d", expr, file, line);
}
