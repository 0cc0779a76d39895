/* A mail as bytes: head fields, parts, quoted-printable.
 *
 * Owns:     nothing; it fills the caller's writer.
 * Promise:  a line end is written here and nowhere else: text with a CR, an LF or any other control
 *           character in a head field makes the whole mail fail, so that nothing which is put into
 *           one can begin another. No line is longer than 998 bytes, and those of bodies not
 * than 76. Source:   RFC 5322 (format), 2045 section 6.7 (quoted-printable), 2046 section 5.1.4
 *           (multipart/alternative), 2047 (encoded words).
 * Watch:    dots at the beginning of a line are the business of whoever sends it (RFC 5321 section
 *           4.5.2). */
#ifndef OC_MAIL_MIME_H
#define OC_MAIL_MIME_H

#include "common/base/str.h"
#include "common/base/writer.h"

#define MIME_LINE_MAX     998
#define MIME_BOUNDARY_MAX 70

struct mime {
    struct writer *w;
    bool refused; /* sticky */
};

struct mime mime_into(struct writer *w);

/* Printable ASCII as it is. */
void mime_field(struct mime *m, const char *name, struct str value);

/* Text in any language, folded; encoded words when it is not plain ASCII. */
void mime_field_text(struct mime *m, const char *name, struct str text);

/* One mailbox: NAME <ADDRESS>, or <ADDRESS> when the name is empty. The name is ours, plain words.
 */
void mime_field_mailbox(struct mime *m, const char *name, struct str person, struct str address);

/* "Sun, 22 Nov 2026 23:13:06 +0000" */
void mime_field_date(struct mime *m, const char *name, int64_t time_ms);

/* The fields after which the parts follow; then each part; then the end. boundary: plain letters
 * and digits that are in no part. Lines of text end in LF. */
void mime_alternatives(struct mime *m, struct str boundary);
void mime_part(struct mime *m, struct str boundary, struct str type, struct str text);
void mime_alternatives_end(struct mime *m, struct str boundary);

/* ERR_PEER: something cannot be in a mail. ERR_LIMIT: the writer is full. */
MUST_CHECK enum err mime_end(const struct mime *m);

#endif
