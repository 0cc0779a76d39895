#include "common/base/decimal.h"

#include "tests/fuzz.h"

/* Whatever is read can be written, and reads back as the same text. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct decimal d;
    struct decimal back;
    if (decimal_read(str_from(data, size), &d) != OK)
        return 0;
    FUZZ_CHECK(d.exponent >= DECIMAL_EXPONENT_MIN && d.exponent <= DECIMAL_EXPONENT_MAX);
    FUZZ_CHECK(d.mantissa <= 999999999999999999 && d.mantissa >= -999999999999999999);
    char text[64];
    char again[64];
    struct writer w = writer_into(text, sizeof text);
    struct writer w2 = writer_into(again, sizeof again);
    decimal_write(&w, d);
    FUZZ_CHECK(!w.overflow && decimal_read(str_from(text, w.len), &back) == OK);
    decimal_write(&w2, back);
    FUZZ_CHECK(str_eq(str_from(text, w.len), str_from(again, w2.len)));
    FUZZ_CHECK(decimal_to_double(d) == decimal_to_double(d)); /* never NaN */
    return 0;
}
