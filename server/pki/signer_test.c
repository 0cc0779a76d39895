#include "server/pki/signer.h"

#include <openssl/ec.h>

#include "tests/check.h"

#define LABEL "TLS 1.3, server CertificateVerify"

static struct signer signer;
static EVP_PKEY *server_key, *legacy_key;

static void start(void)
{
    signer_done(&signer);
    memset(&signer, 0, sizeof signer);
    EVP_PKEY_free(server_key);
    EVP_PKEY_free(legacy_key);
    server_key = EVP_EC_gen("P-256");
    legacy_key = EVP_EC_gen("P-256");
    CHECK_INT(signer_add(&signer, server_key, SIGNER_TLS_1_3), OK);
    CHECK_INT(signer_add(&signer, legacy_key, SIGNER_TLS_1_2), OK);
    CHECK_INT(signer_warm_up(&signer), OK);
}

static struct str verify_content(uint8_t room[static SIGNING_CONTENT_MAX], size_t hash_len)
{
    memset(room, ' ', 64);
    memcpy(room + 64, LABEL, sizeof LABEL);
    memset(room + 64 + sizeof LABEL, 0xAB, hash_len);
    return str_from(room, 64 + sizeof LABEL + hash_len);
}

static struct str exchange_content(uint8_t room[static SIGNING_CONTENT_MAX], bool p256)
{
    memset(room, 0x5A, 64);
    room[64] = 3;
    room[65] = 0;
    room[66] = p256 ? 0x17 : 0x1d;
    room[67] = p256 ? 65 : 32;
    memset(room + 68, 4, 65);
    return str_from(room, p256 ? 68 + 65 : 68 + 32);
}

struct signature_seen {
    uint8_t der[SIGNATURE_LEN_MAX];
    size_t len;
};

/* What comes of one request: the signature's length, 0 refused, -1 no answer. */
static int ask(size_t key, struct str content, int64_t now_ms, struct signature_seen *seen)
{
    uint8_t message[SIGNING_REQUEST_MAX], room[SIGNING_ANSWER_MAX];
    struct writer m = writer_into(message, sizeof message), w = writer_into(room, sizeof room);
    struct signing_request q = {.id = 77, .content = content};
    static struct signing_answers got;
    memcpy(q.key, signer.keys[key].name, sizeof q.key);
    CHECK_INT(signing_request_put(&m, &q), OK);
    CHECK_INT(signer_answer(&signer, 0, now_ms, str_from(message, m.len), &w), OK);
    if (w.len == 0)
        return -1;
    CHECK_INT(signing_answers_take(str_from(room, w.len), &got), OK);
    CHECK_INT(got.count, 1);
    CHECK_INT(got.of[0].id, 77);
    if (seen != NULL) {
        seen->len = got.of[0].signature.len;
        memcpy(seen->der, got.of[0].signature.ptr, seen->len);
    }
    return (int)got.of[0].signature.len;
}

TEST(signer__a_handshake__gets_a_good_signature)
{
    uint8_t room[SIGNING_CONTENT_MAX];
    struct signature_seen seen;
    start();
    for (int row = 0; row < 4; row++) {
        size_t key = row < 2 ? 0 : 1;
        struct str content =
            row < 2 ? verify_content(room, row == 0 ? 32 : 48) : exchange_content(room, row == 2);
        CHECK(ask(key, content, 0, &seen) > 0);
        EVP_MD_CTX *md = EVP_MD_CTX_new();
        CHECK_INT(
            EVP_DigestVerifyInit(md, NULL, EVP_sha256(), NULL, key == 0 ? server_key : legacy_key),
            1);
        CHECK_INT(EVP_DigestVerify(md, seen.der, seen.len, content.ptr, content.len), 1);
        EVP_MD_CTX_free(md);
        CHECK_INT(ask(1 - key, content, 0, NULL), 0); /* each key its own version */
    }
    CHECK_INT(signer.edges[0].given, 4);
    CHECK_INT(signer.edges[0].refused, 4);
}

TEST(signer__anything_but_tls__is_refused)
{
    uint8_t room[SIGNING_CONTENT_MAX];
    static const struct {
        const char *what;
        size_t at; /* the byte that differs */
    } rows[] = {{"the first space", 0},
                {"the last space", 63},
                {"the label", 64},
                {"its end", 64 + sizeof LABEL - 2},
                {"its NUL", 64 + sizeof LABEL - 1}};
    start();
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        check_row = rows[i].what;
        struct str content = verify_content(room, 32);
        room[rows[i].at] ^= 1;
        CHECK_INT(ask(0, content, 0, NULL), 0);
    }
    for (size_t len = 0; len <= SIGNING_CONTENT_MAX; len++) {
        check_row = "a length";
        struct str content = verify_content(room, 48);
        content.len = len;
        bool good = len == 64 + sizeof LABEL + 32 || len == 64 + sizeof LABEL + 48;
        CHECK_INT(ask(0, content, 0, NULL) > 0, good);
        bool is_x25519 = len == 68 + 32, is_p256 = len == 68 + 65;
        content = exchange_content(room, false);
        content.len = len;
        CHECK_INT(ask(1, content, 0, NULL) > 0, is_x25519);
        content = exchange_content(room, true);
        content.len = len;
        CHECK_INT(ask(1, content, 0, NULL) > 0, is_p256);
    }
    for (size_t at = 64; at < 69; at++) {
        check_row = "a byte of the parameters";
        struct str content = exchange_content(room, true);
        room[at] ^= 0x40;
        CHECK_INT(ask(1, content, 0, NULL), 0);
    }
    /* A client's half, a hash, a certificate request: the ways to misuse a server's key. */
    struct str content = verify_content(room, 32);
    memcpy(room + 64, "TLS 1.3, client CertificateVerify", 33);
    CHECK_INT(ask(0, content, 0, NULL), 0);
    memset(room, 7, 32);
    CHECK_INT(ask(0, str_from(room, 32), 0, NULL), 0);
    CHECK_INT(ask(1, str_from(room, 32), 0, NULL), 0);
    check_row = NULL;
}

TEST(signer__a_key_that_is_not_here__gets_no_answer)
{
    uint8_t room[SIGNING_CONTENT_MAX];
    start();
    struct str content = verify_content(room, 32);
    signer.key_count = 1; /* the second name stays where it is */
    CHECK_INT(ask(1, content, 0, NULL), -1);
    signer.key_count = 2;
}

TEST(signer__more_than_handshakes_can_be__is_refused_until_the_next_second)
{
    uint8_t room[SIGNING_CONTENT_MAX];
    start();
    struct str content = verify_content(room, 32);
    signer.edges[0].second = 5;
    signer.edges[0].in_second = SIGNER_PER_S_MAX - 1;
    CHECK(ask(0, content, 5999, NULL) > 0);
    CHECK_INT(ask(0, content, 5999, NULL), 0);
    CHECK_INT(signer.edges[0].refused, 1);
    CHECK_INT(signer.edges[1].refused, 0);
    CHECK(ask(0, content, 6000, NULL) > 0);
}

static uint32_t next_random(uint32_t *state)
{
    *state = *state * 1664525 + 1013904223;
    return *state >> 8;
}

TEST(signer__40000_malformed_messages__no_signature_and_alive)
{
    static uint8_t message[SIGNING_MESSAGE_MAX + 1], room[SIGNING_BATCH_MAX * SIGNING_ANSWER_MAX];
    static struct signing_answers got;
    uint8_t content[SIGNING_CONTENT_MAX];
    uint32_t seed = 2026;
    start();
    for (int i = 0; i < 40000; i++) {
        struct writer m = writer_into(message, sizeof message);
        struct writer w = writer_into(room, sizeof room);
        /* A good request, then one bit, or the length, or everything is wrong. */
        struct signing_request q = {.id = next_random(&seed),
                                    .content = verify_content(content, 32)};
        memcpy(q.key, signer.keys[0].name, sizeof q.key);
        CHECK_INT(signing_request_put(&m, &q), OK);
        size_t len = m.len;
        if (i % 3 == 0)
            message[8 + next_random(&seed) % (18 - 8 + 64 + sizeof LABEL)] ^=
                (uint8_t)(1U << next_random(&seed) % 8);
        else if (i % 3 == 1)
            len = next_random(&seed) % len;
        else
            for (size_t k = 0; k < sizeof message; k++)
                message[k] = (uint8_t)next_random(&seed);
        if (i % 3 == 2)
            len = next_random(&seed) % (sizeof message + 1);
        if (signer_answer(&signer, 0, i * 1000, str_from(message, len), &w) != OK || w.len == 0)
            continue;
        CHECK_INT(signing_answers_take(str_from(room, w.len), &got), OK);
        for (size_t k = 0; k < got.count; k++)
            CHECK_INT(got.of[k].signature.len, 0);
    }
    CHECK_INT(signer.edges[0].given, 0);
    CHECK(ask(0, verify_content(content, 32), 0, NULL) > 0);
}

TEST(signer__a_key_of_another_curve__is_not_taken)
{
    EVP_PKEY *key = EVP_EC_gen("P-384");
    struct signer other = {.key_count = 0};
    CHECK_INT(signer_add(&other, key, SIGNER_TLS_1_3), ERR_CORRUPT);
    CHECK_INT(other.key_count, 0);
    EVP_PKEY_free(key);
}

TESTS(signer, TEST_ROW(signer__a_handshake__gets_a_good_signature),
      TEST_ROW(signer__anything_but_tls__is_refused),
      TEST_ROW(signer__a_key_that_is_not_here__gets_no_answer),
      TEST_ROW(signer__more_than_handshakes_can_be__is_refused_until_the_next_second),
      TEST_ROW(signer__40000_malformed_messages__no_signature_and_alive),
      TEST_ROW(signer__a_key_of_another_curve__is_not_taken))
