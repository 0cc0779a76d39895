/* The edge process: a control socket around one struct edge.
 *
 * Owns:     its edge.
 * Promise:  serves when the parent says so, leaves when the parent says so or has died.
 * Source:   server/ipc/control.h.
 * Watch:    started by the parent as `oceanremote edge` with its control socket as CONTROL_FD. */
#ifndef OC_PROCESS_EDGE_H
#define OC_PROCESS_EDGE_H

#include "common/base/str.h"
#include "common/base/writer.h"
#include "server/edge/limits.h"
#include "server/limit/rules.h"

struct edge_config {
    uint32_t uid;             /* to become; 0: stay who we are */
    uint32_t connections_max; /* 0: CONNECTIONS_DEFAULT, or what the machine allows */
    struct limit_rules limits;
    struct deadlines deadlines; /* 0: the one of DEADLINES_NORMAL; tests shorten them */
};

void edge_config_write(struct writer *w, const struct edge_config *c);
MUST_CHECK enum err edge_config_read(struct str payload, struct edge_config *out);

/* Does not return before the process should end; the value is its exit code. */
int edge_main(void);

#endif
