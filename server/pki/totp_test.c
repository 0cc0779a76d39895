#include "server/pki/totp.h"

#include <string.h>

#include "tests/check.h"

static const uint8_t seed[] = "12345678901234567890";

/* RFC 6238 appendix B, SHA-1. It has eight digits; the last six are ours. */
static const struct {
    int64_t s;
    uint32_t eight_digits;
} vectors[] = {
    {59, 94287082},         {1111111109, 7081804},  {1111111111, 14050471},
    {1234567890, 89005924}, {2000000000, 69279037}, {20000000000, 65353130},
};

TEST(code__is_what_the_rfc_says)
{
    for (size_t i = 0; i < sizeof vectors / sizeof vectors[0]; i++)
        CHECK_INT(totp_code(seed, (uint64_t)vectors[i].s / TOTP_STEP_S),
                  vectors[i].eight_digits % TOTP_CODES);
}

TEST(match__one_step_either_side__and_no_more)
{
    uint64_t step = 1111111111 / TOTP_STEP_S;
    uint32_t code = totp_code(seed, step);
    static const struct {
        int64_t ahead_s;
        bool good;
    } rows[] = {{0, true}, {-30, true}, {30, true}, {-60, false}, {60, false}, {90, false}};
    int64_t begin_s = (int64_t)step * TOTP_STEP_S;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        for (int64_t within = 0; within < TOTP_STEP_S; within += 29)
            CHECK_INT(totp_match(seed, code, begin_s + rows[i].ahead_s + within),
                      rows[i].good ? step : 0);
    }
}

TEST(match__another_code__is_none)
{
    uint32_t code = totp_code(seed, 1);
    CHECK_INT(totp_match(seed, (code + 1) % TOTP_CODES, 30), 0);
    CHECK_INT(totp_match(seed, code, 30), 1);
}

TEST(match__the_first_half_minute_of_all_time__is_no_step_before_it)
{
    CHECK_INT(totp_match(seed, totp_code(seed, 1), 0), 1);
    CHECK_INT(totp_match(seed, totp_code(seed, 1), -5), 1);
    CHECK_INT(totp_match(seed, totp_code(seed, UINT64_MAX), 0), 0);
}

TESTS(totp, TEST_ROW(code__is_what_the_rfc_says),
      TEST_ROW(match__one_step_either_side__and_no_more), TEST_ROW(match__another_code__is_none),
      TEST_ROW(match__the_first_half_minute_of_all_time__is_no_step_before_it))
