#include "server/edge/proxy_header.h"

#include <string.h>

#include "tests/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct proxy_header whole, part;
    size_t taken, taken_part;
    enum err e = proxy_header_read(str_from(data, size), &whole, &taken);
    FUZZ_CHECK(e == OK || e == ERR_AGAIN || e == ERR_PEER);
    FUZZ_CHECK(e == OK || !whole.has_client);
    if (e == ERR_AGAIN)
        FUZZ_CHECK(size < PROXY_HEADER_MAX);
    if (e != OK)
        return 0;
    FUZZ_CHECK(taken > 0 && taken <= size && taken <= PROXY_HEADER_MAX);
    /* What stands behind does not matter, and nothing less is enough. */
    FUZZ_CHECK(proxy_header_read(str_from(data, taken), &part, &taken_part) == OK);
    FUZZ_CHECK(taken == taken_part && memcmp(&whole, &part, sizeof whole) == 0);
    FUZZ_CHECK(proxy_header_read(str_from(data, taken - 1), &part, &taken_part) == ERR_AGAIN);
    return 0;
}
