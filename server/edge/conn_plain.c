#include "server/edge/conn_parts.h"

#include <stdio.h>

#include "common/base/assert.h"
#include "server/edge/redirect.h"
#include "server/edge/respond.h"

static bool redirect(struct conn *c, const struct http1_request *r)
{
    uint8_t lines[ORIGIN_SIZE_MAX + TARGET_SIZE_MAX + 64];
    struct writer h = writer_into(lines, sizeof lines);
    writer_str(&h, STR("Location: "));
    origin_write(&h, r->field[FIELD_HOST], &c->edge->front);
    writer_str(&h, r->target);
    writer_str(&h, STR("\r\n"));
    ASSERT(!h.overflow);
    struct answer a = {.status = 308, .close = true, .headers = str_from(lines, h.len)};
    return conn_answer(c, &a, STR_NONE);
}

/* OWASP ASVS 4.1.2: a program that is led on to https by itself never learns that it has told its
 * secret to the whole network first. */
static bool refuse(struct conn *c, const struct http1_request *r)
{
    uint8_t origin[ORIGIN_SIZE_MAX];
    char detail[ORIGIN_SIZE_MAX + 256];
    struct writer o = writer_into(origin, sizeof origin);
    origin_write(&o, r->field[FIELD_HOST], &c->edge->front);
    snprintf(detail, sizeof detail,
             "This listener does not encrypt. Consider lost whatever credential came with this "
             "request, and replace it. The server is at %.*s/.",
             (int)o.len, (const char *)origin);
    return conn_refuse_as(c, 403, "unencrypted", detail, STR_NONE);
}

bool conn_serve_plain(struct conn *c, const struct http1_request *r)
{
    bool only_reads = r->method == METHOD_GET || r->method == METHOD_HEAD;
    c->close_after = true;
    if (!only_reads || str_starts(r->path, STR("/api/")) || str_starts(r->path, STR("/device/")))
        return refuse(c, r);
    if (str_starts(r->path, STR("/.well-known/acme-challenge/")))
        return conn_ask_core(c, r, STR_NONE);
    return redirect(c, r);
}
