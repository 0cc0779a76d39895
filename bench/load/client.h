/* TLS to the server under load: one blocking exchange at a time for enrolling, many non-blocking
 * connections for measuring.
 *
 * Owns:     the SSL_CTX, sockets and SSL objects it makes.
 * Promise:  the server's certificate and name are verified; there is no way around it.
 * Source:   OpenSSL 3 manual pages.
 * Watch:    this is a load generator: it stops with a message at the first thing that is wrong. */
#ifndef OC_LOAD_CLIENT_H
#define OC_LOAD_CLIENT_H

#include <stdint.h>

#include <openssl/ssl.h>
#include <sys/socket.h>

#include "common/base/str.h"

#define HOST_MAX     256
#define RESPONSE_MAX (256 * 1024)

struct target {
    char host[HOST_MAX];
    char port[8];
    char authority[HOST_MAX + 16]; /* for the Host field */
    struct sockaddr_storage address;
    socklen_t address_len;
    SSL_CTX *tls;
};

_Noreturn void die(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* url: https://HOST:PORT. */
void target_open(struct target *t, const char *url, const char *ca_file);
void target_close(struct target *t);

/* A TLS object set to verify the target's name, on a connected socket. from: number of the source
 * address 127.0.x.y to bind when the target is on loopback, -1 for none. */
SSL *target_connect(const struct target *t, int from, int blocking, int *fd);

/* One request and its answer on a blocking connection. The body is NUL-terminated in buf. Returns
 * the status. */
int exchange(SSL *ssl, struct str request, char buf[static RESPONSE_MAX], struct str *body);

/* Status and whole length of the answer at the start of bytes; 0 when it is not all there yet. */
size_t response_length(struct str bytes, int *status, struct str *body);

#endif
