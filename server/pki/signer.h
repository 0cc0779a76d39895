/* The keys at work: they sign TLS handshakes and nothing else.
 *
 * Owns:     its keys; their numbers lie in OpenSSL's secure heap when there is one.
 * Promise:  a key signs one form of content, seen whole and hashed here. So no edge, whatever has
 *           become of it, gets a certificate request, a release or a token signed. An edge that
 * asks for more than handshakes can be is refused, and counted. Source:   RFC 8446 section 4.4.3
 * (CertificateVerify); RFC 8422 section 5.4 (ServerKeyExchange). One key a version, because the
 * contents of one must never pass for the other's. Watch:    a taken-over edge can still have
 * handshakes signed for as long as it is one. */
#ifndef OC_PKI_SIGNER_H
#define OC_PKI_SIGNER_H

#include <openssl/evp.h>

#include "server/ipc/signing.h"

#define SIGNER_KEYS_MAX  4 /* TLS 1.3 and 1.2, the one of each before */
#define SIGNER_EDGES_MAX 64
#define SIGNER_PER_S_MAX 5000 /* signatures of an edge; a core makes some 3,500 handshakes */

enum signer_form {
    SIGNER_TLS_1_3, /* 64 spaces, "TLS 1.3, server CertificateVerify", NUL, a hash of 32 or 48 */
    SIGNER_TLS_1_2, /* two randoms of 32, then a named curve (X25519 or P-256) and its point */
};

struct signer_key {
    EVP_PKEY_CTX *signing;
    enum signer_form form;
    uint8_t name[SIGNING_KEY_LEN];
};

/* What became of an edge's requests. */
struct signer_edge {
    int64_t second;
    uint32_t in_second;
    uint64_t given, refused;
};

struct signer {
    struct signer_key keys[SIGNER_KEYS_MAX];
    size_t key_count;
    struct signer_edge edges[SIGNER_EDGES_MAX];
};

/* key is borrowed, OpenSSL counts its users. ERR_CORRUPT: not P-256. */
MUST_CHECK enum err signer_add(struct signer *s, EVP_PKEY *key, enum signer_form form);
void signer_done(struct signer *s);

/* Sign once with each key, so that nothing in OpenSSL is set up later. */
MUST_CHECK enum err signer_warm_up(struct signer *s);

/* Is this what a key of that form signs? */
bool signer_accepts(enum signer_form form, struct str content);

/* One message of an edge; what is asked of a key that is here is answered, with a signature or a
 * refusal. A key that is not here may be in the next keyring, at the same socket: it gets no
 * answer, and the edge asks again. ERR_PEER: it is no message, and gets none either. */
MUST_CHECK enum err signer_answer(struct signer *s, size_t edge, int64_t now_ms, struct str message,
                                  struct writer *answers);

#endif
