/* HTTP/1.1 as a client of one server needs it: requests out, whole answers in.
 *
 * Owns:     nothing; an answer is a view into the caller's buffer.
 * Promise:  an answer that is not whole is ERR_AGAIN, one that breaks the rules ERR_PEER; nothing
 *           in between, whatever the bytes.
 * Source:   RFC 9112 sections 4, 5, 6.3, 7.1; RFC 9110 section 10.2.3 (Retry-After).
 * Watch:    the buffer bounds the answer: one that cannot fit never becomes whole, so the caller
 *           gives up when the buffer is full. */
#ifndef OC_FIRMWARE_HTTP_H
#define OC_FIRMWARE_HTTP_H

#include "common/base/str.h"
#include "common/base/writer.h"

#define HTTP_RETRY_AFTER_NONE (-1)

struct http_answer {
    int status;
    bool closes;           /* the server closes the connection after this answer */
    int32_t retry_after_s; /* HTTP_RETRY_AFTER_NONE when absent or a date */
    struct str body;
};

/* The first final answer in buf[0, len). A chunked body is joined in place, hence not const.
 * used    bytes of buf that are done with, written on OK */
MUST_CHECK enum err http_answer_read(uint8_t *buf, size_t len, struct http_answer *out,
                                     size_t *used);

struct http_request {
    struct str method;
    struct str target;
    struct str host;
    struct str session; /* empty: none, and no MAC either */
    struct str mac;
    struct str body; /* empty: none */
};

/* Everything up to and including the empty line; the body follows as it is. */
void http_request_head_write(struct writer *w, const struct http_request *m);

#endif
