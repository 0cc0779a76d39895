/* One end of the frame stream between an edge and the core.
 *
 * Owns:     the socket and two buffers.
 * Promise:  whole frames out, whole frames in; all frames pushed in one turn of a loop leave in one
 *           write. Memory stays under LINK_OUT_MAX + LINK_IN_MAX.
 * Source:   measured: one write and one read per turn is what makes isolation free.
 * Watch:    producer, consumer: one of each. Full: link_push says ERR_LIMIT, and the caller answers
 *           for it (an edge with 503, the core by dropping the link). */
#ifndef OC_IPC_LINK_H
#define OC_IPC_LINK_H

#include "server/ipc/frame.h"

#define LINK_OUT_MAX (8U * 1024 * 1024)
#define LINK_IN_MAX  (2U * 1024 * 1024)

struct link {
    int fd;             /* non-blocking stream socket, -1 when down; owned */
    size_t payload_max; /* what the other side may send */
    uint8_t *in;
    size_t in_cap, in_len, in_taken;
    uint8_t *out;
    size_t out_cap, out_len, out_sent;
};

/* fd is given; payload_max bounds what comes in (FRAME_TO_CORE_MAX or FRAME_TO_EDGE_MAX). */
void link_init(struct link *l, int fd, size_t payload_max);
void link_done(struct link *l);

/* Read what is there. ERR_AGAIN: nothing now. ERR_IO: the other end has died. */
MUST_CHECK enum err link_fill(struct link *l);

/* The next whole frame; views are valid until the next link_fill(). ERR_AGAIN: none. ERR_PEER: the
 * other end broke the protocol. */
MUST_CHECK enum err link_next(struct link *l, struct frame *out);

/* Would link_next() say anything but ERR_AGAIN? */
bool link_has_next(const struct link *l);

/* Room for one frame of at most payload_len bytes at the end of the out buffer. */
MUST_CHECK enum err link_reserve(struct link *l, size_t payload_len, struct writer *out);
void link_commit(struct link *l, const struct writer *w);

MUST_CHECK enum err link_push(struct link *l, enum frame_type type, uint64_t id,
                              struct str payload);

/* Frames pushed after link_mark() can be taken back as long as nothing was flushed in between: what
 * a transaction that failed was about to say. */
size_t link_mark(const struct link *l);
void link_rewind(struct link *l, size_t mark);

/* Write what is waiting. OK: all gone. ERR_AGAIN: wait for writable. ERR_IO: dead. */
MUST_CHECK enum err link_flush(struct link *l);
bool link_wants_write(const struct link *l);

#endif
