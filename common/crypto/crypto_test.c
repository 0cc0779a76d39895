#include "common/crypto/crypto.h"

#include "common/base/encoding.h"
#include "tests/check.h"

static void check_hex(const uint8_t *got, const char *expected)
{
    char text[2 * SHA256_LEN];
    struct writer w = writer_into(text, sizeof text);
    writer_hex(&w, str_from(got, SHA256_LEN));
    CHECK_STR(str_from(text, w.len), str_from_cstr(expected));
}

/* FIPS 180-4 examples, and the lengths around a block where padding goes wrong. */
TEST(sha256__fips_vectors)
{
    static const struct {
        const char *text;
        const char *hex;
    } rows[] = {
        {"", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"},
        {"abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"},
        {"abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
         "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"},
        {"abcdefghbcdefghicdefghijdefghijkefghijklfghijklmghijklmnhijklmnoijklmnopjklmnopqklmnopqr"
         "lmnopqrsmnopqrstnopqrstu",
         "cf5b16a778af8380036ce59e7b0492370b249b11e8f07a51afac45037afee9d1"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        uint8_t out[SHA256_LEN];
        sha256(str_from_cstr(rows[i].text), out);
        check_hex(out, rows[i].hex);
    }
}

/* The digest of the digests of 0..199 bytes: one value that every back end must agree on. */
TEST(sha256__every_length_up_to_200)
{
    uint8_t bytes[200];
    uint8_t chain[SHA256_LEN] = {0};
    for (size_t n = 0; n < sizeof bytes; n++) {
        uint8_t pair[2 * SHA256_LEN];
        bytes[n] = (uint8_t)n;
        memcpy(pair, chain, SHA256_LEN);
        sha256(str_from(bytes, n), pair + SHA256_LEN);
        sha256(str_from(pair, sizeof pair), chain);
    }
    check_hex(chain, "2aca69d912a76e274c7411c0b0c053be6d57154e2659aff7a9402216991b0223");
}

/* RFC 4231 section 4, cases 1 to 4, 6 and 7 (5 is truncated output, which we never use). */
TEST(hmac_sha256__rfc_4231)
{
    static const struct {
        const char *key_hex;
        const char *data_hex;
        const char *mac;
    } rows[] = {
        {"0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b", "4869205468657265",
         "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"},
        {"4a656665", "7768617420646f2079612077616e7420666f72206e6f7468696e673f",
         "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"},
        {"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
         "dddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddd"
         "dddddddddddd",
         "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe"},
        {"0102030405060708090a0b0c0d0e0f10111213141516171819",
         "cdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcd"
         "cdcdcdcdcdcd",
         "82558a389a443c0ea4cc819899f2083a85f0faa3e578f8077a2e3ff46729665b"},
        {NULL,
         "54657374205573696e67204c6172676572205468616e20426c6f636b2d53697a65204b6579202d2048617368"
         "204b6579204669727374",
         "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54"},
        {NULL,
         "5468697320697320612074657374207573696e672061206c6172676572207468616e20626c6f636b2d73697a"
         "65206b657920616e642061206c6172676572207468616e20626c6f636b2d73697a6520646174612e20546865"
         "206b6579206e6565647320746f20626520686173686564206265666f7265206265696e672075736564206279"
         "2074686520484d414320616c676f726974686d2e",
         "9b09ffa71b942fcb27635fbcd5b0e944bfdc63644f0713938a7f51535c3a35e2"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        uint8_t key[131];
        uint8_t data[160];
        uint8_t out[SHA256_LEN];
        size_t key_len = sizeof key; /* cases 6 and 7: 131 bytes of 0xaa */
        size_t data_len;
        memset(key, 0xAA, sizeof key);
        if (rows[i].key_hex != NULL)
            CHECK_INT(hex_read(str_from_cstr(rows[i].key_hex), key, sizeof key, &key_len), OK);
        CHECK_INT(hex_read(str_from_cstr(rows[i].data_hex), data, sizeof data, &data_len), OK);
        hmac_sha256(str_from(key, key_len), str_from(data, data_len), out);
        check_hex(out, rows[i].mac);
    }
}

TEST(hmac_sha256__empty_key_and_data)
{
    uint8_t out[SHA256_LEN];
    hmac_sha256(STR_NONE, STR_NONE, out);
    check_hex(out, "b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad");
}

/* RFC 7914 section 11 (its first 32 bytes) and the SHA-256 forms of the cases of RFC 6070. */
TEST(pbkdf2_sha256__vectors)
{
    static const struct {
        struct str password;
        struct str salt;
        uint32_t iterations;
        const char *hex;
    } rows[] = {
        {{(const uint8_t *)"passwd", 6},
         {(const uint8_t *)"salt", 4},
         1,
         "55ac046e56e3089fec1691c22544b605f94185216dde0465e68b9d57c20dacbc"},
        {{(const uint8_t *)"password", 8},
         {(const uint8_t *)"salt", 4},
         1,
         "120fb6cffcf8b32c43e7225256c4f837a86548c92ccc35480805987cb70be17b"},
        {{(const uint8_t *)"password", 8},
         {(const uint8_t *)"salt", 4},
         2,
         "ae4d0c95af6b46d32d0adff928f06dd02a303f8ef3c251dfd6e2d85a95474c43"},
        {{(const uint8_t *)"password", 8},
         {(const uint8_t *)"salt", 4},
         4096,
         "c5e478d59288c841aa530db6845c4c8d962893a001ce4e11a4963873aa98134a"},
        {{(const uint8_t *)"passwordPASSWORDpassword", 24},
         {(const uint8_t *)"saltSALTsaltSALTsaltSALTsaltSALTsalt", 36},
         4096,
         "348c89dbcbd32b2f32d814b8116e84cf2b17347ebc1800181c4e2a1fb8dd53e1"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        uint8_t out[SHA256_LEN];
        pbkdf2_sha256(rows[i].password, rows[i].salt, rows[i].iterations, out);
        check_hex(out, rows[i].hex);
    }
}

TEST(wipe__leaves_zeros)
{
    uint8_t secret[8] = {1, 2, 3, 4, 5, 6, 7, 8};
    wipe(secret, 7);
    for (size_t i = 0; i < 7; i++)
        CHECK_INT(secret[i], 0);
    CHECK_INT(secret[7], 8);
}

TESTS(crypto, TEST_ROW(sha256__fips_vectors), TEST_ROW(sha256__every_length_up_to_200),
      TEST_ROW(hmac_sha256__rfc_4231), TEST_ROW(hmac_sha256__empty_key_and_data),
      TEST_ROW(pbkdf2_sha256__vectors), TEST_ROW(wipe__leaves_zeros))
