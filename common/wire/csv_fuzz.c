#include "common/wire/csv.h"

#include <string.h>

#include "tests/fuzz.h"

#define MAX 8

/* What was read is written again, always in quotes, and reads as the same. */
static size_t write_again(const struct str *fields, size_t count, uint8_t *out)
{
    size_t len = 0;
    for (size_t i = 0; i < count; i++) {
        if (i > 0)
            out[len++] = ',';
        out[len++] = '"';
        for (size_t n = 0; n < fields[i].len; n++) {
            if (fields[i].ptr[n] == '"')
                out[len++] = '"';
            out[len++] = fields[i].ptr[n];
        }
        out[len++] = '"';
    }
    return len;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static uint8_t scratch[4096], again_scratch[4096], text[16384];
    struct str fields[MAX], again[MAX];
    size_t count, again_count;
    struct csv c = csv_of(str_from(data, size), scratch, sizeof scratch);
    if (size > 4000)
        return 0;
    while (csv_record(&c, fields, MAX, &count)) {
        FUZZ_CHECK(count > 0 && count <= MAX);
        size_t len = write_again(fields, count, text);
        struct csv copy = csv_of(str_from(text, len), again_scratch, sizeof again_scratch);
        FUZZ_CHECK(csv_record(&copy, again, MAX, &again_count) && again_count == count);
        FUZZ_CHECK(csv_end(&copy) == OK);
        for (size_t i = 0; i < count; i++)
            FUZZ_CHECK(str_eq(fields[i], again[i]));
    }
    FUZZ_CHECK((csv_end(&c) == OK) == !c.failed);
    return 0;
}
