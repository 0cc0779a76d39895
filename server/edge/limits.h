/* Every bound of the edge, with its reason. */
#ifndef OC_EDGE_LIMITS_H
#define OC_EDGE_LIMITS_H

#include "server/ipc/frame.h"

/* sizes */
#define HEAD_SIZE_MAX   8192 /* request line and fields; browsers stay under 4 KB */
#define FIELDS_MAX      64   /* browsers send about 20 */
#define FIELD_LINES_MAX 8    /* of one field: as many proxies in a row are more than anybody has */
#define TARGET_SIZE_MAX FRAME_TARGET_MAX
#define BODY_SIZE_MAX   FRAME_BODY_MAX
#define READ_SIZE       (32 * 1024)             /* one read(2): two TLS records */
#define PLAIN_SIZE      (READ_SIZE + 17 * 1024) /* what one read and a record begun before become */
#define INPUT_SIZE_MAX  (HEAD_SIZE_MAX + BODY_SIZE_MAX + PLAIN_SIZE) /* a request, what follows */
#define OUTPUT_SIZE     (FRAME_TO_EDGE_MAX + FRAME_TO_EDGE_MAX / 16 + 16 * 1024) /* sealed answer */
/* half requests and unread answers, of all connections together */
#define KEPT_BYTES_MAX ((size_t)256 * 1024 * 1024)
/* a listener further behind is let go */
#define STREAM_LAG_MAX (256 * 1024)
/* bytes of one connection that the kernel keeps and has not sent */
#define KERNEL_UNSENT_MAX (128 * 1024)
#define REFUSALS_MAX      20 /* in a row, then the door closes */

/* numbers */
#define CONNECTIONS_DEFAULT 20000
#define ACCEPTS_PER_TURN    32   /* strangers wait a turn rather than devices many */
#define HELLOS_PER_TURN     8    /* at 0.2 ms each: nobody who is known waits for many */
#define READS_PER_TURN      4    /* of one connection: 128 KB; then the others */
#define ACCEPT_PAUSE_MS     100  /* when the machine has no descriptor left */
#define TRIM_LEFT_MIN       500  /* connections that have left make 7 MB worth giving back, */
#define TRIM_EVERY_MS       5000 /* looked at this often */

/* deadlines: absolute, from the moment the phase began; a byte now and then moves none of them */
struct deadlines {
    int64_t hello_ms; /* the TLS handshake */
    int64_t head_ms;  /* from the first byte of a request to the end of its head */
    int64_t body_ms;
    int64_t write_ms;       /* an answer that its reader does not take */
    int64_t idle_ms;        /* between requests */
    int64_t device_idle_ms; /* likewise, once a device request was answered well: longest hold and
                               some more */
    int64_t answer_ms;      /* the core's answer; a full queue of password hashes takes a few s */
    int64_t linger_ms;      /* from our goodbye to the other's */
};
#define DEADLINES_NORMAL ((struct deadlines){5000, 10000, 15000, 20000, 75000, 400000, 30000, 2000})
#define DEADLINES_COUNT  8

#endif
