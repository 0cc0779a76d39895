#include "tests/support/tls_client.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "server/os/clock.h"

int client_connect(uint16_t port, int receive_buffer)
{
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    int on = 1;
    struct timeval wait = {CLIENT_WAIT_MS / 1000, 0};
    struct sockaddr_in to = {
        .sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    if (receive_buffer > 0)
        setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &receive_buffer, sizeof receive_buffer);
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof wait);
    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &wait, sizeof wait);
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    if (connect(fd, (struct sockaddr *)&to, sizeof to) == 0)
        return fd;
    close(fd);
    return -1;
}

static bool set_options(struct client *c, const struct client_options *o)
{
    unsigned char protocol[16];
    if (o->max_version != 0)
        SSL_CTX_set_max_proto_version(c->ctx, o->max_version);
    if (o->max_fragment != 0)
        SSL_CTX_set_tlsext_max_fragment_length(c->ctx, o->max_fragment);
    if (o->alpn != NULL) {
        size_t len = strlen(o->alpn);
        protocol[0] = (unsigned char)len;
        memcpy(protocol + 1, o->alpn, len);
        SSL_CTX_set_alpn_protos(c->ctx, protocol, (unsigned)len + 1);
    }
    c->ssl = SSL_new(c->ctx);
    return c->ssl != NULL && (o->resume == NULL || SSL_set_session(c->ssl, o->resume) == 1);
}

bool client_open(struct client *c, uint16_t port, const struct client_options *options)
{
    static const struct client_options none;
    const struct client_options *o = options == NULL ? &none : options;
    *c = (struct client){.fd = client_connect(port, o->receive_buffer)};
    c->room = malloc(CLIENT_ROOM_MAX);
    c->ctx = SSL_CTX_new(TLS_client_method());
    return c->fd >= 0 && c->ctx != NULL && c->room != NULL && set_options(c, o) &&
           SSL_set_fd(c->ssl, c->fd) == 1 && SSL_connect(c->ssl) == 1;
}

void client_close(struct client *c)
{
    if (c->ssl != NULL)
        SSL_set_shutdown(c->ssl, SSL_SENT_SHUTDOWN); /* else freeing it spoils its session */
    SSL_free(c->ssl);
    SSL_CTX_free(c->ctx);
    if (c->fd >= 0)
        close(c->fd);
    free(c->room);
    *c = (struct client){.fd = -1};
}

SSL_SESSION *client_session(struct client *c)
{
    return SSL_get1_session(c->ssl);
}

bool client_send(struct client *c, struct str bytes)
{
    size_t sent;
    return SSL_write_ex(c->ssl, bytes.ptr, bytes.len, &sent) == 1 && sent == bytes.len;
}

bool client_send_text(struct client *c, const char *text)
{
    return client_send(c, str_from_cstr(text));
}

static bool read_more(struct client *c)
{
    size_t got;
    if (c->room_len == CLIENT_ROOM_MAX ||
        SSL_read_ex(c->ssl, c->room + c->room_len, CLIENT_ROOM_MAX - c->room_len, &got) != 1)
        return false;
    c->room_len += got;
    return true;
}

static size_t content_length(struct str head)
{
    struct str line, rest = head;
    uint64_t length = 0;
    while (str_cut(rest, '\n', &line, &rest)) {
        if (str_starts(line, STR("Content-Length: ")) &&
            str_u64(str_slice(line, 16, line.len - 17), SIZE_MAX, &length) != OK)
            return 0;
    }
    return (size_t)length;
}

struct answer_seen client_answer(struct client *c)
{
    struct answer_seen a = {0};
    c->room_len -= c->shown_len;
    memmove(c->room, c->room + c->shown_len, c->room_len);
    c->shown_len = 0;
    const uint8_t *end;
    while ((end = memmem(c->room, c->room_len, "\r\n\r\n", 4)) == NULL) {
        if (!read_more(c))
            return a;
    }
    size_t head_len = (size_t)(end - c->room) + 4;
    size_t body_len = content_length(str_from(c->room, head_len));
    while (c->room_len < head_len + body_len) {
        if (!read_more(c))
            return a;
    }
    a.head = str_from(c->room, head_len);
    a.body = str_from(c->room + head_len, body_len);
    a.status = atoi((const char *)c->room + 9);
    c->shown_len = head_len + body_len;
    return a;
}

bool client_sees(struct client *c, const char *text)
{
    while (memmem(c->room, c->room_len, text, strlen(text)) == NULL) {
        if (!read_more(c))
            return false;
    }
    return true;
}

bool client_is_closed(struct client *c, int *ms)
{
    int64_t begin_ms = clock_monotonic_ms();
    do
        c->room_len = c->shown_len = 0;
    while (read_more(c));
    int64_t took_ms = clock_monotonic_ms() - begin_ms;
    if (ms != NULL)
        *ms = (int)took_ms;
    return took_ms < CLIENT_WAIT_MS - 500;
}

int client_ask(struct client *c, const char *method, const char *target)
{
    char text[256];
    const char *length = strcmp(method, "POST") == 0 ? "Content-Length: 0\r\n" : "";
    snprintf(text, sizeof text, "%s %s HTTP/1.1\r\nHost: localhost\r\n%s\r\n", method, target,
             length);
    return client_send_text(c, text) ? client_answer(c).status : 0;
}
