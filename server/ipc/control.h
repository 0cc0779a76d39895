/* What the parent tells its children, and they tell it: one SOCK_SEQPACKET pair a child.
 *
 * Owns:     nothing but the descriptors that travel with a message until they are taken.
 * Promise:  one message, one packet, at most CONTROL_MAX bytes and CONTROL_FDS_MAX descriptors;
 *           read to the last byte or refused. A child that breaks the protocol is killed.
 * Source:   OpenBSD relayd proc.c: start, then configuration, then serve.
 * Watch:    a child finds its end as descriptor CONTROL_FD after exec and dies when it closes. */
#ifndef OC_IPC_CONTROL_H
#define OC_IPC_CONTROL_H

#include "common/base/str.h"

#define CONTROL_FD       3
#define CONTROL_MAX      (64 * 1024)
#define CONTROL_FDS_MAX  16
#define TICKET_KEY_LEN   80 /* name 16, AES-256 32, HMAC 32: OpenSSL's ticket key callback */
#define TICKET_KEYS_MAX  3  /* the one in use and those still accepted */
#define CONTROL_TEXT_MAX 4096

/* What a listening socket is for. */
enum listener_kind {
    LISTENER_TLS = 1, /* everything */
    LISTENER_PLAIN,   /* unencrypted: leads pages to TLS, shows ACME challenges, refuses the rest */
    LISTENER_LEGACY,  /* TLS 1.2 for devices that cannot do better, and nothing but their paths */
};

enum control_type {
    CONTROL_CONFIG = 1, /* parent → child: struct config as written by config_write() */
    CONTROL_LISTEN,     /* parent → edge: u8 kind; descriptor = a socket that listens already */
    CONTROL_LINK,     /* parent → edge or core: u32 edge index, u32 serial; descriptor = its end.
                         core → parent: this link is down, lay another */
    CONTROL_IDENTITY, /* keyring → parent → edge: certificate chain for TLS 1.3, for 1.2 (PEM, str32
                         each; the second is empty when TLS 1.2 is not wanted) */
    CONTROL_LIMITS,  /* parent → edge: u32 edge index; descriptor = the table of limits */
    CONTROL_TICKETS, /* parent → edge: u8 count, then TICKET_KEY_LEN bytes each, newest first */
    CONTROL_KEYRING, /* parent → keyring or edge: u32 edge index; descriptor = its end of the pair
                        on which that edge asks for signatures (server/ipc/signing.h) */
    CONTROL_COURIER, /* parent → courier and core: descriptor = its end of the pair between them
                        (server/ipc/outbound.h). core → parent: this courier does not answer as it
                        should, start another */
    CONTROL_FRONT,   /* parent → edge: struct front as written by front_write() */
    CONTROL_START,   /* parent → child: that was all, begin to serve */
    CONTROL_READY,   /* child → parent: serving */
    CONTROL_DRAIN,   /* parent → child: finish what is under way, then exit 0 */
    CONTROL_VAULT,   /* parent → vault or core: descriptor = its end of the pair on which the core
                        has secrets sealed (server/ipc/sealing.h) */
};

struct control {
    enum control_type type;
    struct str payload; /* borrowed from the buffer given to control_receive() */
    int fds[CONTROL_FDS_MAX];
    size_t fd_count; /* descriptors are the receiver's to close */
};

MUST_CHECK enum err control_send(int socket, enum control_type type, struct str payload,
                                 const int *fds, size_t fd_count);

/* ERR_AGAIN: nothing now (non-blocking). ERR_IO: the other end is gone. ERR_PEER: not a message. */
MUST_CHECK enum err control_receive(int socket, uint8_t buf[static CONTROL_MAX],
                                    struct control *out);

#endif
