/* The little of CBOR that authenticators speak, read without memory.
 *
 * Owns:     nothing; texts and bytes are views into the input.
 * Promise:  definite lengths in their shortest form only, nested CBOR_DEPTH_MAX deep at most; a
 *           length beyond what is left fails the reader at once, so nothing is ever sized by it.
 * Source:   RFC 8949 section 3; CTAP2 canonical form (CTAP 2.1 section 8).
 * Watch:    the reader's failure is sticky: read on, and ask reader_end() once. */
#ifndef OC_WEBAUTHN_CBOR_H
#define OC_WEBAUTHN_CBOR_H

#include "common/base/reader.h"

#define CBOR_DEPTH_MAX 4 /* CTAP 2.1 section 8 */

/* What comes next, as what it is to be; of another kind: the reader fails. */
int64_t cbor_int(struct reader *r); /* of either sign */
struct str cbor_bytes(struct reader *r);
struct str cbor_text(struct reader *r);
uint64_t cbor_map(struct reader *r); /* how many pairs follow */

/* Whatever comes next, and all that is in it. */
void cbor_skip(struct reader *r);

/* The same, as its own bytes. */
struct str cbor_raw(struct reader *r);

#endif
