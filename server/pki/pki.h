/* The local certificate authority: encrypted from the first start, with nothing to configure.
 *
 * Owns:     DIR/ca.pem (to be trusted by browsers and devices), DIR/keys/ca-key.pem,
 *           DIR/keys/server.pem and server-key.pem.
 * Promise:  made once, mode 0600; the server's certificate is made anew when it is about to expire
 *           or when this machine has got another name or address.
 * Source:   RFC 5280; CA/Browser Forum baseline for lifetimes.
 * Watch:    whoever has ca-key.pem can pose as any server to those who trust ca.pem. */
#ifndef OC_PKI_PKI_H
#define OC_PKI_PKI_H

#include "common/base/arena.h"

#define PEM_SIZE_MAX (32 * 1024)

struct identity {
    struct str certificate; /* PEM, the chain; in the arena */
    struct str key;         /* PEM; wiped by the caller */
};

/* Make what is missing, then read it. extra_name: what the listener was given, may be empty.
 * ERR_IO with a line in the log. */
MUST_CHECK enum err pki_identity(struct arena *a, const char *data_dir, struct str extra_name,
                                 struct identity *out);

#endif
