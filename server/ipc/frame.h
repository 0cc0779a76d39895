/* What edge and core say to each other: typed, length-capped frames over a stream socketpair.
 *
 * Owns:     nothing; decoded views borrow from the frame.
 * Promise:  a frame is read to its last byte or refused whole; a refused frame ends the link, and
 *           with it the process that sent it.
 * Source:   OpenSMTPD mproc and relayd proc for typed messages between one's own processes.
 * Watch:    who is speaking comes from the link, never from a field. The edge's claims (peer
 *           address) are used for logs and limits only, never to authorise.
 *
 *   0        4      5        8                16
 *   +--------+------+--------+----------------+----------
 *   | length | type | zero   | request id     | payload …      all integers little-endian
 *   +--------+------+--------+----------------+----------
 *   length counts the payload only.
 *
 * A request's life, seen from the edge:
 *
 *   REQUEST ──▶                       one outstanding request a connection
 *           ◀── REPLY                 done
 *   REQUEST ──▶ ◀── HELD (principal)  the core keeps it; the edge reads on, and at the next byte
 *   RELEASE ──▶ ◀── REPLY             from the client asks to let go (answered at once)
 *   REQUEST ──▶ ◀── STREAM            head of an endless answer, then any number of
 *           ◀── STREAM_DATA …         chunks until STREAM_END or
 *   GONE    ──▶                       the client left; nothing more is sent for this id */
#ifndef OC_IPC_FRAME_H
#define OC_IPC_FRAME_H

#include "common/base/reader.h"
#include "common/base/str.h"
#include "common/base/writer.h"

#define FRAME_HEAD_LEN    16
#define FRAME_TARGET_MAX  2048
#define FRAME_FIELD_MAX   4096
#define FRAME_BODY_MAX    (64 * 1024)   /* request body, edge to core */
#define FRAME_REPLY_MAX   (1024 * 1024) /* reply body, core to edge */
#define FRAME_HEADERS_MAX 2048          /* reply header lines */
#define FRAME_REQUEST_MAX (FRAME_BODY_MAX + FRAME_TARGET_MAX + 16 * 1024)
#define FRAME_TO_CORE_MAX FRAME_REQUEST_MAX
#define FRAME_TO_EDGE_MAX (FRAME_REPLY_MAX + FRAME_HEADERS_MAX + 64)

enum frame_type {
    FRAME_REQUEST = 1, /* edge → core */
    FRAME_RELEASE = 2, /* edge → core: end this hold now */
    FRAME_GONE = 3,    /* edge → core: the client has left */
    FRAME_REPLY = 16,  /* core → edge */
    FRAME_HELD = 17,
    FRAME_STREAM = 18,
    FRAME_STREAM_DATA = 19,
    FRAME_STREAM_END = 20,
    FRAME_BAN = 21, /* id 0: an address, and for how many seconds; 0: no more */
};

struct frame {
    enum frame_type type;
    uint64_t id; /* chosen by the edge, meaningless to the core */
    struct str payload;
};

enum method {
    METHOD_GET = 1,
    METHOD_HEAD,
    METHOD_POST,
    METHOD_PUT,
    METHOD_PATCH,
    METHOD_DELETE,
    METHOD_OPTIONS,
};

/* The request fields that the core may need; every other one stops at the edge. Order is wire
 * order. */
enum field {
    FIELD_AUTHORIZATION,
    FIELD_DEVICE_MAC, /* X-Device-MAC */
    FIELD_CONTENT_TYPE,
    FIELD_COOKIE,
    FIELD_CSRF_TOKEN, /* X-CSRF-Token */
    FIELD_ORIGIN,
    FIELD_SEC_FETCH_SITE,
    FIELD_HOST,
    FIELD_ACCEPT,
    FIELD_USER_AGENT,
    FIELD_IF_NONE_MATCH,
    FIELD_LAST_EVENT_ID,
    FIELD_COUNT,
};

struct request {
    enum method method;
    uint8_t peer[16];  /* IPv6 or IPv4-mapped */
    struct str target; /* origin-form as received: path, then ?query if any */
    struct str field[FIELD_COUNT];
    struct str body;
};

/* Whom the core has authenticated: an edge counts the connection with its principal instead of with
 * its address. Opaque to the edge but for its kind. 0: nobody. */
typedef uint64_t principal;
enum principal_kind {
    PRINCIPAL_NOBODY,
    PRINCIPAL_DEVICE,
    PRINCIPAL_ACCOUNT,
    PRINCIPAL_KEY,
};
#define PRINCIPAL_OF(kind, id) ((principal)(kind) << 56 | (principal)(id))
#define PRINCIPAL_KIND(p)      ((enum principal_kind)((p) >> 56))

struct reply {
    uint16_t status;
    bool close;         /* end the connection after this answer */
    struct str headers; /* whole lines, each ending in CRLF; no framing or security fields */
    struct str body;
    principal caller;
};

/* Take the first whole frame off bytes. OK and *taken, ERR_AGAIN when it is not all there yet,
 * ERR_PEER when its head breaks a rule (unknown type, non-zero filler, longer than max). */
MUST_CHECK enum err frame_take(struct str bytes, size_t payload_max, struct frame *out,
                               size_t *taken);

/* Append a whole frame. ERR_LIMIT leaves the writer as it was. */
MUST_CHECK enum err frame_put(struct writer *w, enum frame_type type, uint64_t id,
                              struct str payload);

MUST_CHECK enum err request_put(struct writer *w, uint64_t id, const struct request *r);
MUST_CHECK enum err request_take(struct str payload, struct request *out);
MUST_CHECK enum err reply_put(struct writer *w, enum frame_type type, uint64_t id,
                              const struct reply *r); /* FRAME_REPLY or FRAME_STREAM */
MUST_CHECK enum err reply_take(struct str payload, struct reply *out);
struct ban_notice {
    uint8_t address[16];
    uint32_t seconds;
};
MUST_CHECK enum err ban_put(struct writer *w, const struct ban_notice *b);
MUST_CHECK enum err ban_take(struct str payload, struct ban_notice *out);
MUST_CHECK enum err held_take(struct str payload, principal *out);

#endif
