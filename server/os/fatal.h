/* The end of a process that cannot go on.
 *
 * Owns:     nothing.
 * Promise:  one line on standard error that names the place, then abort(): the parent restarts us.
 * Source:   ARCHITECTURE.md, processes.
 * Watch:    assert_failed() of common/base/assert.h is defined here for everything on a host. */
#ifndef OC_OS_FATAL_H
#define OC_OS_FATAL_H

_Noreturn void fatal(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
