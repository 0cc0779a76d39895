/* Bytes as text and back: hex, base32, base64, base64url.
 *
 * Owns:     nothing.
 * Promise:  decoding is strict: exact length, exact alphabet, zero spare bits, canonical padding.
 * Source:   RFC 4648 sections 4 to 6 and 8 (and 3.5 for the spare bits).
 * Watch:    not constant time; for values that are looked up by their hash that is enough. */
#ifndef OC_BASE_ENCODING_H
#define OC_BASE_ENCODING_H

#include "common/base/str.h"
#include "common/base/writer.h"

/* Text length for n bytes. */
#define BASE32_LEN(n)    (((n)*8 + 4) / 5)
#define BASE64_LEN(n)    (((n) + 2) / 3 * 4)
#define BASE64URL_LEN(n) (((n)*8 + 5) / 6)

void base32_write(struct writer *w, struct str bytes);    /* unpadded, section 6 */
void base64_write(struct writer *w, struct str bytes);    /* padded, section 4 */
void base64url_write(struct writer *w, struct str bytes); /* unpadded, section 5 */

/* Decode into out[cap]; *len is written only on OK. ERR_PEER for anything but the one canonical
 * text of some bytes, ERR_LIMIT when they do not fit. */
MUST_CHECK enum err base64_read(struct str text, uint8_t *out, size_t cap, size_t *len);
MUST_CHECK enum err base64url_read(struct str text, uint8_t *out, size_t cap, size_t *len);
MUST_CHECK enum err hex_read(struct str text, uint8_t *out, size_t cap, size_t *len);

#endif
