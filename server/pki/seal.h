/* Small secrets as they rest in the database: sealed with a key that is not in it.
 *
 * Owns:     the key, in locked memory.
 * Promise:  AES-256-GCM with a fresh nonce each; what was sealed for one purpose and owner opens
 *           for no other, and not when a bit of it has changed.
 * Source:   NIST SP 800-38D: random nonces of 96 bits are good for 2^32 seals with one key.
 * Watch:    DIR/keys/seal.key is part of a backup: without it nothing that was sealed opens. */
#ifndef OC_PKI_SEAL_H
#define OC_PKI_SEAL_H

#include "common/base/str.h"
#include "common/base/writer.h"

#define SEAL_KEY_LEN   32
#define SEAL_NONCE_LEN 12
#define SEAL_TAG_LEN   16
/* version, nonce, ciphertext, tag */
#define SEALED_LEN(plain_len) (1 + SEAL_NONCE_LEN + (plain_len) + SEAL_TAG_LEN)

struct seal {
    uint8_t *key; /* SEAL_KEY_LEN bytes */
};

/* What the secret is, and whose. */
struct seal_label {
    const char *purpose;
    int64_t owner;
};

/* The key of DIR, made if there is none. ERR_CORRUPT: what stands there is no key. */
MUST_CHECK enum err seal_load(struct seal *s, const char *data_dir);
/* For tests: this key. */
MUST_CHECK enum err seal_of(struct seal *s, const uint8_t key[static SEAL_KEY_LEN]);
void seal_done(struct seal *s);

/* SEALED_LEN(plain.len) bytes more in out. */
MUST_CHECK enum err seal_shut(const struct seal *s, struct seal_label label, struct str plain,
                              struct writer *out);

/* plain_len bytes into plain, written only on OK. ERR_CORRUPT: not sealed by this key, not with
 * this label, or changed. */
MUST_CHECK enum err seal_open(const struct seal *s, struct seal_label label, struct str sealed,
                              uint8_t *plain, size_t plain_len);

#endif
