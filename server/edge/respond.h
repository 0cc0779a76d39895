/* The bytes of an answer: status line, the fields that every answer has, framing.
 *
 * Owns:     the text of the date, made anew once a second.
 * Promise:  every answer of every kind carries the security fields of SECURITY.md row S4 and what
 * goes beyond; none says which program or version answers. Source:   RFC 9110, RFC 9112;
 * SECURITY.md row S4; MDN HTTP Observatory. Watch:    the policy for pages allows this origin only:
 * no inline script, no inline style. */
#ifndef OC_EDGE_RESPOND_H
#define OC_EDGE_RESPOND_H

#include "common/base/writer.h"
#include "server/ipc/frame.h"

#define ANSWER_HEAD_MAX (FRAME_HEADERS_MAX + 2048)

enum answer_kind {
    ANSWER_API,            /* data: nothing may be loaded from it */
    ANSWER_PAGE,           /* the dashboard */
    ANSWER_PAGE_TURNSTILE, /* the one page of it on which Cloudflare's widget may run */
};

enum answer_framing {
    FRAMED_BY_LENGTH,
    FRAMED_BY_CHUNKS,
};

struct answer {
    uint16_t status;
    enum answer_kind kind;
    enum answer_framing framing;
    bool close;
    struct str headers; /* further lines, each ending in CRLF */
    size_t body_len;    /* what Content-Length says */
};

/* The whole head with its empty line. wall_ms: for the Date. */
void answer_head_write(struct writer *w, const struct answer *a, bool is_encrypted,
                       int64_t wall_ms);

/* A problem document of the edge's own. type: "malformed-request"; NULL: the status's usual one. */
void edge_problem_write(struct writer *w, uint16_t status, const char *type, struct str detail);

#endif
