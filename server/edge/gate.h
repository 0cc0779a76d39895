/* Who may come in, and how often they may ask.
 *
 * Owns:     the list of strangers: connections on which nobody has been authenticated yet.
 * Promise:  a refusal at the door costs no handshake, one of a request no message to the core. A
 *           connection whose requests the core authenticates counts with its device or account
 *           and no longer with its address; one that is answered 401 is a stranger again.
 *           However many strangers come, the newest gets in: when the edge is full, the stranger
 *           that has been here longest goes.
 * Source:   SECURITY.md rows S2, U3, U6, M4; nginx limit_conn and limit_req for the shape.
 * Watch:    what the edge believes of a caller only decides where it is counted, never what it may
 *           do. With limits.dry_run everything passes and is logged. */
#ifndef OC_EDGE_GATE_H
#define OC_EDGE_GATE_H

#include "server/edge/http1.h"
#include "server/ipc/frame.h"
#include "server/limit/fields.h"

struct conn;
struct edge;

/* At accept, before anything is allocated: may another one of this address knock? *address: its
 * key.
 */
bool gate_knocks(struct edge *e, const uint8_t peer[static 16], uint64_t *address);

/* It comes in, as the one at this index, unless as many have come over other edges meanwhile. */
bool gate_admits(struct edge *e, const uint8_t peer[static 16], uint32_t index, uint64_t address);

/* Make room for a newcomer, if strangers fill the edge. */
void gate_make_room(struct edge *e);

/* Connections enter and leave the list of strangers. */
void gate_enter(struct conn *c);
void gate_leave(struct conn *c);

enum gate_verdict {
    GATE_PASS,
    GATE_TOO_OFTEN, /* *reached says which limit */
    GATE_BANNED,
};
enum gate_verdict gate_asks(struct conn *c, const struct http1_request *r,
                            struct limit_reached *reached);

/* The core has banned an address, or lets it go. */
void gate_ban(struct edge *e, const struct ban_notice *ban);

/* The core has answered: who is on this connection? May set close_after. */
void gate_answered(struct conn *c, uint16_t status, principal caller);

#endif
