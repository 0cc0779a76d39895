/* Assertions that stay on in release.
 *
 * Owns:     nothing.
 * Promise:  a broken one ends the process (its parent restarts it) or reboots the device.
 * Source:   outside bytes are refused with an error, our own mistakes are asserted.
 * Watch:    never write anything with a side effect inside ASSERT. */
#ifndef OC_BASE_ASSERT_H
#define OC_BASE_ASSERT_H

/* Each host supplies this one function: server/os/fatal.c, firmware/port, or the test harness. */
_Noreturn void assert_failed(const char *expr, const char *file, int line);

#define ASSERT(expr) ((expr) ? (void)0 : assert_failed(#expr, __FILE__, __LINE__))

#endif
