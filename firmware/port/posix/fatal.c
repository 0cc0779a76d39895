/* A broken assertion on a Linux device ends the program; its service manager starts it again.
 *
 * Owns:     nothing.
 * Promise:  says where, then ends.
 * Source:   common/base/assert.h.
 * Watch:    alone in this file, so that a program with its own assert_failed() links without it. */
#include <stdio.h>
#include <stdlib.h>

#include "common/base/assert.h"

_Noreturn void assert_failed(const char *expr, const char *file, int line)
{
    fprintf(stderr, "oceanremote-device: %s:%d: assertion failed: %s\n", file, line, expr);
    abort();
}
