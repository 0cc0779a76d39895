/* The core process: decides everything, and is the only user of the database.
 *
 * Owns:     the store, the domain's memory, the links to the edges, the hash pool.
 * Promise:  no answer leaves before its transaction is on disk.
 * Source:   ARCHITECTURE.md: one reading, from wire to disk and back.
 * Watch:    started by the parent as `oceanremote core` with its control socket as CONTROL_FD. */
#ifndef OC_PROCESS_CORE_H
#define OC_PROCESS_CORE_H

#include "common/base/str.h"
#include "common/base/writer.h"
#include "server/domain/rules.h"
#include "server/limit/rules.h"

struct core_config {
    struct str database_dir; /* all of the file system that it keeps */
    uint32_t uid;            /* to become; 0: stay who we are */
    uint32_t password_iterations;
    uint32_t hash_threads;
    struct limit_rules limits;
    struct account_rules rules;
};

void core_config_write(struct writer *w, const struct core_config *c);
MUST_CHECK enum err core_config_read(struct str payload, struct core_config *out);

/* Does not return before the process should end; the value is its exit code. */
int core_main(void);

#endif
