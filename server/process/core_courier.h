/* What the core remembers of its courier: tasks under way there.
 *
 * Owns:     the link, copies of the requests that wait for an answer.
 * Promise:  nothing here waits for the courier. Producer: the tick and requests; consumer: the
 *           courier; capacity: OUTBOUND_MAILS_MAX and OUTBOUND_CHECKS_MAX. When full, mails stay in
 *           their table, and requests are told to try again. A mail leaves only after the commit of
 *           the transaction that made its token; what became of it is written once, in a
 *           transaction that holds, or the mail is tried again.
 * Source:   server/ipc/outbound.h; server/domain/mail_queue.h.
 * Watch:    a mail's id in the link is its id in the table; one at a time is under way. */
#ifndef OC_PROCESS_CORE_COURIER_H
#define OC_PROCESS_CORE_COURIER_H

#include "server/api/errand.h"
#include "server/domain/mail.h"
#include "server/ipc/outbound.h"

/*   FREE ──take──▶ TAKEN ──commit──▶ SENT ──answer──▶ ANSWERED ──write──▶ WRITTEN ──commit──▶ FREE
 *                    └──rollback──▶ FREE                  ▲─────rollback──────┘ */
enum mail_state {
    MAIL_FREE,
    MAIL_TAKEN,
    MAIL_SENT,
    MAIL_ANSWERED,
    MAIL_WRITTEN,
};

enum mail_outcome {
    MAIL_WAS_DELIVERED,
    MAIL_WAS_REFUSED,
    MAIL_WAS_DELAYED,
    MAIL_WAS_LOST, /* the courier has ended: it may have left or not */
};

struct mail_slot {
    enum mail_state state;
    int64_t id;
    enum mail_kind kind;
    int64_t late_at_ms;
    enum mail_outcome outcome;
    uint8_t text[OUTBOUND_TEXT_MAX];
    size_t text_len;
    uint8_t *task; /* rendered, until it has left; owned */
    size_t task_len;
};

struct check_slot {
    bool is_used, is_done;
    uint64_t id;
    int64_t late_at_ms;
    struct errand errand;
};

struct core_courier {
    int link; /* -1: none */
    struct mail_slot mails[OUTBOUND_MAILS_MAX];
    struct check_slot *checks; /* OUTBOUND_CHECKS_MAX; NULL without Turnstile */
    uint64_t next_check;
    int64_t next_tidy_ms;
    bool is_loaded;    /* mails of a process before are to be tried again */
    unsigned strays;   /* answers over this link that nobody waited for */
    bool is_complaint; /* the parent has been asked for another courier */
};

#endif
