/* A private key that is elsewhere: OpenSSL believes it has it, and every signature is asked for.
 *
 * Owns:     one OpenSSL provider, "keyring", loaded with the first key.
 * Promise:  this process never holds a private key: a far key is made of a certificate. Whoever
 *           signs is given all that TLS wants signed, not a hash of it, and can judge it.
 * Source:   provider-keymgmt(7), provider-signature(7); measured against the other ways there are:
 *           an EC_KEY_METHOD is never called for a key of a provider, an ENGINE has no future, and
 *           either would be handed hashes only.
 * Watch:    "default" is loaded before our provider and preferred to it; without that OpenSSL would
 *           take our keys for its own ECDHE with P-256. P-256 with SHA-256 and nothing else. */
#ifndef OC_NET_FAR_KEY_H
#define OC_NET_FAR_KEY_H

#include <openssl/evp.h>

#include "server/ipc/signing.h"

struct signature {
    size_t len;
    uint8_t der[SIGNATURE_LEN_MAX];
};

/* Called in the midst of a handshake. It may pause the handshake's job (ASYNC_pause_job) and answer
 * when it goes on. Anything but OK ends the handshake. */
struct far_signer {
    enum err (*sign)(void *ctx, const uint8_t key[static SIGNING_KEY_LEN], struct str content,
                     struct signature *out);
    void *ctx;
};

/* The private key that belongs to this certificate's, signer being kept. NULL: no key of ours (not
 * P-256), or OpenSSL has none to spare. */
EVP_PKEY *far_key_new(EVP_PKEY *public_key, const struct far_signer *signer);

#endif
