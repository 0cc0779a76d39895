/* One connection with a stranger, from hello to goodbye.
 *
 * Owns:     its socket, its TLS state, and what is left over of input and output.
 * Promise:  requests are answered in order, one at a time; every state below has its deadline;
 *           a late answer of the core reaches nobody.
 * Source:   RFC 9112 sections 9.3 (pipelining), 9.6 (closing).
 * Watch:    any call here may end the connection: the callers look at nothing of it afterwards.
 *
 *         handshake        first byte       head, no body yet      body complete
 *   HELLO ──────────▶ IDLE ──────────▶ HEAD ─────────────────▶ BODY ─────────────▶ ASKED
 *                      ▲                │ │                      │                 │  ▲ │
 *                      │◀── a file, ────┘ └── head and body ──▶ ASKED       HELD ──▼  │ │ STREAM
 *                      │    a refusal         in one go                     HELD ─────┘ ▼
 *                      │                                                     │ RELEASE STREAMING
 *                      └───────────────── REPLY (to ASKED or HELD) ──────────┘          │ the end
 *   Any but HELLO ──▶ LINGER (said goodbye, waits for the other's) ──▶ closed  ◀────────┘
 *
 * While its signature is made a handshake pauses (struct conn, signature): nothing touches its TLS
 * state then, and what it has read and not used waits in the connection.
 *
 * Deadlines (limits.h) count from the arrow into a state. While an answer waits for its reader, the
 * one for writing runs instead, and nothing more is read. */
#ifndef OC_EDGE_CONN_H
#define OC_EDGE_CONN_H

#include "server/edge/edge.h"

enum conn_state {
    CONN_HELLO,
    CONN_IDLE,
    CONN_HEAD,
    CONN_BODY,
    CONN_ASKED,
    CONN_HELD,
    CONN_STREAMING,
    CONN_LINGER,
};

/* "head", for logs and tests. */
const char *conn_state_name(enum conn_state state);

/* Its turn has come again; see edge_again(). */
void conn_go_on(struct edge *e, uint32_t index);

/* A new connection; fd is given. Peer address in 16 bytes. */
void conn_open(struct listening *l, int fd, const uint8_t peer[static 16]);

/* Frames from the core; unknown ids are late and ignored. */
void conn_reply(struct edge *e, uint64_t id, const struct reply *r);
void conn_held(struct edge *e, uint64_t id, principal caller);
void conn_stream(struct edge *e, uint64_t id, const struct reply *head);
void conn_stream_data(struct edge *e, uint64_t id, struct str data);
void conn_stream_end(struct edge *e, uint64_t id);

/* The signature this handshake has paused for is there, or was refused. */
void conn_signed(struct edge *e, uint32_t index);

/* The core has gone: everybody who waits for it is told. */
void conn_core_lost(struct edge *e, struct conn *c);

/* Finish and leave. */
void conn_drain(struct edge *e, struct conn *c);

#endif
