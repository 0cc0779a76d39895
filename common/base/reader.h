/* The one way in for bytes from outside: a bounded cursor that remembers its first failure.
 *
 * Owns:     nothing; it borrows the bytes it walks over.
 * Promise:  never reads past the end; after a failure every read yields zero or an empty view,
 *           so a decoder may read on and ask once, with reader_end().
 * Source:   dav1d getbits.c for the sticky error, s2n-tls stuffers for the cursor.
 * Watch:    reader_end() also refuses bytes left over; use reader_rest() when a tail is meant. */
#ifndef OC_BASE_READER_H
#define OC_BASE_READER_H

#include "common/base/str.h"

struct reader {
    const uint8_t *at;
    const uint8_t *end;
    bool failed;
};

struct reader reader_of(struct str bytes);
size_t reader_left(const struct reader *r);

uint8_t reader_u8(struct reader *r);
uint16_t reader_u16(struct reader *r); /* little-endian, as all our own formats */
uint32_t reader_u32(struct reader *r);
uint64_t reader_u64(struct reader *r);

/* Unsigned LEB128, at most ten bytes, shortest form only. */
uint64_t reader_varint(struct reader *r);

/* The next len bytes, borrowed. */
struct str reader_bytes(struct reader *r, size_t len);

/* A view prefixed by its length as u16 or u32. */
struct str reader_str16(struct reader *r);
struct str reader_str32(struct reader *r);

/* Everything that is left; the reader is then at its end. */
struct str reader_rest(struct reader *r);

/* Mark the input as bad, for a rule that only the caller knows. */
void reader_fail(struct reader *r);

/* OK when every read succeeded and nothing is left over, else ERR_PEER. */
MUST_CHECK enum err reader_end(const struct reader *r);

#endif
