#include "server/prove/wire.h"

#include <errno.h>
#include <netdb.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <openssl/err.h>
#include <openssl/x509v3.h>

/* ---- where ----------------------------------------------------------------------------------- */

/* [::1]:8443, ::1 is not meant; the brackets go. */
static bool split(struct str text, struct str *host, struct str *port)
{
    size_t colon = text.len;
    while (colon > 0 && text.ptr[colon - 1] != ':' && text.ptr[colon - 1] != ']')
        colon--;
    bool has_port = colon > 0 && text.ptr[colon - 1] == ':';
    *host = has_port ? str_slice(text, 0, colon - 1) : text;
    *port = has_port ? str_slice(text, colon, text.len) : STR("443");
    if (host->len > 2 && host->ptr[0] == '[' && host->ptr[host->len - 1] == ']')
        *host = str_slice(*host, 1, host->len - 2);
    return host->len > 0;
}

enum err target_read(const char *url, struct target *out)
{
    struct str text = str_from_cstr(url), host, port;
    uint64_t number;
    if (!str_starts(text, STR("https://")))
        return ERR_PEER;
    text = str_slice(text, 8, text.len);
    if (str_ends(text, STR("/")))
        text = str_slice(text, 0, text.len - 1);
    if (str_find(text, '/') != text.len || str_find(text, '@') != text.len ||
        !split(text, &host, &port) || str_u64(port, 65535, &number) != OK || number == 0)
        return ERR_PEER;
    TRY(str_to_cstr(host, out->host, sizeof out->host));
    return str_to_cstr(port, out->port, sizeof out->port);
}

enum err target_find(struct target *t)
{
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM};
    return getaddrinfo(t->host, t->port, &hints, &t->addresses) == 0 ? OK : ERR_IO;
}

enum err target_trust(struct target *t, const char *ca_file)
{
    t->trust = X509_STORE_new();
    if (t->trust == NULL)
        return ERR_NO_MEMORY;
    int good = ca_file != NULL ? X509_STORE_load_file(t->trust, ca_file)
                               : X509_STORE_set_default_paths(t->trust);
    ERR_clear_error();
    return good == 1 ? OK : ERR_NOT_FOUND;
}

void target_done(struct target *t)
{
    if (t->addresses != NULL)
        freeaddrinfo(t->addresses);
    X509_STORE_free(t->trust);
    t->addresses = NULL;
    t->trust = NULL;
}

/* ---- opening --------------------------------------------------------------------------------- */

static enum err fail(struct wire *w, enum err e, const char *why)
{
    snprintf(w->problem, sizeof w->problem, "%s", why);
    return e;
}

static int connect_to(const struct addrinfo *a)
{
    struct timeval patience = {.tv_sec = WIRE_TIMEOUT_S};
    int fd = socket(a->ai_family, a->ai_socktype | SOCK_CLOEXEC, a->ai_protocol);
    if (fd < 0)
        return -1;
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
    if (connect(fd, a->ai_addr, a->ai_addrlen) == 0)
        return fd;
    close(fd);
    return -1;
}

enum err wire_open_plain(struct wire *w, const struct target *t)
{
    w->fd = -1;
    w->ctx = NULL;
    w->ssl = NULL;
    w->start = w->end = 0;
    errno = ENOENT;
    for (struct addrinfo *a = t->addresses; a != NULL && w->fd < 0; a = a->ai_next)
        w->fd = connect_to(a);
    return w->fd >= 0 ? OK : fail(w, ERR_IO, strerror(errno));
}

static bool is_address(const char *host)
{
    ASN1_OCTET_STRING *bytes = a2i_IPADDRESS(host);
    ASN1_OCTET_STRING_free(bytes);
    return bytes != NULL;
}

static bool set_trust(SSL_CTX *ctx, const struct target *t)
{
    X509_VERIFY_PARAM *param = SSL_CTX_get0_param(ctx);
    SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER, NULL);
    SSL_CTX_set1_cert_store(ctx, t->trust);
    return is_address(t->host) ? X509_VERIFY_PARAM_set1_ip_asc(param, t->host) == 1
                               : X509_VERIFY_PARAM_set1_host(param, t->host, 0) == 1;
}

/* What is forbidden must be offered before it can be refused: no security level here. */
static bool set_rules(SSL_CTX *ctx, const struct target *t, const struct wire_rules *r)
{
    SSL_CTX_set_security_level(ctx, 0);
    SSL_CTX_set_mode(ctx, SSL_MODE_AUTO_RETRY);
    const char *ciphers = r->ciphers == NULL ? "ALL:@SECLEVEL=0" : r->ciphers;
    if (SSL_CTX_set_cipher_list(ctx, ciphers) != 1)
        return false;
    if (r->version != 0 && (SSL_CTX_set_min_proto_version(ctx, r->version) != 1 ||
                            SSL_CTX_set_max_proto_version(ctx, r->version) != 1))
        return false;
    if (r->suites != NULL && SSL_CTX_set_ciphersuites(ctx, r->suites) != 1)
        return false;
    /* the macro takes no const, and does not write */
    char groups[64];
    snprintf(groups, sizeof groups, "%s", r->groups == NULL ? "" : r->groups);
    if (r->groups != NULL && SSL_CTX_set1_groups_list(ctx, groups) != 1)
        return false;
    return !r->verify || set_trust(ctx, t);
}

static enum err why_not(struct wire *w, int result)
{
    int error = SSL_get_error(w->ssl, result), why = errno;
    unsigned long code = ERR_get_error();
    long verified = SSL_get_verify_result(w->ssl);
    const char *words = code != 0 ? ERR_reason_error_string(code) : NULL;
    if (error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE ||
        (error == SSL_ERROR_SYSCALL && why == EAGAIN))
        return fail(w, ERR_AGAIN, "no answer in time");
    if (verified != X509_V_OK)
        return fail(w, ERR_DENIED, X509_verify_cert_error_string(verified));
    if (words == NULL || ERR_GET_REASON(code) == SSL_R_UNEXPECTED_EOF_WHILE_READING)
        return fail(w, ERR_IO, "the connection was closed");
    /* Of an alert the other end says why; anything else is our own OpenSSL's opinion. */
    return fail(w, ERR_GET_REASON(code) > SSL_AD_REASON_OFFSET ? ERR_PEER : ERR_NO_MEMORY, words);
}

static enum err say_hello(struct wire *w, const struct target *t, const struct wire_rules *rules)
{
    ERR_clear_error();
    w->ctx = SSL_CTX_new(TLS_client_method());
    if (w->ctx == NULL || !set_rules(w->ctx, t, rules))
        return fail(w, ERR_NO_MEMORY, "this OpenSSL cannot offer it");
    w->ssl = SSL_new(w->ctx);
    if (w->ssl == NULL || SSL_set_fd(w->ssl, w->fd) != 1)
        return fail(w, ERR_NO_MEMORY, "no memory for a connection");
    char name[WIRE_HOST_MAX]; /* the macro takes no const, and does not write */
    memcpy(name, t->host, sizeof name);
    if (!is_address(t->host) && SSL_set_tlsext_host_name(w->ssl, name) != 1)
        return fail(w, ERR_NO_MEMORY, "no memory for a connection");
    errno = 0;
    int result = SSL_connect(w->ssl);
    return result == 1 ? OK : why_not(w, result);
}

enum err wire_open(struct wire *w, const struct target *t, const struct wire_rules *rules)
{
    TRY(wire_open_plain(w, t));
    enum err e = say_hello(w, t, rules);
    if (e != OK)
        wire_close(w);
    return e;
}

void wire_close(struct wire *w)
{
    if (w->ssl != NULL)
        (void)SSL_shutdown(w->ssl); /* one way: we read no more */
    SSL_free(w->ssl);
    SSL_CTX_free(w->ctx);
    if (w->fd >= 0)
        close(w->fd);
    w->ssl = NULL;
    w->ctx = NULL;
    w->fd = -1;
}

/* ---- bytes ----------------------------------------------------------------------------------- */

enum err wire_send(struct wire *w, struct str bytes)
{
    while (bytes.len > 0) {
        int sent = w->ssl != NULL ? SSL_write(w->ssl, bytes.ptr, (int)bytes.len)
                                  : (int)send(w->fd, bytes.ptr, bytes.len, MSG_NOSIGNAL);
        if (sent <= 0)
            return fail(w, ERR_IO, "the connection was closed");
        bytes = str_slice(bytes, (size_t)sent, bytes.len);
    }
    return OK;
}

static enum err fill(struct wire *w)
{
    memmove(w->buf, w->buf + w->start, w->end - w->start);
    w->end -= w->start;
    w->start = 0;
    if (w->end == sizeof w->buf)
        return fail(w, ERR_PEER, "the head of the answer is too large");
    size_t room = sizeof w->buf - w->end;
    errno = 0;
    int got = w->ssl != NULL ? SSL_read(w->ssl, w->buf + w->end, (int)room)
                             : (int)recv(w->fd, w->buf + w->end, room, 0);
    ERR_clear_error();
    if (got > 0) {
        w->end += (size_t)got;
        return OK;
    }
    if (errno == EAGAIN || errno == EWOULDBLOCK)
        return fail(w, ERR_AGAIN, "no answer in time");
    return fail(w, ERR_IO, "the connection was closed without an answer");
}

/* ---- answers --------------------------------------------------------------------------------- */

static enum err take_head(struct wire *w, struct answer *out)
{
    const uint8_t *end;
    while ((end = memmem(w->buf + w->start, w->end - w->start, "\r\n\r\n", 4)) == NULL)
        TRY(fill(w));
    size_t len = (size_t)(end - (w->buf + w->start)) + 4;
    if (len > sizeof out->head_room)
        return fail(w, ERR_PEER, "the head of the answer is too large");
    memcpy(out->head_room, w->buf + w->start, len);
    out->head = str_from(out->head_room, len);
    w->start += len;
    uint64_t status;
    if (!str_starts(out->head, STR("HTTP/1.1 ")) ||
        str_u64(str_slice(out->head, 9, 3), 599, &status) != OK || status < 100)
        return fail(w, ERR_PEER, "the answer is no HTTP/1.1");
    out->status = (uint16_t)status;
    return OK;
}

/* len bytes, or all until the connection ends. What has no room is read away. */
static enum err take_body(struct wire *w, uint64_t len, bool until_end, struct answer *out)
{
    size_t kept = 0;
    while (len > 0) {
        if (w->start == w->end) {
            enum err e = fill(w);
            if (e == ERR_IO && until_end)
                break;
            TRY(e);
        }
        size_t take = w->end - w->start < len ? w->end - w->start : (size_t)len;
        size_t room = sizeof out->body_room - kept, keep = take < room ? take : room;
        memcpy(out->body_room + kept, w->buf + w->start, keep);
        kept += keep;
        w->start += take;
        len -= take;
    }
    out->body = str_from(out->body_room, kept);
    return OK;
}

enum err wire_answer(struct wire *w, bool is_head, struct answer *out)
{
    uint64_t len;
    out->body = STR_NONE;
    TRY(take_head(w, out));
    if (is_head || out->status == 204 || out->status == 304 || out->status < 200)
        return OK;
    struct str length = answer_field(out, "Content-Length", 0);
    if (length.len == 0)
        return take_body(w, UINT64_MAX, true, out);
    if (str_u64(length, UINT32_MAX, &len) != OK)
        return fail(w, ERR_PEER, "the answer has no length");
    return take_body(w, len, false, out);
}

bool wire_ends_within(struct wire *w, int timeout_ms)
{
    uint8_t byte;
    struct pollfd fd = {w->fd, POLLIN, 0};
    while (poll(&fd, 1, timeout_ms) > 0) {
        if (w->ssl == NULL || SSL_pending(w->ssl) > 0)
            return recv(w->fd, &byte, 1, MSG_PEEK) <= 0;
        struct timeval brief = {.tv_usec = 1000};
        setsockopt(w->fd, SOL_SOCKET, SO_RCVTIMEO, &brief, sizeof brief);
        errno = 0;
        int got = SSL_read(w->ssl, &byte, 1); /* tickets come without being asked for */
        int error = SSL_get_error(w->ssl, got);
        ERR_clear_error();
        if (got > 0)
            return false;
        if (error != SSL_ERROR_WANT_READ)
            return true;
    }
    return false;
}

struct str answer_field(const struct answer *a, const char *name, size_t n)
{
    struct str rest = a->head, line, key, value;
    bool more = true;
    while (more) {
        more = str_cut(rest, '\n', &line, &rest);
        if (!str_cut(line, ':', &key, &value) || !str_eq_nocase(key, str_from_cstr(name)))
            continue;
        if (n-- == 0) {
            if (str_ends(value, STR("\r")))
                value = str_slice(value, 0, value.len - 1);
            return str_trim(value);
        }
    }
    return STR_NONE;
}
