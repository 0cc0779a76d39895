#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/base/assert.h"
#include "common/crypto/crypto.h"
#include "server/domain/mail_queue.h"
#include "server/domain/mail_token.h"
#include "server/mail/letter.h"
#include "server/os/clock.h"
#include "server/os/fatal.h"
#include "server/os/log.h"
#include "server/process/core_parts.h"

/* Longer than the courier takes by its own deadlines (server/courier/outside.c). */
#define MAIL_LATE_MS  INT64_C(120000)
#define CHECK_LATE_MS INT64_C(20000)
#define TIDY_EVERY_MS INT64_C(60000)
#define TAKE_BLOCK    (16 * 1024)
#define STRAYS_MAX    8

static void free_task(struct mail_slot *m)
{
    if (m->task != NULL)
        wipe(m->task, m->task_len);
    free(m->task);
    m->task = NULL;
    m->task_len = 0;
}

static void free_mail(struct mail_slot *m)
{
    free_task(m);
    *m = (struct mail_slot){.state = MAIL_FREE};
}

static void note_outcome(struct mail_slot *m, enum mail_outcome outcome, struct str why)
{
    m->state = MAIL_ANSWERED;
    m->outcome = outcome;
    m->text_len = outbound_text(why, m->text).len;
    free_task(m);
}

static void note_verdict(struct check_slot *k, enum turnstile_verdict verdict)
{
    k->is_done = true;
    k->errand.turnstile.is_done = true;
    k->errand.turnstile.verdict = verdict;
}

/* ---- the link -------------------------------------------------------------------------------- */

static void lose_link(struct core_courier *k, const char *why)
{
    if (k->link >= 0)
        close(k->link);
    k->link = -1;
    for (size_t i = 0; i < OUTBOUND_MAILS_MAX; i++) {
        if (k->mails[i].state == MAIL_SENT)
            note_outcome(&k->mails[i], MAIL_WAS_LOST, str_from_cstr(why));
    }
    for (size_t i = 0; k->checks != NULL && i < OUTBOUND_CHECKS_MAX; i++) {
        if (k->checks[i].is_used && !k->checks[i].is_done)
            note_verdict(&k->checks[i], TURNSTILE_UNREACHABLE);
    }
}

void core_courier_link(struct core *core, const struct control *m)
{
    struct core_courier *k = &core->courier;
    if (m->payload.len != 0 || m->fd_count != 1 || core->api == NULL)
        fatal("the parent sent a link that cannot be used");
    lose_link(k, "the courier was started anew");
    k->link = m->fds[0];
    k->strays = 0;
    k->is_complaint = false;
}

/* It is silent, or says what no courier says. */
static void complain(struct core_courier *k, const char *why)
{
    if (k->is_complaint)
        return;
    k->is_complaint = true;
    log_event("core.courier_given_up", "cause=\"%s\"", why);
    lose_link(k, why);
    if (control_send(CONTROL_FD, CONTROL_COURIER, STR_NONE, NULL, 0) != OK)
        exit(0); /* the parent has died */
}

/* False: there is no room, or nobody at the other end. */
static bool send_task(struct core_courier *k, const uint8_t *task, size_t len)
{
    return k->link >= 0 && send(k->link, task, len, MSG_DONTWAIT | MSG_NOSIGNAL) == (ssize_t)len;
}

/* ---- answers --------------------------------------------------------------------------------- */

/* Has somebody waited for it? */
static bool take_mail_answer(struct core_courier *k, const struct outbound_answer *a)
{
    static const enum mail_outcome outcomes[] = {[OUTBOUND_DONE] = MAIL_WAS_DELIVERED,
                                                 [OUTBOUND_REFUSED] = MAIL_WAS_REFUSED,
                                                 [OUTBOUND_UNREACHABLE] = MAIL_WAS_DELAYED};
    for (size_t i = 0; i < OUTBOUND_MAILS_MAX; i++) {
        struct mail_slot *m = &k->mails[i];
        if (m->state == MAIL_SENT && (uint64_t)m->id == a->id) {
            note_outcome(m, outcomes[a->verdict], a->text);
            return true;
        }
    }
    return false;
}

static bool take_check_answer(struct core_courier *k, const struct outbound_answer *a)
{
    static struct log_limit limit;
    char why[LOG_TEXT_CAP];
    static const enum turnstile_verdict verdicts[] = {[OUTBOUND_DONE] = TURNSTILE_YES,
                                                      [OUTBOUND_REFUSED] = TURNSTILE_NO,
                                                      [OUTBOUND_UNREACHABLE] =
                                                          TURNSTILE_UNREACHABLE};
    for (size_t i = 0; k->checks != NULL && i < OUTBOUND_CHECKS_MAX; i++) {
        struct check_slot *c = &k->checks[i];
        if (!c->is_used || c->is_done || c->id != a->id)
            continue;
        note_verdict(c, verdicts[a->verdict]);
        if (a->verdict == OUTBOUND_UNREACHABLE)
            log_event_limited(&limit, "turnstile.unreachable", "cause=%s", log_text(a->text, why));
        return true;
    }
    return false;
}

/* Ids of checks have the highest bit, those of mails have not. */
#define CHECK_ID (UINT64_C(1) << 63)

void core_courier_read(struct core *core)
{
    struct core_courier *k = &core->courier;
    uint8_t message[OUTBOUND_ANSWER_MAX];
    struct outbound_answer a;
    for (size_t i = 0; i < OUTBOUND_MAILS_MAX + OUTBOUND_CHECKS_MAX && k->link >= 0; i++) {
        ssize_t got = recv(k->link, message, sizeof message, MSG_DONTWAIT | MSG_TRUNC);
        if (got < 0 && (errno == EAGAIN || errno == EINTR))
            return;
        if (got <= 0) {
            lose_link(k, "the courier has ended"); /* the parent brings the next one */
            return;
        }
        if ((size_t)got > sizeof message ||
            outbound_answer_take(str_from(message, (size_t)got), &a) != OK) {
            complain(k, "it sent what is no answer");
            return;
        }
        bool is_awaited =
            (a.id & CHECK_ID) != 0 ? take_check_answer(k, &a) : take_mail_answer(k, &a);
        if (!is_awaited && ++k->strays > STRAYS_MAX)
            complain(k, "it answers what nobody asked");
    }
}

static void give_up_late(struct core *core)
{
    struct core_courier *k = &core->courier;
    int64_t now_ms = clock_monotonic_ms();
    bool is_late = false;
    for (size_t i = 0; i < OUTBOUND_MAILS_MAX; i++)
        is_late |= k->mails[i].state == MAIL_SENT && now_ms >= k->mails[i].late_at_ms;
    for (size_t i = 0; k->checks != NULL && i < OUTBOUND_CHECKS_MAX; i++) {
        const struct check_slot *c = &k->checks[i];
        is_late |= c->is_used && !c->is_done && now_ms >= c->late_at_ms;
    }
    if (is_late)
        complain(k, "the courier does not answer");
}

/* ---- Turnstile ------------------------------------------------------------------------------- */

static struct check_slot *free_check(struct core_courier *k)
{
    if (k->checks == NULL)
        k->checks = calloc(OUTBOUND_CHECKS_MAX, sizeof *k->checks);
    for (size_t i = 0; k->checks != NULL && i < OUTBOUND_CHECKS_MAX; i++) {
        if (!k->checks[i].is_used)
            return &k->checks[i];
    }
    return NULL;
}

/* Without a courier it is unreachable, which the handler hears when it runs again. */
enum err core_courier_check(void *ctx, const struct errand *e, struct str token,
                            const uint8_t peer[static 16])
{
    struct core *core = ctx;
    struct core_courier *k = &core->courier;
    uint8_t message[64 + OUTBOUND_TOKEN_MAX];
    struct writer w = writer_into(message, sizeof message);
    struct check_slot *slot = free_check(k);
    if (slot == NULL)
        return ERR_LIMIT;
    slot->is_used = true;
    slot->is_done = false;
    slot->id = CHECK_ID | ++k->next_check;
    slot->late_at_ms = clock_monotonic_ms() + CHECK_LATE_MS;
    slot->errand = *e;
    struct outbound_task t = {.kind = OUTBOUND_CHECK, .id = slot->id, .token = token};
    memcpy(t.peer, peer, sizeof t.peer);
    if (outbound_task_put(&w, &t) != OK || !send_task(k, message, w.len))
        note_verdict(slot, TURNSTILE_UNREACHABLE);
    return OK;
}

bool core_courier_wants_batch(const struct core *core)
{
    const struct core_courier *k = &core->courier;
    for (size_t i = 0; k->checks != NULL && i < OUTBOUND_CHECKS_MAX; i++) {
        if (k->checks[i].is_used && k->checks[i].is_done)
            return true;
    }
    return false;
}

enum err core_courier_resume(struct core *core)
{
    static struct errand done;
    struct core_courier *k = &core->courier;
    for (size_t i = 0; k->checks != NULL && i < OUTBOUND_CHECKS_MAX; i++) {
        struct check_slot *c = &k->checks[i];
        if (!c->is_used || !c->is_done)
            continue;
        done = c->errand;
        wipe(c, sizeof *c); /* before the handler runs: it may ask again */
        core->requests++;
        enum err e = api_errand_done(core->api, &done);
        if (e != OK)
            core_note_told(core, done.origin);
        wipe(&done, sizeof done);
        TRY(e);
    }
    return OK;
}

/* ---- mails: what became of them -------------------------------------------------------------- */

static enum err write_outcome(struct domain *d, const struct mail_slot *m)
{
    struct str why = str_from(m->text, m->text_len);
    switch (m->outcome) {
    case MAIL_WAS_DELIVERED: return mail_delivered(d, m->id);
    case MAIL_WAS_REFUSED: return mail_give_up(d, m->id, why);
    case MAIL_WAS_DELAYED: return mail_try_again(d, m->id, why);
    case MAIL_WAS_LOST: return mail_lost(d, m->id, why);
    }
    return ERR_CORRUPT;
}

static void log_outcome(const struct mail_slot *m)
{
    static const char *const events[] = {[MAIL_WAS_DELIVERED] = "mail.delivered",
                                         [MAIL_WAS_REFUSED] = "mail.refused",
                                         [MAIL_WAS_DELAYED] = "mail.delayed",
                                         [MAIL_WAS_LOST] = "mail.delayed"};
    static struct log_limit limit;
    char why[LOG_TEXT_CAP];
    log_event_limited(&limit, events[m->outcome], "id=%lld kind=%.*s cause=%s", (long long)m->id,
                      STR_ARGS(mail_kind_name(m->kind)),
                      log_text(str_from(m->text, m->text_len), why));
}

static enum err write_outcomes(struct core *core)
{
    for (size_t i = 0; i < OUTBOUND_MAILS_MAX; i++) {
        struct mail_slot *m = &core->courier.mails[i];
        if (m->state != MAIL_ANSWERED)
            continue;
        TRY(write_outcome(&core->d, m));
        m->state = MAIL_WRITTEN;
    }
    return OK;
}

/* ---- mails: those that are due --------------------------------------------------------------- */

static struct mail_slot *mail_slot_of(struct core_courier *k, int64_t id)
{
    for (size_t i = 0; i < OUTBOUND_MAILS_MAX; i++) {
        if (k->mails[i].state != MAIL_FREE && k->mails[i].id == id)
            return &k->mails[i];
    }
    return NULL;
}

static struct mail_slot *free_mail_slot(struct core_courier *k)
{
    for (size_t i = 0; i < OUTBOUND_MAILS_MAX; i++) {
        if (k->mails[i].state == MAIL_FREE)
            return &k->mails[i];
    }
    return NULL;
}

static enum err make_token(struct domain *d, const struct mail_due *due, struct credential *out)
{
    enum mail_purpose purpose = mail_purpose_of(due->kind);
    *out = (struct credential){.len = 0};
    return purpose == MAIL_PURPOSE_NONE
               ? OK
               : mail_token_make(d, purpose, due->subject_id, due->to, due->expires_at_ms, out);
}

static enum err write_letter(struct domain *d, const struct mail_due *due,
                             const struct credential *token, struct writer *w)
{
    struct letter letter = {.kind = due->kind,
                            .from = str_from_cstr(d->rules->mail_from),
                            .to = due->to,
                            .url = str_from_cstr(d->rules->url),
                            .detail = due->detail,
                            .token = credential_text(token),
                            .peer = due->peer,
                            .happened_at_ms = due->created_at_ms,
                            .now_ms = d->now_ms};
    d->entropy(letter.random, sizeof letter.random);
    return letter_write(&letter, w);
}

/* Nothing here asks the store. ERR_PEER or ERR_LIMIT: this mail cannot be written. */
static enum err make_task(struct domain *d, const struct mail_due *due,
                          const struct credential *token, struct mail_slot *m)
{
    static uint8_t letter[OUTBOUND_MAIL_MAX];
    struct writer text = writer_into(letter, sizeof letter);
    enum err e = write_letter(d, due, token, &text);
    struct outbound_task t = {.kind = OUTBOUND_MAIL,
                              .id = (uint64_t)due->id,
                              .from = str_from_cstr(d->rules->mail_from),
                              .to = due->to,
                              .message = str_from(letter, text.len)};
    size_t cap = 64 + t.from.len + t.to.len + t.message.len;
    m->task = e == OK ? malloc(cap) : NULL;
    if (e == OK && m->task == NULL)
        e = ERR_NO_MEMORY;
    if (e == OK) {
        struct writer w = writer_into(m->task, cap);
        e = outbound_task_put(&w, &t);
        m->task_len = w.len;
    }
    wipe(letter, text.len);
    return e;
}

static enum err take(struct core *core, struct mail_slot *m, int64_t id)
{
    uint8_t block[TAKE_BLOCK];
    struct arena a = arena_over(block, sizeof block);
    struct mail_due due;
    struct credential token;
    enum err e = mail_take(&core->d, &a, id, &due);
    if (e == ERR_PEER)
        log_event("mail.unknown", "id=%lld", (long long)id);
    if (e == ERR_PEER || e == ERR_NOT_FOUND)
        return OK;
    TRY(e);
    TRY(make_token(&core->d, &due, &token));
    m->id = id;
    m->kind = due.kind;
    e = make_task(&core->d, &due, &token, m);
    wipe(&token, sizeof token);
    m->state = MAIL_TAKEN;
    if (e == ERR_PEER || e == ERR_LIMIT) {
        note_outcome(m, MAIL_WAS_REFUSED, STR("its address or text cannot be in a mail"));
        return OK;
    }
    return e;
}

static enum err take_due(struct core *core)
{
    int64_t ids[2 * OUTBOUND_MAILS_MAX];
    size_t count;
    struct core_courier *k = &core->courier;
    if (k->link < 0 || free_mail_slot(k) == NULL || core->drain_until_ms != 0)
        return OK;
    TRY(mail_queue_due(&core->d, ids, sizeof ids / sizeof ids[0], &count));
    for (size_t i = 0; i < count; i++) {
        struct mail_slot *m = free_mail_slot(k);
        if (m == NULL)
            return OK;
        if (mail_slot_of(k, ids[i]) == NULL)
            TRY(take(core, m, ids[i]));
    }
    return OK;
}

static void tell_dropped(struct domain *d)
{
    static struct log_limit limit;
    if (d->mails_dropped > 0)
        log_event_limited(&limit, "mail.queue_full", "dropped=%llu",
                          (unsigned long long)d->mails_dropped);
    d->mails_dropped = 0;
}

enum err core_courier_tick(struct core *core)
{
    struct core_courier *k = &core->courier;
    if (!k->is_loaded) {
        TRY(mail_queue_load(&core->d));
        k->is_loaded = true;
    }
    give_up_late(core);
    tell_dropped(&core->d);
    TRY(write_outcomes(core));
    if (core->d.storage_is_in_trouble)
        return OK;
    if (core->d.now_ms >= k->next_tidy_ms) {
        k->next_tidy_ms = core->d.now_ms + TIDY_EVERY_MS;
        TRY(mail_queue_tidy(&core->d));
    }
    return take_due(core);
}

/* ---- the end of a batch ---------------------------------------------------------------------- */

/* It has its token now, and may leave. */
static void send_mail(struct core_courier *k, struct mail_slot *m)
{
    m->state = MAIL_SENT;
    m->late_at_ms = clock_monotonic_ms() + MAIL_LATE_MS;
    if (!send_task(k, m->task, m->task_len))
        note_outcome(m, MAIL_WAS_LOST, STR("the courier is busy"));
    free_task(m);
}

void core_courier_batch_end(struct core *core, bool is_committed)
{
    for (size_t i = 0; i < OUTBOUND_MAILS_MAX; i++) {
        struct mail_slot *m = &core->courier.mails[i];
        if (m->state == MAIL_TAKEN && is_committed) {
            send_mail(&core->courier, m);
        } else if (m->state == MAIL_TAKEN) {
            free_mail(m);
        } else if (m->state == MAIL_WRITTEN && is_committed) {
            log_outcome(m);
            free_mail(m);
        } else if (m->state == MAIL_WRITTEN) {
            m->state = MAIL_ANSWERED;
        }
    }
}

bool core_courier_is_idle(const struct core *core)
{
    for (size_t i = 0; i < OUTBOUND_MAILS_MAX; i++) {
        if (core->courier.mails[i].state != MAIL_FREE)
            return false;
    }
    return true;
}
