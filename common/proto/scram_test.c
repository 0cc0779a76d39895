#include "common/proto/scram.h"

#include "common/base/encoding.h"
#include "tests/check.h"

/* The worked example of docs/protocol/device.md, made with Python's hashlib. */
#define EXAMPLE_KEY          "oc_key_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8"
#define EXAMPLE_USER         "dev_7hQmZr3KpT0s"
#define EXAMPLE_SALT         "W22ZaJ0SNY7soEsUEjb6gQ=="
#define EXAMPLE_NONCE        "EBESExQVFhcYGRobHB0eHyAhgIGCg4SFhoeIiYqLjI2Oj5CR"
#define EXAMPLE_CLIENT_FIRST "n,,n=" EXAMPLE_USER ",r=EBESExQVFhcYGRobHB0eHyAh"
#define EXAMPLE_SERVER_FIRST "r=" EXAMPLE_NONCE ",s=" EXAMPLE_SALT ",i=4096"
#define EXAMPLE_CLIENT_FINAL                                                                       \
    "c=biws,r=" EXAMPLE_NONCE ",p=Ehg3OROZ92ISZEPrWmnVexVqMLZgzVQODme4ArTh16c="
#define EXAMPLE_SERVER_FINAL "v=L+F/qhYUSnENQ5IsCG9cVjtDMx56r3mPsX18YlgzD0I="

static uint8_t salt[SCRAM_SALT_LEN];
static uint8_t client_nonce[SCRAM_NONCE_LEN];
static uint8_t server_nonce[SCRAM_NONCE_LEN];
static struct scram_verifier verifier;
static struct scram_client_keys keys;

/* Derived once: 8,192 rounds take a while on an emulated chip. */
static void example_init(void)
{
    static bool is_done;
    size_t len;
    if (is_done)
        return;
    for (size_t i = 0; i < SCRAM_NONCE_LEN; i++) {
        client_nonce[i] = (uint8_t)(0x10 + i);
        server_nonce[i] = (uint8_t)(0x80 + i);
    }
    CHECK_INT(base64_read(STR(EXAMPLE_SALT), salt, sizeof salt, &len), OK);
    scram_derive_verifier(STR(EXAMPLE_KEY), salt, 4096, &verifier);
    scram_derive_client_keys(STR(EXAMPLE_KEY), salt, 4096, &keys);
    is_done = true;
}

struct talk {
    struct scram_exchange client;
    struct scram_exchange server;
    char text[SCRAM_MESSAGE_MAX];
};

static struct str written(const struct writer *w)
{
    struct str out = STR_NONE;
    CHECK_INT(writer_end(w, &out), OK);
    return out;
}

/* Both ends up to and including server-first. */
static void talk_start(struct talk *t)
{
    example_init();
    struct writer w = writer_into(t->text, sizeof t->text);
    CHECK_INT(scram_client_first(&t->client, STR(EXAMPLE_USER), client_nonce, &w), OK);
    CHECK_STR(written(&w), STR(EXAMPLE_CLIENT_FIRST));
    w = writer_into(t->text, sizeof t->text);
    CHECK_INT(
        scram_server_first(&t->server, STR(EXAMPLE_CLIENT_FIRST), &verifier, server_nonce, &w), OK);
    CHECK_STR(written(&w), STR(EXAMPLE_SERVER_FIRST));
}

static void check_key(const uint8_t *key, const char *hex)
{
    char text[2 * SHA256_LEN];
    struct writer w = writer_into(text, sizeof text);
    writer_hex(&w, str_from(key, SHA256_LEN));
    CHECK_STR(written(&w), str_from_cstr(hex));
}

TEST(scram__worked_example__keys)
{
    example_init();
    check_key(keys.client_key, "4780baf55b494cbf7c229a8cb2d58fba9c7ab302749cf5bd3ac708804142ff1e");
    check_key(verifier.stored_key,
              "32f0c3cb0be80145baa095f7bfb518646fb2f1e901426599fa24bbac07b185f0");
    check_key(keys.server_key, "b21707c89e1b2dded3ee43e7adb7d7aa0b49b7ee62795e5c84711e473039d4a3");
    check_key(verifier.server_key,
              "b21707c89e1b2dded3ee43e7adb7d7aa0b49b7ee62795e5c84711e473039d4a3");
}

TEST(scram__worked_example__both_ends)
{
    struct talk t;
    talk_start(&t);
    struct writer w = writer_into(t.text, sizeof t.text);
    CHECK_INT(scram_client_final(&t.client, STR(EXAMPLE_SERVER_FIRST), salt, 4096, &keys, &w), OK);
    CHECK_STR(written(&w), STR(EXAMPLE_CLIENT_FINAL));
    w = writer_into(t.text, sizeof t.text);
    CHECK_INT(scram_server_final(&t.server, STR(EXAMPLE_CLIENT_FINAL), &verifier, &w), OK);
    CHECK_STR(written(&w), STR(EXAMPLE_SERVER_FINAL));
    CHECK_INT(scram_client_verify(&t.client, STR(EXAMPLE_SERVER_FINAL), &keys), OK);
}

#define RFC_BARE         "n=user,r=rOprNGfwEbeRWgbNEkqO"
#define RFC_NONCE        "rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0"
#define RFC_SERVER_FIRST "r=" RFC_NONCE ",s=" EXAMPLE_SALT ",i=4096"
#define RFC_CLIENT_FINAL "c=biws,r=" RFC_NONCE ",p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ="
#define RFC_SERVER_FINAL "v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4="

/* RFC 7677 section 3. Its nonces are text of another kind than ours, so the exchanges are laid
 * down as they stand after the first messages. */
TEST(scram__rfc_7677_section_3)
{
    struct scram_verifier v;
    struct scram_client_keys k;
    struct scram_exchange x = {0};
    char text[SCRAM_MESSAGE_MAX];
    example_init();
    scram_derive_verifier(STR("pencil"), salt, 4096, &v);
    scram_derive_client_keys(STR("pencil"), salt, 4096, &k);
    memcpy(x.client_first_bare, RFC_BARE, x.client_first_bare_len = sizeof RFC_BARE - 1);
    memcpy(x.nonce, "rOprNGfwEbeRWgbNEkqO", x.nonce_len = 20);

    struct writer w = writer_into(text, sizeof text);
    CHECK_INT(scram_client_final(&x, STR(RFC_SERVER_FIRST), salt, 4096, &k, &w), OK);
    CHECK_STR(written(&w), STR(RFC_CLIENT_FINAL));
    /* The client's exchange now holds just what a server's would. */
    w = writer_into(text, sizeof text);
    CHECK_INT(scram_server_final(&x, STR(RFC_CLIENT_FINAL), &v, &w), OK);
    CHECK_STR(written(&w), STR(RFC_SERVER_FINAL));
    CHECK_INT(scram_client_verify(&x, STR(RFC_SERVER_FINAL), &k), OK);
}

TEST(scram_server__malformed_client_first__is_refused)
{
    static const char *const rows[] = {
        "",
        "n",
        "n,",
        "n,,",
        "n,,n=",
        "n,,n=u",
        "n,,n=u,",
        "n,,n=u,r=",
        "n,,n=u,r=x,",
        "n,,n=u,r=x,m=1",
        "n,,r=x,n=u",
        "n,,m=1,n=u,r=x",
        "n,,n=,r=x",
        "n,,n=a=2Cb,r=x",
        "n,,n=a b,r=x",
        "n,,n=\xC3\xA9,r=x",
        "n,a=other,n=u,r=x", /* acting for somebody else */
        "y,,n=u,r=x",
        "p=tls-exporter,,n=u,r=x",
        "n,,n=u,r=x y",
        "n,,n=u,r=\x7F",
        "n,,n=u,r=aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", /* 65 */
        "n,,n=aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa,r=x",
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct scram_exchange x;
        struct str user = STR("untouched");
        char text[SCRAM_MESSAGE_MAX];
        struct writer w = writer_into(text, sizeof text);
        check_row = rows[i];
        example_init();
        CHECK_INT(scram_server_user(check_exact(str_from_cstr(rows[i])), &user), ERR_PEER);
        CHECK_STR(user, STR("untouched"));
        CHECK_INT(scram_server_first(&x, check_exact(str_from_cstr(rows[i])), &verifier,
                                     server_nonce, &w),
                  ERR_PEER);
        CHECK_INT(w.len, 0);
    }
    check_row = NULL;
    struct str user;
    CHECK_INT(scram_server_user(STR(EXAMPLE_CLIENT_FIRST), &user), OK);
    CHECK_STR(user, STR(EXAMPLE_USER));
}

/* The longest names and nonces that pass must pass the whole way. */
TEST(scram__longest_messages__fit)
{
    struct talk t;
    char first[160];
    char user[SCRAM_USER_MAX + 1];
    char nonce[SCRAM_NONCE_TEXT_MAX + 1];
    char text[SCRAM_MESSAGE_MAX];
    memset(user, 'u', SCRAM_USER_MAX);
    memset(nonce, 'z', SCRAM_NONCE_TEXT_MAX);
    user[SCRAM_USER_MAX] = nonce[SCRAM_NONCE_TEXT_MAX] = 0;
    snprintf(first, sizeof first, "n,,n=%s,r=%s", user, nonce);
    example_init();
    struct writer w = writer_into(text, sizeof text);
    CHECK_INT(scram_server_first(&t.server, str_from_cstr(first), &verifier, server_nonce, &w), OK);
    struct str server_first = written(&w);
    snprintf(t.client.client_first_bare, sizeof t.client.client_first_bare, "%s", first + 3);
    t.client.client_first_bare_len = strlen(first + 3);
    memcpy(t.client.nonce, nonce, t.client.nonce_len = SCRAM_NONCE_TEXT_MAX);
    struct writer w2 = writer_into(t.text, sizeof t.text);
    CHECK_INT(scram_client_final(&t.client, server_first, salt, 4096, &keys, &w2), OK);
    char last[SCRAM_MESSAGE_MAX];
    struct writer w3 = writer_into(last, sizeof last);
    CHECK_INT(scram_server_final(&t.server, written(&w2), &verifier, &w3), OK);
    CHECK_INT(scram_client_verify(&t.client, written(&w3), &keys), OK);
}

TEST(scram_server_final__truncated_or_changed__is_refused)
{
    struct talk t;
    struct str whole = STR(EXAMPLE_CLIENT_FINAL);
    char changed[256];
    talk_start(&t);
    for (size_t n = 0; n < whole.len; n++) {
        struct writer w = writer_into(t.text, sizeof t.text);
        CHECK_INT(scram_server_final(&t.server, check_exact(str_slice(whole, 0, n)), &verifier, &w),
                  ERR_PEER);
        CHECK_INT(w.len, 0);
    }
    for (size_t i = 0; i < whole.len; i++) {
        struct writer w = writer_into(t.text, sizeof t.text);
        memcpy(changed, whole.ptr, whole.len);
        changed[i] = changed[i] == 'A' ? 'B' : 'A';
        CHECK(scram_server_final(&t.server, str_from(changed, whole.len), &verifier, &w) != OK);
        CHECK_INT(w.len, 0);
    }
    memcpy(changed, whole.ptr, whole.len);
    changed[whole.len] = ',';
    struct writer w = writer_into(t.text, sizeof t.text);
    CHECK_INT(scram_server_final(&t.server, str_from(changed, whole.len + 1), &verifier, &w),
              ERR_PEER);
}

TEST(scram_server_final__wrong_key__is_denied)
{
    struct talk t;
    struct scram_client_keys wrong;
    talk_start(&t);
    wrong = keys;
    wrong.client_key[31] ^= 1;
    struct writer w = writer_into(t.text, sizeof t.text);
    CHECK_INT(scram_client_final(&t.client, STR(EXAMPLE_SERVER_FIRST), salt, 4096, &wrong, &w), OK);
    char out[SCRAM_MESSAGE_MAX];
    struct writer w2 = writer_into(out, sizeof out);
    CHECK_INT(scram_server_final(&t.server, written(&w), &verifier, &w2), ERR_DENIED);
    CHECK_INT(w2.len, 0);
}

TEST(scram_client_final__table)
{
    static const struct {
        const char *server_first;
        enum err expected;
    } rows[] = {
        {EXAMPLE_SERVER_FIRST, OK},
        {"", ERR_PEER},
        {EXAMPLE_SERVER_FIRST ",", ERR_PEER},
        {EXAMPLE_SERVER_FIRST ",x=y", ERR_PEER},
        {"r=" EXAMPLE_NONCE, ERR_PEER},
        {"r=" EXAMPLE_NONCE ",s=" EXAMPLE_SALT, ERR_PEER},
        {"s=" EXAMPLE_SALT ",r=" EXAMPLE_NONCE ",i=4096", ERR_PEER},
        {"r=EBESExQVFhcYGRobHB0eHyAh,s=" EXAMPLE_SALT ",i=4096", ERR_PEER},    /* nothing added */
        {"r=XBESExQVFhcYGRobHB0eHyAhabc,s=" EXAMPLE_SALT ",i=4096", ERR_PEER}, /* not ours */
        {"r=" EXAMPLE_NONCE ",s=" EXAMPLE_SALT ",i=4095", ERR_PEER}, /* below RFC 7677's floor */
        {"r=" EXAMPLE_NONCE ",s=" EXAMPLE_SALT ",i=04096", ERR_PEER},
        {"r=" EXAMPLE_NONCE ",s=" EXAMPLE_SALT ",i=1000001", ERR_PEER},
        {"r=" EXAMPLE_NONCE ",s=" EXAMPLE_SALT ",i=", ERR_PEER},
        {"r=" EXAMPLE_NONCE ",s=" EXAMPLE_SALT ",i=-4096", ERR_PEER},
        {"r=" EXAMPLE_NONCE ",s=W22ZaJ0SNY7soEsUEjb6gQ,i=4096", ERR_PEER},
        {"r=" EXAMPLE_NONCE ",s=W22ZaJ0SNY7soEsUEjb6,i=4096", ERR_DENIED},
        {"r=" EXAMPLE_NONCE ",s=X22ZaJ0SNY7soEsUEjb6gQ==,i=4096", ERR_DENIED},
        {"r=" EXAMPLE_NONCE ",s=" EXAMPLE_SALT ",i=4097", ERR_DENIED},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct talk t;
        struct str first = check_exact(str_from_cstr(rows[i].server_first));
        check_row = rows[i].server_first;
        talk_start(&t);
        struct writer w = writer_into(t.text, sizeof t.text);
        CHECK_INT(scram_client_final(&t.client, first, salt, 4096, &keys, &w), rows[i].expected);
        CHECK(rows[i].expected == OK || w.len == 0);
    }
    check_row = NULL;
}

TEST(scram_client_verify__a_server_without_the_verifier__is_denied)
{
    static const char *const rows[] = {
        "",
        "v=",
        "e=other-error",
        "v=L+F/qhYUSnENQ5IsCG9cVjtDMx56r3mPsX18YlgzD0E=",
        "v=L+F/qhYUSnENQ5IsCG9cVjtDMx56r3mPsX18YlgzD0I",
        "v=L+F/qhYUSnENQ5IsCG9cVjtDMx56r3mPsX18YlgzD0I=,",
        "x=L+F/qhYUSnENQ5IsCG9cVjtDMx56r3mPsX18YlgzD0I=",
    };
    struct talk t;
    talk_start(&t);
    struct writer w = writer_into(t.text, sizeof t.text);
    CHECK_INT(scram_client_final(&t.client, STR(EXAMPLE_SERVER_FIRST), salt, 4096, &keys, &w), OK);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        check_row = rows[i];
        CHECK_INT(scram_client_verify(&t.client, check_exact(str_from_cstr(rows[i])), &keys),
                  ERR_DENIED);
    }
    check_row = NULL;
}

TESTS(scram, TEST_ROW(scram__worked_example__keys), TEST_ROW(scram__worked_example__both_ends),
      TEST_ROW(scram__rfc_7677_section_3),
      TEST_ROW(scram_server__malformed_client_first__is_refused),
      TEST_ROW(scram__longest_messages__fit),
      TEST_ROW(scram_server_final__truncated_or_changed__is_refused),
      TEST_ROW(scram_server_final__wrong_key__is_denied), TEST_ROW(scram_client_final__table),
      TEST_ROW(scram_client_verify__a_server_without_the_verifier__is_denied))
