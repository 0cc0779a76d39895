/* A client that can misbehave: blocking, with a time limit on everything.
 *
 * Owns:     its socket, its SSL, what it has read.
 * Promise:  never waits longer than CLIENT_WAIT_MS for anything.
 * Source:   OpenSSL's client side.
 * Watch:    for tests: a failure to connect or to send is a status of 0 or false, not an error. */
#ifndef OC_TESTS_TLS_CLIENT_H
#define OC_TESTS_TLS_CLIENT_H

#include <openssl/ssl.h>

#include "common/base/str.h"

#define CLIENT_WAIT_MS  5000
#define CLIENT_ROOM_MAX (2 * 1024 * 1024)

struct client {
    int fd;
    SSL_CTX *ctx;
    SSL *ssl;
    uint8_t *room; /* what came, room_len bytes; of it shown_len are the answer given out last */
    size_t room_len, shown_len;
};

struct client_options {
    SSL_SESSION *resume;  /* borrowed */
    const char *alpn;     /* one protocol, NULL: none */
    int max_version;      /* 0: any */
    uint8_t max_fragment; /* TLSEXT_max_fragment_length_512 … */
    int receive_buffer;   /* bytes, 0: the system's */
};

struct answer_seen {
    int status;            /* 0: none came */
    struct str head, body; /* valid until the next read */
};

/* A TCP connection alone. */
int client_connect(uint16_t port, int receive_buffer);

/* False when no connection came about. Always client_close() it. */
bool client_open(struct client *c, uint16_t port, const struct client_options *options);
void client_close(struct client *c);

/* What the server sent for resuming; the caller frees it. Read something first. */
SSL_SESSION *client_session(struct client *c);

bool client_send(struct client *c, struct str bytes);
bool client_send_text(struct client *c, const char *text);

/* The next answer, its body by Content-Length; of a chunked one the head only. */
struct answer_seen client_answer(struct client *c);

/* Read until this text has come; what was before it stays. */
bool client_sees(struct client *c, const char *text);

/* Has the server ended the connection? Reads what else comes. Time it took in *ms. */
bool client_is_closed(struct client *c, int *ms);

/* Send a request, read the answer: its status. */
int client_ask(struct client *c, const char *method, const char *target);

#endif
