#include "server/courier/resolver.h"

#include <arpa/inet.h>
#include <netdb.h>
#include <nss.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define GOOD_MS     INT64_C(60000)
#define BAD_MS      INT64_C(2000)
#define STACK_SIZE  (256 * 1024)
#define ADDRESS_MAX 8

enum question {
    NOTHING_ASKED,
    ASKED,
    ANSWERED,
};

/* lock guards what follows it. The loop asks and reads, the thread answers. */
struct resolver {
    char host[RESOLVER_HOST_MAX];
    int wake_fd;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    bool is_running;
    enum question question;
    int64_t answered_at_ms; /* 0: not read yet */
    int code;               /* of getaddrinfo() */
    char addresses[RESOLVER_ADDRESSES_MAX];
};

static void add_address(char *out, const struct addrinfo *info)
{
    char text[INET6_ADDRSTRLEN];
    size_t len = strlen(out);
    bool is_v6 = info->ai_family == AF_INET6;
    const void *address = is_v6 ? (const void *)&((struct sockaddr_in6 *)info->ai_addr)->sin6_addr
                                : (const void *)&((struct sockaddr_in *)info->ai_addr)->sin_addr;
    if (inet_ntop(info->ai_family, address, text, sizeof text) != NULL)
        snprintf(out + len, RESOLVER_ADDRESSES_MAX - len, "%s%s%s%s", len == 0 ? "" : ",",
                 is_v6 ? "[" : "", text, is_v6 ? "]" : "");
}

/* Not AI_ADDRCONFIG: it knows no loopback, and an address that leads nowhere fails at once. */
static int look_up(const char *host, char out[static RESOLVER_ADDRESSES_MAX])
{
    struct addrinfo wanted = {.ai_socktype = SOCK_STREAM}, *list = NULL;
    int code = getaddrinfo(host, NULL, &wanted, &list);
    size_t count = 0;
    out[0] = 0;
    for (struct addrinfo *i = list; code == 0 && i != NULL && count < ADDRESS_MAX; i = i->ai_next) {
        if (i->ai_family == AF_INET || i->ai_family == AF_INET6) {
            add_address(out, i);
            count++;
        }
    }
    if (list != NULL)
        freeaddrinfo(list);
    return code == 0 && count == 0 ? EAI_NONAME : code;
}

static void *work(void *arg)
{
    struct resolver *r = arg;
    char addresses[RESOLVER_ADDRESSES_MAX];
    pthread_mutex_lock(&r->lock);
    r->is_running = true;
    pthread_cond_broadcast(&r->changed);
    for (;;) {
        while (r->question != ASKED)
            pthread_cond_wait(&r->changed, &r->lock);
        pthread_mutex_unlock(&r->lock);
        int code = look_up(r->host, addresses);
        pthread_mutex_lock(&r->lock);
        r->code = code;
        memcpy(r->addresses, addresses, sizeof r->addresses);
        r->answered_at_ms = 0;
        r->question = ANSWERED;
        ssize_t told = write(r->wake_fd, &(uint64_t){1}, sizeof(uint64_t));
        (void)told; /* the loop looks again by itself */
    }
    return NULL;
}

static enum err start(struct resolver *r)
{
    pthread_attr_t attr;
    pthread_t thread;
    if (pthread_attr_init(&attr) != 0 || pthread_attr_setstacksize(&attr, STACK_SIZE) != 0 ||
        pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED) != 0 ||
        pthread_create(&thread, &attr, work, r) != 0)
        return ERR_NO_MEMORY;
    pthread_attr_destroy(&attr);
    pthread_mutex_lock(&r->lock);
    while (!r->is_running)
        pthread_cond_wait(&r->changed, &r->lock);
    pthread_mutex_unlock(&r->lock);
    return OK;
}

enum err resolver_new(const char *host, int wake_fd, struct resolver **out)
{
    struct resolver *r = calloc(1, sizeof *r);
    if (r == NULL || strlen(host) >= sizeof r->host || __nss_configure_lookup("hosts", "files dns"))
        return ERR_NO_MEMORY;
    strcpy(r->host, host);
    r->wake_fd = wake_fd;
    if (pthread_mutex_init(&r->lock, NULL) != 0 || pthread_cond_init(&r->changed, NULL) != 0)
        return ERR_NO_MEMORY;
    *out = r;
    return start(r);
}

enum err resolver_ask(struct resolver *r, int64_t now_ms,
                      char addresses[static RESOLVER_ADDRESSES_MAX], const char **problem)
{
    enum err e = ERR_AGAIN;
    pthread_mutex_lock(&r->lock);
    if (r->question == ANSWERED && r->answered_at_ms == 0)
        r->answered_at_ms = now_ms;
    if (r->question == NOTHING_ASKED ||
        (r->question == ANSWERED &&
         now_ms - r->answered_at_ms > (r->code == 0 ? GOOD_MS : BAD_MS))) {
        r->question = ASKED;
        pthread_cond_signal(&r->changed);
    }
    if (r->question == ANSWERED) {
        e = r->code == 0 ? OK : ERR_NOT_FOUND;
        *problem = gai_strerror(r->code);
        memcpy(addresses, r->addresses, sizeof r->addresses);
    }
    pthread_mutex_unlock(&r->lock);
    return e;
}
