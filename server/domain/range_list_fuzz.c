#include "server/domain/range_list.h"

#include <string.h>

#include "tests/fuzz.h"

static void walk(struct str packed, const struct range_list *expected)
{
    struct packed_ranges p = packed_ranges_of(packed);
    struct range r;
    size_t count = 0;
    for (size_t i = 1; i < p.provider_count; i++)
        (void)packed_ranges_provider(&p);
    packed_ranges_begin(&p);
    while (packed_ranges_next(&p, &r)) {
        FUZZ_CHECK(range_last(&r) >= r.first);
        if (expected != NULL)
            FUZZ_CHECK(memcmp(&r.first, &expected->ranges[count].first, sizeof r.first) == 0);
        count++;
    }
    if (expected != NULL)
        FUZZ_CHECK(packed_ranges_end(&p) == OK && count == expected->count);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct range_list list;
    static uint8_t packed[RANGE_PACKED_MAX];
    unsigned line;
    const char *why;
    if (list.ranges == NULL)
        FUZZ_CHECK(range_list_init(&list) == OK);
    list.count = 0;
    list.provider_count = 1;
    walk(str_from(data, size), NULL);
    if (range_list_read(&list, str_from(data, size), &line, &why) != OK) {
        FUZZ_CHECK(why != NULL);
        return 0;
    }
    FUZZ_CHECK(why == NULL && list.count > 0);
    struct writer w = writer_into(packed, sizeof packed);
    range_list_pack(&list, &w);
    walk(str_from(packed, w.len), &list);
    return 0;
}
