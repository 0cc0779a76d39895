/* Held requests: a device waits for new desired state without asking again and again.
 *
 * Owns:     one struct hold a waiting device.
 * Promise:  a hold ends exactly once: with new state, with 204 when its time is over, when its
 *           connection has something else to say, or when its client has left.
 * Source:   docs/protocol/device.md section 4.
 * Watch:    a device has one hold; a second request to wait answers the first. */
#ifndef OC_API_HOLDS_H
#define OC_API_HOLDS_H

#include "server/api/api.h"
#include "server/domain/live.h"
#include "server/domain/slots.h"

#define HOLD_S_MAX    300
#define HOLD_CHECK_MS INT64_C(250) /* how late a hold may end */

struct hold {
    struct origin origin;
    int64_t device_id;
    int64_t ends_at_ms;
};

struct holds {
    struct slots by_origin;
    int64_t next_check_ms;
};

void holds_init(struct holds *h);
void holds_done(struct holds *h);

/* live->hold is set. ERR_NO_MEMORY. */
MUST_CHECK enum err holds_add(struct holds *h, struct live *live, struct origin origin,
                              int64_t ends_at_ms);

/* Answer and forget; does nothing when the device is not waiting. 204 means nothing new. */
void holds_answer(struct holds *h, const struct outlet *outlet, struct live *live,
                  const struct reply *reply);
extern const struct reply holds_nothing_new;

/* The hold of this request, NULL when it has already ended. */
struct hold *holds_find(const struct holds *h, struct origin origin);

/* Forget without an answer: nobody is there to hear it. */
void holds_forget(struct holds *h, struct live_table *t, struct hold *hold);
void holds_forget_link(struct holds *h, struct live_table *t, uint32_t link, int64_t now_ms);

/* End those whose time is over. */
void holds_check(struct holds *h, const struct outlet *outlet, struct live_table *t,
                 int64_t now_ms);

/* After the live table was loaded anew: point its entries at their holds again. */
void holds_relink(struct holds *h, const struct outlet *outlet, struct live_table *t);
void holds_answer_all(struct holds *h, const struct outlet *outlet, struct live_table *t);

#endif
