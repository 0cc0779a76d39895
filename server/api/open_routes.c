/* Is it up, for anyone; and the owner's event stream.
 *
 * Owns:     nothing.
 * Promise:  healthz says ok only from inside the core's loop, so it proves that edge, core and the
 *           way between them work.
 * Source:   api/openapi.yaml.
 * Watch:    /api/v1/openapi.json is a file like those of the dashboard: the edge answers it. */
#include <string.h>

#include "server/api/routes.h"

enum err healthz_get(struct call *c)
{
    writer_str(&c->body, STR("{\"status\":\"ok\"}"));
    answer_json(c, 200);
    return OK;
}

enum err events_get(struct call *c)
{
    struct api *api = c->api;
    struct stream stream = {.origin = c->from,
                            .account_id = c->account_id,
                            .api_key_id = c->api_key_id,
                            .ends_at_ms = c->d->now_ms + STREAM_LIFE_MS};
    memcpy(stream.session, c->session.digest, sizeof stream.session);
    if (events_add(&api->events, &stream) != OK) {
        static const struct limit_reached streams = {"streams", STREAMS_PER_OWNER_MAX, 60,
                                                     60 * INT64_C(1000000)};
        answer_limited(c, &streams,
                       "Too many event streams are open. Close some pages of this account.");
        return OK;
    }
    struct reply head = {.status = 200,
                         .headers = STR("Content-Type: text/event-stream\r\n"
                                        "Cache-Control: no-store\r\n"),
                         .caller = caller_of(c)};
    api->outlet.stream(api->outlet.ctx, c->from, &head);
    api->outlet.stream_data(api->outlet.ctx, c->from, STR("retry: 2000\n\n"));
    c->answered = true;
    return OK;
}
