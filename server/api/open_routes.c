/* Is it up, and ACME challenges, for anyone; and the owner's event stream.
 *
 * Owns:     nothing.
 * Promise:  healthz says ok only from inside the core's loop, so it proves that edge, core and the
 *           way between them work.
 * Source:   api/openapi.yaml.
 * Watch:    /api/v1/openapi.json is a file like those of the dashboard: the edge answers it. */
#include "server/api/routes.h"

#define CHALLENGE_TOKEN_MAX 128

enum err healthz_get(struct call *c)
{
    writer_str(&c->body, STR("{\"status\":\"ok\"}"));
    answer_json(c, 200);
    return OK;
}

/* RFC 8555 section 8.3: base64url; what it says is the size of ours. */
static bool is_token(struct str s)
{
    bool good = s.len > 0 && s.len <= CHALLENGE_TOKEN_MAX;
    for (size_t i = 0; good && i < s.len; i++) {
        uint8_t c = s.ptr[i];
        good = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
               c == '-' || c == '_';
    }
    return good;
}

enum err challenge_get(struct call *c)
{
    struct str text;
    struct outlet *o = &c->api->outlet;
    if (!is_token(c->id) || o->challenge(o->ctx, &c->arena, c->id, &text) != OK) {
        answer_problem(c, PROBLEM_NOT_FOUND, "No certificate is being asked for with this token.");
        return OK;
    }
    writer_str(&c->body, text);
    answer_body(c, 200, STR("application/octet-stream"));
    return OK;
}

enum err events_get(struct call *c)
{
    struct api *api = c->api;
    struct stream stream = {.origin = c->from,
                            .account_id = c->account_id,
                            .api_key_id = c->api_key_id,
                            .session_id = c->session.id,
                            .ends_at_ms = c->d->now_ms + STREAM_LIFE_MS};
    if (events_add(&api->events, &stream) != OK) {
        static const struct limit_reached streams = {"streams", STREAMS_PER_OWNER_MAX, 60,
                                                     60 * INT64_C(1000000)};
        answer_limited(c, &streams,
                       "Too many event streams are open. Close some pages of this account.");
        return OK;
    }
    answer_stream(c);
    api->outlet.stream_data(api->outlet.ctx, c->from, STR("retry: 2000\n\n"));
    return OK;
}
