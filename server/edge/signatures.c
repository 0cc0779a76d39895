#include "server/edge/signatures.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <openssl/async.h>

#include "common/base/assert.h"
#include "server/os/entropy.h"
#include "server/os/log.h"

/* Besides those that wait, the one that runs. */
#define JOBS_MAX (SIGNATURES_MAX + 1)

/* ---- the table ------------------------------------------------------------------------------- */

static uint64_t id_of(const struct signatures *s, uint32_t at)
{
    return (uint64_t)s->table[at].generation << 32 | at;
}

/* NULL: late, or not ours. */
static struct wanted *find(struct signatures *s, uint64_t id)
{
    uint32_t at = (uint32_t)id;
    if (at >= SIGNATURES_MAX || s->table[at].state == WANTED_FREE || id_of(s, at) != id)
        return NULL;
    return &s->table[at];
}

enum err signatures_init(struct signatures *s)
{
    *s = (struct signatures){.fd = -1};
    s->table = calloc(SIGNATURES_MAX, sizeof *s->table);
    if (s->table == NULL || ASYNC_init_thread(JOBS_MAX, 0) != 1)
        return ERR_NO_MEMORY;
    /* An edge that is started anew is at the socket of the one before. */
    entropy_fill(&s->first_generation, sizeof s->first_generation);
    return OK;
}

void signatures_done(struct signatures *s)
{
    if (s->fd >= 0)
        close(s->fd);
    free(s->table);
    ASYNC_cleanup_thread();
}

static struct wanted *take_place(struct signatures *s, uint32_t *at)
{
    static struct log_limit limit;
    if (s->count == SIGNATURES_MAX) {
        log_event_limited(&limit, "edge.signatures_full", "waiting=%u", s->count);
        return NULL;
    }
    while (s->table[s->first_free].state != WANTED_FREE)
        s->first_free++;
    *at = s->first_free;
    struct wanted *w = &s->table[*at];
    uint32_t generation = w->generation == 0 ? s->first_generation : w->generation + 1;
    generation = generation == 0 ? 1 : generation; /* no id is 0 */
    *w = (struct wanted){.state = WANTED_QUEUED, .generation = generation, .conn = s->conn};
    s->count++;
    s->peak = s->count > s->peak ? s->count : s->peak;
    return w;
}

static void leave_queue(struct signatures *s, uint32_t at)
{
    for (uint32_t i = 0; i < s->queued; i++) {
        if (s->queue[i] == at) {
            memmove(&s->queue[i], &s->queue[i + 1], (s->queued - i - 1) * sizeof s->queue[0]);
            s->queued--;
            return;
        }
    }
}

static void free_place(struct signatures *s, uint32_t at)
{
    s->table[at].state = WANTED_FREE;
    s->count--;
    if (at < s->first_free)
        s->first_free = at;
}

/* ---- the handshake --------------------------------------------------------------------------- */

enum err signatures_sign(void *ctx, const uint8_t key[static SIGNING_KEY_LEN], struct str content,
                         struct signature *out)
{
    struct signatures *s = ctx;
    uint32_t at;
    ASSERT(ASYNC_get_current_job() != NULL);
    struct wanted *w = content.len > SIGNING_CONTENT_MAX ? NULL : take_place(s, &at);
    if (w == NULL)
        return ERR_LIMIT;
    memcpy(w->key, key, sizeof w->key);
    memcpy(w->content, content.ptr, content.len);
    w->content_len = (uint8_t)content.len;
    s->queue[s->queued++] = at;
    s->paused_at = at;
    s->has_paused = true;
    ASYNC_pause_job();
    /* From here on some turns later: there is a signature, or nobody wants one any more. */
    bool is_there = w->state == WANTED_THERE;
    *out = w->signature;
    free_place(s, at);
    return is_there ? OK : ERR_DENIED;
}

void signatures_begin(struct signatures *s, uint32_t conn)
{
    s->conn = conn;
    s->has_paused = false;
}

uint64_t signatures_end(struct signatures *s)
{
    return s->has_paused ? id_of(s, s->paused_at) : 0;
}

void signatures_fail(struct signatures *s, uint64_t id)
{
    struct wanted *w = find(s, id);
    ASSERT(w != NULL);
    if (w->state == WANTED_QUEUED)
        leave_queue(s, (uint32_t)id);
    w->state = WANTED_FAILED;
}

/* ---- the keyring ----------------------------------------------------------------------------- */

/* How many requests of the queue's front went into one message. */
static uint32_t fill_message(const struct signatures *s, struct writer *w)
{
    uint32_t count = 0;
    while (count < s->queued && count < SIGNING_BATCH_MAX) {
        const struct wanted *one = &s->table[s->queue[count]];
        struct signing_request q = {.id = id_of(s, s->queue[count]),
                                    .content = str_from(one->content, one->content_len)};
        memcpy(q.key, one->key, sizeof q.key);
        if (signing_request_put(w, &q) != OK)
            break;
        count++;
    }
    return count;
}

void signatures_send(struct signatures *s, int64_t now_ms)
{
    uint8_t message[SIGNING_MESSAGE_MAX];
    while (s->queued > 0 && s->fd >= 0) {
        struct writer w = writer_into(message, sizeof message);
        uint32_t count = fill_message(s, &w);
        if (send(s->fd, message, w.len, MSG_DONTWAIT | MSG_NOSIGNAL) < 0)
            return;
        for (uint32_t i = 0; i < count; i++) {
            s->table[s->queue[i]].state = WANTED_ASKED;
            s->table[s->queue[i]].asked_at_ms = now_ms;
        }
        s->queued -= count;
        memmove(s->queue, s->queue + count, s->queued * sizeof s->queue[0]);
    }
}

static bool take_answer(struct signatures *s, const struct signing_answer *a, uint32_t *conn)
{
    struct wanted *w = find(s, a->id);
    if (w == NULL || (w->state != WANTED_ASKED && w->state != WANTED_QUEUED))
        return false;
    if (w->state == WANTED_QUEUED)
        leave_queue(s, (uint32_t)a->id); /* asked twice, and the first answer came */
    w->state = a->signature.len > 0 ? WANTED_THERE : WANTED_FAILED;
    w->signature.len = a->signature.len;
    if (a->signature.len > 0)
        memcpy(w->signature.der, a->signature.ptr, a->signature.len);
    *conn = w->conn;
    return true;
}

enum err signatures_receive(struct signatures *s, void (*resume)(void *ctx, uint32_t conn),
                            void *ctx)
{
    uint8_t message[SIGNING_BATCH_MAX * SIGNING_ANSWER_MAX];
    struct signing_answers all;
    uint32_t conn;
    ssize_t got = recv(s->fd, message, sizeof message, MSG_DONTWAIT);
    if (got < 0)
        return errno == EAGAIN || errno == EINTR ? ERR_AGAIN : ERR_IO;
    TRY(signing_answers_take(str_from(message, (size_t)got), &all));
    for (size_t i = 0; i < all.count; i++) {
        if (take_answer(s, &all.of[i], &conn))
            resume(ctx, conn);
    }
    return OK;
}

void signatures_ask_again(struct signatures *s, int64_t now_ms)
{
    for (uint32_t i = 0; i < SIGNATURES_MAX && s->count > 0; i++) {
        struct wanted *w = &s->table[i];
        if (w->state != WANTED_ASKED || now_ms - w->asked_at_ms < SIGNATURES_AGAIN_MS)
            continue;
        w->state = WANTED_QUEUED;
        s->queue[s->queued++] = i;
    }
}

void signatures_trim(struct signatures *s)
{
    if (s->count > 0 || s->peak < SIGNATURES_JOBS_KEPT_MIN)
        return;
    s->peak = 0;
    ASYNC_cleanup_thread();
    if (ASYNC_init_thread(JOBS_MAX, 0) != 1)
        log_event("edge.no_jobs", "cause=%s", err_name(ERR_NO_MEMORY)); /* made when needed */
}
