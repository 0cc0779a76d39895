/* One request on its way through a handler.
 *
 * Owns:     nothing; the call lives on the stack of api_request().
 * Promise:  a handler runs only after its route's caller has been authenticated and authorised.
 * Source:   ARCHITECTURE.md, one reading and one switch followed.
 * Watch:    a handler returns OK once it has answered; an error code is turned into its problem by
 *           the table in problem.c, except storage errors, which fail the batch. */
#ifndef OC_API_CALL_H
#define OC_API_CALL_H

#include "common/wire/json.h"
#include "server/api/api.h"
#include "server/api/events.h"
#include "server/api/holds.h"
#include "server/api/problem.h"
#include "server/domain/api_key.h"
#include "server/domain/browser_session.h"
#include "server/domain/challenge.h"
#include "server/domain/device_session.h"
#include "server/domain/pace.h"
#include "server/limit/fields.h"

#define API_ARENA_SIZE (256 * 1024)

struct api {
    struct domain *d;
    struct outlet outlet;
    struct exchanges *exchanges;
    struct rate *rate;
    struct honeypot *honeypot;
    struct challenges *challenges;
    struct pace pace; /* of registrations, and whatever else has mails sent */
    struct limit_rules limits;
    struct holds holds;
    struct events events;
    int64_t data_version; /* of the database, as it was loaded into memory */
    int64_t next_expiry_ms;
    int64_t next_save_ms;
    bool is_saving;
    uint8_t *arena_block;
    uint8_t *body;    /* FRAME_REPLY_MAX bytes, of the answer under way */
    uint8_t *scratch; /* FRAME_BODY_MAX bytes, for unescaped text */
    uint8_t headers[FRAME_HEADERS_MAX];
};

/* Who may call a route. There is no zero: a route must say. */
enum caller {
    CALLER_ANYONE = 1, /* no credential is looked at */
    CALLER_OWNER,      /* a browser session, or an API key with the scope of the route */
    CALLER_BROWSER,    /* a browser session only: account settings */
    CALLER_CONFIRMED,  /* the same, and whoever sits there has proved lately who they are */
    CALLER_DEVICE,     /* a device session with its MAC */
};

struct call {
    struct api *api;
    struct domain *d;
    const struct request *request;
    const struct errand *errand; /* what this request has waited for already, or NULL */
    struct origin from;
    struct arena arena;
    struct str path, query;
    struct str id;    /* the {id} of the path */
    struct str allow; /* with 405: the methods that the path has */
    /* who is calling, as far as the route asks */
    int64_t account_id;
    struct browser_session session; /* CALLER_OWNER by browser, and the two below */
    int64_t api_key_id;             /* CALLER_OWNER by key */
    bool by_browser;
    struct live *device; /* CALLER_DEVICE */
    /* the answer being written */
    struct writer headers;
    struct writer body;
    bool answered;
};

typedef enum err handler_fn(struct call *c);

/* Who has been authenticated, as the edge is told; 0: nobody. */
principal caller_of(const struct call *c);

/* ---- answering: each of these answers the request, once -------------------------------------- */

void answer_empty(struct call *c, uint16_t status);
/* What was written to c->body so far, as application/json. */
void answer_json(struct call *c, uint16_t status);
void answer_body(struct call *c, uint16_t status, struct str content_type);
void answer_problem(struct call *c, enum problem_kind kind, const char *detail);
/* The same in two halves, to add members in between. */
struct json_out answer_problem_begin(struct call *c, enum problem_kind kind, const char *detail);
void answer_problem_end(struct call *c, struct json_out *o, enum problem_kind kind);
/* 429 with its fields. */
void answer_limited(struct call *c, const struct limit_reached *reached, const char *detail);
/* 422 that names the member at fault. */
void answer_invalid(struct call *c, const char *field, const char *detail);
/* 200, and events until the stream ends. */
void answer_stream(struct call *c);
/* Another header line: name, value. */
void answer_header(struct call *c, struct str name, struct str value);

#endif
