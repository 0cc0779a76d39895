#include "server/edge/static.h"

#include "tests/fuzz.h"

#define TEXT(literal)                                                                              \
    {                                                                                              \
        (const uint8_t *)(literal), sizeof(literal) - 1                                            \
    }

const struct asset assets[] = {
    {TEXT("/"), TEXT("text/html"), TEXT("\"i\""), false, TEXT("index"), TEXT("gz"), TEXT("br")},
    {TEXT("/devices/*"), TEXT("text/html"), TEXT("\"i\""), false, TEXT("i"), TEXT("gz"), TEXT("")},
};
const size_t asset_count = sizeof assets / sizeof assets[0];

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct str text = str_from(data, size);
    const struct asset *found = asset_find(text);
    FUZZ_CHECK(found != &assets[0] || str_eq(text, STR("/")));
    FUZZ_CHECK(found != &assets[1] || str_starts(text, STR("/devices/")));
    enum coding both = coding_choose(text, &assets[0]);
    enum coding one = coding_choose(text, &assets[1]);
    FUZZ_CHECK(one != CODING_BROTLI); /* there is none of this file */
    FUZZ_CHECK(both != CODING_GZIP || one == CODING_GZIP);
    FUZZ_CHECK(both != CODING_IDENTITY || one == CODING_IDENTITY);
    (void)etag_matches(text, assets[0].etag);
    if (str_find(text, ',') == size && str_eq(str_trim(text), text) && size > 1 && data[0] == '"')
        FUZZ_CHECK(etag_matches(text, text));
    return 0;
}
