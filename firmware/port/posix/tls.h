/* port_transport over TCP and OpenSSL: one connection to the one server.
 *
 * Owns:     the socket, the TLS state, the CA set.
 * Promise:  TLS 1.3 or nothing; the certificate is checked against the given CA and the given name
 *           or address, and there is no switch to leave that out. Never blocks but to look up a
 * name. Source:   OpenSSL SSL_CTX_set_verify(3), SSL_set1_host(3). Watch:    tls_poll() says what
 * to wait for; a step between two waits must have run to ERR_AGAIN. */
#ifndef OC_POSIX_TLS_H
#define OC_POSIX_TLS_H

#include <netdb.h>
#include <openssl/ssl.h>
#include <poll.h>

#include "firmware/port/contract.h"

#define SERVER_HOST_MAX 256

struct server_address {
    char host[SERVER_HOST_MAX]; /* without brackets */
    char port[6];
    bool is_ip;
    char host_field[SERVER_HOST_MAX + 8]; /* as in the URL */
};

/* "https://HOST[:PORT][/]"; ERR_PEER for anything else. */
MUST_CHECK enum err server_address_read(const char *url, struct server_address *out);

struct tls {
    struct server_address server;
    struct addrinfo hints;
    struct gaicb lookup; /* resolver's while is_looking_up; outlives a closed connection */
    bool is_looking_up;
    SSL_CTX *context;
    struct addrinfo *addresses;
    struct addrinfo *next_address;
    int fd; /* -1: none */
    SSL *ssl;
    bool is_connected; /* TCP */
    short wants;       /* POLLIN, POLLOUT */
    bool certificate_refused;
    char why[256];
};

/* ca_pem borrowed. ERR_PEER: there is no certificate in it. */
MUST_CHECK enum err tls_init(struct tls *t, const struct server_address *server,
                             const char *ca_file);
void tls_done(struct tls *t);

struct port_transport tls_transport(struct tls *t);

/* What poll() is to wait for; fd -1 when nothing. */
struct pollfd tls_poll(const struct tls *t, bool wants_send);

/* How long that wait may be at most: a name lookup has no descriptor to wait on. */
int tls_wait_ms(const struct tls *t, int longest_ms);

#endif
