/* The mails that people get: what each kind says, as a whole message.
 *
 * Owns:     nothing.
 * Promise:  each says what happened, when, from which address and browser when that is known, and
 *           what to do if it was not you; as plain text, and the same as modest HTML without
 *           pictures, styles from elsewhere or anything that tells us that it was read.
 * Source:   server/domain/mail.h for the kinds; RFC 3834 section 5 (Auto-Submitted).
 * Watch:    the token of a link stands behind "#", which a browser sends to nobody. What detail
 *           means depends on the kind: see the table of letter.c. */
#ifndef OC_MAIL_LETTER_H
#define OC_MAIL_LETTER_H

#include "common/base/writer.h"
#include "server/domain/mail.h"

#define LETTER_RANDOM_LEN 16

struct letter {
    enum mail_kind kind;
    struct str from, to; /* addresses */
    struct str url;      /* of the server, without a slash at its end */
    struct str token;    /* of the link, for kinds that have one */
    struct str detail;   /* one line; empty: nothing to add */
    const uint8_t *peer; /* PEER_LEN bytes; all zero: nobody */
    int64_t happened_at_ms, now_ms;
    uint8_t random[LETTER_RANDOM_LEN]; /* of Message-ID and boundary */
};

/* ERR_PEER: an address or a text cannot be in a mail. ERR_LIMIT: the writer is full. */
MUST_CHECK enum err letter_write(const struct letter *l, struct writer *w);

#endif
