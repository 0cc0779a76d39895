/* Codes of an authenticator app: six digits that change every half minute.
 *
 * Owns:     nothing.
 * Promise:  pure; a comparison takes the same time whichever step matches, or none.
 * Source:   RFC 6238 with SHA-1, 30 s and six digits, which every app knows; RFC 4226 section 5.3.
 * Watch:    the same code is right for three steps: whoever asks has to remember the last step that
 *           was used, and take none of before. */
#ifndef OC_PKI_TOTP_H
#define OC_PKI_TOTP_H

#include <stdint.h>

#define TOTP_SEED_LEN 20 /* RFC 4226 section 4, R6: as long as SHA-1's output */
#define TOTP_STEP_S   30
#define TOTP_CODES    1000000

uint32_t totp_code(const uint8_t seed[static TOTP_SEED_LEN], uint64_t step);

/* The step that this code is of, of the one at now_s and its neighbours; 0: none. Of two, the later
 * one. RFC 6238 section 5.2 has one step either side for clocks that differ. */
uint64_t totp_match(const uint8_t seed[static TOTP_SEED_LEN], uint32_t code, int64_t now_s);

#endif
