#include "server/webauthn/client_data.h"

#include "tests/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static uint8_t scratch[CLIENT_DATA_MAX];
    struct client_data got;
    struct str text = str_from(data, size);
    bool is_new = client_data_read(text, CLIENT_DATA_CREATE, scratch, &got) == OK;
    if (is_new || client_data_read(text, CLIENT_DATA_GET, scratch, &got) == OK) {
        FUZZ_CHECK(got.challenge.len > 0 && got.origin.len > 0);
        FUZZ_CHECK(got.challenge.len + got.origin.len < size);
        /* It is of one type. */
        FUZZ_CHECK(!is_new || client_data_read(text, CLIENT_DATA_GET, scratch, &got) == ERR_PEER);
    }
    return 0;
}
