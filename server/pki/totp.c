#include "server/pki/totp.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include "common/base/assert.h"
#include "common/crypto/crypto.h"

#define SHA1_LEN 20

uint32_t totp_code(const uint8_t seed[static TOTP_SEED_LEN], uint64_t step)
{
    uint8_t counter[8], mac[SHA1_LEN];
    for (size_t i = 0; i < sizeof counter; i++)
        counter[i] = (uint8_t)(step >> (56 - 8 * i));
    bool is_made =
        HMAC(EVP_sha1(), seed, TOTP_SEED_LEN, counter, sizeof counter, mac, NULL) != NULL;
    ASSERT(is_made);
    const uint8_t *at = mac + (mac[SHA1_LEN - 1] & 0x0F);
    uint32_t number = (uint32_t)(at[0] & 0x7F) << 24 | (uint32_t)at[1] << 16 |
                      (uint32_t)at[2] << 8 | (uint32_t)at[3];
    wipe(mac, sizeof mac);
    return number % TOTP_CODES;
}

uint64_t totp_match(const uint8_t seed[static TOTP_SEED_LEN], uint32_t code, int64_t now_s)
{
    uint64_t now = (uint64_t)(now_s < 0 ? 0 : now_s) / TOTP_STEP_S, found = 0;
    for (uint64_t step = now == 0 ? 0 : now - 1; step <= now + 1; step++) {
        uint64_t is_same = (uint64_t)(totp_code(seed, step) == code);
        found = is_same * step + (1 - is_same) * found;
    }
    return found;
}
