#include "server/domain/challenge.h"

#include <stdlib.h>
#include <string.h>

#include "common/base/assert.h"
#include "common/base/reader.h"
#include "common/base/writer.h"
#include "server/domain/slots.h"

#define SIGNED_LEN (CHALLENGE_LEN - SHA256_LEN)
#define KEY_LEN    32
#define WORK_MAX   20 /* digits */

struct challenges {
    uint8_t key[KEY_LEN];
    void (*entropy)(void *out, size_t len);
    struct challenge spent[CHALLENGES_SPENT]; /* a ring */
    size_t next;
    struct slots by_nonce;
    int64_t forgotten_until_ms; /* what was made by then may have been spent and forgotten */
};

static uint64_t nonce_key(const void *entry)
{
    const struct challenge *c = entry;
    uint64_t key;
    memcpy(&key, c->nonce, sizeof key); /* ours, at random */
    return key;
}

static bool is_same(const void *entry, const void *it)
{
    const struct challenge *a = entry, *b = it;
    return memcmp(a->nonce, b->nonce, sizeof a->nonce) == 0;
}

static struct challenge *find_spent(const struct challenges *c, const struct challenge *what)
{
    return slots_find(&c->by_nonce, nonce_key(what), is_same, what);
}

enum err challenges_new(void (*entropy)(void *out, size_t len), struct challenges **out)
{
    struct challenges *c = calloc(1, sizeof *c);
    if (c == NULL)
        return ERR_NO_MEMORY;
    c->entropy = entropy;
    entropy(c->key, sizeof c->key);
    slots_init(&c->by_nonce, nonce_key);
    *out = c;
    return OK;
}

void challenges_free(struct challenges *c)
{
    if (c == NULL)
        return;
    slots_done(&c->by_nonce);
    wipe(c->key, sizeof c->key);
    free(c);
}

static void sign(const struct challenges *c, const uint8_t bytes[static SIGNED_LEN],
                 uint8_t out[static SHA256_LEN])
{
    hmac_sha256(str_from(c->key, sizeof c->key), str_from(bytes, SIGNED_LEN), out);
}

void challenge_make(struct challenges *c, struct challenge *what, int64_t now_ms,
                    uint8_t text[static CHALLENGE_TEXT_LEN])
{
    uint8_t bytes[CHALLENGE_LEN];
    what->made_at_ms = now_ms;
    c->entropy(what->nonce, sizeof what->nonce);
    struct writer w = writer_into(bytes, sizeof bytes);
    writer_u8(&w, (uint8_t)what->kind);
    writer_u8(&w, what->bits);
    writer_u64(&w, (uint64_t)what->made_at_ms);
    writer_u64(&w, (uint64_t)what->account_id);
    writer_bytes(&w, what->nonce, sizeof what->nonce);
    sign(c, bytes, bytes + SIGNED_LEN);
    struct writer t = writer_into(text, CHALLENGE_TEXT_LEN);
    base64url_write(&t, str_from(bytes, sizeof bytes));
    ASSERT(w.len == SIGNED_LEN && !t.overflow);
}

static enum err open_text(const struct challenges *c, struct str text, struct challenge *out)
{
    uint8_t bytes[CHALLENGE_LEN], mac[SHA256_LEN];
    size_t len;
    if (text.len != CHALLENGE_TEXT_LEN || base64url_read(text, bytes, sizeof bytes, &len) != OK ||
        len != sizeof bytes)
        return ERR_DENIED;
    sign(c, bytes, mac);
    if (!str_eq_secret(str_from(mac, sizeof mac), str_from(bytes + SIGNED_LEN, SHA256_LEN)))
        return ERR_DENIED;
    struct reader r = reader_of(str_from(bytes, SIGNED_LEN));
    struct challenge ch = {.kind = (enum challenge_kind)reader_u8(&r)};
    ch.bits = reader_u8(&r);
    ch.made_at_ms = (int64_t)reader_u64(&r);
    ch.account_id = (int64_t)reader_u64(&r);
    memcpy(ch.nonce, reader_bytes(&r, sizeof ch.nonce).ptr, sizeof ch.nonce);
    *out = ch;
    return reader_end(&r);
}

enum err challenge_read(const struct challenges *c, enum challenge_kind kind, struct str text,
                        int64_t now_ms, int64_t least_ms, int64_t most_ms, struct challenge *out)
{
    struct challenge ch;
    TRY(open_text(c, text, &ch));
    int64_t age_ms = now_ms - ch.made_at_ms;
    if (ch.kind != kind || age_ms > most_ms || ch.made_at_ms <= c->forgotten_until_ms ||
        find_spent(c, &ch) != NULL)
        return ERR_DENIED;
    if (age_ms < least_ms)
        return ERR_AGAIN;
    *out = ch;
    return OK;
}

void challenge_spend(struct challenges *c, const struct challenge *what)
{
    struct challenge *slot = &c->spent[c->next];
    if (find_spent(c, what) != NULL)
        return;
    if (slot->kind != 0) {
        slots_remove(&c->by_nonce, slot);
        if (c->forgotten_until_ms < slot->made_at_ms)
            c->forgotten_until_ms = slot->made_at_ms;
    }
    *slot = *what;
    c->next = (c->next + 1) % CHALLENGES_SPENT;
    if (slots_add(&c->by_nonce, slot) != OK) { /* no memory: refuse more than we must */
        slot->kind = 0;
        c->forgotten_until_ms = what->made_at_ms;
    }
}

bool challenge_work_is_done(struct str text, struct str work, uint8_t bits)
{
    uint8_t bytes[CHALLENGE_TEXT_LEN + 1 + WORK_MAX], digest[SHA256_LEN];
    struct writer w = writer_into(bytes, sizeof bytes);
    if (work.len == 0 || work.len > WORK_MAX)
        return false;
    writer_str(&w, text);
    writer_u8(&w, '.');
    writer_str(&w, work);
    if (w.overflow)
        return false;
    sha256(str_from(bytes, w.len), digest);
    for (unsigned i = 0; i < bits; i++) {
        if ((digest[i / 8] >> (7 - i % 8) & 1) != 0)
            return false;
    }
    return true;
}
