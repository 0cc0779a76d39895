/* Mails on their way out: which are due, and what became of each attempt.
 *
 * Owns:     the mail table, with mail.h.
 * Promise:  a mail leaves the table when it was delivered, or seven days after it was given up.
 *           At least once: an attempt of which nobody heard the end is made again.
 * Source:   RFC 5321 section 4.5.4.1 for trying again, less often each time.
 * Watch:    an attempt counts from mail_take() on, before it is made: what ends us in the midst of
 *           it comes less often each time, too. */
#ifndef OC_DOMAIN_MAIL_QUEUE_H
#define OC_DOMAIN_MAIL_QUEUE_H

#include "server/domain/mail.h"

struct mail_due {
    int64_t id;
    enum mail_kind kind;
    struct str to;
    int64_t account_id, subject_id;
    struct str detail;
    uint8_t peer[PEER_LEN]; /* who caused it; all zero: nobody outside */
    int64_t created_at_ms, expires_at_ms;
};

/* After a start: what was under way is tried again soon. */
MUST_CHECK enum err mail_queue_load(struct domain *d);

/* The ids of at most max mails that are due. */
MUST_CHECK enum err mail_queue_due(struct domain *d, int64_t *ids, size_t max, size_t *count);

/* An attempt begins. ERR_NOT_FOUND: it is not there any more. ERR_PEER: it has just been given up,
 * because nobody here knows its kind. Texts are in the arena. */
MUST_CHECK enum err mail_take(struct domain *d, struct arena *a, int64_t id, struct mail_due *out);

/* How it ended. why: one plain line, for whoever runs the server. A mail that has gone meanwhile is
 * no error. */
MUST_CHECK enum err mail_delivered(struct domain *d, int64_t id);
MUST_CHECK enum err mail_try_again(struct domain *d, int64_t id, struct str why);
MUST_CHECK enum err mail_lost(struct domain *d, int64_t id, struct str why);
MUST_CHECK enum err mail_give_up(struct domain *d, int64_t id, struct str why);

/* Housekeeping: mails and links whose time is over. */
MUST_CHECK enum err mail_queue_tidy(struct domain *d);

/* For whoever runs the server. ERR_NOT_FOUND: there is no such mail. */
MUST_CHECK enum err mail_retry(struct domain *d, int64_t id);
MUST_CHECK enum err mail_drop(struct domain *d, int64_t id);

/* From the attempt of this number, counted from 1, to the next. */
int64_t mail_pause_ms(int64_t attempt);

#endif
