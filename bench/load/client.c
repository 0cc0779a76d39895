#include "bench/load/client.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/tcp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <openssl/err.h>
#include <openssl/x509v3.h>

void die(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    fputs("ocean-load: ", stderr);
    vfprintf(stderr, format, args);
    fputc('\n', stderr);
    va_end(args);
    exit(1);
}

static void split_url(struct target *t, const char *url)
{
    struct str rest = str_from_cstr(url), host, port;
    if (!str_starts(rest, STR("https://")))
        die("'%s' is not https://HOST:PORT", url);
    rest = str_slice(rest, 8, rest.len);
    size_t colon = rest.len;
    while (colon > 0 && rest.ptr[colon - 1] != ':')
        colon--;
    host = str_slice(rest, 0, colon == 0 ? rest.len : colon - 1);
    port = colon == 0 ? STR("443") : str_slice(rest, colon, rest.len);
    if (str_ends(port, STR("/")))
        port.len--;
    snprintf(t->authority, sizeof t->authority, "%.*s:%.*s", STR_ARGS(host), STR_ARGS(port));
    if (str_starts(host, STR("[")))
        host = str_slice(host, 1, host.len - 2);
    if (str_to_cstr(host, t->host, sizeof t->host) != OK ||
        str_to_cstr(port, t->port, sizeof t->port) != OK)
        die("'%s' is not https://HOST:PORT", url);
}

void target_open(struct target *t, const char *url, const char *ca_file)
{
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM}, *found;
    *t = (struct target){.tls = NULL};
    split_url(t, url);
    if (getaddrinfo(t->host, t->port, &hints, &found) != 0)
        die("no address for %s", t->host);
    memcpy(&t->address, found->ai_addr, found->ai_addrlen);
    t->address_len = found->ai_addrlen;
    freeaddrinfo(found);
    t->tls = SSL_CTX_new(TLS_client_method());
    if (t->tls == NULL || SSL_CTX_load_verify_locations(t->tls, ca_file, NULL) != 1)
        die("the CA file %s cannot be read", ca_file);
    SSL_CTX_set_verify(t->tls, SSL_VERIFY_PEER, NULL);
    SSL_CTX_set_mode(t->tls, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE);
    SSL_CTX_set_session_cache_mode(t->tls, SSL_SESS_CACHE_OFF);
}

void target_close(struct target *t)
{
    SSL_CTX_free(t->tls);
    t->tls = NULL;
}

static void bind_source(const struct target *t, int fd, int from)
{
    struct sockaddr_in to, source = {.sin_family = AF_INET};
    memcpy(&to, &t->address, sizeof to);
    if (from < 0 || to.sin_family != AF_INET || (ntohl(to.sin_addr.s_addr) >> 24) != 127)
        return;
    source.sin_addr.s_addr = htonl(0x7F000002U + (uint32_t)from);
    if (bind(fd, (struct sockaddr *)&source, sizeof source) != 0)
        die("no source address for connection %d", from);
}

SSL *target_connect(const struct target *t, int from, int blocking, int *fd)
{
    int on = 1;
    *fd = socket(t->address.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (*fd < 0)
        die("no more sockets: raise the limit of open files (ulimit -n)");
    bind_source(t, *fd, from);
    if (connect(*fd, (const struct sockaddr *)&t->address, t->address_len) != 0)
        die("no connection to %s:%s", t->host, t->port);
    setsockopt(*fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    if (!blocking)
        fcntl(*fd, F_SETFL, O_NONBLOCK);
    SSL *ssl = SSL_new(t->tls);
    struct in6_addr raw;
    char host[HOST_MAX]; /* the macro below takes no const */
    memcpy(host, t->host, sizeof host);
    bool is_address =
        inet_pton(AF_INET, t->host, &raw) == 1 || inet_pton(AF_INET6, t->host, &raw) == 1;
    int named = ssl == NULL  ? 0
                : is_address ? X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl), t->host)
                             : SSL_set1_host(ssl, host) & (int)SSL_set_tlsext_host_name(ssl, host);
    if (named != 1 || SSL_set_fd(ssl, *fd) != 1)
        die("out of memory for a TLS connection");
    SSL_set_connect_state(ssl);
    return ssl;
}

/* "\r\nName:" in the head, without regard to case; the rest of its line, trimmed. */
static struct str head_field(struct str head, struct str name)
{
    struct str line, key, value;
    bool more = true;
    while (more) {
        more = str_cut(head, '\n', &line, &head);
        if (str_cut(line, ':', &key, &value) && str_eq_nocase(key, name)) {
            if (str_ends(value, STR("\r")))
                value.len--;
            return str_trim(value);
        }
    }
    return STR_NONE;
}

size_t response_length(struct str bytes, int *status, struct str *body)
{
    const uint8_t *end = bytes.len == 0 ? NULL : memmem(bytes.ptr, bytes.len, "\r\n\r\n", 4);
    uint64_t code = 0, length = 0;
    if (end == NULL)
        return 0;
    struct str head = str_from(bytes.ptr, (size_t)(end - bytes.ptr));
    if (str_u64(str_slice(head, 9, 3), 999, &code) != OK)
        die("not an HTTP answer: %.*s", STR_ARGS(str_slice(head, 0, 60)));
    struct str field = head_field(head, STR("Content-Length"));
    if (field.len > 0 && str_u64(field, RESPONSE_MAX, &length) != OK)
        die("an answer too large to take");
    size_t total = head.len + 4 + (size_t)length;
    if (bytes.len < total)
        return 0;
    *status = (int)code;
    *body = str_slice(bytes, head.len + 4, (size_t)length);
    return total;
}

int exchange(SSL *ssl, struct str request, char buf[static RESPONSE_MAX], struct str *body)
{
    size_t have = 0;
    int status = 0;
    if (SSL_write(ssl, request.ptr, (int)request.len) != (int)request.len)
        die("the server has closed the connection (%s)", ERR_reason_error_string(ERR_get_error()));
    while (response_length(str_from(buf, have), &status, body) == 0) {
        int got = SSL_read(ssl, buf + have, (int)(RESPONSE_MAX - have));
        if (got <= 0)
            die("no answer: %s", ERR_reason_error_string(ERR_get_error()));
        have += (size_t)got;
    }
    return status;
}
