/* The keyring process: has the keys, meets nobody, signs TLS handshakes for the edges.
 *
 * Owns:     the private keys of the server's certificates, and of the authority while it signs one.
 * Promise:  makes what is missing in DIR/keys before it serves; after that it only receives, signs
 *           and answers. It never waits for an edge. Killed at any moment, nothing is lost: the
 *           parent keeps the sockets, edges ask again.
 * Source:   kore keymgr_openssl.c, relayd ca.c; the ways OpenSSL 3 has, measured (DECISIONS.md).
 * Watch:    started by the parent as `oceanremote keyring` with its control socket as CONTROL_FD.
 * It looks at its certificates once: looking again is starting the next keyring. */
#ifndef OC_PROCESS_KEYRING_H
#define OC_PROCESS_KEYRING_H

#include "common/base/str.h"
#include "common/base/writer.h"

struct keyring_config {
    uint32_t uid; /* to become; 0: stay who we are */
    struct str data_dir;
    struct str host;  /* what the first listener was given, for the certificate; may be empty */
    bool with_legacy; /* also a key and certificate for TLS 1.2 */
};

void keyring_config_write(struct writer *w, const struct keyring_config *c);
MUST_CHECK enum err keyring_config_read(struct str payload, struct keyring_config *out);

/* Does not return before the process should end; the value is its exit code. */
int keyring_main(void);

#endif
