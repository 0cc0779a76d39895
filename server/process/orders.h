/* What a child hears from the parent: the other end of child.h.
 *
 * Owns:     the buffer that a message is read into.
 * Promise:  a child without a parent ends, and one that is told nonsense ends with a line in the
 *           log; whatever is handed over is a message.
 * Source:   server/ipc/control.h.
 * Watch:    a message is good until the next call; whoever was told a secret wipes it. */
#ifndef OC_PROCESS_ORDERS_H
#define OC_PROCESS_ORDERS_H

#include "server/ipc/control.h"

/* The next message on CONTROL_FD; false: there is none now. */
bool orders_next(struct control *out);

/* The buffer of the last message is zeros. */
void orders_wipe(void);

#endif
