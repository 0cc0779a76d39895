/* One edge: a loop that meets strangers and decides nothing.
 *
 * Owns:     its reactor, timers, link to the core, TLS context, connections, and the buffers that
 *           all connections use in turn.
 * Promise:  a connection at rest holds its TLS state and struct conn, nothing else; every phase has
 *           an absolute deadline; nothing here grows without a bound of limits.h.
 * Source:   measured: the edge as measured; nginx for the shape of a turn.
 * Watch:    one thread. The buffers below are free again when a call returns. */
#ifndef OC_EDGE_EDGE_H
#define OC_EDGE_EDGE_H

#include "server/edge/front.h"
#include "server/edge/limits.h"
#include "server/edge/signatures.h"
#include "server/ipc/control.h"
#include "server/ipc/link.h"
#include "server/limit/rules.h"
#include "server/limit/table.h"
#include "server/net/reactor.h"
#include "server/net/timers.h"
#include "server/net/tls.h"

#define LISTENERS_PER_EDGE 16

struct conn;

struct listening {
    int fd;
    uint32_t slot;
    enum listener_kind kind;
    struct edge *edge;
    bool is_ready; /* somebody is at the door */
};

struct edge {
    struct reactor reactor;
    struct timers timers;
    int64_t now_ms;  /* monotonic, of this turn */
    int64_t wall_ms; /* of this turn, for dates */
    struct deadlines deadlines;
    struct limit_rules rules;
    struct limit_table *limits; /* shared with all edges */

    struct link link;
    uint32_t link_slot;
    bool link_wants_write;

    struct signatures signatures;
    struct far_signer signer; /* asks them */
    uint32_t keyring_slot;
    struct timer ask_again; /* set while signatures are waited for */

    SSL_CTX *tls;
    SSL_CTX *tls_legacy; /* TLS 1.2, for a listener that is for old devices; NULL: not wanted */
    struct tls_tickets tickets;
    struct tls_io io;

    struct front front;
    struct listening listeners[LISTENERS_PER_EDGE];
    size_t listener_count;

    struct conn **conns; /* by index */
    uint32_t conn_cap, conn_count;
    struct conn *oldest_stranger, *newest_stranger; /* see gate.h */
    uint32_t hellos_left;                           /* handshakes that this turn may still do */
    uint32_t free_index;                            /* hint: no free index below it */
    uint32_t next_ask;                              /* makes request ids unique */
    uint32_t left_count;                            /* since memory was given back */
    size_t kept_bytes;                              /* of input and output, over all connections */
    bool is_draining;
    bool has_signatures; /* the keyring has answered */
    struct timer trim;
    struct timer accept_again; /* set while no descriptor is left */

    uint32_t *again; /* indexes of connections that gave way to others */
    uint32_t again_count;

    uint8_t raw[READ_SIZE];    /* from a socket */
    uint8_t plain[PLAIN_SIZE]; /* a request, and what came behind it */
    uint8_t answer[64 * 1024]; /* a head, and a small body behind it */
    uint8_t sealed[OUTPUT_SIZE];
};

MUST_CHECK enum err edge_init(struct edge *e, uint32_t connections_max);
void edge_done(struct edge *e);

/* The core's end of this link is new: whatever was asked of the one before is answered 503. fd is
 * given. */
void edge_set_link(struct edge *e, int fd);

/* New connections begin with these certificates; the keyring has their keys. legacy: the one for
 * TLS 1.2, empty when that is not wanted. ERR_CORRUPT: all stays as it was. */
MUST_CHECK enum err edge_set_identity(struct edge *e, struct str certificate, struct str legacy);

/* Where to ask for signatures; fd is given. */
void edge_set_keyring(struct edge *e, int fd);

/* The counters of all edges; fd stays the caller's. ERR_PEER: it is no such table. */
MUST_CHECK enum err edge_set_limits(struct edge *e, int fd, uint32_t number);

/* fd is given. */
MUST_CHECK enum err edge_listen(struct edge *e, int fd, enum listener_kind kind);
MUST_CHECK enum err edge_start(struct edge *e); /* begin to accept */

/* Stop accepting; let what is under way finish. */
void edge_drain(struct edge *e);
bool edge_is_drained(const struct edge *e);

/* One turn of the loop. */
void edge_turn(struct edge *e, int timeout_ms_max);

/* This connection has more to do than is fair in one turn; conn_go_on() in the next one. */
void edge_again(struct edge *e, uint32_t index, bool *is_again);

/* Send a frame about a request; false when the core cannot be reached now. */
bool edge_tell_core(struct edge *e, enum frame_type type, uint64_t id);
bool edge_ask_core(struct edge *e, uint64_t id, const struct request *r);

#endif
