#include "server/process/core_parts.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "server/ipc/control.h"
#include "server/os/fatal.h"
#include "server/os/log.h"

#define ANSWERS_MAX        (LINK_OUT_MAX / 2) /* waiting for one edge; then no more of its requests */
#define TOLD_AT_FIRST      512
#define CHALLENGE_SIZE_MAX 512 /* a token, a dot, a thumbprint: RFC 8555 section 8.1 */
#define CHALLENGE_NAME_MAX 160

void core_note_told(struct core *core, struct origin to)
{
    if (core->told_count == core->told_cap) {
        size_t cap = core->told_cap == 0 ? TOLD_AT_FIRST : core->told_cap * 2;
        struct origin *more = realloc(core->told, cap * sizeof *more);
        if (more == NULL)
            fatal("out of memory for a batch of %zu answers", cap);
        core->told = more;
        core->told_cap = cap;
    }
    core->told[core->told_count++] = to;
}

void core_end_link(struct core *core, uint32_t at, const char *why)
{
    log_event("core.link_dropped", "edge=%u reason=%s", at, why);
    link_done(&core->links[at]);
    core->marks[at] = 0;
    core->is_full[at] = false;
    api_link_down(core->api, at);
}

/* The parent, when the edge still lives, lays a new one. Never called while the api walks over its
 * holds or streams: this takes those of the link away. */
void core_drop_link(struct core *core, uint32_t at, const char *why)
{
    uint8_t payload[8];
    struct writer w = writer_into(payload, sizeof payload);
    core_end_link(core, at, why);
    writer_u32(&w, at);
    writer_u32(&w, core->link_serials[at]);
    if (control_send(CONTROL_FD, CONTROL_LINK, str_from(payload, w.len), NULL, 0) != OK)
        exit(0); /* the parent has died */
}

/* A link that cannot take a frame belongs to an edge that has stopped reading. What came over a
 * link of before is answered to nobody: the next edge may use the same id for somebody else. */
static bool takes_answer(const struct core *core, struct origin to)
{
    return core->links[to.link].fd >= 0 && !core->is_full[to.link] &&
           core->link_serials[to.link] == to.life;
}

bool core_is_behind(const struct core *core, uint32_t at)
{
    return link_mark(&core->links[at]) >= ANSWERS_MAX;
}

static void push(struct core *core, struct origin to, enum frame_type type, struct str payload)
{
    if (takes_answer(core, to))
        core->is_full[to.link] = link_push(&core->links[to.link], type, to.id, payload) != OK;
}

static void push_reply(struct core *core, struct origin to, enum frame_type type,
                       const struct reply *reply)
{
    struct link *l = &core->links[to.link];
    struct writer w;
    core_note_told(core, to);
    if (!takes_answer(core, to))
        return;
    if (link_reserve(l, reply->body.len + reply->headers.len + 16, &w) != OK ||
        reply_put(&w, type, to.id, reply) != OK)
        core->is_full[to.link] = true;
    else
        link_commit(l, &w);
}

static void outlet_reply(void *ctx, struct origin to, const struct reply *reply)
{
    push_reply(ctx, to, FRAME_REPLY, reply);
}

static void outlet_stream(void *ctx, struct origin to, const struct reply *head)
{
    push_reply(ctx, to, FRAME_STREAM, head);
}

static void outlet_held(void *ctx, struct origin to, principal caller)
{
    uint8_t payload[8];
    struct writer w = writer_into(payload, sizeof payload);
    writer_u64(&w, caller);
    core_note_told(ctx, to);
    push(ctx, to, FRAME_HELD, str_from(payload, w.len));
}

static void outlet_stream_data(void *ctx, struct origin to, struct str data)
{
    push(ctx, to, FRAME_STREAM_DATA, data);
}

static void outlet_stream_end(void *ctx, struct origin to)
{
    push(ctx, to, FRAME_STREAM_END, STR_NONE);
}

static void push_ban(struct core *core, uint32_t at, const struct ban_notice *notice)
{
    struct link *l = &core->links[at];
    struct writer w;
    if (l->fd < 0 || core->is_full[at])
        return;
    if (link_reserve(l, sizeof *notice, &w) != OK || ban_put(&w, notice) != OK)
        core->is_full[at] = true;
    else
        link_commit(l, &w);
}

static void outlet_ban(void *ctx, uint32_t link, const uint8_t address[static 16], int64_t seconds)
{
    struct core *core = ctx;
    struct ban_notice notice = {.seconds = (uint32_t)seconds};
    memcpy(notice.address, address, sizeof notice.address);
    for (uint32_t i = 0; i < LINKS_MAX; i++) {
        if (link == LINK_EVERY || link == i)
            push_ban(core, i, &notice);
    }
}

static enum err outlet_hash(void *ctx, const struct errand *e)
{
    struct core *core = ctx;
    return hash_pool_add(core->pool, e);
}

static bool outlet_is_busy(void *ctx)
{
    struct core *core = ctx;
    return hash_pool_is_busy(core->pool);
}

/* DIR/db/acme/TOKEN, put there by whoever asks an authority for a certificate. The api has looked
 * at the token: it has no dot and no slash. */
static enum err outlet_challenge(void *ctx, struct arena *a, struct str token, struct str *out)
{
    struct core *core = ctx;
    char name[CHALLENGE_NAME_MAX], path[FILE_PATH_MAX];
    TRY(str_to_cstr(token, name, sizeof name));
    TRY(file_join(core->challenges, name, path));
    return file_read(a, path, CHALLENGE_SIZE_MAX, out);
}

const struct outlet core_outlet = {.reply = outlet_reply,
                                   .held = outlet_held,
                                   .stream = outlet_stream,
                                   .stream_data = outlet_stream_data,
                                   .stream_end = outlet_stream_end,
                                   .ban = outlet_ban,
                                   .hash = outlet_hash,
                                   .turnstile = core_courier_check,
                                   .is_busy = outlet_is_busy,
                                   .challenge = outlet_challenge};
