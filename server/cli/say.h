/* What commands say: refusals, times, and texts that came from strangers.
 *
 * Owns:     nothing.
 * Promise:  nothing of an outside text acts on a terminal, or ends a JSON string.
 * Source:   contract of the command line in README.md.
 * Watch:    outside text is everything that was typed elsewhere: addresses, names, paths. */
#ifndef OC_CLI_SAY_H
#define OC_CLI_SAY_H

#include "common/base/str.h"

/* One line on standard error; EXIT_REFUSED. */
int say_refused(const char *why);

/* On standard output, everything but plain ASCII as \u00NN. */
void say_outside(struct str text);

/* "2026-11-22T16:00:00Z" */
#define SAY_TIME_MAX 32
const char *say_time(int64_t ms, char out[static SAY_TIME_MAX]);

#endif
