#include "server/api/events.h"

#define EVENT_MAX (64 * 1024)

enum err events_add(struct events *e, const struct stream *stream)
{
    size_t own = 0;
    for (size_t i = 0; i < e->count; i++)
        own += e->streams[i].account_id == stream->account_id;
    if (e->count == STREAMS_MAX || own >= STREAMS_PER_OWNER_MAX)
        return ERR_LIMIT;
    e->streams[e->count++] = *stream;
    return OK;
}

void events_remove(struct events *e, struct origin origin)
{
    for (size_t i = 0; i < e->count; i++) {
        const struct origin *o = &e->streams[i].origin;
        if (o->link == origin.link && o->id == origin.id) {
            e->streams[i] = e->streams[--e->count];
            return;
        }
    }
}

void events_remove_link(struct events *e, uint32_t link)
{
    for (size_t i = 0; i < e->count;) {
        if (e->streams[i].origin.link == link)
            e->streams[i] = e->streams[--e->count];
        else
            i++;
    }
}

static bool hears(const struct stream *s, int64_t account_id)
{
    return s->account_id == account_id && !s->is_ended;
}

bool events_wanted(const struct events *e, int64_t account_id)
{
    for (size_t i = 0; i < e->count; i++) {
        if (hears(&e->streams[i], account_id))
            return true;
    }
    return false;
}

void events_publish(const struct events *e, const struct outlet *outlet, int64_t account_id,
                    struct str event, struct str data)
{
    static uint8_t buffer[EVENT_MAX];
    struct writer w = writer_into(buffer, sizeof buffer);
    writer_str(&w, STR("event: "));
    writer_str(&w, event);
    writer_str(&w, STR("\ndata: "));
    size_t start = w.len;
    writer_str(&w, data);
    for (size_t i = start; i < w.len; i++) {
        /* State is kept as its sender laid it out. In JSON a line end is a space. */
        if (buffer[i] == '\n' || buffer[i] == '\r')
            buffer[i] = ' ';
    }
    writer_str(&w, STR("\n\n"));
    struct str text;
    if (writer_end(&w, &text) != OK)
        return; /* no event is that large; a client that missed one loads anew */
    for (size_t i = 0; i < e->count; i++) {
        if (hears(&e->streams[i], account_id))
            outlet->stream_data(outlet->ctx, e->streams[i].origin, text);
    }
}

static void end(struct stream *s, const struct outlet *outlet)
{
    if (!s->is_ended)
        outlet->stream_end(outlet->ctx, s->origin);
    s->is_ended = true;
}

void events_ping(struct events *e, const struct outlet *outlet, int64_t now_ms)
{
    if (now_ms < e->next_ping_ms)
        return;
    e->next_ping_ms = now_ms + PING_MS;
    for (size_t i = 0; i < e->count; i++) {
        if (e->streams[i].ends_at_ms <= now_ms)
            end(&e->streams[i], outlet);
        else
            outlet->stream_data(outlet->ctx, e->streams[i].origin, STR(": ping\n\n"));
    }
}

void events_end_session(struct events *e, const struct outlet *outlet, int64_t session_id)
{
    for (size_t i = 0; i < e->count; i++) {
        struct stream *s = &e->streams[i];
        if (s->api_key_id == 0 && s->session_id == session_id)
            end(s, outlet);
    }
}

void events_end_sessions(struct events *e, const struct outlet *outlet, int64_t account_id,
                         int64_t but_session_id)
{
    for (size_t i = 0; i < e->count; i++) {
        struct stream *s = &e->streams[i];
        if (s->api_key_id == 0 && s->account_id == account_id && s->session_id != but_session_id)
            end(s, outlet);
    }
}

void events_end_owner(struct events *e, const struct outlet *outlet, int64_t account_id)
{
    for (size_t i = 0; i < e->count; i++) {
        if (e->streams[i].account_id == account_id)
            end(&e->streams[i], outlet);
    }
}

void events_end_key(struct events *e, const struct outlet *outlet, int64_t api_key_id)
{
    for (size_t i = 0; i < e->count; i++) {
        if (e->streams[i].api_key_id == api_key_id)
            end(&e->streams[i], outlet);
    }
}

void events_sweep(struct events *e)
{
    for (size_t i = 0; i < e->count;) {
        if (e->streams[i].is_ended)
            e->streams[i] = e->streams[--e->count];
        else
            i++;
    }
}

void events_end_all(struct events *e, const struct outlet *outlet)
{
    for (size_t i = 0; i < e->count; i++)
        outlet->stream_end(outlet->ctx, e->streams[i].origin);
    e->count = 0;
}
