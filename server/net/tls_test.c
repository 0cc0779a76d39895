#include "server/net/tls.h"

#include <openssl/pem.h>

#include "server/pki/signer.h"
#include "tests/check.h"
#include "tests/support/edge_house.h"

#define FLIGHTS_MAX 20

static struct house_identity identity;
static struct far_signer signer = {house_sign, &identity};
static struct tls_tickets tickets = {.count = 1};

static SSL_CTX *server_context(struct tls_tickets *t)
{
    SSL_CTX *ctx;
    if (identity.key[0] == 0)
        house_make_identity(&identity, 1);
    CHECK_INT(tls_context_new(str_from_cstr(identity.certificate), &signer, t, &ctx), OK);
    return ctx;
}

/* Both ends in one place: what one writes the other reads. */
struct pair {
    SSL *server, *client;
    SSL_CTX *client_ctx;
    BIO *to_client, *from_client;
    struct tls_io io;
    uint8_t in[65536], out[65536];
};

static void pair_open(struct pair *p, SSL_CTX *ctx)
{
    p->client_ctx = SSL_CTX_new(TLS_client_method());
    p->client = SSL_new(p->client_ctx);
    p->to_client = BIO_new(BIO_s_mem());
    p->from_client = BIO_new(BIO_s_mem());
    SSL_set_bio(p->client, p->to_client, p->from_client);
    p->io = (struct tls_io){.out = p->out, .out_cap = sizeof p->out};
    p->server = tls_accept(ctx, &p->io);
    CHECK(p->server != NULL);
}

static void pair_close(struct pair *p)
{
    SSL_set_shutdown(p->client, SSL_SENT_SHUTDOWN);
    SSL_free(p->client);
    SSL_free(p->server);
    SSL_CTX_free(p->client_ctx);
}

/* What the client has said is before the server now, and the other way round. */
static void carry(struct pair *p)
{
    int len = BIO_read(p->from_client, p->in, sizeof p->in);
    p->io.in = p->in;
    p->io.in_len = len > 0 ? (size_t)len : 0;
}

static void carry_back(struct pair *p)
{
    if (p->io.out_len > 0)
        CHECK_INT(BIO_write(p->to_client, p->out, (int)p->io.out_len), p->io.out_len);
    p->io.out_len = 0;
}

static bool shake(struct pair *p)
{
    uint8_t ignored[16];
    for (int i = 0; i < FLIGHTS_MAX; i++) {
        int there = SSL_connect(p->client);
        carry(p);
        int here = SSL_do_handshake(p->server);
        bool gave_up = here != 1 && SSL_get_error(p->server, here) != SSL_ERROR_WANT_READ;
        carry_back(p);
        if (there == 1 && here == 1) {
            (void)SSL_read(p->client, ignored, sizeof ignored); /* the ticket */
            return true;
        }
        if (gave_up)
            return false;
    }
    return false;
}

static bool shakes_with_groups(SSL_CTX *ctx, char *groups)
{
    static struct pair p;
    char list[64]; /* the macro below takes no const */
    snprintf(list, sizeof list, "%s", groups);
    pair_open(&p, ctx);
    CHECK_INT(SSL_set1_groups_list(p.client, list), 1);
    bool done = shake(&p);
    CHECK(!done || SSL_version(p.server) == TLS1_3_VERSION);
    pair_close(&p);
    return done;
}

TEST(tls__groups_and_ciphers__are_those_of_the_product)
{
    static struct pair p;
    SSL_CTX *ctx = server_context(&tickets);
    char x25519[] = "X25519", p256[] = "P-256",
         p384[] = "P-384"; /* OpenSSL's macro wants them so */
    CHECK(shakes_with_groups(ctx, x25519));
    CHECK(shakes_with_groups(ctx, p256));
    CHECK(!shakes_with_groups(ctx, p384));
    pair_open(&p, ctx);
    CHECK_INT(SSL_set_ciphersuites(p.client, "TLS_AES_128_CCM_8_SHA256"), 1);
    CHECK(!shake(&p));
    pair_close(&p);
    pair_open(&p, ctx);
    SSL_set_max_proto_version(p.client, TLS1_2_VERSION);
    CHECK(!shake(&p));
    pair_close(&p);
    SSL_CTX_free(ctx);
}

TEST(tls__a_certificate__that_cannot_be_used_is_refused)
{
    SSL_CTX *ctx = NULL;
    char p384[HOUSE_PEM_MAX] = "";
    SSL_CTX_free(server_context(&tickets));
    CHECK_INT(tls_context_new(STR_NONE, &signer, &tickets, &ctx), ERR_CORRUPT);
    CHECK_INT(tls_context_new(STR("-----BEGIN"), &signer, &tickets, &ctx), ERR_CORRUPT);
    CHECK_INT(tls_context_new(str_from_cstr(identity.key), &signer, &tickets, &ctx), ERR_CORRUPT);
    CHECK_INT(tls_context_new_legacy(STR_NONE, &signer, &ctx), ERR_CORRUPT);
    EVP_PKEY *other_curve = EVP_EC_gen("P-384");
    X509 *cert = X509_new();
    BIO *out = BIO_new(BIO_s_mem());
    CHECK(X509_set_pubkey(cert, other_curve) == 1 &&
          X509_sign(cert, other_curve, EVP_sha384()) > 0 && PEM_write_bio_X509(out, cert) == 1);
    CHECK(BIO_read(out, p384, sizeof p384 - 1) > 0);
    CHECK_INT(tls_context_new(str_from_cstr(p384), &signer, &tickets, &ctx), ERR_CORRUPT);
    CHECK(ctx == NULL);
    BIO_free(out);
    X509_free(cert);
    EVP_PKEY_free(other_curve);
}

/* ---- the key that is elsewhere --------------------------------------------------------------- */

/* What TLS wants signed is what the keyring's keys accept, byte by byte. */
static enum signer_form expected_form;
static size_t signatures_asked;

static enum err sign_and_judge(void *ctx, const uint8_t key[static SIGNING_KEY_LEN],
                               struct str content, struct signature *out)
{
    signatures_asked++;
    CHECK(signer_accepts(expected_form, content));
    CHECK(!signer_accepts(expected_form == SIGNER_TLS_1_3 ? SIGNER_TLS_1_2 : SIGNER_TLS_1_3,
                          content));
    return house_sign(ctx, key, content, out);
}

static enum err refuse_to_sign(void *ctx, const uint8_t key[static SIGNING_KEY_LEN],
                               struct str content, struct signature *out)
{
    (void)ctx, (void)key, (void)content, (void)out;
    return ERR_DENIED;
}

static const struct far_signer judge = {sign_and_judge, &identity};

TEST(far_key__every_handshake_of_tls_1_3__is_what_the_keyring_signs)
{
    static const char *const suites[] = {"TLS_AES_128_GCM_SHA256", "TLS_AES_256_GCM_SHA384",
                                         "TLS_CHACHA20_POLY1305_SHA256"};
    static struct pair p;
    SSL_CTX *ctx;
    SSL_CTX_free(server_context(&tickets));
    CHECK_INT(tls_context_new(str_from_cstr(identity.certificate), &judge, &tickets, &ctx), OK);
    expected_form = SIGNER_TLS_1_3;
    signatures_asked = 0;
    for (size_t i = 0; i < 3; i++) {
        check_row = suites[i];
        pair_open(&p, ctx);
        CHECK_INT(SSL_set_ciphersuites(p.client, suites[i]), 1);
        CHECK(shake(&p));
        pair_close(&p);
    }
    check_row = NULL;
    CHECK_INT(signatures_asked, 3);
    SSL_CTX_free(ctx);
}

TEST(far_key__a_refused_signature__ends_the_handshake)
{
    static const struct far_signer nobody = {refuse_to_sign, NULL};
    static struct pair p;
    SSL_CTX *ctx;
    SSL_CTX_free(server_context(&tickets));
    CHECK_INT(tls_context_new(str_from_cstr(identity.certificate), &nobody, &tickets, &ctx), OK);
    pair_open(&p, ctx);
    CHECK(!shake(&p));
    pair_close(&p);
    SSL_CTX_free(ctx);
}

/* ---- TLS 1.2 --------------------------------------------------------------------------------- */

TEST(legacy__ecdhe_with_aead__and_nothing_else)
{
    static const struct {
        const char *ciphers;
        int version;
        bool works;
    } rows[] = {
        {"ECDHE-ECDSA-AES128-GCM-SHA256", TLS1_2_VERSION, true},
        {"ECDHE-ECDSA-AES256-GCM-SHA384", TLS1_2_VERSION, true},
        {"ECDHE-ECDSA-CHACHA20-POLY1305", TLS1_2_VERSION, true},
        {"ECDHE-ECDSA-AES128-SHA256", TLS1_2_VERSION, false}, /* CBC */
        {"ECDHE-ECDSA-AES128-SHA:@SECLEVEL=0", TLS1_1_VERSION, false},
        {"DEFAULT", TLS1_3_VERSION, false},
    };
    static struct pair p;
    SSL_CTX *ctx;
    SSL_CTX_free(server_context(&tickets));
    CHECK_INT(tls_context_new_legacy(str_from_cstr(identity.certificate), &judge, &ctx), OK);
    expected_form = SIGNER_TLS_1_2;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        check_row = rows[i].ciphers;
        for (int p256 = 0; p256 < 2; p256++) {
            char group[16]; /* the certificate's curve must be among them in TLS 1.2 */
            snprintf(group, sizeof group, "%s", p256 == 1 ? "P-256" : "X25519:P-256");
            pair_open(&p, ctx);
            CHECK_INT(SSL_set_cipher_list(p.client, rows[i].ciphers), 1);
            CHECK_INT(SSL_set_min_proto_version(p.client, rows[i].version), 1);
            CHECK_INT(SSL_set_max_proto_version(p.client, rows[i].version), 1);
            CHECK_INT(SSL_set1_groups_list(p.client, group), 1);
            CHECK_INT(shake(&p), rows[i].works);
            CHECK(!rows[i].works || !SSL_SESSION_has_ticket(SSL_get0_session(p.client)));
            pair_close(&p);
        }
    }
    check_row = NULL;
    SSL_CTX_free(ctx);
}

/* ---- sessions -------------------------------------------------------------------------------- */

static SSL_SESSION *first_session(SSL_CTX *ctx)
{
    static struct pair p;
    pair_open(&p, ctx);
    CHECK(shake(&p));
    SSL_SESSION *session = SSL_get1_session(p.client);
    CHECK(SSL_SESSION_is_resumable(session));
    CHECK_INT(SSL_SESSION_get_max_early_data(session), 0);
    pair_close(&p);
    return session;
}

static bool resumes(SSL_CTX *ctx, SSL_SESSION *session)
{
    static struct pair p;
    pair_open(&p, ctx);
    SSL_SESSION *copy = SSL_SESSION_dup(session);
    CHECK_INT(SSL_set_session(p.client, copy), 1);
    SSL_SESSION_free(copy);
    CHECK(shake(&p));
    bool reused = SSL_session_reused(p.client) == 1;
    pair_close(&p);
    return reused;
}

TEST(tls__tickets__open_wherever_their_key_is_known)
{
    struct tls_tickets mine = {.count = 1}, rotated = {.count = 2}, others = {.count = 1};
    memset(mine.keys[0], 1, TLS_TICKET_KEY_LEN);
    memset(rotated.keys[0], 2, TLS_TICKET_KEY_LEN);
    memset(rotated.keys[1], 1, TLS_TICKET_KEY_LEN);
    memset(others.keys[0], 3, TLS_TICKET_KEY_LEN);
    SSL_CTX *ctx = server_context(&mine), *ctx_rotated = server_context(&rotated);
    SSL_CTX *ctx_others = server_context(&others);
    SSL_SESSION *session = first_session(ctx);
    CHECK(resumes(ctx, session));
    CHECK(resumes(ctx_rotated, session));
    CHECK(!resumes(ctx_others, session));
    mine.keys[0][20] ^= 1; /* same name, another secret: no ticket of ours */
    CHECK(!resumes(ctx, session));
    rotated.count = 1; /* keys may change while a context lives */
    CHECK(!resumes(ctx_rotated, session));
    SSL_SESSION_free(session);
    SSL_CTX_free(ctx);
    SSL_CTX_free(ctx_rotated);
    SSL_CTX_free(ctx_others);
}

/* RFC 6066 section 4; a record of TLS 1.3 adds its type and tag. */
TEST(tls__max_fragment_length__bounds_every_record)
{
    static struct pair p;
    static uint8_t plain[10000];
    SSL_CTX *ctx = server_context(&tickets);
    pair_open(&p, ctx);
    CHECK_INT(SSL_set_tlsext_max_fragment_length(p.client, TLSEXT_max_fragment_length_512), 1);
    CHECK(shake(&p));
    size_t put;
    CHECK_INT(SSL_write_ex(p.server, plain, sizeof plain, &put), 1);
    CHECK_INT(put, sizeof plain);
    size_t records = 0;
    for (size_t at = 0; at < p.io.out_len; records++) {
        size_t len = (size_t)p.out[at + 3] << 8 | p.out[at + 4];
        CHECK(len <= 512 + 1 + 16);
        at += 5 + len;
    }
    CHECK_INT(records, 20);
    pair_close(&p);
    SSL_CTX_free(ctx);
}

TEST(tls__an_answer_larger_than_the_buffer__is_an_error_and_no_overrun)
{
    static struct pair p;
    static uint8_t plain[10000];
    SSL_CTX *ctx = server_context(&tickets);
    size_t put;
    pair_open(&p, ctx);
    CHECK(shake(&p));
    p.io.out_cap = sizeof plain - 1;
    CHECK_INT(SSL_write_ex(p.server, plain, sizeof plain, &put), 0);
    CHECK(p.io.out_len <= p.io.out_cap);
    pair_close(&p);
    SSL_CTX_free(ctx);
}

TESTS(tls, TEST_ROW(tls__groups_and_ciphers__are_those_of_the_product),
      TEST_ROW(tls__a_certificate__that_cannot_be_used_is_refused),
      TEST_ROW(far_key__every_handshake_of_tls_1_3__is_what_the_keyring_signs),
      TEST_ROW(far_key__a_refused_signature__ends_the_handshake),
      TEST_ROW(legacy__ecdhe_with_aead__and_nothing_else),
      TEST_ROW(tls__tickets__open_wherever_their_key_is_known),
      TEST_ROW(tls__max_fragment_length__bounds_every_record),
      TEST_ROW(tls__an_answer_larger_than_the_buffer__is_an_error_and_no_overrun))
