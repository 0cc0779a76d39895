/* Comma-separated values, a record at a time.
 *
 * Owns:     nothing; a field is a view into the text, or unescaped into the caller's scratch.
 * Promise:  strict RFC 4180, with LF beside CRLF as the end of a record: quotes around a whole
 * field or nowhere, doubled within; anything else fails for good, and line says where. Source: RFC
 * 4180 section 2. Watch:    fields are good until the next record. What they hold is not looked at:
 * UTF-8, numbers and lengths are the caller's. */
#ifndef OC_WIRE_CSV_H
#define OC_WIRE_CSV_H

#include "common/base/str.h"

struct csv {
    const uint8_t *at, *end;
    uint8_t *scratch;
    size_t scratch_size, scratch_used;
    unsigned line; /* of the record read last, counted from 1 */
    unsigned next_line;
    bool failed;
};

struct csv csv_of(struct str text, uint8_t *scratch, size_t scratch_size);

/* The fields of the next record, how many there are in *count. False: at the end, or failed: more
 * than max fields, more unescaped text than there is scratch, or no CSV. */
bool csv_record(struct csv *c, struct str *fields, size_t max, size_t *count);

/* OK when all of it was read. */
MUST_CHECK enum err csv_end(const struct csv *c);

#endif
