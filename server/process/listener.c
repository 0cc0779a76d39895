#include "server/process/listener.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define BACKLOG 4096

static enum err split(const char *text, char host[static 256], char port[static 8])
{
    const char *colon = strrchr(text, ':');
    struct str name = str_from(text, colon == NULL ? 0 : (size_t)(colon - text));
    if (colon == NULL || strlen(colon + 1) >= 8)
        return ERR_PEER;
    snprintf(port, 8, "%s", colon + 1);
    if (name.len >= 2 && name.ptr[0] == '[' && name.ptr[name.len - 1] == ']')
        name = str_slice(name, 1, name.len - 2);
    return str_to_cstr(name, host, 256);
}

static enum err explain(int error)
{
    switch (error) {
    case EADDRINUSE: return ERR_CONFLICT;
    case EACCES: return ERR_DENIED;
    case EADDRNOTAVAIL: return ERR_PEER;
    default: return ERR_IO;
    }
}

static enum err bind_one(const struct addrinfo *a, int *out)
{
    int on = 1, off = 0;
    int fd = socket(a->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return ERR_IO;
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &on, sizeof on);
    if (a->ai_family == AF_INET6)
        setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof off); /* [::] means everything */
    if (bind(fd, a->ai_addr, a->ai_addrlen) != 0 || listen(fd, BACKLOG) != 0) {
        enum err e = explain(errno);
        close(fd);
        return e;
    }
    *out = fd;
    return OK;
}

/* SO_REUSEPORT lets any process of ours join; somebody who listens there already must be found out
 * before: bind once without it. */
static enum err port_is_free(const struct addrinfo *a)
{
    int on = 1, off = 0;
    int fd = socket(a->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return ERR_IO;
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (a->ai_family == AF_INET6)
        setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof off);
    enum err e = bind(fd, a->ai_addr, a->ai_addrlen) == 0 ? OK : explain(errno);
    close(fd);
    return e;
}

static unsigned bound_port(int fd)
{
    struct sockaddr_storage s;
    socklen_t len = sizeof s;
    struct sockaddr_in v4;
    struct sockaddr_in6 v6;
    if (getsockname(fd, (struct sockaddr *)&s, &len) != 0)
        return 0;
    memcpy(&v4, &s, sizeof v4);
    memcpy(&v6, &s, sizeof v6);
    return s.ss_family == AF_INET6 ? ntohs(v6.sin6_port) : ntohs(v4.sin_port);
}

static void set_port(struct addrinfo *a, unsigned port)
{
    struct sockaddr_in v4;
    struct sockaddr_in6 v6;
    if (a->ai_family == AF_INET6) {
        memcpy(&v6, a->ai_addr, sizeof v6);
        v6.sin6_port = htons((uint16_t)port);
        memcpy(a->ai_addr, &v6, sizeof v6);
    } else {
        memcpy(&v4, a->ai_addr, sizeof v4);
        v4.sin_port = htons((uint16_t)port);
        memcpy(a->ai_addr, &v4, sizeof v4);
    }
}

bool listener_host_is_any(const char *host)
{
    return strcmp(host, "::") == 0 || strcmp(host, "0.0.0.0") == 0;
}

/* "Everything" is reached as localhost. */
static void set_url(struct listener *l)
{
    bool is_any = listener_host_is_any(l->host);
    bool is_v6 = !is_any && strchr(l->host, ':') != NULL;
    snprintf(l->url, sizeof l->url, "//%s%s%s:%u", is_v6 ? "[" : "", is_any ? "localhost" : l->host,
             is_v6 ? "]" : "", l->port);
}

/* One address, a socket for each edge. */
static enum err open_address(struct addrinfo *a, size_t copies, struct listener *l)
{
    TRY(port_is_free(a));
    for (; l->count < copies; l->count++) {
        TRY(bind_one(a, &l->fds[l->count]));
        if (l->count == 0)
            set_port(a, bound_port(l->fds[0]));
    }
    l->port = (uint16_t)bound_port(l->fds[0]);
    set_url(l);
    return OK;
}

/* A name may stand twice in the hosts file. */
static bool is_repeated(const struct addrinfo *first, const struct addrinfo *a)
{
    for (; first != a; first = first->ai_next) {
        if (first->ai_addrlen == a->ai_addrlen &&
            memcmp(first->ai_addr, a->ai_addr, a->ai_addrlen) == 0)
            return true;
    }
    return false;
}

static enum err open_all(struct addrinfo *found, const struct listener *blank, size_t copies,
                         struct listener *out, size_t room, size_t *count)
{
    enum err absent = ERR_PEER;
    for (struct addrinfo *a = found; a != NULL; a = a->ai_next) {
        if (is_repeated(found, a))
            continue;
        if (*count == room || *count == LISTENER_ADDRESSES_MAX)
            return ERR_LIMIT;
        out[*count] = *blank;
        if (*count > 0)
            set_port(a, out[0].port);
        enum err e = open_address(a, copies, &out[*count]);
        if (e == OK) {
            ++*count;
            continue;
        }
        listener_close(&out[*count]);
        if (e != ERR_PEER && e != ERR_IO)
            return e;
        absent = e; /* an address of a kind that this machine does not have */
    }
    return *count > 0 ? OK : absent;
}

enum err listener_open(const char *text, size_t copies, struct listener *out, size_t room,
                       size_t *count)
{
    struct listener blank = {.count = 0};
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE}, *found;
    char port[8];
    *count = 0;
    TRY(split(text, blank.host, port));
    if (getaddrinfo(blank.host, port, &hints, &found) != 0)
        return ERR_PEER;
    enum err e = open_all(found, &blank, copies, out, room, count);
    freeaddrinfo(found);
    for (; e != OK && *count > 0; --*count)
        listener_close(&out[*count - 1]);
    return e;
}

void listener_close(struct listener *l)
{
    for (size_t i = 0; i < l->count; i++)
        close(l->fds[i]);
    l->count = 0;
}
