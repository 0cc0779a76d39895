#include "server/edge/static.h"

#include "tests/check.h"

#define TEXT(literal)                                                                              \
    {                                                                                              \
        (const uint8_t *)(literal), sizeof(literal) - 1                                            \
    }

/* A dashboard of our own in place of the built one. */
const struct asset assets[] = {
    {TEXT("/"), TEXT("text/html"), TEXT("\"i\""), false, TEXT("index"), TEXT("gz"), TEXT("br")},
    {TEXT("/devices/*"), TEXT("text/html"), TEXT("\"i\""), false, TEXT("index"), TEXT("gz"),
     TEXT("br")},
    {TEXT("/app.js"), TEXT("text/javascript"), TEXT("\"a\""), true, TEXT("js"), TEXT("gz"),
     TEXT("")},
    {TEXT("/icon.png"), TEXT("image/png"), TEXT("\"p\""), true, TEXT("png"), TEXT(""), TEXT("")},
};
const size_t asset_count = sizeof assets / sizeof assets[0];

TEST(asset_find__a_path_is_in_the_table_or_it_is_not)
{
    static const struct {
        const char *path;
        int asset; /* -1: none */
    } rows[] = {
        {"/", 0},
        {"/app.js", 2},
        {"/app.js/", -1},
        {"/app.jsx", -1},
        {"/app.j", -1},
        {"/APP.js", -1},
        {"", -1},
        {"/devices/dev_1", 1},
        {"/devices/*", 1},
        {"/devices/", -1},
        {"/devices", -1},
        {"/devices/dev_1/", -1},
        {"/devices/dev_1/x", -1},
        {"/device/dev_1", -1},
        {"//", -1},
        {"/*", -1},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        check_row = rows[i].path;
        const struct asset *found = asset_find(check_exact(str_from_cstr(rows[i].path)));
        CHECK(found == (rows[i].asset < 0 ? NULL : &assets[rows[i].asset]));
    }
    check_row = NULL;
}

#define I CODING_IDENTITY
#define G CODING_GZIP
#define B CODING_BROTLI

/* RFC 9110 section 12.5.3. The three columns: a file with both codings, with gzip, with none. */
TEST(coding_choose__table)
{
    static const struct {
        const char *accept;
        enum coding both, gzip_only, neither;
    } rows[] = {
        {"", I, I, I},
        {"identity", I, I, I},
        {"gzip", G, G, I},
        {"br", B, I, I},
        {"gzip, br", B, G, I},
        {"br, gzip", B, G, I},
        {"gzip, deflate, br, zstd", B, G, I},
        {"GZIP", G, G, I},
        {"BR", B, I, I},
        {"\tgzip\t,\tbr\t", B, G, I},
        {"gzip,br", B, G, I},
        {",,gzip,,", G, G, I},
        {"br;q=1.0, gzip;q=0.8", B, G, I},
        {"br;q=0.8, gzip;q=1.0", G, G, I},
        {"br;q=0.001, gzip;q=0.002", G, G, I},
        {"br;q=0.5, gzip;q=0.5", B, G, I},
        {"br;q=0, gzip", G, G, I},
        {"br;q=0.0, gzip;q=0.000", I, I, I},
        {"gzip;q=0", I, I, I},
        {"*", B, G, I},
        {"*;q=0", I, I, I},
        {"*;q=0.1", B, G, I},
        {"br;q=0, *", G, G, I},
        {"gzip;q=0, *", B, I, I},
        {"gzip, *;q=0", G, G, I},
        {"*;q=0.5, gzip;q=0.6", G, G, I},
        {"*;q=0.6, gzip;q=0.5", B, G, I},
        {"gzip;Q=0.5", G, G, I},
        {"gzip ; q=0.5", G, G, I},
        {"gzip; q=1", G, G, I},
        {"gzip;q=1.000", G, G, I},
        {"gzip;q=1.001", I, I, I},
        {"gzip;q=2", I, I, I},
        {"gzip;q=-1", I, I, I},
        {"gzip;q=.5", I, I, I},
        {"gzip;q=0.5555", I, I, I},
        {"gzip;q=1,br;q=x", G, G, I},
        {"gzip;q=", I, I, I},
        {"gzip;x=1", I, I, I},
        {"x-gzip", I, I, I},
        {"gzipped", I, I, I},
        {"deflate", I, I, I},
        {"br;q", I, I, I},
        {";;;", I, I, I},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct str accept = check_exact(str_from_cstr(rows[i].accept));
        check_row = rows[i].accept;
        CHECK_INT(coding_choose(accept, &assets[0]), rows[i].both);
        CHECK_INT(coding_choose(accept, &assets[2]), rows[i].gzip_only);
        CHECK_INT(coding_choose(accept, &assets[3]), rows[i].neither);
    }
    check_row = NULL;
}

TEST(etag_matches__table)
{
    static const struct {
        const char *field;
        bool matches;
    } rows[] = {
        {"", false},
        {"\"a\"", true},
        {"W/\"a\"", true},
        {"*", true},
        {"\"b\"", false},
        {"\"b\", \"a\"", true},
        {"\"b\",W/\"a\" ", true},
        {"\"b\"\t,\t\"a\"", true},
        {"a", false},
        {"\"a", false},
        {"\"A\"", false},
        {"w/\"a\"", false},
        {"\"aa\"", false},
        {"\"b\", *", true},
        {",,", false},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        check_row = rows[i].field;
        CHECK_INT(etag_matches(check_exact(str_from_cstr(rows[i].field)), STR("\"a\"")),
                  rows[i].matches);
    }
    check_row = NULL;
}

TESTS(static_files, TEST_ROW(asset_find__a_path_is_in_the_table_or_it_is_not),
      TEST_ROW(coding_choose__table), TEST_ROW(etag_matches__table))
