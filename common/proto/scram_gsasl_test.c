/* Our SCRAM talks to GNU SASL, each end in turn: two independent readings of RFC 5802 agree.
 *
 * Owns:     the GNU SASL library handle.
 * Promise:  built only where libgsasl is found; needs no network.
 * Source:   GNU SASL manual, "Mechanisms", SCRAM-SHA-256 (2.2.0).
 * Watch:    GNU SASL makes its own nonces, so nothing here is byte for byte. */
#include <gsasl.h>
#include <stdlib.h>

#include "common/base/encoding.h"
#include "common/proto/scram.h"
#include "tests/check.h"

#define SALT_TEXT "W22ZaJ0SNY7soEsUEjb6gQ=="
#define USER      "dev_7hQmZr3KpT0s"

static const char *password = "oc_key_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8";

static int property(Gsasl *library, Gsasl_session *session, Gsasl_property asked)
{
    (void)library;
    switch ((int)asked) {
    case GSASL_AUTHID: return gsasl_property_set(session, asked, USER);
    case GSASL_PASSWORD: return gsasl_property_set(session, asked, password);
    case GSASL_SCRAM_ITER: return gsasl_property_set(session, asked, "4096");
    case GSASL_SCRAM_SALT: return gsasl_property_set(session, asked, SALT_TEXT);
    }
    return GSASL_NO_CALLBACK;
}

static Gsasl *library_open(void)
{
    Gsasl *library;
    assert_int_equal(gsasl_init(&library), GSASL_OK);
    gsasl_callback_set(library, property);
    return library;
}

/* One step of GNU SASL: text in, text out; the answer is copied into room. */
static int gsasl_turn(Gsasl_session *session, struct str in, char *room, size_t cap,
                      struct str *out)
{
    char *answer = NULL;
    size_t len = 0;
    int rc = gsasl_step(session, (const char *)in.ptr, in.len, &answer, &len);
    assert_true(len < cap);
    if (len > 0)
        memcpy(room, answer, len);
    gsasl_free(answer);
    *out = str_from(room, len);
    return rc;
}

static void random_nonce(uint8_t nonce[static SCRAM_NONCE_LEN])
{
    assert_int_equal(gsasl_nonce((char *)nonce, SCRAM_NONCE_LEN), GSASL_OK);
}

static uint8_t salt[SCRAM_SALT_LEN];

static void salt_init(void)
{
    size_t len;
    assert_int_equal(base64_read(STR(SALT_TEXT), salt, sizeof salt, &len), OK);
}

TEST(scram_client__against_gnu_sasl_server)
{
    Gsasl *library = library_open();
    Gsasl_session *server;
    struct scram_exchange x;
    struct scram_client_keys keys;
    uint8_t nonce[SCRAM_NONCE_LEN];
    char ours[SCRAM_MESSAGE_MAX];
    char theirs[SCRAM_MESSAGE_MAX];
    struct str in;
    struct str out;
    salt_init();
    assert_int_equal(gsasl_server_start(library, "SCRAM-SHA-256", &server), GSASL_OK);
    scram_derive_client_keys(str_from_cstr(password), salt, 4096, &keys);
    random_nonce(nonce);

    struct writer w = writer_into(ours, sizeof ours);
    CHECK_INT(scram_client_first(&x, STR(USER), nonce, &w), OK);
    CHECK_INT(writer_end(&w, &out), OK);
    CHECK_INT(gsasl_turn(server, out, theirs, sizeof theirs, &in), GSASL_NEEDS_MORE);
    w = writer_into(ours, sizeof ours);
    CHECK_INT(scram_client_final(&x, in, salt, 4096, &keys, &w), OK);
    CHECK_INT(writer_end(&w, &out), OK);
    CHECK_INT(gsasl_turn(server, out, theirs, sizeof theirs, &in), GSASL_OK);
    CHECK_INT(scram_client_verify(&x, in, &keys), OK);
    gsasl_finish(server);
    gsasl_done(library);
}

/* Runs GNU SASL's client against our server; what our server said to the proof. */
static enum err serve_gsasl_client(const char *verifier_password)
{
    Gsasl *library = library_open();
    Gsasl_session *client;
    struct scram_exchange x;
    struct scram_verifier v;
    uint8_t nonce[SCRAM_NONCE_LEN];
    char ours[SCRAM_MESSAGE_MAX];
    char theirs[SCRAM_MESSAGE_MAX];
    struct str in;
    struct str out;
    struct str user;
    salt_init();
    assert_int_equal(gsasl_client_start(library, "SCRAM-SHA-256", &client), GSASL_OK);
    scram_derive_verifier(str_from_cstr(verifier_password), salt, 4096, &v);
    random_nonce(nonce);

    CHECK_INT(gsasl_turn(client, STR_NONE, theirs, sizeof theirs, &in), GSASL_NEEDS_MORE);
    CHECK_INT(scram_server_user(in, &user), OK);
    CHECK_STR(user, STR(USER));
    struct writer w = writer_into(ours, sizeof ours);
    CHECK_INT(scram_server_first(&x, in, &v, nonce, &w), OK);
    CHECK_INT(writer_end(&w, &out), OK);
    CHECK_INT(gsasl_turn(client, out, theirs, sizeof theirs, &in), GSASL_NEEDS_MORE);
    w = writer_into(ours, sizeof ours);
    enum err e = scram_server_final(&x, in, &v, &w);
    if (e == OK) {
        CHECK_INT(writer_end(&w, &out), OK);
        CHECK_INT(gsasl_turn(client, out, theirs, sizeof theirs, &in), GSASL_OK);
    }
    gsasl_finish(client);
    gsasl_done(library);
    return e;
}

TEST(scram_server__against_gnu_sasl_client)
{
    CHECK_INT(serve_gsasl_client(password), OK);
}

TEST(scram_server__against_gnu_sasl_client_with_another_key__is_denied)
{
    CHECK_INT(serve_gsasl_client("another"), ERR_DENIED);
}

TESTS(scram_gsasl, TEST_ROW(scram_client__against_gnu_sasl_server),
      TEST_ROW(scram_server__against_gnu_sasl_client),
      TEST_ROW(scram_server__against_gnu_sasl_client_with_another_key__is_denied))
