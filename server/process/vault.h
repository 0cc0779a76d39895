/* The vault process: seals the seeds of authenticator apps, and checks codes against them.
 *
 * Owns:     the key that seals, DIR/keys/seal.key.
 * Promise:  the database alone, or a copy of it, tells nobody a code; nor does whoever reads the
 *           core's memory after an enrolment: a seed is in clear here alone, while one code is
 *           checked. It only receives and answers. Killed at any moment, nothing is lost: the
 *           parent keeps the sockets, the core asks again.
 * Source:   server/process/keyring.h, whose younger brother it is; RFC 6238.
 * Watch:    started by the parent as `oceanremote vault` with its control socket as CONTROL_FD. How
 *           often somebody may guess is the core's to count. */
#ifndef OC_PROCESS_VAULT_H
#define OC_PROCESS_VAULT_H

#include "common/base/str.h"
#include "common/base/writer.h"
#include "server/ipc/sealing.h"
#include "server/pki/seal.h"

struct vault_config {
    uint32_t uid; /* to become; 0: stay who we are */
    struct str data_dir;
};

void vault_config_write(struct writer *w, const struct vault_config *c);
MUST_CHECK enum err vault_config_read(struct str payload, struct vault_config *out);

/* The answer to one question. Any error: the machine below us fails, say nothing. */
MUST_CHECK enum err vault_answer(const struct seal *s, const struct sealing_question *q,
                                 struct sealing_answer *out);

/* Does not return before the process should end; the value is its exit code. */
int vault_main(void);

#endif
