#include "server/edge/static.h"

#include "tests/fuzz.h"

/* One text as Accept-Encoding and as If-None-Match: what is chosen exists, a tag matches itself. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct asset only_plain = {.identity = {(const uint8_t *)"x", 1}};
    static const struct asset no_gzip = {.identity = {(const uint8_t *)"x", 1},
                                         .brotli = {(const uint8_t *)"b", 1}};
    struct str text = str_from(data, size);
    FUZZ_CHECK(coding_choose(text, &only_plain) == CODING_IDENTITY);
    FUZZ_CHECK(coding_choose(text, &no_gzip) != CODING_GZIP);
    if (str_find(text, ',') == size && str_eq(str_trim(text), text) && size > 1 && data[0] == '"')
        FUZZ_CHECK(etag_matches(text, text));
    (void)asset_find(text);
    return 0;
}
