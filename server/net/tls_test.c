#include "server/net/tls.h"

#include <stdlib.h>

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include "tests/check.h"

/* ---- a certificate of our own ------------------------------------------------------------------
 */

struct identity {
    char certificate[4096], key[4096];
};

static void pem_of(BIO *bio, char out[static 4096])
{
    int len = BIO_read(bio, out, 4095);
    CHECK(len > 0);
    out[len] = 0;
    BIO_free(bio);
}

static void make_identity(struct identity *out)
{
    EVP_PKEY *key = EVP_EC_gen("P-256");
    X509 *cert = X509_new();
    BIO *bio = BIO_new(BIO_s_mem());
    ASN1_INTEGER_set(X509_get_serialNumber(cert), 1);
    X509_gmtime_adj(X509_getm_notBefore(cert), 0);
    X509_gmtime_adj(X509_getm_notAfter(cert), 3600);
    X509_NAME_add_entry_by_txt(X509_get_subject_name(cert), "CN", MBSTRING_ASC,
                               (const unsigned char *)"test", -1, -1, 0);
    X509_set_issuer_name(cert, X509_get_subject_name(cert));
    X509_set_pubkey(cert, key);
    CHECK(X509_sign(cert, key, EVP_sha256()) > 0);
    CHECK_INT(PEM_write_bio_X509(bio, cert), 1);
    pem_of(bio, out->certificate);
    bio = BIO_new(BIO_s_mem());
    CHECK_INT(PEM_write_bio_PrivateKey(bio, key, NULL, NULL, 0, NULL, NULL), 1);
    pem_of(bio, out->key);
    X509_free(cert);
    EVP_PKEY_free(key);
}

static struct identity ours;

static SSL_CTX *server_context(struct tls_tickets *tickets)
{
    SSL_CTX *ctx = NULL;
    if (ours.key[0] == 0)
        make_identity(&ours);
    CHECK_INT(
        tls_context_new(str_from_cstr(ours.certificate), str_from_cstr(ours.key), tickets, &ctx),
        OK);
    return ctx;
}

/* ---- both ends in memory -----------------------------------------------------------------------
 */

struct talk {
    SSL *client, *server;
    BIO *to_client; /* the client's own reading end */
    struct tls_io io;
    uint8_t out[64 * 1024], in[64 * 1024];
    bool server_failed;
};
static struct talk t;

static SSL_CTX *client_context(void)
{
    SSL_CTX *ctx = SSL_CTX_new(TLS_client_method());
    SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
    return ctx;
}

static void talk_open(SSL_CTX *server, SSL_CTX *client)
{
    memset(&t, 0, sizeof t);
    t.server = tls_accept(server, &t.io);
    t.client = SSL_new(client);
    CHECK(t.server != NULL && t.client != NULL);
    t.to_client = BIO_new(BIO_s_mem());
    SSL_set_bio(t.client, t.to_client, BIO_new(BIO_s_mem()));
    SSL_set_connect_state(t.client);
}

static void talk_close(void)
{
    /* A client that never said goodbye would not use its ticket again. */
    SSL_set_shutdown(t.client, SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN);
    SSL_free(t.server);
    SSL_free(t.client);
    ERR_clear_error();
}

/* The client's bytes become what the server may read during its next call. */
static void server_listens(void)
{
    int len = BIO_read(SSL_get_wbio(t.client), t.in, sizeof t.in);
    t.io = (struct tls_io){t.in, len > 0 ? (size_t)len : 0, t.out, 0, sizeof t.out};
}

static void server_has_spoken(void)
{
    if (t.io.out_len > 0)
        CHECK_INT(BIO_write(t.to_client, t.out, (int)t.io.out_len), t.io.out_len);
}

/* True when both ends are done. */
static bool shake_hands(void)
{
    for (int turn = 0; turn < 6 && !t.server_failed; turn++) {
        ERR_clear_error();
        int client = SSL_do_handshake(t.client);
        if (client != 1 && SSL_get_error(t.client, client) != SSL_ERROR_WANT_READ)
            return false;
        server_listens();
        ERR_clear_error();
        int server = SSL_do_handshake(t.server);
        t.server_failed = server != 1 && SSL_get_error(t.server, server) != SSL_ERROR_WANT_READ;
        server_has_spoken();
        if (client == 1 && server == 1)
            return true;
    }
    return false;
}

static void say(SSL *from, const char *text)
{
    size_t put = 0;
    CHECK_INT(SSL_write_ex(from, text, strlen(text), &put), 1);
}

/* A word each way; on the way back the client also meets the ticket. */
static void exchange_words(void)
{
    char text[64];
    size_t got = 0;
    say(t.client, "ping");
    server_listens();
    CHECK_INT(SSL_read_ex(t.server, text, sizeof text, &got), 1);
    CHECK_STR(str_from(text, got), STR("ping"));
    say(t.server, "pong");
    server_has_spoken();
    CHECK_INT(SSL_read_ex(t.client, text, sizeof text, &got), 1);
    CHECK_STR(str_from(text, got), STR("pong"));
}

/* ---- versions ----------------------------------------------------------------------------------
 */

TEST(tls_accept__a_client_of_today__is_met_with_tls_1_3)
{
    struct tls_tickets tickets = {.count = 0};
    SSL_CTX *server = server_context(&tickets), *client = client_context();
    talk_open(server, client);
    CHECK(shake_hands());
    CHECK_INT(SSL_version(t.client), TLS1_3_VERSION);
    CHECK(strncmp(SSL_get_cipher(t.client), "TLS_", 4) == 0);
    exchange_words();
    talk_close();
    SSL_CTX_free(server);
    SSL_CTX_free(client);
}

TEST(tls_accept__older_versions__are_refused)
{
    static const int versions[] = {TLS1_VERSION, TLS1_1_VERSION, TLS1_2_VERSION};
    struct tls_tickets tickets = {.count = 0};
    SSL_CTX *server = server_context(&tickets);
    for (size_t i = 0; i < sizeof versions / sizeof versions[0]; i++) {
        SSL_CTX *client = client_context();
        SSL_CTX_set_security_level(client, 0);
        SSL_CTX_set_min_proto_version(client, versions[i]);
        SSL_CTX_set_max_proto_version(client, versions[i]);
        talk_open(server, client);
        CHECK(!shake_hands());
        talk_close();
        SSL_CTX_free(client);
    }
    SSL_CTX_free(server);
}

TEST(tls_accept__what_is_not_tls__is_refused)
{
    static const char *const rows[] = {"GET / HTTP/1.1\r\nHost: a\r\n\r\n",
                                       "SSH-2.0-OpenSSH_9.2\r\n",
                                       "\x16\x03\x01\xFF\xFF\x01\xFF\xFF\xFF"};
    struct tls_tickets tickets = {.count = 0};
    SSL_CTX *server = server_context(&tickets), *client = client_context();
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        check_row = rows[i];
        talk_open(server, client);
        t.io = (struct tls_io){(const uint8_t *)rows[i], strlen(rows[i]), t.out, 0, sizeof t.out};
        int done = SSL_do_handshake(t.server);
        CHECK(done != 1 && SSL_get_error(t.server, done) == SSL_ERROR_SSL);
        talk_close();
    }
    check_row = NULL;
    SSL_CTX_free(server);
    SSL_CTX_free(client);
}

TEST(tls_accept__bytes_one_at_a_time__are_the_same_handshake)
{
    struct tls_tickets tickets = {.count = 0};
    SSL_CTX *server = server_context(&tickets), *client = client_context();
    talk_open(server, client);
    CHECK(SSL_do_handshake(t.client) != 1);
    server_listens();
    size_t len = t.io.in_len;
    for (size_t i = 0; i < len; i++) {
        t.io = (struct tls_io){t.in + i, 1, t.out, 0, sizeof t.out};
        int done = SSL_do_handshake(t.server);
        CHECK(done != 1 && SSL_get_error(t.server, done) == SSL_ERROR_WANT_READ);
        CHECK_INT(t.io.in_len, 0);
    }
    server_has_spoken();
    CHECK(shake_hands());
    talk_close();
    SSL_CTX_free(server);
    SSL_CTX_free(client);
}

/* ---- ALPN --------------------------------------------------------------------------------------
 */

TEST(tls_accept__protocols_offered)
{
    static const struct {
        const char *offer;
        bool good;
    } rows[] = {
        {"\x08http/1.1", true},  {"\x02h2\x08http/1.1", true}, {"\x02h2", false},
        {"\x08http/1.0", false}, {"\x04mqtt", false},
    };
    struct tls_tickets tickets = {.count = 0};
    SSL_CTX *server = server_context(&tickets), *client = client_context();
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const unsigned char *chosen;
        unsigned len;
        check_row = rows[i].offer;
        talk_open(server, client);
        CHECK_INT(SSL_set_alpn_protos(t.client, (const unsigned char *)rows[i].offer,
                                      (unsigned)strlen(rows[i].offer)),
                  0);
        CHECK_INT(shake_hands(), rows[i].good);
        if (rows[i].good) {
            SSL_get0_alpn_selected(t.client, &chosen, &len);
            CHECK_STR(str_from(chosen, len), STR("http/1.1"));
        }
        talk_close();
    }
    check_row = NULL;
    SSL_CTX_free(server);
    SSL_CTX_free(client);
}

/* ---- tickets -----------------------------------------------------------------------------------
 */

static SSL_SESSION *kept;

static int keep_session(SSL *ssl, SSL_SESSION *session)
{
    (void)ssl;
    SSL_SESSION_free(kept);
    kept = session;
    return 1;
}

static void set_keys(struct tls_tickets *tickets, const char *names)
{
    tickets->count = strlen(names);
    for (size_t i = 0; i < tickets->count; i++)
        memset(tickets->keys[i], names[i], sizeof tickets->keys[i]);
}

/* Connect, with the ticket kept if there is one: was it taken? A new ticket is kept. */
static bool resumes(SSL_CTX *server, SSL_CTX *client)
{
    talk_open(server, client);
    if (kept != NULL)
        CHECK_INT(SSL_set_session(t.client, kept), 1);
    CHECK(shake_hands());
    exchange_words();
    bool reused = SSL_session_reused(t.client) == 1 && SSL_session_reused(t.server) == 1;
    talk_close();
    return reused;
}

TEST(tickets__open_while_their_key_is_kept_and_no_longer)
{
    static const struct {
        const char *made_with, *met_with;
        bool resumed;
        const char *why;
    } rows[] = {
        {"a", "a", true, "the same key"},
        {"a", "ba", true, "a newer key, the old one kept"},
        {"a", "cba", true, "two newer keys"},
        {"a", "cb", false, "its key has gone"},
        {"ba", "a", false, "made with a key that this edge does not have"},
        {"a", "", false, "no keys at all"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct tls_tickets first = {.count = 0}, second = {.count = 0};
        check_row = rows[i].why;
        set_keys(&first, rows[i].made_with);
        set_keys(&second, rows[i].met_with);
        SSL_CTX *one = server_context(&first), *other = server_context(&second);
        SSL_CTX *client = client_context();
        SSL_CTX_sess_set_new_cb(client, keep_session);
        CHECK(!resumes(one, client));
        CHECK(kept != NULL);
        CHECK_INT(resumes(other, client), rows[i].resumed); /* another edge, the same keys */
        SSL_SESSION_free(kept);
        kept = NULL;
        SSL_CTX_free(one);
        SSL_CTX_free(other);
        SSL_CTX_free(client);
    }
    check_row = NULL;
}

TEST(tickets__met_with_an_old_key__are_renewed_with_the_new_one)
{
    struct tls_tickets tickets = {.count = 0};
    set_keys(&tickets, "a");
    SSL_CTX *server = server_context(&tickets), *client = client_context();
    SSL_CTX_sess_set_new_cb(client, keep_session);
    CHECK(!resumes(server, client));
    set_keys(&tickets, "ba"); /* rotated while the context lives */
    CHECK(resumes(server, client));
    set_keys(&tickets, "b");
    CHECK(resumes(server, client));
    SSL_SESSION_free(kept);
    kept = NULL;
    SSL_CTX_free(server);
    SSL_CTX_free(client);
}

TEST(tickets__the_right_name_with_the_wrong_secret__is_a_full_handshake)
{
    struct tls_tickets tickets = {.count = 0};
    set_keys(&tickets, "a");
    SSL_CTX *server = server_context(&tickets), *client = client_context();
    SSL_CTX_sess_set_new_cb(client, keep_session);
    CHECK(!resumes(server, client));
    memset(tickets.keys[0] + 16, 'x', TLS_TICKET_KEY_LEN - 16);
    CHECK(!resumes(server, client));
    SSL_SESSION_free(kept);
    kept = NULL;
    SSL_CTX_free(server);
    SSL_CTX_free(client);
}

/* ---- small devices -----------------------------------------------------------------------------
 */

TEST(tls_accept__max_fragment_length__is_kept_to)
{
    static char big[6000];
    struct tls_tickets tickets = {.count = 0};
    SSL_CTX *server = server_context(&tickets), *client = client_context();
    CHECK_INT(SSL_CTX_set_tlsext_max_fragment_length(client, TLSEXT_max_fragment_length_512), 1);
    talk_open(server, client);
    CHECK(shake_hands());
    memset(big, 'x', sizeof big);
    server_listens();
    size_t put = 0;
    for (size_t sent = 0; sent < sizeof big; sent += put)
        CHECK_INT(SSL_write_ex(t.server, big + sent, sizeof big - sent, &put), 1);
    size_t records = 0;
    for (size_t at = 0; at < t.io.out_len;
         records++) { /* RFC 8446 section 5.2: type, version, length */
        size_t len = (size_t)t.out[at + 3] << 8 | t.out[at + 4];
        CHECK(len <= 512 + 1 + 16);
        at += 5 + len;
    }
    CHECK(records >= sizeof big / 512);
    talk_close();
    SSL_CTX_free(server);
    SSL_CTX_free(client);
}

TEST(tls_io__a_buffer_too_small__is_an_error_and_not_overrun)
{
    struct tls_tickets tickets = {.count = 0};
    SSL_CTX *server = server_context(&tickets), *client = client_context();
    talk_open(server, client);
    CHECK(SSL_do_handshake(t.client) != 1);
    server_listens();
    t.io.out_cap = 100;
    memset(t.out, 0xAA, sizeof t.out);
    int done = SSL_do_handshake(t.server);
    CHECK(done != 1 && SSL_get_error(t.server, done) != SSL_ERROR_WANT_READ);
    CHECK(t.io.out_len <= 100 && t.out[100] == 0xAA);
    talk_close();
    SSL_CTX_free(server);
    SSL_CTX_free(client);
}

/* ---- the context -------------------------------------------------------------------------------
 */

TEST(tls_context_new__what_does_not_belong_together__is_corrupt)
{
    static struct identity other;
    struct tls_tickets tickets = {.count = 0};
    SSL_CTX_free(server_context(&tickets));
    make_identity(&other);
    const struct {
        const char *certificate, *key, *why;
    } rows[] = {
        {ours.certificate, other.key, "the key of another certificate"},
        {ours.key, ours.key, "a key for a certificate"},
        {ours.certificate, ours.certificate, "a certificate for a key"},
        {"", ours.key, "no certificate"},
        {ours.certificate, "", "no key"},
        {"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", ours.key, "not DER"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        SSL_CTX *ctx = NULL;
        check_row = rows[i].why;
        CHECK_INT(tls_context_new(str_from_cstr(rows[i].certificate), str_from_cstr(rows[i].key),
                                  &tickets, &ctx),
                  ERR_CORRUPT);
        CHECK(ctx == NULL);
    }
    check_row = NULL;
    ERR_clear_error();
}

TESTS(tls, TEST_ROW(tls_accept__a_client_of_today__is_met_with_tls_1_3),
      TEST_ROW(tls_accept__older_versions__are_refused),
      TEST_ROW(tls_accept__what_is_not_tls__is_refused),
      TEST_ROW(tls_accept__bytes_one_at_a_time__are_the_same_handshake),
      TEST_ROW(tls_accept__protocols_offered),
      TEST_ROW(tickets__open_while_their_key_is_kept_and_no_longer),
      TEST_ROW(tickets__met_with_an_old_key__are_renewed_with_the_new_one),
      TEST_ROW(tickets__the_right_name_with_the_wrong_secret__is_a_full_handshake),
      TEST_ROW(tls_accept__max_fragment_length__is_kept_to),
      TEST_ROW(tls_io__a_buffer_too_small__is_an_error_and_not_overrun),
      TEST_ROW(tls_context_new__what_does_not_belong_together__is_corrupt))
