/* Landlock: a process takes rights over files, TCP ports and other processes from itself.
 *
 * Owns:     nothing.
 * Promise:  what a kernel cannot take away stays, and the number of the interface says so.
 * Source:   landlock(7); Documentation/userspace-api/landlock.rst (interfaces 1 to 6).
 * Watch:    it holds for the calling thread and those it makes later: call it before any. */
#ifndef OC_OS_LANDLOCK_H
#define OC_OS_LANDLOCK_H

#include <stddef.h>
#include <stdint.h>

#include "common/base/err.h"

/* What the kernel offers; 0: no Landlock. */
int landlock_interface(void);

struct landlock_rights {
    int directory; /* the one place where files may be made, read, written, removed; -1: none */
    const int *readable; /* files and directories that may be read besides */
    size_t readable_count;
    const uint16_t *ports; /* TCP ports that may be connected to */
    size_t port_count;
};

/* No file, no TCP port, no signal and no abstract socket to processes outside, but for these
 * rights. Needs no_new_privs. */
MUST_CHECK enum err landlock_enter(int interface, const struct landlock_rights *r);

/* Files are written below directory and to /dev/null only; no TCP port is bound any more. */
MUST_CHECK enum err landlock_enter_writing_below(int interface, int directory);

#endif
