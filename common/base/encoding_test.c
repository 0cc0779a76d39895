#include "common/base/encoding.h"

#include "tests/check.h"

/* RFC 4648 section 10, and what the two alphabets differ in. */
static const struct {
    struct str bytes;
    const char *base64;
    const char *base64url;
    const char *hex;
} vectors[] = {
    {{NULL, 0}, "", "", ""},
    {{(const uint8_t *)"f", 1}, "Zg==", "Zg", "66"},
    {{(const uint8_t *)"fo", 2}, "Zm8=", "Zm8", "666f"},
    {{(const uint8_t *)"foo", 3}, "Zm9v", "Zm9v", "666f6f"},
    {{(const uint8_t *)"foob", 4}, "Zm9vYg==", "Zm9vYg", "666f6f62"},
    {{(const uint8_t *)"fooba", 5}, "Zm9vYmE=", "Zm9vYmE", "666f6f6261"},
    {{(const uint8_t *)"foobar", 6}, "Zm9vYmFy", "Zm9vYmFy", "666f6f626172"},
    {{(const uint8_t *)"\xfb\xff\xfe", 3}, "+//+", "-__-", "fbfffe"},
};

TEST(encoding__rfc_vectors__both_ways)
{
    for (size_t i = 0; i < sizeof vectors / sizeof *vectors; i++) {
        char text[32];
        uint8_t back[16];
        size_t len;
        check_row = vectors[i].base64;
        struct writer w = writer_into(text, sizeof text);
        base64_write(&w, vectors[i].bytes);
        CHECK_STR(str_from(text, w.len), str_from_cstr(vectors[i].base64));
        CHECK_INT(w.len, BASE64_LEN(vectors[i].bytes.len));
        CHECK_INT(base64_read(check_exact(str_from(text, w.len)), back, sizeof back, &len), OK);
        CHECK_STR(str_from(back, len), vectors[i].bytes);

        w = writer_into(text, sizeof text);
        base64url_write(&w, vectors[i].bytes);
        CHECK_STR(str_from(text, w.len), str_from_cstr(vectors[i].base64url));
        CHECK_INT(w.len, BASE64URL_LEN(vectors[i].bytes.len));
        CHECK_INT(base64url_read(check_exact(str_from(text, w.len)), back, sizeof back, &len), OK);
        CHECK_STR(str_from(back, len), vectors[i].bytes);

        w = writer_into(text, sizeof text);
        writer_hex(&w, vectors[i].bytes);
        CHECK_STR(str_from(text, w.len), str_from_cstr(vectors[i].hex));
        CHECK_INT(hex_read(str_from(text, w.len), back, sizeof back, &len), OK);
        CHECK_STR(str_from(back, len), vectors[i].bytes);
    }
    check_row = NULL;
}

TEST(base64_read__anything_but_the_canonical_text__is_refused)
{
    static const char *const rows[] = {
        "Z",    "Zg",   "Zg=",    "Zm9",   "Zg===", "====", "=",    "Zh==", /* spare bits set */
        "Zm9=", "Zm-v", "Zm9v\n", " Zm9v", "Z=m9",  "Zg=A", "Zm_v", "Zm9vZ"};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        uint8_t out[16];
        size_t len = 77;
        check_row = rows[i];
        CHECK_INT(base64_read(check_exact(str_from_cstr(rows[i])), out, sizeof out, &len),
                  ERR_PEER);
        CHECK_INT(len, 77);
    }
    check_row = NULL;
}

TEST(base64url_read__padding_and_the_other_alphabet__are_refused)
{
    static const char *const rows[] = {
        "Zg==", "Zh" /* spare bits */, "Zm9" /* spare bits */, "Zm+v", "Zm/v", "Z"};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        uint8_t out[16];
        size_t len;
        check_row = rows[i];
        CHECK_INT(base64url_read(str_from_cstr(rows[i]), out, sizeof out, &len), ERR_PEER);
    }
    check_row = NULL;
}

TEST(encoding__one_byte_too_small__is_a_limit)
{
    uint8_t out[2];
    size_t len = 5;
    CHECK_INT(base64_read(STR("Zm9v"), out, 2, &len), ERR_LIMIT);
    CHECK_INT(base64url_read(STR("Zm9v"), out, 2, &len), ERR_LIMIT);
    CHECK_INT(hex_read(STR("666f6f"), out, 2, &len), ERR_LIMIT);
    CHECK_INT(hex_read(STR("666"), out, 2, &len), ERR_PEER);
    CHECK_INT(hex_read(STR("6g"), out, 2, &len), ERR_PEER);
    CHECK_INT(len, 5);
    CHECK_INT(hex_read(STR("aAFf"), out, 2, &len), OK);
    CHECK_STR(str_from(out, len), STR("\xaa\xff"));
}

TEST(encoding__every_length_of_bytes__comes_back)
{
    uint8_t bytes[64];
    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (uint8_t)(i * 37 + 11);
    for (size_t n = 0; n <= sizeof bytes; n++) {
        char text[BASE64_LEN(sizeof bytes)];
        uint8_t back[sizeof bytes];
        size_t len;
        struct writer w = writer_into(text, sizeof text);
        base64_write(&w, str_from(bytes, n));
        CHECK_INT(base64_read(str_from(text, w.len), back, sizeof back, &len), OK);
        CHECK_STR(str_from(back, len), str_from(bytes, n));
        w = writer_into(text, sizeof text);
        base64url_write(&w, str_from(bytes, n));
        CHECK_INT(base64url_read(str_from(text, w.len), back, sizeof back, &len), OK);
        CHECK_STR(str_from(back, len), str_from(bytes, n));
    }
}

/* RFC 4648 section 10, without the padding. */
TEST(base32_write__rfc_vectors)
{
    static const char *const expected[] = {"",        "MY",       "MZXQ",      "MZXW6",
                                           "MZXW6YQ", "MZXW6YTB", "MZXW6YTBOI"};
    for (size_t n = 0; n < sizeof expected / sizeof *expected; n++) {
        uint8_t text[BASE32_LEN(6)];
        struct writer w = writer_into(text, sizeof text);
        base32_write(&w, str_slice(STR("foobar"), 0, n));
        CHECK_STR(str_from(text, w.len), str_from_cstr(expected[n]));
        CHECK_INT(w.len, BASE32_LEN(n));
    }
}

TESTS(encoding, TEST_ROW(base32_write__rfc_vectors), TEST_ROW(encoding__rfc_vectors__both_ways),
      TEST_ROW(base64_read__anything_but_the_canonical_text__is_refused),
      TEST_ROW(base64url_read__padding_and_the_other_alphabet__are_refused),
      TEST_ROW(encoding__one_byte_too_small__is_a_limit),
      TEST_ROW(encoding__every_length_of_bytes__comes_back))
