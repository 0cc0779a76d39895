#include "server/webauthn/cbor.h"

#include "common/base/encoding.h"
#include "tests/check.h"

static uint8_t room[64];

static struct str bytes_of(const char *hex)
{
    size_t len;
    CHECK_INT(hex_read(str_from_cstr(hex), room, sizeof room, &len), OK);
    return check_exact(str_from(room, len));
}

/* RFC 8949 appendix A, as far as authenticators go. */
TEST(skip__what_is_one_item__and_what_is_none)
{
    static const struct {
        const char *hex;
        bool good;
        const char *why;
    } rows[] = {
        {"00", true, "0"},
        {"17", true, "23"},
        {"1818", true, "24"},
        {"1b000000e8d4a51000", true, "a million millions"},
        {"1bffffffffffffffff", true, "the largest"},
        {"20", true, "-1"},
        {"3903e7", true, "-1000"},
        {"f5", true, "true"},
        {"f6", true, "null"},
        {"fb3ff199999999999a", true, "1.1"},
        {"4401020304", true, "bytes"},
        {"6449455446", true, "text"},
        {"80", true, "an empty array"},
        {"83010203", true, "an array"},
        {"a201020304", true, "a map"},
        {"a56161614161626142616361436164614461656145", true, "a map of texts"},
        {"818181818100", false, "too deep by one"},
        {"8181818100", true, "as deep as may be"},
        {"", false, "nothing"},
        {"1817", false, "23 in two bytes"},
        {"190018", false, "24 in three"},
        {"1a0000ffff", false, "65535 in five"},
        {"1b00000000ffffffff", false, "2^32-1 in nine"},
        {"5f42010243030405ff", false, "of indefinite length"},
        {"9fff", false, "the same"},
        {"bf01020304ff", false, "the same"},
        {"1c", false, "reserved"},
        {"c074323031332d30332d32315432303a30343a30305a", false, "a tag"},
        {"5b7fffffffffffffff", false, "bytes without an end"},
        {"9b7fffffffffffffff", false, "an array without an end"},
        {"bbffffffffffffffff", false, "a map without an end"},
        {"830102", false, "one too few"},
        {"0000", false, "one too many"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        check_row = rows[i].why;
        struct reader r = reader_of(bytes_of(rows[i].hex));
        cbor_skip(&r);
        CHECK_INT(reader_end(&r) == OK, rows[i].good);
    }
    check_row = NULL;
}

TEST(skip__truncated_at_every_byte__fails)
{
    struct str whole = STR("\xa3\x01\x83\x18\x18\x43\x61\x62\x63\x63\x78\x79\x7a\x02\xf5\x03\x20");
    for (size_t len = 0; len < whole.len; len++) {
        struct reader r = reader_of(check_exact(str_slice(whole, 0, len)));
        cbor_skip(&r);
        CHECK(r.failed);
    }
    struct reader r = reader_of(whole);
    CHECK_INT(cbor_raw(&r).len, whole.len);
}

TEST(read__what_it_is__and_nothing_else)
{
    struct reader r = reader_of(STR("\x39\x01\x00\x18\x18\x42\x01\x02\x63\x61\x62\x63\xa1"));
    CHECK_INT(cbor_int(&r), -257);
    CHECK_INT(cbor_int(&r), 24);
    CHECK_STR(cbor_bytes(&r), STR("\x01\x02"));
    CHECK_STR(cbor_text(&r), STR("abc"));
    CHECK_INT(cbor_map(&r), 1);
    CHECK_INT(reader_end(&r), OK);
    static const char *const wrong_for_int[] = {"41", "60", "80", "f5", "3bffffffffffffffff", ""};
    for (size_t i = 0; i < sizeof wrong_for_int / sizeof wrong_for_int[0]; i++) {
        r = reader_of(bytes_of(wrong_for_int[i]));
        CHECK_INT(cbor_int(&r), 0);
        CHECK(r.failed);
    }
    r = reader_of(STR("\x62\xff\xff"));
    cbor_text(&r);
    CHECK(r.failed);
    r = reader_of(STR("\x61\x61"));
    CHECK_INT(cbor_bytes(&r).len, 0);
    CHECK(r.failed);
}

TESTS(cbor, TEST_ROW(skip__what_is_one_item__and_what_is_none),
      TEST_ROW(skip__truncated_at_every_byte__fails), TEST_ROW(read__what_it_is__and_nothing_else))
