/* Live updates: every browser tab or script that listens is a stream of server-sent events.
 *
 * Owns:     the list of streams.
 * Promise:  an event reaches the streams of the owner it belongs to, and no other; a stream ends
 *           with the session or key that opened it; there is no replay, so a client that was away
 *           loads anew.
 * Source:   WHATWG HTML, server-sent events.
 * Watch:    producer: handlers in a batch; consumer: the edges; full: a stream that is behind is
 *           closed by its edge, a stream beyond the bound is refused. */
#ifndef OC_API_EVENTS_H
#define OC_API_EVENTS_H

#include "server/api/api.h"

#define STREAMS_MAX           1024
#define STREAMS_PER_OWNER_MAX 32
#define PING_MS               INT64_C(20000)
#define STREAM_LIFE_MS                                                                             \
    INT64_C(3600000) /* then its caller comes back, and is authenticated anew                      \
                      */

struct stream {
    struct origin origin;
    int64_t account_id;
    int64_t api_key_id; /* 0: opened by a browser, */
    int64_t session_id; /* in this session */
    int64_t ends_at_ms;
    bool is_ended; /* told so in a batch that may yet fail */
};

struct events {
    struct stream streams[STREAMS_MAX];
    size_t count;
    int64_t next_ping_ms;
};

/* ERR_LIMIT: too many streams, of this owner or at all. */
MUST_CHECK enum err events_add(struct events *e, const struct stream *stream);
void events_remove(struct events *e, struct origin origin);
void events_remove_link(struct events *e, uint32_t link);

/* Is anybody listening? Asked before the trouble of writing an event. */
bool events_wanted(const struct events *e, int64_t account_id);

/* data is JSON. */
void events_publish(const struct events *e, const struct outlet *outlet, int64_t account_id,
                    struct str event, struct str data);
void events_ping(struct events *e, const struct outlet *outlet, int64_t now_ms);

/* The credential is no more: its streams end with the batch. events_sweep(), between batches,
 * forgets them; until then a batch that fails still knows whom to tell. */
void events_end_session(struct events *e, const struct outlet *outlet, int64_t session_id);
/* All sessions of an owner but one; 0: all. */
void events_end_sessions(struct events *e, const struct outlet *outlet, int64_t account_id,
                         int64_t but_session_id);
/* Whatever listens for this owner, keys included. */
void events_end_owner(struct events *e, const struct outlet *outlet, int64_t account_id);
void events_end_key(struct events *e, const struct outlet *outlet, int64_t api_key_id);
void events_sweep(struct events *e);
void events_end_all(struct events *e, const struct outlet *outlet);

#endif
