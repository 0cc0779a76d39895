#include "server/process/vault_caller.h"

#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/crypto/crypto.h"
#include "server/os/clock.h"
#include "server/os/log.h"

void vault_caller_init(struct vault_caller *v, uint64_t first_id)
{
    pthread_mutex_init(&v->mutex, NULL);
    v->fd = -1;
    v->next_id = first_id;
}

void vault_caller_set(struct vault_caller *v, int fd)
{
    pthread_mutex_lock(&v->mutex);
    if (v->fd >= 0)
        close(v->fd);
    v->fd = fd;
    pthread_mutex_unlock(&v->mutex);
}

void vault_caller_done(struct vault_caller *v)
{
    vault_caller_set(v, -1);
    pthread_mutex_destroy(&v->mutex);
}

/* One message, if it is the answer to this question. */
static enum err receive(int fd, const struct sealing_question *q, struct sealing_answer *out)
{
    uint8_t message[SEALING_ANSWER_MAX + 1];
    struct sealing_answer a;
    ssize_t got = recv(fd, message, sizeof message, MSG_DONTWAIT);
    enum err e = got <= 0 ? ERR_AGAIN : sealing_answer_take(str_from(message, (size_t)got), &a);
    bool is_ours = e == OK && a.id == q->id && a.verb == q->verb;
    if (is_ours)
        *out = a;
    wipe(message, sizeof message);
    wipe(&a, sizeof a);
    return is_ours ? OK : ERR_AGAIN;
}

static enum err wait_for_answer(int fd, const struct sealing_question *q, int64_t until_ms,
                                struct sealing_answer *out)
{
    struct pollfd p = {fd, POLLIN, 0};
    for (;;) {
        int64_t left_ms = until_ms - clock_monotonic_ms();
        if (left_ms <= 0 || poll(&p, 1, (int)left_ms) == 0)
            return ERR_AGAIN;
        if (receive(fd, q, out) == OK)
            return OK;
    }
}

static enum err ask(const struct vault_caller *v, const struct sealing_question *q, int64_t late_ms,
                    struct sealing_answer *out)
{
    uint8_t room[SEALING_QUESTION_MAX];
    struct writer w = writer_into(room, sizeof room);
    sealing_question_put(&w, q);
    while (v->fd >= 0 && clock_monotonic_ms() < late_ms) {
        int64_t again_ms = clock_monotonic_ms() + VAULT_AGAIN_MS;
        (void)!send(v->fd, room, w.len, MSG_DONTWAIT | MSG_NOSIGNAL); /* full: nobody reads */
        if (wait_for_answer(v->fd, q, again_ms < late_ms ? again_ms : late_ms, out) == OK)
            return OK;
    }
    return ERR_AGAIN;
}

enum err vault_call(struct vault_caller *v, struct sealing_question *q, struct sealing_answer *out)
{
    static struct log_limit limit;
    int64_t late_ms = clock_monotonic_ms() + VAULT_WAIT_MS; /* waiting for a turn counts */
    pthread_mutex_lock(&v->mutex);
    q->id = v->next_id++;
    enum err e = ask(v, q, late_ms, out);
    if (e != OK)
        log_event_limited(&limit, "core.vault_silent", "waited_ms=%d", VAULT_WAIT_MS);
    pthread_mutex_unlock(&v->mutex);
    return e;
}
