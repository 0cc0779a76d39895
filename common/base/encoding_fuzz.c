#include "common/base/encoding.h"

#include "tests/fuzz.h"

static uint8_t bytes[8192];
static uint8_t text[16384];

/* What decodes encodes to the very same text: there is one text for some bytes. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct str input = str_from(data, size);
    size_t len;
    if (base64_read(input, bytes, sizeof bytes, &len) == OK) {
        struct writer w = writer_into(text, sizeof text);
        base64_write(&w, str_from(bytes, len));
        FUZZ_CHECK(str_eq(str_from(text, w.len), input));
    }
    if (base64url_read(input, bytes, sizeof bytes, &len) == OK) {
        struct writer w = writer_into(text, sizeof text);
        base64url_write(&w, str_from(bytes, len));
        FUZZ_CHECK(str_eq(str_from(text, w.len), input));
    }
    if (hex_read(input, bytes, sizeof bytes, &len) == OK) {
        struct writer w = writer_into(text, sizeof text);
        writer_hex(&w, str_from(bytes, len));
        FUZZ_CHECK(str_eq_nocase(str_from(text, w.len), input));
    }
    return 0;
}
