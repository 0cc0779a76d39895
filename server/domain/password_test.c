#include "server/domain/password.h"

#include "server/domain/limits.h"
#include "tests/check.h"

/* Made by python3 hashlib.pbkdf2_hmac, in the text form of Django 3.2. */
#define OTTER                                                                                      \
    "pbkdf2_sha256$260000$qL4EvUpm0Jwl7vKcWxGt2f$5Li5ubF2G+JgLSxLxBD3JwwGMlpsT255DnGnFdoNuH8="
#define UMLAUT "pbkdf2_sha256$260000$seasalt$TdNM6rchZqC/BXH/YXmZSYffvu+bpd0/gYDabVSOkIA="
#define LONG   "pbkdf2_sha256$1$a$zzYroktRZWtjkbls+g5nVG1OIny0bya1+HhZl3logFk="
#define X64    "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
#define HASH   "zzYroktRZWtjkbls+g5nVG1OIny0bya1+HhZl3logFk="

TEST(password_matches__hashes_of_django)
{
    static const struct {
        const char *stored, *password;
        enum err expected;
    } rows[] = {
        {OTTER, "an otter floats at dusk", OK},
        {OTTER, "an otter floats at dusk ", ERR_DENIED},
        {OTTER, "An otter floats at dusk", ERR_DENIED},
        {UMLAUT,
         "p\xC3\xA4ssw\xC3\xB6rd-\xC3\xBCn\xC3\xAF"
         "code",
         OK},
        {UMLAUT, "passwoerd-unicode", ERR_DENIED},
        {LONG, X64 X64 X64 X64, OK},
        {LONG, X64 X64 X64, ERR_DENIED},
        {LONG, "", ERR_DENIED},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        check_row = rows[i].password;
        CHECK_INT(password_matches(check_exact(str_from_cstr(rows[i].stored)),
                                   str_from_cstr(rows[i].password)),
                  rows[i].expected);
    }
    check_row = NULL;
}

TEST(password_matches__what_is_no_hash__is_corrupt)
{
    static const char *const rows[] = {
        "",
        "!",
        "$",
        "$$$",
        "pbkdf2_sha256",
        "pbkdf2_sha256$1$a",
        "pbkdf2_sha256$1$a$",
        "pbkdf2_sha1$1$a$" HASH,
        "PBKDF2_SHA256$1$a$" HASH,
        "argon2$1$a$" HASH,
        "pbkdf2_sha256$0$a$" HASH,
        "pbkdf2_sha256$-1$a$" HASH,
        "pbkdf2_sha256$01$a$" HASH,
        "pbkdf2_sha256$x$a$" HASH,
        "pbkdf2_sha256$10000001$a$" HASH,
        "pbkdf2_sha256$99999999999999999999$a$" HASH,
        "pbkdf2_sha256$1$$" HASH,
        "pbkdf2_sha256$1$" X64 "x$" HASH,
        "pbkdf2_sha256$1$a$" HASH "=",
        "pbkdf2_sha256$1$a$" HASH "$",
        "pbkdf2_sha256$1$a$zzYroktRZWtjkbls+g5nVG1OIny0bya1+HhZl3logFk",
        "pbkdf2_sha256$1$a$zzYroktRZWtjkbls+g5nVG1OIny0bya1+HhZl3logA==",
        "pbkdf2_sha256$1$a$zzYroktRZWtjkbls-g5nVG1OIny0bya1-HhZl3logFk=",
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        check_row = rows[i];
        CHECK_INT(password_matches(check_exact(str_from_cstr(rows[i])), STR("x")), ERR_CORRUPT);
        CHECK(password_needs_rehash(str_from_cstr(rows[i]), 1));
    }
    check_row = NULL;
}

TEST(password_matches__a_hash_cut_at_any_byte__never_matches)
{
    struct str whole = STR(LONG);
    for (size_t len = 0; len < whole.len; len++)
        CHECK_INT(password_matches(check_exact(str_slice(whole, 0, len)), STR(X64 X64 X64 X64)),
                  ERR_CORRUPT);
}

TEST(password_hash__verifies_and_has_the_form_of_django)
{
    uint8_t text[PASSWORD_HASH_TEXT_MAX];
    struct writer w = writer_into(text, sizeof text);
    password_hash(STR(X64 X64 X64 X64), STR("a"), 1, &w);
    CHECK_STR(str_from(text, w.len), STR(LONG));
    struct writer longest = writer_into(text, sizeof text);
    password_hash(STR("p"), STR(X64), PASSWORD_ITERATIONS_MAX / 1000, &longest);
    CHECK(!longest.overflow && longest.len + 3 <= PASSWORD_HASH_TEXT_MAX);
    CHECK_INT(password_matches(str_from(text, longest.len), STR("p")), OK);
    CHECK_INT(password_matches(str_from(text, longest.len), STR("q")), ERR_DENIED);
}

TEST(password_needs_rehash__when_a_new_one_would_be_stronger)
{
    CHECK(!password_needs_rehash(STR(OTTER), 260000));
    CHECK(!password_needs_rehash(STR(OTTER), 259999));
    CHECK(password_needs_rehash(STR(OTTER), 260001));
    CHECK(password_needs_rehash(STR(OTTER), PASSWORD_ITERATIONS_DEFAULT));
}

TESTS(password, TEST_ROW(password_matches__hashes_of_django),
      TEST_ROW(password_matches__what_is_no_hash__is_corrupt),
      TEST_ROW(password_matches__a_hash_cut_at_any_byte__never_matches),
      TEST_ROW(password_hash__verifies_and_has_the_form_of_django),
      TEST_ROW(password_needs_rehash__when_a_new_one_would_be_stronger))
