#include "server/edge/static.h"

#include "tests/check.h"

#define TEXT(s)                                                                                    \
    {                                                                                              \
        (const uint8_t *)(s), sizeof(s) - 1                                                        \
    }

static const struct asset all_codings = {
    .identity = TEXT("x"), .gzip = TEXT("g"), .brotli = TEXT("b")};
static const struct asset only_plain = {.identity = TEXT("x")};
static const struct asset no_brotli = {.identity = TEXT("x"), .gzip = TEXT("g")};

/* RFC 9110 section 12.5.3, weights by 12.4.2. */
TEST(coding_choose__what_the_client_weighs_most)
{
    static const struct {
        const char *accept;
        enum coding all, gzip_only;
    } rows[] = {
        {"", CODING_IDENTITY, CODING_IDENTITY},
        {"gzip", CODING_GZIP, CODING_GZIP},
        {"br", CODING_BROTLI, CODING_IDENTITY},
        {"gzip, deflate, br, zstd", CODING_BROTLI, CODING_GZIP},
        {"GZIP", CODING_GZIP, CODING_GZIP},
        {"identity", CODING_IDENTITY, CODING_IDENTITY},
        {"deflate", CODING_IDENTITY, CODING_IDENTITY},
        {"*", CODING_BROTLI, CODING_GZIP},
        {"*;q=0", CODING_IDENTITY, CODING_IDENTITY},
        {"br;q=0, *", CODING_GZIP, CODING_GZIP},
        {"br;q=0", CODING_IDENTITY, CODING_IDENTITY},
        {"br;q=0.5, gzip;q=0.8", CODING_GZIP, CODING_GZIP},
        {"br;q=0.8,gzip;q=0.8", CODING_BROTLI, CODING_GZIP},
        {"br; q=1.000 , gzip ; q=0.001", CODING_BROTLI, CODING_GZIP},
        {"br;Q=0.1, gzip", CODING_GZIP, CODING_GZIP},
        {"br;q=0.000", CODING_IDENTITY, CODING_IDENTITY},
        {"br;q=1.001", CODING_IDENTITY, CODING_IDENTITY}, /* no weight: not taken */
        {"br;q=0.1234", CODING_IDENTITY, CODING_IDENTITY},
        {"br;q=", CODING_IDENTITY, CODING_IDENTITY},
        {"br;q", CODING_IDENTITY, CODING_IDENTITY},
        {"br;q=2", CODING_IDENTITY, CODING_IDENTITY},
        {"br;q=.5", CODING_IDENTITY, CODING_IDENTITY},
        {"br;x=1", CODING_IDENTITY, CODING_IDENTITY},
        {",,,gzip,,", CODING_GZIP, CODING_GZIP},
        {"gzipped", CODING_IDENTITY, CODING_IDENTITY},
        {"x-gzip", CODING_IDENTITY, CODING_IDENTITY},
        {";;;", CODING_IDENTITY, CODING_IDENTITY},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct str accept = check_exact(str_from_cstr(rows[i].accept));
        check_row = rows[i].accept;
        CHECK_INT(coding_choose(accept, &all_codings), rows[i].all);
        CHECK_INT(coding_choose(accept, &no_brotli), rows[i].gzip_only);
        CHECK_INT(coding_choose(accept, &only_plain), CODING_IDENTITY);
    }
    check_row = NULL;
}

/* RFC 9110 section 13.1.2: weak comparison. */
TEST(etag_matches__lists_stars_and_weak_tags)
{
    static const struct {
        const char *if_none_match;
        bool matches;
    } rows[] = {
        {"", false},
        {"\"abc\"", true},
        {"W/\"abc\"", true},
        {"*", true},
        {"\"x\", \"abc\"", true},
        {"\"x\",\"y\"", false},
        {"abc", false},
        {"\"abc", false},
        {"\"abcd\"", false},
        {"w/\"abc\"", false},
        {"\"x\" , W/\"abc\" ", true},
        {",", false},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        check_row = rows[i].if_none_match;
        CHECK_INT(etag_matches(check_exact(str_from_cstr(rows[i].if_none_match)), STR("\"abc\"")),
                  rows[i].matches);
    }
    check_row = NULL;
}

TEST(asset_find__only_what_is_in_the_table)
{
    CHECK(asset_find(STR("/")) != NULL);
    CHECK(asset_find(STR("")) == NULL);
    CHECK(asset_find(STR("/..")) == NULL);
    CHECK(asset_find(STR("/no/such/page")) == NULL);
    CHECK(asset_find(STR("/*")) == NULL);
}

TESTS(static, TEST_ROW(coding_choose__what_the_client_weighs_most),
      TEST_ROW(etag_matches__lists_stars_and_weak_tags),
      TEST_ROW(asset_find__only_what_is_in_the_table))
