#include "firmware/port/posix/tls.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "common/base/assert.h"

/* ---- the address ----------------------------------------------------------------------------- */

static bool is_ip_address(const char *host)
{
    struct in6_addr any;
    return inet_pton(AF_INET, host, &any) == 1 || inet_pton(AF_INET6, host, &any) == 1;
}

enum err server_address_read(const char *url, struct server_address *out)
{
    struct str rest = str_from_cstr(url);
    struct str host;
    struct str port = STR("443");
    uint64_t number;
    if (!str_starts(rest, STR("https://")))
        return ERR_PEER;
    rest = str_slice(rest, 8, rest.len);
    if (str_ends(rest, STR("/")))
        rest.len--;
    TRY(str_to_cstr(rest, out->host_field, sizeof out->host_field));
    if (str_starts(rest, STR("["))) {
        if (!str_cut(str_slice(rest, 1, rest.len), ']', &host, &rest) ||
            (rest.len > 0 && rest.ptr[0] != ':'))
            return ERR_PEER;
        if (rest.len > 0)
            port = str_slice(rest, 1, rest.len);
    } else if (str_cut(rest, ':', &host, &rest)) {
        port = rest;
    }
    if (host.len == 0 || str_find(host, '/') != host.len || str_find(host, '@') != host.len)
        return ERR_PEER;
    TRY(str_u64(port, 65535, &number));
    TRY(str_to_cstr(host, out->host, sizeof out->host));
    TRY(str_to_cstr(port, out->port, sizeof out->port));
    out->is_ip = is_ip_address(out->host);
    return OK;
}

/* ---- set-up ---------------------------------------------------------------------------------- */

enum err tls_init(struct tls *t, const struct server_address *server, const char *ca_file)
{
    memset(t, 0, sizeof *t);
    t->server = *server;
    t->fd = -1;
    t->context = SSL_CTX_new(TLS_client_method());
    ASSERT(t->context != NULL);
    SSL_CTX_set_verify(t->context, SSL_VERIFY_PEER, NULL);
    /* A write taken up again may find its bytes elsewhere, and may be taken in parts. */
    SSL_CTX_set_mode(t->context,
                     SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
    if (SSL_CTX_set_min_proto_version(t->context, TLS1_3_VERSION) != 1 ||
        SSL_CTX_load_verify_file(t->context, ca_file) != 1) {
        ERR_clear_error();
        tls_done(t);
        return ERR_PEER;
    }
    return OK;
}

static void connection_drop(struct tls *t)
{
    SSL_free(t->ssl);
    t->ssl = NULL;
    if (t->fd >= 0)
        close(t->fd);
    t->fd = -1;
    t->is_connected = false;
    t->wants = 0;
}

static void addresses_drop(struct tls *t)
{
    if (t->addresses != NULL)
        freeaddrinfo(t->addresses);
    t->addresses = t->next_address = NULL;
}

static void tls_close(void *ctx)
{
    struct tls *t = ctx;
    /* Say goodbye so that the server need not wait for a timeout; nobody waits for an answer. */
    if (t->ssl != NULL && SSL_is_init_finished(t->ssl))
        SSL_shutdown(t->ssl);
    ERR_clear_error();
    connection_drop(t);
    addresses_drop(t);
}

void tls_done(struct tls *t)
{
    tls_close(t);
    /* One that cannot be taken back goes on into *t, which therefore must be static. */
    if (t->is_looking_up && gai_cancel(&t->lookup) == EAI_CANCELED)
        t->is_looking_up = false;
    SSL_CTX_free(t->context);
    t->context = NULL;
}

/* ---- connecting ------------------------------------------------------------------------------ */

static void why_unreachable(struct tls *t, const char *reason)
{
    snprintf(t->why, sizeof t->why, "cannot reach %.120s (%s)", t->server.host_field, reason);
}

/* The name or address that the certificate must carry. */
static bool expect_name(struct tls *t)
{
    X509_VERIFY_PARAM *param = SSL_get0_param(t->ssl);
    X509_VERIFY_PARAM_set_hostflags(param, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
    if (t->server.is_ip)
        return X509_VERIFY_PARAM_set1_ip_asc(param, t->server.host) == 1;
    return SSL_set1_host(t->ssl, t->server.host) == 1 &&
           SSL_set_tlsext_host_name(t->ssl, t->server.host) == 1;
}

/* Try addresses until one of them is at least on its way. */
static enum err connect_next(struct tls *t)
{
    int on = 1;
    while (t->next_address != NULL) {
        struct addrinfo *a = t->next_address;
        t->next_address = a->ai_next;
        connection_drop(t);
        t->fd = socket(a->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
        if (t->fd < 0)
            continue;
        setsockopt(t->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        if (connect(t->fd, a->ai_addr, a->ai_addrlen) == 0 || errno == EINPROGRESS) {
            t->wants = POLLOUT;
            return OK;
        }
        why_unreachable(t, strerror(errno));
    }
    connection_drop(t);
    return ERR_IO;
}

/* The server never changes, so a lookup that was given up with its connection still serves the next
 * one; there is never more than one. */
static enum err lookup_start(struct tls *t)
{
    struct gaicb *list[] = {&t->lookup};
    const struct timespec moment = {.tv_nsec = 5000000}; /* what /etc/hosts needs, and more */
    if (t->is_looking_up)
        return OK;
    t->hints = (struct addrinfo){.ai_socktype = SOCK_STREAM};
    t->lookup = (struct gaicb){
        .ar_name = t->server.host, .ar_service = t->server.port, .ar_request = &t->hints};
    int rc = getaddrinfo_a(GAI_NOWAIT, list, 1, NULL);
    if (rc != 0) {
        why_unreachable(t, gai_strerror(rc));
        return ERR_IO;
    }
    t->is_looking_up = true;
    gai_suspend((const struct gaicb *const *)list, 1, &moment);
    return OK;
}

static enum err lookup_ready(struct tls *t)
{
    int rc = gai_error(&t->lookup);
    if (rc == EAI_INPROGRESS)
        return ERR_AGAIN;
    t->is_looking_up = false;
    if (rc != 0) {
        why_unreachable(t, gai_strerror(rc));
        return ERR_IO;
    }
    t->addresses = t->next_address = t->lookup.ar_result;
    return connect_next(t);
}

static enum err tls_open(void *ctx)
{
    struct tls *t = ctx;
    tls_close(t);
    t->certificate_refused = false;
    return lookup_start(t);
}

static enum err tcp_ready(struct tls *t)
{
    struct pollfd p = {.fd = t->fd, .events = POLLOUT};
    int error = 0;
    socklen_t len = sizeof error;
    if (poll(&p, 1, 0) == 0)
        return ERR_AGAIN;
    getsockopt(t->fd, SOL_SOCKET, SO_ERROR, &error, &len);
    if (error != 0) {
        why_unreachable(t, strerror(error));
        TRY(connect_next(t));
        return ERR_AGAIN;
    }
    t->ssl = SSL_new(t->context);
    ASSERT(t->ssl != NULL && SSL_set_fd(t->ssl, t->fd) == 1 && expect_name(t));
    t->is_connected = true;
    return OK;
}

/* The three ways a certificate fails that a person can do something about, each with what to do. */
static void why_certificate(struct tls *t, long result)
{
    const char *cause = X509_verify_cert_error_string(result);
    if (result == X509_V_ERR_HOSTNAME_MISMATCH || result == X509_V_ERR_IP_ADDRESS_MISMATCH)
        snprintf(t->why, sizeof t->why,
                 "the server's certificate is not for %.120s: use a name or address it carries",
                 t->server.host);
    else if (result == X509_V_ERR_CERT_NOT_YET_VALID || result == X509_V_ERR_CERT_HAS_EXPIRED)
        snprintf(t->why, sizeof t->why,
                 "the server's certificate is out of its time (%s): check this machine's clock",
                 cause);
    else
        snprintf(t->why, sizeof t->why,
                 "the server's certificate is not from the given CA (%s): copy the server's ca.pem "
                 "and give it with --ca",
                 cause);
}

static enum err handshake_failed(struct tls *t)
{
    long result = SSL_get_verify_result(t->ssl);
    if (result != X509_V_OK) {
        why_certificate(t, result);
        t->certificate_refused = true;
        ERR_clear_error();
        return ERR_DENIED;
    }
    const char *reason = ERR_reason_error_string(ERR_peek_error());
    snprintf(t->why, sizeof t->why, "%.120s does not speak TLS 1.3 (%s)", t->server.host_field,
             reason == NULL ? "it hung up" : reason);
    ERR_clear_error();
    return ERR_IO;
}

/* What an unfinished call is waiting for; false when it failed. */
static bool is_waiting(struct tls *t, int rc)
{
    switch (SSL_get_error(t->ssl, rc)) {
    case SSL_ERROR_WANT_READ: t->wants = POLLIN; return true;
    case SSL_ERROR_WANT_WRITE: t->wants = POLLOUT; return true;
    default: return false;
    }
}

static enum err tls_ready(void *ctx)
{
    struct tls *t = ctx;
    if (t->is_looking_up)
        TRY(lookup_ready(t));
    if (!t->is_connected)
        TRY(tcp_ready(t));
    ERR_clear_error();
    int rc = SSL_connect(t->ssl);
    if (rc == 1) {
        t->wants = POLLIN;
        addresses_drop(t);
        return OK;
    }
    return is_waiting(t, rc) ? ERR_AGAIN : handshake_failed(t);
}

/* ---- talking --------------------------------------------------------------------------------- */

static enum err talk_failed(struct tls *t)
{
    snprintf(t->why, sizeof t->why, "%.120s closed the connection", t->server.host_field);
    ERR_clear_error();
    return ERR_IO;
}

static enum err tls_send(void *ctx, struct str bytes, size_t *sent)
{
    struct tls *t = ctx;
    ERR_clear_error();
    int rc = SSL_write_ex(t->ssl, bytes.ptr, bytes.len, sent);
    if (rc == 1) {
        t->wants = POLLIN;
        return OK;
    }
    return is_waiting(t, rc) ? ERR_AGAIN : talk_failed(t);
}

static enum err tls_recv(void *ctx, uint8_t *buf, size_t cap, size_t *got)
{
    struct tls *t = ctx;
    ERR_clear_error();
    int rc = SSL_read_ex(t->ssl, buf, cap, got);
    if (rc == 1)
        return OK;
    return is_waiting(t, rc) ? ERR_AGAIN : talk_failed(t);
}

static struct str tls_why(void *ctx)
{
    const struct tls *t = ctx;
    return str_from_cstr(t->why);
}

struct port_transport tls_transport(struct tls *t)
{
    return (struct port_transport){.ctx = t,
                                   .open = tls_open,
                                   .ready = tls_ready,
                                   .send = tls_send,
                                   .recv = tls_recv,
                                   .close = tls_close,
                                   .why = tls_why};
}

struct pollfd tls_poll(const struct tls *t, bool wants_send)
{
    bool is_up = t->ssl != NULL && SSL_is_init_finished(t->ssl);
    short events = (short)(t->wants | (is_up ? POLLIN : 0) | (wants_send ? POLLOUT : 0));
    return (struct pollfd){.fd = events == 0 ? -1 : t->fd, .events = events};
}

int tls_wait_ms(const struct tls *t, int longest_ms)
{
    return t->is_looking_up && longest_ms > 20 ? 20 : longest_ms;
}
