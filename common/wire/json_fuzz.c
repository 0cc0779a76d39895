#include "common/wire/json.h"

#include "tests/fuzz.h"

static uint8_t scratch[4096];

/* Read every value by its own reader, however deep. */
static void walk(struct json *j)
{
    struct str name;
    switch (json_peek(j)) {
    case JSON_NONE: json_fail(j); break;
    case JSON_NULL: json_null(j); break;
    case JSON_FALSE:
    case JSON_TRUE: json_bool(j); break;
    case JSON_NUMBER: json_decimal(j); break;
    case JSON_STRING: {
        struct str s = json_string(j);
        FUZZ_CHECK(str_is_utf8(s));
        break;
    }
    case JSON_ARRAY:
        json_array(j);
        while (json_element(j))
            walk(j);
        break;
    case JSON_OBJECT:
        json_object(j);
        while (json_member(j, &name))
            walk(j);
        break;
    }
}

/* Walking accepts nothing that skipping refuses. (The other way round there are two reasons to
 * refuse: a full scratch, and a number out of range.) */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct str text = str_from(data, size);
    struct json walked = json_of(text, scratch, sizeof scratch);
    struct json skipped = json_of(text, scratch, sizeof scratch);
    walk(&walked);
    struct str raw = json_raw(&skipped);
    if (json_end(&walked) == OK)
        FUZZ_CHECK(json_end(&skipped) == OK && raw.len > 0);
    struct json ints = json_of(text, scratch, sizeof scratch);
    json_int(&ints);
    return 0;
}
