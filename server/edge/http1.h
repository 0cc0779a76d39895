/* HTTP/1.1 requests, strictly.
 *
 * Owns:     nothing; everything parsed is a view into the bytes given.
 * Promise:  one grammar, no leniency: what RFC 9112 allows a server to tolerate is refused, so that
 *           nobody in front of us can understand a request differently than we do.
 * Source:   RFC 9112 (framing), RFC 9110 (fields), RFC 3986 (targets); the table of
 *           tests/vectors/http1.txt names the section beside each case.
 * Watch:    no chunked requests: our clients know their lengths. */
#ifndef OC_EDGE_HTTP1_H
#define OC_EDGE_HTTP1_H

#include "server/edge/limits.h"
#include "server/ipc/frame.h"

/* A field that each proxy on the way may have added a line to: the last of them, in order. */
struct field_lines {
    struct str line[FIELD_LINES_MAX];
    size_t count;
};

struct http1_request {
    enum method method;
    struct str target; /* as it came */
    struct str path;   /* before the question mark */
    struct str field[FIELD_COUNT];
    struct str accept_encoding;
    struct field_lines forwarded_for; /* X-Forwarded-For */
    struct field_lines connecting_ip; /* CF-Connecting-IP */
    size_t content_length;
    bool expects_continue;
    bool wants_close;
};

/* Why a request was refused: its status and a sentence for people. */
struct http1_refusal {
    uint16_t status;
    const char *why;
};

/* Look for the end of the head, having looked at the first *seen bytes before. OK: *head_len counts
 * the head with its empty line. ERR_AGAIN: more is needed. ERR_PEER: it can never become one. */
MUST_CHECK enum err http1_head_end(struct str bytes, size_t *seen, size_t *head_len,
                                   struct http1_refusal *why);

/* Parse a whole head. ERR_PEER: refused. */
MUST_CHECK enum err http1_parse(struct str head, struct http1_request *out,
                                struct http1_refusal *why);

#endif
