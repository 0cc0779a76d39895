/* What the four files of a connection share: its fields, and who calls whom.
 *
 *   conn.c         life: opened, events, deadlines, frames from the core, closed
 *   conn_input.c   from ciphertext to requests, and who answers each
 *   conn_output.c  from answers to ciphertext, and what comes after one
 *   conn_plain.c   what a listener without encryption answers
 *
 * Owns:     nothing beyond conn.h.
 * Promise:  included by these four and their tests, by nobody else.
 * Source:   conn.h.
 * Watch:    a function here that says false, or an error, may have ended the connection. */
#ifndef OC_EDGE_CONN_PARTS_H
#define OC_EDGE_CONN_PARTS_H

#include "server/edge/conn.h"
#include "server/edge/http1.h"

struct conn {
    struct timer timer;
    struct edge *edge;
    SSL *ssl; /* NULL: a plain connection */
    int fd;
    uint32_t slot;      /* in the reactor */
    uint32_t index;     /* in the edge's table */
    uint64_t signature; /* HELLO: the one that the handshake has paused for; 0: it has not */
    uint32_t ask;       /* of the request the core has; 0: none */
    enum conn_state state;
    enum listener_kind kind;
    bool can_read;       /* the socket may have more */
    bool peer_shut;      /* it has sent its last byte; there is an end to be read */
    bool has_said_bye;   /* close_notify: answers may still be read, requests no longer come */
    bool is_again;       /* waits in the edge's list for its next turn */
    bool is_device;      /* a device request was answered well */
    bool is_device_path; /* the request under way is one */
    bool is_head;        /* the request under way is HEAD: no body */
    bool was_held;       /* the core held it: 204 is a good answer */
    bool close_after;    /* the answer under way is the last */
    bool skipped_line;   /* the one empty line that may stand before a request */
    bool awaits_proxy;   /* a PROXY header comes before anything else */
    bool is_shared;      /* a listed proxy sends requests of many clients over it */
    uint8_t peer[16];    /* of the connection: the proxy's client once its PROXY header is read */
    uint8_t client[16];  /* of the request under way, as far as it is known */
    uint64_t address;    /* its key in the table of limits */
    principal caller;    /* as the core has said; 0: a stranger */
    struct conn *older, *newer; /* among strangers, by when they came */
    bool is_counted;            /* the request under way, with its address */
    uint32_t refusals;          /* in a row */
    uint32_t need;              /* BODY: bytes of the whole request */
    uint32_t in_seen;           /* of the head, looked at */
    uint32_t in_len, in_cap;    /* plain bytes that wait for the rest of their request, or turn */
    uint32_t out_len, out_sent; /* sealed bytes that wait for the reader */
    uint8_t *in;
    uint8_t *out;
};

/* ---- conn.c ---------------------------------------------------------------------------------- */

/* Move to another phase: its deadline counts from now. */
void conn_enter(struct conn *c, enum conn_state state);
void conn_start_deadline(struct conn *c);
void conn_close(struct conn *c);
uint64_t conn_request_id(const struct conn *c);

/* As if the other side had gone: no goodbye. */
void conn_reset(struct conn *c);

/* Count bytes that a connection keeps beyond a turn; false when all together would keep too much:
 * strangers have half of it, so that they cannot take the room of those who are known.
 */
MUST_CHECK bool conn_keep_bytes(const struct conn *c, size_t len);
void conn_drop_bytes(struct edge *e, size_t len);

/* Is the connection still the one at this index? It may have ended in between. */
bool conn_is_alive(const struct edge *e, uint32_t index, const struct conn *c);

/* ---- conn_input.c ---------------------------------------------------------------------------- */

/* Everything that can be done for a connection now: read, answer, read on. */
void conn_work(struct conn *c);

/* The end of a connection whose handshake has paused: its job has to end, too. */
void conn_end_pause(struct conn *c);

/* The client speaks, or the edge leaves, while the core holds the request: ask it to let go. */
void conn_release(struct conn *c);

/* The core answers this one. True when the next one may be looked at. */
bool conn_ask_core(struct conn *c, const struct http1_request *r, struct str body);

/* ---- conn_output.c --------------------------------------------------------------------------- */

bool conn_has_unsent(const struct conn *c);

/* Begin a use of the loop's TLS buffers for this connection, with in_len bytes of ciphertext. */
void conn_begin_io(struct conn *c, const uint8_t *in, size_t in_len);

/* What TLS has put into the loop's buffer goes to the socket, or waits. ERR_IO: it is dead. */
MUST_CHECK enum err conn_flush_sealed(struct conn *c);

/* Send what waits. False when the connection ended. */
bool conn_flush_waiting(struct conn *c);

/* Seal and send; borrowed. */
MUST_CHECK enum err conn_send(struct conn *c, struct str bytes);
MUST_CHECK enum err conn_send_chunk(struct conn *c, struct str data);
MUST_CHECK enum err conn_send_last_chunk(struct conn *c);

/* The head alone, for a stream. */
struct answer;
MUST_CHECK enum err conn_send_head(struct conn *c, const struct answer *a);

/* A whole answer, then on to the next request or goodbye. True when the connection goes on. */
bool conn_answer(struct conn *c, const struct answer *a, struct str body);

/* A refusal of the edge's own; headers as in struct answer. */
bool conn_refuse(struct conn *c, uint16_t status, const char *detail, struct str headers);

/* Likewise, with a type that is not the usual one of its status. */
bool conn_refuse_as(struct conn *c, uint16_t status, const char *type, const char *detail,
                    struct str headers);

/* Likewise, and the end: what follows cannot be trusted to begin where we think. */
void conn_refuse_and_close(struct conn *c, uint16_t status, const char *detail);

bool conn_serve_file(struct conn *c, const struct http1_request *r);

/* Say goodbye and wait a little for the other side's. */
void conn_begin_linger(struct conn *c);

/* ---- conn_plain.c ---------------------------------------------------------------------------- */

static inline bool conn_is_plain(const struct conn *c)
{
    return c->kind == LISTENER_PLAIN;
}

/* A request that came unencrypted. Its answer is the last. */
bool conn_serve_plain(struct conn *c, const struct http1_request *r);

#endif
