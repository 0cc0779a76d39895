#include "server/process/hash_pool.h"

#include <pthread.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <unistd.h>

#include "common/base/encoding.h"
#include "common/crypto/crypto.h"
#include "server/os/entropy.h"
#include "server/process/vault_caller.h"

#define NICENESS 10

enum job_state {
    JOB_FREE,
    JOB_QUEUED,
    JOB_RUNNING,
    JOB_DONE,
};

/* mutex guards every field below it; a running job belongs to its thread alone. */
struct hash_pool {
    pthread_t threads[HASH_THREADS_MAX];
    size_t thread_count;
    int done_fd;
    struct vault_caller vault; /* has a lock of its own */
    pthread_cond_t work, begun;
    pthread_mutex_t mutex;
    size_t begun_count;
    bool stopping;
    uint64_t next_turn; /* order of arrival */
    struct {
        enum job_state state;
        uint64_t turn;
        struct errand errand;
    } slots[HASH_QUEUE_MAX];
};

static void run_hash(struct hash_errand *h)
{
    uint8_t random[16], text[BASE64URL_LEN(sizeof random)];
    entropy_fill(random, sizeof random);
    struct writer salt = writer_into(text, sizeof text);
    base64url_write(&salt, str_from(random, sizeof random));
    hash_errand_run(h, str_from(text, salt.len));
}

static void run_vault(struct vault_caller *caller, struct vault_errand *v)
{
    v->verdict = vault_call(caller, &v->question, &v->answer);
    v->is_done = true;
}

static void run(struct hash_pool *p, struct errand *e)
{
    switch (e->part) {
    case ERRAND_HASH: run_hash(&e->hash); return;
    case ERRAND_VAULT: run_vault(&p->vault, &e->vault); return;
    case ERRAND_TURNSTILE: return; /* the courier's */
    }
}

/* The oldest slot in this state, or HASH_QUEUE_MAX. */
static size_t oldest(const struct hash_pool *p, enum job_state state)
{
    size_t found = HASH_QUEUE_MAX;
    for (size_t i = 0; i < HASH_QUEUE_MAX; i++) {
        if (p->slots[i].state == state &&
            (found == HASH_QUEUE_MAX || p->slots[i].turn < p->slots[found].turn))
            found = i;
    }
    return found;
}

/* Whoever is known, then strangers, each in the order in which they came. */
static size_t next_queued(const struct hash_pool *p)
{
    size_t found = HASH_QUEUE_MAX;
    for (size_t i = 0; i < HASH_QUEUE_MAX; i++) {
        if (p->slots[i].state != JOB_QUEUED)
            continue;
        bool goes_first = p->slots[i].errand.goes_first;
        bool before = found < HASH_QUEUE_MAX && p->slots[found].errand.goes_first;
        if (found == HASH_QUEUE_MAX || goes_first > before ||
            (goes_first == before && p->slots[i].turn < p->slots[found].turn))
            found = i;
    }
    return found;
}

static bool has_room(const struct hash_pool *p, bool goes_first)
{
    size_t strangers = 0;
    for (size_t i = 0; i < HASH_QUEUE_MAX; i++)
        strangers += p->slots[i].state != JOB_FREE && !p->slots[i].errand.goes_first;
    return goes_first || strangers < HASH_STRANGERS;
}

static void *work(void *arg)
{
    struct hash_pool *p = arg;
    (void)setpriority(PRIO_PROCESS, (id_t)gettid(), NICENESS); /* Linux: of this thread alone */
    pthread_mutex_lock(&p->mutex);
    p->begun_count++;
    pthread_cond_signal(&p->begun);
    while (!p->stopping) {
        size_t at = next_queued(p);
        if (at == HASH_QUEUE_MAX) {
            pthread_cond_wait(&p->work, &p->mutex);
            continue;
        }
        p->slots[at].state = JOB_RUNNING;
        pthread_mutex_unlock(&p->mutex);
        run(p, &p->slots[at].errand);
        pthread_mutex_lock(&p->mutex);
        p->slots[at].state = JOB_DONE;
        ssize_t told = write(p->done_fd, &(uint64_t){1}, sizeof(uint64_t));
        (void)told; /* the counter cannot overflow with HASH_QUEUE_MAX jobs */
    }
    pthread_mutex_unlock(&p->mutex);
    return NULL;
}

/* A thread that has begun has made all the calls that only a beginning needs. */
static void wait_until_begun(struct hash_pool *p)
{
    pthread_mutex_lock(&p->mutex);
    while (p->begun_count < p->thread_count)
        pthread_cond_wait(&p->begun, &p->mutex);
    pthread_mutex_unlock(&p->mutex);
}

enum err hash_pool_new(size_t threads, struct hash_pool **out)
{
    struct hash_pool *p = calloc(1, sizeof *p);
    if (p == NULL)
        return ERR_NO_MEMORY;
    pthread_mutex_init(&p->mutex, NULL);
    pthread_cond_init(&p->work, NULL);
    pthread_cond_init(&p->begun, NULL);
    uint64_t first_id;
    entropy_fill(&first_id, sizeof first_id);
    vault_caller_init(&p->vault, first_id);
    p->done_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    threads = threads > HASH_THREADS_MAX ? HASH_THREADS_MAX : threads;
    while (p->done_fd >= 0 && p->thread_count < threads &&
           pthread_create(&p->threads[p->thread_count], NULL, work, p) == 0)
        p->thread_count++;
    if (p->thread_count == 0) {
        hash_pool_free(p);
        return ERR_IO;
    }
    wait_until_begun(p);
    *out = p;
    return OK;
}

void hash_pool_free(struct hash_pool *p)
{
    if (p == NULL)
        return;
    pthread_mutex_lock(&p->mutex);
    p->stopping = true;
    pthread_cond_broadcast(&p->work);
    pthread_mutex_unlock(&p->mutex);
    for (size_t i = 0; i < p->thread_count; i++)
        pthread_join(p->threads[i], NULL);
    if (p->done_fd >= 0)
        close(p->done_fd);
    vault_caller_done(&p->vault);
    wipe(p, sizeof *p);
    free(p);
}

void hash_pool_set_vault(struct hash_pool *p, int fd)
{
    vault_caller_set(&p->vault, fd);
}

int hash_pool_fd(const struct hash_pool *p)
{
    return p->done_fd;
}

enum err hash_pool_add(struct hash_pool *p, const struct errand *errand)
{
    pthread_mutex_lock(&p->mutex);
    size_t at = has_room(p, errand->goes_first) ? oldest(p, JOB_FREE) : HASH_QUEUE_MAX;
    if (at < HASH_QUEUE_MAX) {
        p->slots[at].errand = *errand;
        p->slots[at].turn = p->next_turn++;
        p->slots[at].state = JOB_QUEUED;
        pthread_cond_signal(&p->work);
    }
    pthread_mutex_unlock(&p->mutex);
    return at < HASH_QUEUE_MAX ? OK : ERR_LIMIT;
}

bool hash_pool_is_busy(struct hash_pool *p)
{
    size_t taken = 0;
    pthread_mutex_lock(&p->mutex);
    for (size_t i = 0; i < HASH_QUEUE_MAX; i++)
        taken += p->slots[i].state != JOB_FREE;
    pthread_mutex_unlock(&p->mutex);
    return taken >= HASH_STRANGERS / 2;
}

void hash_pool_wake(struct hash_pool *p)
{
    uint64_t count;
    ssize_t drained = read(p->done_fd, &count, sizeof count);
    (void)drained; /* nothing to drain is fine */
}

enum err hash_pool_take(struct hash_pool *p, struct errand *out)
{
    pthread_mutex_lock(&p->mutex);
    size_t at = oldest(p, JOB_DONE);
    if (at < HASH_QUEUE_MAX) {
        *out = p->slots[at].errand;
        wipe(&p->slots[at].errand, sizeof p->slots[at].errand);
        p->slots[at].state = JOB_FREE;
    }
    pthread_mutex_unlock(&p->mutex);
    return at < HASH_QUEUE_MAX ? OK : ERR_AGAIN;
}
