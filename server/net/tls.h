/* TLS for strangers: 1.3, no private key in this process, no memory held between records, tickets
 * shared by all edges.
 *
 * Owns:     contexts it makes; a connection keeps the context it began with alive.
 * Promise:  one read(2) and one write(2) a request: TLS reads from, and writes to, buffers of the
 *           loop, through a BIO of our own. A new certificate is a new context: connections of
 *           before notice nothing.
 * Source:   measured: own BIO with SSL_MODE_RELEASE_BUFFERS costs 14 KB an idle connection; one
 *           ticket a handshake; RFC 8446; RFC 6066 section 4 (max_fragment_length, by OpenSSL).
 * Watch:    tls_io points at the loop's buffers only while a call into OpenSSL lasts. */
#ifndef OC_NET_TLS_H
#define OC_NET_TLS_H

#include <openssl/ssl.h>

#include "server/net/far_key.h"

#define TLS_TICKET_KEY_LEN  80 /* name 16, AES-256 key 32, HMAC key 32 */
#define TLS_TICKET_KEYS_MAX 3

/* The first key makes new tickets, all of them open old ones. */
struct tls_tickets {
    uint8_t keys[TLS_TICKET_KEYS_MAX][TLS_TICKET_KEY_LEN];
    size_t count;
};

/* What a connection's BIO reads from and writes to during one call. */
struct tls_io {
    const uint8_t *in;
    size_t in_len;
    uint8_t *out;
    size_t out_len, out_cap;
};

/* TLS 1.3. No private key comes near: the certificate's is asked for by signer, which is kept, as
 * is tickets. ERR_CORRUPT: the certificate cannot be read or is not P-256. */
MUST_CHECK enum err tls_context_new(struct str certificate_pem, const struct far_signer *signer,
                                    struct tls_tickets *tickets, SSL_CTX **out);

/* TLS 1.2 and nothing else, ECDHE-ECDSA with AEAD, no renegotiation, no resumption: for stacks of
 * old devices. The certificate is the one whose key signs TLS 1.2 (server/pki/signer.h), not the
 * one of tls_context_new(). */
MUST_CHECK enum err tls_context_new_legacy(struct str certificate_pem,
                                           const struct far_signer *signer, SSL_CTX **out);

/* A server-side connection on io, which is kept. NULL when out of memory. */
SSL *tls_accept(SSL_CTX *ctx, struct tls_io *io);

#endif
