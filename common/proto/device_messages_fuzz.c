#include "common/proto/device_messages.h"

#include "tests/fuzz.h"

static uint8_t scratch[8192];
static uint8_t text[1 << 20];
static struct readings_request readings;

/* The first byte picks a decoder. What it accepts is written and accepted again. */
#define ROUND_TRIP(kind)                                                                           \
    do {                                                                                           \
        struct kind m;                                                                             \
        if (kind##_read(body, scratch, sizeof scratch, &m) == OK) {                                \
            kind##_write(&w, &m);                                                                  \
            FUZZ_CHECK(!w.overflow);                                                               \
            FUZZ_CHECK(kind##_read(str_from(text, w.len), scratch, sizeof scratch, &m) == OK);     \
        }                                                                                          \
    } while (0)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0 || size > 65536)
        return 0;
    struct str body = str_from(data + 1, size - 1);
    struct writer w = writer_into(text, sizeof text);
    struct problem problem;
    switch (data[0] % 8) {
    case 0: ROUND_TRIP(register_request); break;
    case 1: ROUND_TRIP(register_reply); break;
    case 2: ROUND_TRIP(session_request); break;
    case 3: ROUND_TRIP(session_reply); break;
    case 4: ROUND_TRIP(reported_request); break;
    case 5: ROUND_TRIP(desired_reply); break;
    case 6: (void)!problem_read(body, scratch, sizeof scratch, &problem); break;
    case 7:
        if (readings_request_read(body, scratch, sizeof scratch, &readings) != OK)
            break;
        readings_request_write(&w, &readings);
        FUZZ_CHECK(!w.overflow);
        FUZZ_CHECK(readings_request_read(str_from(text, w.len), NULL, 0, &readings) == OK);
        break;
    }
    return 0;
}
