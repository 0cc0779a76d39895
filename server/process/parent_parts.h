/* What the three files of the parent share: its fields, and who calls whom.
 *
 *   parent.c           begins, starts, restarts, drains
 *   parent_keyring.c   the certificate: who signs for it, when it changes
 *   parent_vault.c     the sockets between core and vault
 *
 * Owns:     nothing beyond parent.h.
 * Promise:  included by these three, by nobody else.
 * Source:   parent.h.
 * Watch:    everything here runs between two polls: nothing waits. */
#ifndef OC_PROCESS_PARENT_PARTS_H
#define OC_PROCESS_PARENT_PARTS_H

#include "server/ipc/control.h"
#include "server/process/child.h"
#include "server/process/data_dir.h"
#include "server/process/doors.h"
#include "server/process/front_settings.h"
#include "server/process/parent.h"

#define EDGES_MAX    64
#define CORE         EDGES_MAX       /* index of the core among the children, */
#define COURIER      (EDGES_MAX + 1) /* of the courier, */
#define VAULT        (EDGES_MAX + 2) /* of the vault, */
#define KEYRINGS     (EDGES_MAX + 3) /* of the keyring, and of one that takes over from it */
#define CHILDREN_MAX (EDGES_MAX + 5)

/* What edges show: public, and all that the parent knows of a key. */
struct certificates {
    uint8_t bytes[CONTROL_MAX];
    size_t len; /* as CONTROL_IDENTITY carries them */
};

/* How the keyring changes, and when its certificates. */
enum keyring_change {
    KEYRING_STAYS,
    KEYRING_NEXT_STARTS,  /* the next one reads or makes its keys */
    KEYRING_FIRST_LEAVES, /* both sign; then edges are told what is new */
};

struct parent {
    const struct config *config;
    struct data_dir data;
    size_t edges;
    struct child children[CHILDREN_MAX];
    uint32_t link_serials[EDGES_MAX]; /* of the newest link to each edge */
    struct doors doors;
    struct front front;
    struct account_rules accounts; /* the settings, with what follows from the listeners */
    int limits;                    /* the table that all edges count in */
    uint8_t tickets[TICKET_KEYS_MAX][TICKET_KEY_LEN];
    size_t ticket_count;
    int64_t next_ticket_ms;

    size_t keyring;            /* index of the one in charge */
    int signing[EDGES_MAX][2]; /* each edge's end, and the keyring's */
    struct certificates shown; /* by the edges */
    struct certificates next;  /* those that the next keyring has told */
    enum keyring_change change;
    int64_t change_until_ms, next_look_ms;

    int sealing[2]; /* the core's end, and the vault's */

    int signals;
    int lock;
    bool has_served; /* every child was ready at once, at least once */
    int64_t drain_edges_until_ms, drain_core_until_ms; /* 0: not yet */
};

/* ---- parent.c -------------------------------------------------------------------------------- */

/* False: a child that cannot be told is dying, and its SIGCHLD tells the rest. */
bool parent_tell(struct parent *p, size_t at, enum control_type type, struct str payload,
                 const int *fds, size_t fd_count);
void parent_start_child(struct parent *p, size_t at);
bool parent_is_draining(const struct parent *p);

/* One of the two. */
bool parent_is_keyring(size_t at);

/* 0 when we are not root: then everybody is who we are. */
uint32_t parent_uid_of(const struct parent *p, enum uid_offset process);

/* ---- parent_keyring.c ------------------------------------------------------------------------ */

/* The sockets between edges and keyring. Both ends stay here: whoever dies at one of them, what was
 * asked waits in the socket for the next. */
void keyring_open_pairs(struct parent *p);

void keyring_configure(struct parent *p, size_t at);
void parent_tell_identity(struct parent *p, size_t edge);

/* What it tells: its certificates, that it signs, that it has ended. ERR_PEER: what no keyring
 * says. keyring_ended() is true when it is not to be started again. */
MUST_CHECK enum err keyring_identity(struct parent *p, size_t at, struct str payload);
void keyring_ready(struct parent *p, size_t at);
bool keyring_ended(struct parent *p, size_t at);

/* Begin to look whether the certificate must be made anew: start the next keyring, which does. */
void keyring_look(struct parent *p);
bool keyring_is_changing(const struct parent *p);
void keyring_turn(struct parent *p);

/* ---- parent_vault.c -------------------------------------------------------------------------- */

/* The socket between core and vault. Both ends stay here, as those of the keyring do. */
void vault_open_pair(struct parent *p);
void vault_configure(struct parent *p);
void vault_tell_core(struct parent *p);

#endif
