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

/* To the pool, which does what the errand's part says. */
static void leave(struct call *c, struct errand *e, const char *busy)
{
    if (pack(c, e))
        left(c, c->api->outlet.hash(c->api->outlet.ctx, e), busy);
    wipe(e, sizeof *e);
}

static void take_hash(const struct hash_errand *h, const struct hash_question *q,
                      struct hash_answer *out)
{
    bool is_same = str_eq(str_from(h->stored, h->stored_len), q->stored);
    *out = (struct hash_answer){.verdict = is_same ? h->verdict : ERR_DENIED, .fault = h->fault};
    if (out->verdict == OK)
        out->made = str_from(h->made, h->made_len);
}

/* Another errand of the request that c is about, with the answers that it has already. */
static struct errand *begin(struct call *c, enum errand_part part)
{
    static struct errand e;
    if (c->errand != NULL)
        e = *c->errand;
    else
        memset(&e, 0, sizeof e);
    e.part = part;
    e.origin = c->from;
    return &e;
}

/* ---- hashes ---------------------------------------------------------------------------------- */

bool hash_ask(struct call *c, const struct hash_question *q, struct hash_answer *out)
{
    if (c->errand != NULL && c->errand->hash.is_done) {
        take_hash(&c->errand->hash, q, out);
        return true;
    }
    struct errand *e = begin(c, ERRAND_HASH);
    struct hash_errand *h = &e->hash;
    h->stored_len = keep(h->stored, sizeof h->stored, q->stored);
    h->password_len = keep(h->password, sizeof h->password, q->password);
    h->fresh_len = keep(h->fresh, sizeof h->fresh, q->fresh);
    h->makes = q->fresh.ptr != NULL;
    h->email_len = keep(h->email, sizeof h->email, q->fresh_email);
    h->least = (uint32_t)c->d->rules->password_min;
    h->renews = q->renews;
    e->goes_first = q->goes_first;
    h->iterations = c->d->password_iterations;
    leave(c, e, "Many passwords are being checked. Try again in a second.");
    return false;
}

/* ---- is it a person -------------------------------------------------------------------------- */

bool turnstile_ask(struct call *c, struct str token, enum turnstile_verdict *out)
{
    if (c->errand != NULL && c->errand->turnstile.is_done) {
        *out = c->errand->turnstile.verdict;
        return true;
    }
    if (token.len == 0 || token.len > TURNSTILE_TOKEN_MAX) {
        *out = TURNSTILE_NO;
        return true;
    }
    struct errand *e = begin(c, ERRAND_TURNSTILE);
    if (pack(c, e))
        left(c, c->api->outlet.turnstile(c->api->outlet.ctx, e, token, c->request->peer),
             "Many people are registering. Try again in a few seconds.");
    wipe(e, sizeof *e);
    return false;
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

/* ---- the vault ------------------------------------------------------------------------------- */

static bool is_same_question(const struct sealing_question *a, const struct sealing_question *b)
{
    return a->verb == b->verb && a->account_id == b->account_id && a->code == b->code &&
           memcmp(a->sealed, b->sealed, sizeof a->sealed) == 0;
}

/* The seed may have changed while the question was under way: then no code was right. */
static void take_vault(const struct vault_errand *v, const struct sealing_question *q,
                       struct sealing_answer *out)
{
    if (is_same_question(&v->question, q))
        *out = v->answer;
    else
        *out = (struct sealing_answer){.verb = q->verb, .verdict = SEALING_DONE};
}

bool vault_ask(struct call *c, const struct sealing_question *q, struct sealing_answer *out)
{
    if (c->errand != NULL && c->errand->vault.is_done) {
        take_vault(&c->errand->vault, q, out);
        if (c->errand->vault.verdict == OK)
            return true;
        answer_problem(c, PROBLEM_BUSY, "Codes cannot be checked just now. Try again in a second.");
        return false;
    }
    struct errand *e = begin(c, ERRAND_VAULT);
    e->vault.question = *q;
    e->goes_first = true; /* whoever comes this far has shown a password */
    leave(c, e, "Many codes are being checked. Try again in a second.");
    return false;
}
