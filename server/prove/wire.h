/* A stranger's connection to the server under proof: blocking, with deadlines, HTTP/1.1.
 *
 * Owns:     its socket and TLS state, from wire_open() to wire_close().
 * Promise:  bounded in time and memory whatever the server says: a read that takes longer than
 *           WIRE_TIMEOUT_S fails, a head larger than ANSWER_HEAD_ROOM too, of a body
 * ANSWER_BODY_MAX bytes are kept and the rest is read away. Source:   RFC 9112; OpenSSL
 * SSL_connect(3). Watch:    it shares no code with the edge on purpose: a mistake there must not
 * hide itself here. Without rules->verify anybody may be at the other end: no secret goes that way.
 */
#ifndef OC_PROVE_WIRE_H
#define OC_PROVE_WIRE_H

#include <openssl/ssl.h>

#include "common/base/str.h"

#define WIRE_TIMEOUT_S   20
#define WIRE_HOST_MAX    256
#define WIRE_BUFFER      (32 * 1024)
#define ANSWER_HEAD_ROOM (16 * 1024)
#define ANSWER_BODY_MAX  (64 * 1024)

struct addrinfo;

/* Where the server is, and whom we believe that it is. */
struct target {
    char host[WIRE_HOST_MAX]; /* a name or an address, without brackets */
    char port[8];
    struct addrinfo *addresses;
    X509_STORE *trust;
};

/* How to say hello. All zero: as any client of today, believing everybody. */
struct wire_rules {
    int version;        /* this and no other; 0: what OpenSSL offers */
    const char *suites; /* of TLS 1.3 */
    const char *groups;
    const char *ciphers; /* of TLS 1.2 */
    bool verify;         /* the certificate, and that it names the host */
};

struct wire {
    int fd;
    SSL_CTX *ctx;
    SSL *ssl; /* NULL: plain */
    size_t start, end;
    uint8_t buf[WIRE_BUFFER];
    char problem[160]; /* why the last call failed, in printable words */
};

struct answer {
    uint16_t status;
    struct str head, body; /* views into the room below */
    uint8_t head_room[ANSWER_HEAD_ROOM];
    uint8_t body_room[ANSWER_BODY_MAX];
};

/* "https://HOST:PORT" or "https://HOST"; ERR_PEER otherwise. */
MUST_CHECK enum err target_read(const char *url, struct target *out);

/* What needs files, once: names (ERR_IO), and authorities (ERR_NOT_FOUND). ca_file NULL: those of
 * this machine. A target that is only spoken to in plain needs target_find() alone. */
MUST_CHECK enum err target_find(struct target *t);
MUST_CHECK enum err target_trust(struct target *t, const char *ca_file);
void target_done(struct target *t);

/* ERR_PEER: the handshake was refused by an alert. ERR_DENIED: the certificate is not good. ERR_IO:
 * nobody listens there, or closed the door in silence. ERR_AGAIN: no answer in time. ERR_NO_MEMORY:
 * it was not even offered. w need not be closed after a failure. */
MUST_CHECK enum err wire_open(struct wire *w, const struct target *t,
                              const struct wire_rules *rules);
MUST_CHECK enum err wire_open_plain(struct wire *w, const struct target *t);
void wire_close(struct wire *w);

MUST_CHECK enum err wire_send(struct wire *w, struct str bytes);

/* The next answer. is_head: it has no body whatever it says. ERR_PEER: it is none. ERR_IO: the
 * connection ended before it. */
MUST_CHECK enum err wire_answer(struct wire *w, bool is_head, struct answer *out);

/* True when the server ends the connection within so many milliseconds. */
bool wire_ends_within(struct wire *w, int timeout_ms);

/* The n-th field of this name, trimmed; an empty view when there is none. */
struct str answer_field(const struct answer *a, const char *name, size_t n);

#endif
