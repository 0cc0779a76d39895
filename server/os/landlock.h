/* Landlock: a process takes rights over files, TCP ports and other processes from itself.
 *
 * Owns:     nothing.
 * Promise:  what a kernel cannot take away stays, and the number of the interface says so.
 * Source:   landlock(7); Documentation/userspace-api/landlock.rst (interfaces 1 to 6).
 * Watch:    it holds for the calling thread and those it makes later: call it before any. */
#ifndef OC_OS_LANDLOCK_H
#define OC_OS_LANDLOCK_H

#include <stdint.h>

#include "common/base/err.h"

/* What the kernel offers; 0: no Landlock. */
int landlock_interface(void);

/* No file, no TCP port to bind or connect, no signal and no abstract socket to processes outside.
 * directory: a descriptor of the one place where files may be made, read, written and removed;
 * readable: of one where they may be read; -1: none. Needs no_new_privs. */
MUST_CHECK enum err landlock_enter(int interface, int directory, int readable);

/* Files are written below directory and to /dev/null only; no TCP port is bound any more. */
MUST_CHECK enum err landlock_enter_writing_below(int interface, int directory);

#endif
