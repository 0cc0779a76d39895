/* One child of the parent: a process, and our end of its control socket.
 *
 * Owns:     the socket; the process dies with us (PR_SET_PDEATHSIG).
 * Promise:  a child is executed anew: nothing of our memory and no descriptor but its control
 *           socket and standard error is there.
 * Source:   OpenBSD relayd proc.c.
 * Watch:    who notices its death closes the socket. */
#ifndef OC_PROCESS_CHILD_H
#define OC_PROCESS_CHILD_H

#include <sys/types.h>

#include "common/base/str.h"

struct child {
    pid_t pid; /* 0: not running */
    int control;
    bool is_ready;
    bool has_failed; /* has ended before it was ready, since it was ready last */
    int64_t started_at_ms;
    int64_t restart_at_ms; /* when pid is 0; 0: not at all */
    int64_t restart_delay_ms;
};

/* Run `oceanremote NAME`. ERR_IO: the machine has no room for it; errno says why. */
MUST_CHECK enum err child_start(struct child *c, const char *name);

#endif
