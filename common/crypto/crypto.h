/* The narrow façade over the crypto library; the back end is chosen when linking.
 *
 * Owns:     nothing.
 * Promise:  the same bytes from every back end, pinned by the RFC vectors of crypto_test.c.
 * Source:   FIPS 180-4 (SHA-256), RFC 2104 and 4231 (HMAC), RFC 8018 section 5.2 (PBKDF2).
 * Watch:    openssl.c on hosts; portable.c where the chip's own library is not linked, which is
 *           never faster and is there for tests on bare metal and the smallest boards. */
#ifndef OC_CRYPTO_CRYPTO_H
#define OC_CRYPTO_CRYPTO_H

#include "common/base/str.h"

#define SHA256_LEN 32

void sha256(struct str data, uint8_t out[static SHA256_LEN]);
void hmac_sha256(struct str key, struct str data, uint8_t out[static SHA256_LEN]);

/* One block (32 bytes) of PBKDF2-HMAC-SHA256, which is also Hi() of RFC 5802. iterations >= 1.
 * Cost: two compressions an iteration; 4,096 take about 1 ms on a server, 1 s on an ESP8266. */
void pbkdf2_sha256(struct str password, struct str salt, uint32_t iterations,
                   uint8_t out[static SHA256_LEN]);

/* Overwrite a secret in a way that the compiler must keep. */
void wipe(void *ptr, size_t len);

#endif
