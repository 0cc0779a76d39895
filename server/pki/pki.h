/* The local certificate authority: encrypted from the first start, with nothing to configure.
 *
 * Owns:     DIR/ca.pem (to be trusted by browsers and devices), DIR/keys/: ca-key.pem, server.pem,
 *           server-key.pem, server-old-key.pem (of the certificate before), and the same three
 *           again as legacy*.pem when TLS 1.2 is wanted.
 * Promise:  made once, mode 0600; a certificate is made anew when it is about to expire or when
 *           this machine has got another name or address. Private keys pass through OpenSSL's
 *           secure heap only.
 * Source:   RFC 5280; CA/Browser Forum baseline for lifetimes.
 * Watch:    called in the keyring process and nowhere else. Whoever has ca-key.pem can pose as any
 *           server to those who trust ca.pem; it is read when a certificate is made and gone from
 *           memory when pki_open() returns. */
#ifndef OC_PKI_PKI_H
#define OC_PKI_PKI_H

#include <openssl/evp.h>

#include "common/base/arena.h"

#define PEM_SIZE_MAX (24 * 1024) /* two chains fit into a control message */

struct pki_identity {
    struct str certificate; /* PEM, the chain; in the arena */
    EVP_PKEY *key;
    EVP_PKEY *old_key; /* NULL: there was none before */
};

struct pki {
    struct pki_identity server;
    struct pki_identity legacy; /* empty when not wanted */
};

/* Make what is missing, then read it. extra_name: what the listener was given, may be empty.
 * with_legacy: also a key and certificate for TLS 1.2. Whatever comes of it, pki_close() frees it.
 * ERR_CORRUPT: ca.pem and its key cannot be read or do not belong together. */
MUST_CHECK enum err pki_open(struct arena *a, const char *data_dir, struct str extra_name,
                             bool with_legacy, struct pki *out);
void pki_close(struct pki *p);

#endif
