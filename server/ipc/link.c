#include "server/ipc/link.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/base/assert.h"

#define LINK_STEP (64U * 1024) /* buffers start here and double */

void link_init(struct link *l, int fd, size_t payload_max)
{
    *l = (struct link){.fd = fd, .payload_max = payload_max};
}

void link_done(struct link *l)
{
    if (l->fd >= 0)
        close(l->fd);
    free(l->in);
    free(l->out);
    link_init(l, -1, l->payload_max);
}

/* Let buf hold at least need bytes, within max. */
static enum err grow(uint8_t **buf, size_t *cap, size_t need, size_t max)
{
    if (need <= *cap)
        return OK;
    if (need > max)
        return ERR_LIMIT;
    size_t size = *cap == 0 ? LINK_STEP : *cap;
    while (size < need)
        size *= 2;
    uint8_t *bigger = realloc(*buf, size);
    if (bigger == NULL)
        return ERR_NO_MEMORY;
    *buf = bigger;
    *cap = size;
    return OK;
}

enum err link_fill(struct link *l)
{
    if (l->in_taken > 0) {
        memmove(l->in, l->in + l->in_taken, l->in_len - l->in_taken);
        l->in_len -= l->in_taken;
        l->in_taken = 0;
    }
    TRY(grow(&l->in, &l->in_cap, l->in_len + LINK_STEP / 2, LINK_IN_MAX));
    ssize_t got = recv(l->fd, l->in + l->in_len, l->in_cap - l->in_len, MSG_DONTWAIT);
    if (got < 0)
        return errno == EAGAIN || errno == EINTR ? ERR_AGAIN : ERR_IO;
    if (got == 0)
        return ERR_IO;
    l->in_len += (size_t)got;
    return OK;
}

enum err link_next(struct link *l, struct frame *out)
{
    size_t taken = 0;
    struct str ready = str_from(l->in + l->in_taken, l->in_len - l->in_taken);
    TRY(frame_take(ready, l->payload_max, out, &taken));
    l->in_taken += taken;
    return OK;
}

bool link_has_next(const struct link *l)
{
    struct frame f;
    size_t taken;
    struct str ready = str_from(l->in + l->in_taken, l->in_len - l->in_taken);
    return frame_take(ready, l->payload_max, &f, &taken) != ERR_AGAIN;
}

enum err link_reserve(struct link *l, size_t payload_len, struct writer *out)
{
    if (l->fd < 0)
        return ERR_IO;
    if (l->out_sent == l->out_len)
        l->out_sent = l->out_len = 0;
    size_t need = l->out_len + FRAME_HEAD_LEN + payload_len;
    if (need > l->out_cap && l->out_sent > 0) {
        memmove(l->out, l->out + l->out_sent, l->out_len - l->out_sent);
        l->out_len -= l->out_sent;
        need -= l->out_sent;
        l->out_sent = 0;
    }
    TRY(grow(&l->out, &l->out_cap, need, LINK_OUT_MAX));
    *out = writer_into(l->out, l->out_cap);
    out->len = l->out_len;
    return OK;
}

void link_commit(struct link *l, const struct writer *w)
{
    ASSERT(w->buf == l->out && !w->overflow && w->len >= l->out_len);
    l->out_len = w->len;
}

enum err link_push(struct link *l, enum frame_type type, uint64_t id, struct str payload)
{
    struct writer w;
    TRY(link_reserve(l, payload.len, &w));
    TRY(frame_put(&w, type, id, payload));
    link_commit(l, &w);
    return OK;
}

size_t link_mark(const struct link *l)
{
    return l->out_len - l->out_sent; /* offsets may move, the count of waiting bytes does not */
}

void link_rewind(struct link *l, size_t mark)
{
    ASSERT(mark <= l->out_len - l->out_sent);
    l->out_len = l->out_sent + mark;
}

bool link_wants_write(const struct link *l)
{
    return l->fd >= 0 && l->out_sent < l->out_len;
}

enum err link_flush(struct link *l)
{
    while (link_wants_write(l)) {
        ssize_t sent = send(l->fd, l->out + l->out_sent, l->out_len - l->out_sent,
                            MSG_DONTWAIT | MSG_NOSIGNAL);
        if (sent < 0 && errno == EINTR)
            continue;
        if (sent < 0)
            return errno == EAGAIN ? ERR_AGAIN : ERR_IO;
        l->out_sent += (size_t)sent;
    }
    return OK;
}
