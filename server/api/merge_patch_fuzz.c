#include "server/api/merge_patch.h"

#include "common/proto/device_messages.h"
#include "common/wire/json.h"
#include "tests/fuzz.h"

static uint8_t block[3][8192];

static enum err patch(size_t n, struct str current, struct str change, struct patched *out)
{
    struct arena a = arena_over(block[n], sizeof block[n]);
    return merge_patch(&a, current, change, 10, out);
}

static bool is_object(struct str text)
{
    uint8_t scratch[8192];
    struct json j = json_of(text, scratch, sizeof scratch);
    if (json_peek(&j) != JSON_OBJECT)
        return false;
    json_skip(&j);
    return json_end(&j) == OK;
}

/* The first byte 0xFF parts current state and patch; without one the state is empty. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct str current, change;
    struct patched state, once, twice;
    if (!str_cut(str_from(data, size), 0xFF, &change, &current))
        current = STR("{}");
    /* A state is what a patch of nothing has made. */
    if (patch(0, STR("{}"), current, &state) != OK)
        return 0;
    FUZZ_CHECK(is_object(state.desired) && state.desired.len <= STATE_JSON_MAX);
    if (patch(1, state.desired, change, &once) != OK)
        return 0;
    FUZZ_CHECK(is_object(change) && is_object(once.desired));
    FUZZ_CHECK(once.desired.len <= STATE_JSON_MAX);
    FUZZ_CHECK(once.interval_s >= 1 && once.interval_s <= 3600);
    /* The same patch again changes nothing (RFC 7396 section 1 implies it). */
    FUZZ_CHECK(patch(2, once.desired, change, &twice) == OK);
    FUZZ_CHECK(str_eq(once.desired, twice.desired) && once.interval_s == twice.interval_s);
    return 0;
}
