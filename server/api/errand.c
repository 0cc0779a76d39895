#include "server/api/errand.h"

#include <string.h>

#include "common/crypto/crypto.h"
#include "server/api/call.h"

static size_t keep(uint8_t *to, size_t cap, struct str from)
{
    size_t len = from.len < cap ? from.len : cap;
    if (len > 0)
        memcpy(to, from.ptr, len); /* an empty view may point nowhere */
    return len;
}

static void begin(const struct call *c, struct errand *e)
{
    if (c->errand != NULL)
        *e = *c->errand;
    else
        memset(e, 0, sizeof *e);
    e->origin = c->from;
}

/* The request goes with it, to run again. */
static bool pack(struct call *c, struct errand *e)
{
    struct writer w = writer_into(e->request, sizeof e->request);
    if (request_put(&w, c->from.id, c->request) != OK) {
        answer_problem(c, PROBLEM_PAYLOAD_TOO_LARGE,
                       "Send less: the fields of the request are too long.");
        return false;
    }
    e->request_len = w.len;
    return true;
}

static void left(struct call *c, enum err e, const char *busy)
{
    if (e == OK)
        c->answered = true; /* later, when it runs again */
    else
        answer_problem(c, PROBLEM_BUSY, busy);
}

static void take_answer(const struct hash_errand *h, const struct hash_question *q,
                        struct hash_answer *out)
{
    bool is_same = str_eq(str_from(h->stored, h->stored_len), q->stored);
    *out = (struct hash_answer){.verdict = is_same ? h->verdict : ERR_DENIED, .fault = h->fault};
    if (out->verdict == OK)
        out->made = str_from(h->made, h->made_len);
}

bool hash_ask(struct call *c, const struct hash_question *q, struct hash_answer *out)
{
    static struct errand e;
    if (c->errand != NULL && c->errand->hash.is_done) {
        take_answer(&c->errand->hash, q, out);
        return true;
    }
    begin(c, &e);
    struct hash_errand *h = &e.hash;
    h->stored_len = keep(h->stored, sizeof h->stored, q->stored);
    h->password_len = keep(h->password, sizeof h->password, q->password);
    h->fresh_len = keep(h->fresh, sizeof h->fresh, q->fresh);
    h->makes = q->fresh.ptr != NULL;
    h->email_len = keep(h->email, sizeof h->email, q->fresh_email);
    h->least = (uint32_t)c->d->rules->password_min;
    h->renews = q->renews;
    h->goes_first = q->goes_first;
    h->iterations = c->d->password_iterations;
    if (pack(c, &e))
        left(c, c->api->outlet.hash(c->api->outlet.ctx, &e),
             "Many passwords are being checked. Try again in a second.");
    wipe(&e, sizeof e);
    return false;
}

bool turnstile_ask(struct call *c, struct str token, enum turnstile_verdict *out)
{
    static struct errand e;
    if (c->errand != NULL && c->errand->turnstile.is_done) {
        *out = c->errand->turnstile.verdict;
        return true;
    }
    if (token.len == 0 || token.len > TURNSTILE_TOKEN_MAX) {
        *out = TURNSTILE_NO;
        return true;
    }
    begin(c, &e);
    if (pack(c, &e))
        left(c, c->api->outlet.turnstile(c->api->outlet.ctx, &e, token, c->request->peer),
             "Many people are registering. Try again in a few seconds.");
    wipe(&e, sizeof e);
    return false;
}

struct str hash_decoy(uint32_t iterations, uint8_t out[static PASSWORD_HASH_TEXT_MAX])
{
    struct writer w = writer_into(out, PASSWORD_HASH_TEXT_MAX);
    writer_str(&w, STR("pbkdf2_sha256$"));
    writer_decimal(&w, iterations);
    writer_str(&w, STR("$decoydecoydecoydecoyde$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="));
    return str_from(out, w.len);
}

static void make(struct hash_errand *h, struct str password, struct str salt)
{
    struct writer w = writer_into(h->made, sizeof h->made);
    password_hash(password, salt, h->iterations, &w);
    h->made_len = w.overflow ? 0 : w.len;
}

/* The judgement is made here because it takes milliseconds, and of some passwords tens of them. */
static void judge_and_make(struct hash_errand *h, struct str salt)
{
    struct str fresh = str_from(h->fresh, h->fresh_len);
    h->fault = password_judge(fresh, str_from(h->email, h->email_len), h->least);
    if (h->fault == PASSWORD_GOOD)
        make(h, fresh, salt);
}

/* A hash of fewer rounds than a decoy would tell, by its time, that somebody has the address. */
static void spend_the_rest(const struct hash_errand *h, struct str stored, struct str password)
{
    uint8_t ignored[SHA256_LEN];
    uint32_t rounds = password_iterations_of(stored);
    if (rounds < h->iterations)
        pbkdf2_sha256(password, STR("the rest"), h->iterations - rounds, ignored);
}

void hash_errand_run(struct hash_errand *h, struct str salt)
{
    struct str stored = str_from(h->stored, h->stored_len);
    struct str password = str_from(h->password, h->password_len);
    h->verdict = stored.len == 0 ? OK : password_matches(stored, password);
    if (h->makes)
        judge_and_make(h, salt);
    else if (h->verdict != OK)
        spend_the_rest(h, stored, password);
    else if (h->renews && password_needs_rehash(stored, h->iterations))
        make(h, password, salt);
    wipe(h->password, sizeof h->password);
    wipe(h->fresh, sizeof h->fresh);
    h->is_done = true;
}
