#include "server/net/tls.h"

#include <string.h>

#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/rand.h>

#include "common/base/assert.h"
#include "common/crypto/crypto.h"

/* ---- the BIO --------------------------------------------------------------------------------- */

static int io_read(BIO *bio, char *to, int len)
{
    struct tls_io *io = BIO_get_data(bio);
    BIO_clear_retry_flags(bio);
    if (io->in_len == 0) {
        BIO_set_retry_read(bio);
        return -1;
    }
    size_t take = (size_t)len < io->in_len ? (size_t)len : io->in_len;
    memcpy(to, io->in, take);
    io->in += take;
    io->in_len -= take;
    return (int)take;
}

static int io_write(BIO *bio, const char *from, int len)
{
    struct tls_io *io = BIO_get_data(bio);
    BIO_clear_retry_flags(bio);
    if ((size_t)len > io->out_cap - io->out_len)
        return -1; /* an error, not a retry: the buffer holds the largest answer there is */
    memcpy(io->out + io->out_len, from, (size_t)len);
    io->out_len += (size_t)len;
    return len;
}

static long io_ctrl(BIO *bio, int command, long number, void *pointer)
{
    (void)bio;
    (void)number;
    (void)pointer;
    return command == BIO_CTRL_FLUSH || command == BIO_CTRL_DUP;
}

static int io_create(BIO *bio)
{
    BIO_set_init(bio, 1);
    return 1;
}

static BIO_METHOD *io_method(void)
{
    static BIO_METHOD *method;
    if (method != NULL)
        return method;
    BIO_METHOD *m = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "loop buffers");
    if (m == NULL || BIO_meth_set_read(m, io_read) != 1 || BIO_meth_set_write(m, io_write) != 1 ||
        BIO_meth_set_ctrl(m, io_ctrl) != 1 || BIO_meth_set_create(m, io_create) != 1) {
        BIO_meth_free(m);
        return NULL;
    }
    method = m;
    return method;
}

SSL *tls_accept(SSL_CTX *ctx, struct tls_io *io)
{
    SSL *ssl = SSL_new(ctx);
    BIO *bio = io_method() == NULL ? NULL : BIO_new(io_method());
    if (ssl == NULL || bio == NULL) {
        SSL_free(ssl);
        BIO_free(bio);
        return NULL;
    }
    BIO_set_data(bio, io);
    SSL_set_bio(ssl, bio, bio);
    SSL_set_accept_state(ssl);
    return ssl;
}

/* ---- tickets --------------------------------------------------------------------------------- */

static int tickets_index(void)
{
    static int index = -1;
    if (index < 0)
        index = SSL_CTX_get_ex_new_index(0, NULL, NULL, NULL, NULL);
    return index;
}

static int use_key(const uint8_t key[static TLS_TICKET_KEY_LEN], const uint8_t *iv,
                   EVP_CIPHER_CTX *cipher, EVP_MAC_CTX *mac, int encrypt)
{
    uint8_t secret[32];
    char digest[] = "SHA256";
    memcpy(secret, key + 48, sizeof secret);
    OSSL_PARAM params[] = {
        OSSL_PARAM_construct_octet_string(OSSL_MAC_PARAM_KEY, secret, sizeof secret),
        OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest, 0),
        OSSL_PARAM_construct_end()};
    int good = EVP_CipherInit_ex(cipher, EVP_aes_256_cbc(), NULL, key + 16, iv, encrypt) == 1 &&
               EVP_MAC_CTX_set_params(mac, params) == 1;
    wipe(secret, sizeof secret);
    return good;
}

/* SSL_CTX_set_tlsext_ticket_key_evp_cb(3): 1 use, 0 unknown key, 2 use and make a new ticket. */
static int ticket_key(SSL *ssl, unsigned char *name, unsigned char *iv, EVP_CIPHER_CTX *cipher,
                      EVP_MAC_CTX *mac, int encrypt)
{
    const struct tls_tickets *t = SSL_CTX_get_ex_data(SSL_get_SSL_CTX(ssl), tickets_index());
    if (t->count == 0)
        return 0;
    if (encrypt == 1) {
        if (RAND_bytes(iv, EVP_CIPHER_get_iv_length(EVP_aes_256_cbc())) != 1)
            return -1;
        memcpy(name, t->keys[0], 16);
        return use_key(t->keys[0], iv, cipher, mac, 1) ? 1 : -1;
    }
    for (size_t i = 0; i < t->count; i++) {
        if (memcmp(name, t->keys[i], 16) == 0)
            return use_key(t->keys[i], iv, cipher, mac, 0) ? (i == 0 ? 1 : 2) : -1;
    }
    return 0;
}

/* ---- the context ----------------------------------------------------------------------------- */

static int choose_alpn(SSL *ssl, const unsigned char **out, unsigned char *out_len,
                       const unsigned char *in, unsigned int in_len, void *arg)
{
    static const unsigned char ours[] = "\x08http/1.1";
    (void)ssl;
    (void)arg;
    unsigned char *chosen;
    if (SSL_select_next_proto(&chosen, out_len, ours, sizeof ours - 1, in, in_len) !=
        OPENSSL_NPN_NEGOTIATED)
        return SSL_TLSEXT_ERR_ALERT_FATAL; /* RFC 7301 section 3.2 */
    *out = chosen;
    return SSL_TLSEXT_ERR_OK;
}

/* PEM that asks for a pass phrase is refused: nobody is there to type it. */
static int no_pass_phrase(char *buf, int size, int writing, void *ctx)
{
    (void)buf, (void)size, (void)writing, (void)ctx;
    return -1;
}

static bool use_certificate(SSL_CTX *ctx, struct str pem)
{
    BIO *bio = BIO_new_mem_buf(pem.ptr, (int)pem.len);
    X509 *cert = bio == NULL ? NULL : PEM_read_bio_X509(bio, NULL, no_pass_phrase, NULL);
    bool good = cert != NULL && SSL_CTX_use_certificate(ctx, cert) == 1;
    X509_free(cert);
    while (good && (cert = PEM_read_bio_X509(bio, NULL, no_pass_phrase, NULL)) != NULL) {
        good = SSL_CTX_add1_chain_cert(ctx, cert) == 1;
        X509_free(cert);
    }
    BIO_free(bio);
    ERR_clear_error(); /* the end of the chain is an error to PEM_read */
    return good;
}

/* The private half stays where it is; the certificate says which one it is. */
static bool use_far_key(SSL_CTX *ctx, const struct far_signer *signer)
{
    X509 *cert = SSL_CTX_get0_certificate(ctx);
    EVP_PKEY *key = far_key_new(X509_get0_pubkey(cert), signer);
    bool good =
        key != NULL && SSL_CTX_use_PrivateKey(ctx, key) == 1 && SSL_CTX_check_private_key(ctx) == 1;
    EVP_PKEY_free(key);
    return good;
}

static bool set_common_rules(SSL_CTX *ctx)
{
    static char groups[] = "X25519:P-256"; /* these macros take no const */
    static char algorithms[] = "ECDSA+SHA256";
    SSL_CTX_set_mode(ctx, SSL_MODE_RELEASE_BUFFERS);
    SSL_CTX_set_options(ctx, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION |
                                 SSL_OP_CIPHER_SERVER_PREFERENCE | SSL_OP_PRIORITIZE_CHACHA);
    SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_OFF); /* tickets only: no state here */
    SSL_CTX_set_alpn_select_cb(ctx, choose_alpn, NULL);
    return SSL_CTX_set1_groups_list(ctx, groups) == 1 &&
           SSL_CTX_set1_sigalgs_list(ctx, algorithms) == 1;
}

static bool set_rules(SSL_CTX *ctx, struct tls_tickets *tickets)
{
    return set_common_rules(ctx) && SSL_CTX_set_min_proto_version(ctx, TLS1_3_VERSION) == 1 &&
           SSL_CTX_set_ciphersuites(ctx, "TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384:"
                                         "TLS_CHACHA20_POLY1305_SHA256") == 1 &&
           SSL_CTX_set_num_tickets(ctx, 1) == 1 && SSL_CTX_set_max_early_data(ctx, 0) == 1 &&
           SSL_CTX_set_ex_data(ctx, tickets_index(), tickets) == 1 &&
           SSL_CTX_set_tlsext_ticket_key_evp_cb(ctx, ticket_key) == 1;
}

/* A ticket of TLS 1.2 would give the session's keys to whoever gets the ticket key later, and the
 * stacks that this is for know none: every handshake is a full one. */
static bool set_legacy_rules(SSL_CTX *ctx)
{
    SSL_CTX_set_options(ctx, SSL_OP_NO_TICKET);
    return set_common_rules(ctx) && SSL_CTX_set_min_proto_version(ctx, TLS1_2_VERSION) == 1 &&
           SSL_CTX_set_max_proto_version(ctx, TLS1_2_VERSION) == 1 &&
           SSL_CTX_set_cipher_list(ctx, "ECDHE-ECDSA-AES128-GCM-SHA256:"
                                        "ECDHE-ECDSA-AES256-GCM-SHA384:"
                                        "ECDHE-ECDSA-CHACHA20-POLY1305") == 1;
}

/* tickets: NULL for TLS 1.2. */
static enum err make_context(struct str certificate_pem, const struct far_signer *signer,
                             struct tls_tickets *tickets, SSL_CTX **out)
{
    SSL_CTX *ctx = SSL_CTX_new(TLS_server_method());
    if (ctx == NULL)
        return ERR_NO_MEMORY;
    if ((tickets == NULL ? set_legacy_rules(ctx) : set_rules(ctx, tickets)) &&
        use_certificate(ctx, certificate_pem) && use_far_key(ctx, signer)) {
        *out = ctx;
        return OK;
    }
    SSL_CTX_free(ctx);
    return ERR_CORRUPT;
}

enum err tls_context_new(struct str certificate_pem, const struct far_signer *signer,
                         struct tls_tickets *tickets, SSL_CTX **out)
{
    ASSERT(tickets != NULL);
    return make_context(certificate_pem, signer, tickets, out);
}

enum err tls_context_new_legacy(struct str certificate_pem, const struct far_signer *signer,
                                SSL_CTX **out)
{
    return make_context(certificate_pem, signer, NULL, out);
}
