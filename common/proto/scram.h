/* SCRAM-SHA-256, both ends: a device proves that it knows its key without sending it, and learns
 * that the server is the one that enrolled it.
 *
 * Owns:     nothing; an exchange lives in the caller's memory for its two round trips.
 * Promise:  the device keeps derived keys only, never the key; the server keeps a verifier only,
 *           with which nobody can pose as the device.
 * Source:   RFC 5802 and RFC 7677; no channel binding ("n,,") inside TLS.
 * Watch:    nonces are passed in, so a test owns them; a nonce is used once. */
#ifndef OC_PROTO_SCRAM_H
#define OC_PROTO_SCRAM_H

#include "common/base/str.h"
#include "common/base/writer.h"
#include "common/crypto/crypto.h"

#define SCRAM_SALT_LEN       16
#define SCRAM_NONCE_LEN      18 /* raw bytes a side; base64 text on the wire */
#define SCRAM_NONCE_TEXT_MAX 64 /* what we accept from a peer, characters a side */
#define SCRAM_USER_MAX       64
#define SCRAM_MESSAGE_MAX    512
#define SCRAM_ITERATIONS_MIN 4096 /* RFC 7677 section 4 */
#define SCRAM_ITERATIONS_MAX 1000000

/* What the server stores: RFC 5802 section 3, StoredKey and ServerKey. */
struct scram_verifier {
    uint8_t salt[SCRAM_SALT_LEN];
    uint32_t iterations;
    uint8_t stored_key[SHA256_LEN];
    uint8_t server_key[SHA256_LEN];
};

/* What the device stores. Whoever reads these two keys is the device. */
struct scram_client_keys {
    uint8_t client_key[SHA256_LEN];
    uint8_t server_key[SHA256_LEN];
};

/* Derive both halves from the key. key is the text the server handed out. */
void scram_derive_verifier(struct str key, const uint8_t salt[static SCRAM_SALT_LEN],
                           uint32_t iterations, struct scram_verifier *out);
void scram_derive_client_keys(struct str key, const uint8_t salt[static SCRAM_SALT_LEN],
                              uint32_t iterations, struct scram_client_keys *out);

/* One authentication between its two round trips; wiped by the caller. */
struct scram_exchange {
    char client_first_bare[SCRAM_MESSAGE_MAX];
    size_t client_first_bare_len;
    char server_first[SCRAM_MESSAGE_MAX];
    size_t server_first_len;
    char nonce[2 * SCRAM_NONCE_TEXT_MAX + 1]; /* both halves joined */
    size_t nonce_len;
};

/* -- server ----------------------------------------------------------------------------------- */

/* The user name a client-first-message claims, for looking up the verifier. ERR_PEER if malformed.
 * Borrowed from the message; names with "=2C" or "=3D" are refused, ours never need them. */
MUST_CHECK enum err scram_server_user(struct str client_first, struct str *user);

/* Answer client-first with server-first (appended to out). */
MUST_CHECK enum err scram_server_first(struct scram_exchange *x, struct str client_first,
                                       const struct scram_verifier *v,
                                       const uint8_t nonce[static SCRAM_NONCE_LEN],
                                       struct writer *out);

/* Check client-final; on OK the server-final-message is appended to out. ERR_DENIED for a wrong
 * proof, ERR_PEER for a malformed message or a foreign nonce. */
MUST_CHECK enum err scram_server_final(const struct scram_exchange *x, struct str client_final,
                                       const struct scram_verifier *v, struct writer *out);

/* -- client ----------------------------------------------------------------------------------- */

MUST_CHECK enum err scram_client_first(struct scram_exchange *x, struct str user,
                                       const uint8_t nonce[static SCRAM_NONCE_LEN],
                                       struct writer *out);

/* Check server-first (our nonce is its prefix, iterations within bounds) and answer it. salt and
 * iterations must be those the keys were derived with: ERR_DENIED when the server names others. */
MUST_CHECK enum err scram_client_final(struct scram_exchange *x, struct str server_first,
                                       const uint8_t salt[static SCRAM_SALT_LEN],
                                       uint32_t iterations, const struct scram_client_keys *keys,
                                       struct writer *out);

/* ERR_DENIED when the server did not know the verifier: then it is not ours, whatever its
 * certificate says. */
MUST_CHECK enum err scram_client_verify(const struct scram_exchange *x, struct str server_final,
                                        const struct scram_client_keys *keys);

#endif
