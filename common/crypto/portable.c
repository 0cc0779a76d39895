/* The back end without a library: plain C for bare metal.
 *
 * Owns:     nothing.
 * Promise:  the bytes of openssl.c, in 2 kB of code and without a heap.
 * Source:   FIPS 180-4 section 6.2, RFC 2104, RFC 8018 section 5.2.
 * Watch:    SHA-256 has no secret-dependent branch or table index, so this is constant time; it is
 *           not fast. A chip with a SHA engine should supply its own file in place of this one. */
#include "common/crypto/crypto.h"

#include <string.h>

#include "common/base/assert.h"

#define BLOCK_LEN 64

/* FIPS 180-4 section 4.2.2: the fractional parts of the cube roots of the first 64 primes. */
static const uint32_t round_constants[64] = {
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
    0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
    0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
    0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
    0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
    0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
    0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
    0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2};

struct hash {
    uint32_t state[8];
    uint64_t len; /* bytes taken so far */
    uint8_t block[BLOCK_LEN];
};

static void hash_init(struct hash *h)
{
    static const uint32_t initial[8] = {0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
                                        0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};
    memcpy(h->state, initial, sizeof initial);
    h->len = 0;
}

static uint32_t rotate(uint32_t v, unsigned n)
{
    return v >> n | v << (32 - n);
}

static uint32_t big_endian(const uint8_t *p)
{
    return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

/* The schedule rolls over sixteen words instead of standing in 64: 192 bytes of stack less. */
static uint32_t schedule(uint32_t w[static 16], unsigned t)
{
    uint32_t w15 = w[(t + 1) & 15];
    uint32_t w2 = w[(t + 14) & 15];
    uint32_t s0 = rotate(w15, 7) ^ rotate(w15, 18) ^ w15 >> 3;
    uint32_t s1 = rotate(w2, 17) ^ rotate(w2, 19) ^ w2 >> 10;
    return w[t & 15] += s0 + w[(t + 9) & 15] + s1;
}

static void hash_block(uint32_t state[static 8], const uint8_t block[static BLOCK_LEN])
{
    uint32_t w[16];
    uint32_t s[8];
    memcpy(s, state, sizeof s);
    for (unsigned t = 0; t < 16; t++)
        w[t] = big_endian(block + (size_t)4 * t);
    for (unsigned t = 0; t < 64; t++) {
        uint32_t word = t < 16 ? w[t] : schedule(w, t);
        uint32_t e1 = rotate(s[4], 6) ^ rotate(s[4], 11) ^ rotate(s[4], 25);
        uint32_t choice = (s[4] & s[5]) ^ (~s[4] & s[6]);
        uint32_t t1 = s[7] + e1 + choice + round_constants[t] + word;
        uint32_t e0 = rotate(s[0], 2) ^ rotate(s[0], 13) ^ rotate(s[0], 22);
        uint32_t majority = (s[0] & s[1]) ^ (s[0] & s[2]) ^ (s[1] & s[2]);
        memmove(s + 1, s, 7 * sizeof *s);
        s[4] += t1;
        s[0] = t1 + e0 + majority;
    }
    for (size_t i = 0; i < 8; i++)
        state[i] += s[i];
}

static void hash_add(struct hash *h, struct str data)
{
    while (data.len > 0) {
        size_t at = h->len % BLOCK_LEN;
        size_t take = data.len < BLOCK_LEN - at ? data.len : BLOCK_LEN - at;
        memcpy(h->block + at, data.ptr, take);
        h->len += take;
        data = str_slice(data, take, data.len);
        if (at + take == BLOCK_LEN)
            hash_block(h->state, h->block);
    }
}

static void hash_end(struct hash *h, uint8_t out[static SHA256_LEN])
{
    static const uint8_t padding[BLOCK_LEN] = {0x80};
    uint8_t bits[8];
    for (size_t i = 0; i < 8; i++)
        bits[i] = (uint8_t)(h->len * 8 >> (56 - 8 * i));
    /* 0x80, then zeros up to the last eight bytes of a block. */
    hash_add(h, str_from(padding, 1 + (BLOCK_LEN - 1 - 8 - h->len % BLOCK_LEN + BLOCK_LEN) % 64));
    hash_add(h, str_from(bits, sizeof bits));
    for (size_t i = 0; i < SHA256_LEN; i++)
        out[i] = (uint8_t)(h->state[i / 4] >> (24 - 8 * (i % 4)));
}

void sha256(struct str data, uint8_t out[static SHA256_LEN])
{
    struct hash h;
    hash_init(&h);
    hash_add(&h, data);
    hash_end(&h, out);
    wipe(&h, sizeof h);
}

/* The two states after the padded key; with them a MAC of a short message is two compressions. */
struct hmac_key {
    uint32_t inner[8];
    uint32_t outer[8];
};

static void hmac_key_init(struct hmac_key *k, struct str key)
{
    uint8_t block[BLOCK_LEN] = {0};
    struct hash h;
    if (key.len > BLOCK_LEN)
        sha256(key, block);
    else if (key.len > 0)
        memcpy(block, key.ptr, key.len);
    for (size_t i = 0; i < BLOCK_LEN; i++)
        block[i] ^= 0x36;
    hash_init(&h);
    memcpy(k->inner, h.state, sizeof h.state);
    memcpy(k->outer, h.state, sizeof h.state);
    hash_block(k->inner, block);
    for (size_t i = 0; i < BLOCK_LEN; i++)
        block[i] ^= 0x36 ^ 0x5C;
    hash_block(k->outer, block);
    wipe(block, sizeof block);
}

/* A hash that has already taken one block. */
static void hash_resume(struct hash *h, const uint32_t state[static 8])
{
    memcpy(h->state, state, sizeof h->state);
    h->len = BLOCK_LEN;
}

static void hmac_with(const struct hmac_key *k, struct hash *h, struct str a, struct str b,
                      uint8_t out[static SHA256_LEN])
{
    hash_resume(h, k->inner);
    hash_add(h, a);
    hash_add(h, b);
    hash_end(h, out);
    hash_resume(h, k->outer);
    hash_add(h, str_from(out, SHA256_LEN));
    hash_end(h, out);
}

void hmac_sha256(struct str key, struct str data, uint8_t out[static SHA256_LEN])
{
    struct hmac_key k;
    struct hash h;
    hmac_key_init(&k, key);
    hmac_with(&k, &h, data, STR_NONE, out);
    wipe(&k, sizeof k);
    wipe(&h, sizeof h);
}

void pbkdf2_sha256(struct str password, struct str salt, uint32_t iterations,
                   uint8_t out[static SHA256_LEN])
{
    static const uint8_t block_number[4] = {0, 0, 0, 1};
    struct hmac_key k;
    struct hash h;
    uint8_t u[SHA256_LEN];
    ASSERT(iterations >= 1);
    hmac_key_init(&k, password);
    hmac_with(&k, &h, salt, str_from(block_number, sizeof block_number), u);
    memcpy(out, u, SHA256_LEN);
    for (uint32_t i = 1; i < iterations; i++) {
        hmac_with(&k, &h, str_from(u, sizeof u), STR_NONE, u);
        for (size_t b = 0; b < SHA256_LEN; b++)
            out[b] ^= u[b];
    }
    wipe(&k, sizeof k);
    wipe(&h, sizeof h);
    wipe(u, sizeof u);
}

void wipe(void *ptr, size_t len)
{
    volatile uint8_t *at = ptr;
    while (len-- > 0)
        *at++ = 0;
}
