/* A bounded cursor for bytes on their way out, with a sticky overflow.
 *
 * Owns:     nothing; it fills memory the caller gave it.
 * Promise:  never writes past cap; after an overflow nothing more is written, and writer_end()
 *           says so once, so that half a message can never leave.
 * Source:   curl dynbuf for "no buffer without the ceiling it was born with".
 * Watch:    the mirror image of reader.h: every reader_X has its writer_X. */
#ifndef OC_BASE_WRITER_H
#define OC_BASE_WRITER_H

#include "common/base/str.h"

struct writer {
    uint8_t *buf;
    size_t cap;
    size_t len;
    bool overflow;
};

struct writer writer_into(void *buf, size_t cap);
size_t writer_left(const struct writer *w);

void writer_u8(struct writer *w, uint8_t v);
void writer_u16(struct writer *w, uint16_t v); /* little-endian */
void writer_u32(struct writer *w, uint32_t v);
void writer_u64(struct writer *w, uint64_t v);
void writer_varint(struct writer *w, uint64_t v);
void writer_bytes(struct writer *w, const void *ptr, size_t len);
void writer_str(struct writer *w, struct str s);   /* no prefix */
void writer_str16(struct writer *w, struct str s); /* u16 length first; overflow beyond 65,535 */
void writer_str32(struct writer *w, struct str s);
void writer_decimal(struct writer *w, int64_t v);
void writer_hex(struct writer *w, struct str bytes);

/* Overwrite four bytes written earlier, for a length known only at the end. */
void writer_patch_u32(struct writer *w, size_t at, uint32_t v);

/* What was written, borrowed from the caller's memory; ERR_LIMIT after an overflow. */
MUST_CHECK enum err writer_end(const struct writer *w, struct str *out);

#endif
