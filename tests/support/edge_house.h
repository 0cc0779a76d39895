/* Edges as a parent would start them, each with a core that only echoes, all with one keyring.
 *
 * Owns:     its processes (ended by their pids), sockets, and a certificate made for the day.
 * Promise:  the real edge process, executed anew, told everything over its control socket.
 * Source:   server/ipc/control.h; server/process/parent.c for the order of messages.
 * Watch:    the program that uses it calls edge_main() when its first argument is "edge". Each edge
 *           listens on a port of its own, so that a test knows whom it meets. */
#ifndef OC_TESTS_EDGE_HOUSE_H
#define OC_TESTS_EDGE_HOUSE_H

#include <sys/types.h>

#include "server/ipc/control.h"
#include "server/net/far_key.h"
#include "server/process/edge.h"

#define HOUSE_EDGES_MAX      4
#define HOUSE_PEM_MAX        2048
#define HOUSE_IDENTITIES_MAX 4

struct house_identity {
    char certificate[HOUSE_PEM_MAX];
    char key[HOUSE_PEM_MAX];
};

struct house {
    size_t edges;
    pid_t edge[HOUSE_EDGES_MAX];
    pid_t core[HOUSE_EDGES_MAX];
    int control[HOUSE_EDGES_MAX];
    uint16_t port[HOUSE_EDGES_MAX];
    int limits;
    struct house_identity identity;
    pid_t keyring;
    int signing[HOUSE_EDGES_MAX][2];                   /* the edge's end, the keyring's */
    struct house_identity known[HOUSE_IDENTITIES_MAX]; /* to the keyring */
    size_t known_count;
    uint8_t tickets[TICKET_KEYS_MAX * TICKET_KEY_LEN];
};

void house_make_identity(struct house_identity *out, long serial);

/* Sign with the key of an identity in this very process, as tests may; ctx is the identity. */
enum err house_sign(void *ctx, const uint8_t key[static SIGNING_KEY_LEN], struct str content,
                    struct signature *out);

/* Ends the program when it cannot. port: of the first edge, 0 for any free one. */
void house_start(struct house *h, size_t edges, uint16_t port, const struct edge_config *config);
void house_stop(struct house *h);

/* The keyring, with every identity told so far; what is asked meanwhile waits. */
void house_keyring_start(struct house *h);
void house_keyring_kill(struct house *h);

void house_core_start(struct house *h, size_t edge);
void house_core_kill(struct house *h, size_t edge);
void house_tell_identity(struct house *h, size_t edge, const struct house_identity *identity);

/* count keys, newest first; from is the first of h->tickets to send. */
void house_tell_tickets(struct house *h, size_t edge, size_t from, size_t count);
void house_drain(struct house *h, size_t edge);

/* How the edge ended: its exit code, -1 for a signal, -2 when it had not after wait_ms. */
int house_wait(struct house *h, size_t edge, int wait_ms);

#endif
