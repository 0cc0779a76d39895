#include "tests/support/echo_core.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "server/ipc/link.h"

struct echo {
    struct link link;
    unsigned gone, released;
    uint64_t flooding; /* id of the one stream that is flooded, 0: none */
};

static uint8_t filler[ECHO_BIG_LEN];

static void must(enum err e)
{
    if (e != OK)
        _Exit(1);
}

static void answer(struct echo *c, enum frame_type type, uint64_t id, const struct reply *r)
{
    struct writer w;
    must(link_reserve(&c->link, 64 + r->headers.len + r->body.len, &w));
    must(reply_put(&w, type, id, r));
    link_commit(&c->link, &w);
}

static void answer_text(struct echo *c, uint64_t id, struct str body)
{
    struct reply r = {.status = 200, .headers = STR("Content-Type: text/plain\r\n"), .body = body};
    answer(c, FRAME_REPLY, id, &r);
}

static void answer_nothing(struct echo *c, uint64_t id)
{
    struct reply r = {.status = 204};
    answer(c, FRAME_REPLY, id, &r);
}

static void answer_not_found(struct echo *c, uint64_t id)
{
    struct reply r = {.status = 404};
    answer(c, FRAME_REPLY, id, &r);
}

static void answer_known(struct echo *c, uint64_t id)
{
    struct reply r = {.status = 200, .caller = PRINCIPAL_OF(PRINCIPAL_DEVICE, 1)};
    answer(c, FRAME_REPLY, id, &r);
}

static void stream(struct echo *c, uint64_t id, struct str how)
{
    struct reply head = {.status = 200, .headers = STR("Content-Type: text/event-stream\r\n")};
    answer(c, FRAME_STREAM, id, &head);
    must(link_push(&c->link, FRAME_STREAM_DATA, id, STR("data: first\n\n")));
    if (str_eq(how, STR("end")))
        must(link_push(&c->link, FRAME_STREAM_END, id, STR_NONE));
    if (str_eq(how, STR("flood")))
        c->flooding = id;
}

static void counts(struct echo *c, uint64_t id)
{
    char text[64];
    int len = snprintf(text, sizeof text, "gone=%u release=%u", c->gone, c->released);
    answer_text(c, id, str_from(text, (size_t)len));
}

static void on_request(struct echo *c, uint64_t id, const struct request *q)
{
    struct str path, query;
    str_cut(q->target, '?', &path, &query);
    if (str_eq(path, STR("/api/echo")))
        answer_text(c, id, q->body);
    else if (str_eq(path, STR("/api/big")))
        answer_text(c, id, str_from(filler, sizeof filler));
    else if (str_eq(path, STR("/api/hold")))
        must(link_push(&c->link, FRAME_HELD, id, STR("\0\0\0\0\0\0\0\0")));
    else if (str_eq(path, STR("/api/stream")))
        stream(c, id, query);
    else if (str_eq(path, STR("/api/counts")))
        counts(c, id);
    else if (str_eq(path, STR("/api/known")))
        answer_known(c, id);
    else if (str_eq(path, STR("/healthz")))
        answer_text(c, id, STR("fine"));
    else if (str_eq(path, STR("/api/bad")))
        must(link_push(&c->link, FRAME_REQUEST, id, STR("not for an edge")));
    else if (str_eq(path, STR("/nowhere")))
        answer_not_found(c, id);
    else if (!str_eq(path, STR("/api/never")))
        answer_nothing(c, id);
}

static void on_frame(struct echo *c, const struct frame *f)
{
    struct request q;
    if (f->type == FRAME_REQUEST) {
        must(request_take(f->payload, &q));
        on_request(c, f->id, &q);
    } else if (f->type == FRAME_RELEASE) {
        c->released++;
        answer_nothing(c, f->id);
    } else if (f->type == FRAME_GONE) {
        c->gone++;
        if (c->flooding == f->id)
            c->flooding = 0;
    } else {
        _Exit(1);
    }
}

static void turn(struct echo *c)
{
    struct pollfd p = {c->link.fd, POLLIN, 0};
    struct frame f;
    bool floods = c->flooding != 0 && !link_wants_write(&c->link);
    if (link_wants_write(&c->link))
        p.events |= POLLOUT;
    if (poll(&p, 1, floods ? 1 : -1) < 0)
        _Exit(1);
    if ((p.revents & (POLLIN | POLLHUP)) != 0) {
        if (link_fill(&c->link) == ERR_IO)
            _Exit(0);
        while (link_next(&c->link, &f) == OK)
            on_frame(c, &f);
    }
    if (floods && c->flooding != 0)
        must(link_push(&c->link, FRAME_STREAM_DATA, c->flooding, str_from(filler, 16384)));
    if (link_flush(&c->link) == ERR_IO)
        _Exit(0);
}

void echo_core_serve(int fd)
{
    struct echo c = {0};
    memset(filler, 'x', sizeof filler);
    link_init(&c.link, fd, FRAME_TO_CORE_MAX);
    for (;;)
        turn(&c);
}
