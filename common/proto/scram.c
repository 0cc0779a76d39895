#include "common/proto/scram.h"

#include <string.h>

#include "common/base/assert.h"
#include "common/base/encoding.h"

/* base64 of "n,,": we never bind to the channel, and say so under the proof (RFC 5802 section 6).
 */
#define GS2_HEADER  STR("n,,")
#define GS2_ENCODED STR("c=biws")

/* client-first-bare, server-first and client-final-without-proof with their two commas. Ours come
 * to 441 at the very most (64 characters of user, two nonces of 64, twice). */
#define AUTH_MESSAGE_MAX 512

#define PROOF_TEXT_LEN   BASE64_LEN(SHA256_LEN)

/* ---- keys: RFC 5802 section 3 ---------------------------------------------------------------- */

static void derive_keys(struct str key, const uint8_t *salt, uint32_t iterations,
                        uint8_t client_key[static SHA256_LEN],
                        uint8_t server_key[static SHA256_LEN])
{
    uint8_t salted[SHA256_LEN];
    pbkdf2_sha256(key, str_from(salt, SCRAM_SALT_LEN), iterations, salted);
    hmac_sha256(str_from(salted, sizeof salted), STR("Client Key"), client_key);
    hmac_sha256(str_from(salted, sizeof salted), STR("Server Key"), server_key);
    wipe(salted, sizeof salted);
}

void scram_derive_verifier(struct str key, const uint8_t salt[static SCRAM_SALT_LEN],
                           uint32_t iterations, struct scram_verifier *out)
{
    uint8_t client_key[SHA256_LEN];
    derive_keys(key, salt, iterations, client_key, out->server_key);
    sha256(str_from(client_key, sizeof client_key), out->stored_key);
    memcpy(out->salt, salt, SCRAM_SALT_LEN);
    out->iterations = iterations;
    wipe(client_key, sizeof client_key);
}

void scram_derive_client_keys(struct str key, const uint8_t salt[static SCRAM_SALT_LEN],
                              uint32_t iterations, struct scram_client_keys *out)
{
    derive_keys(key, salt, iterations, out->client_key, out->server_key);
}

/* ---- messages: RFC 5802 section 7 ------------------------------------------------------------ */

/* "x=value" up to the next comma or the end; value may not be empty. Attributes come in a fixed
 * order, so one that is not the next is malformed. Extensions are refused: neither end has any. */
static bool attribute(struct str *text, char name, struct str *value)
{
    struct str head;
    if (text->len < 3 || text->ptr[0] != (uint8_t)name || text->ptr[1] != '=')
        return false;
    str_cut(*text, ',', &head, text);
    *value = str_slice(head, 2, head.len);
    return value->len > 0;
}

/* Printable ASCII without the comma (RFC 5802: "printable"), 1 to max characters. */
static bool is_printable(struct str s, size_t max)
{
    for (size_t i = 0; i < s.len; i++) {
        if (s.ptr[i] < 0x21 || s.ptr[i] > 0x7E || s.ptr[i] == ',')
            return false;
    }
    return s.len > 0 && s.len <= max;
}

/* A comma at the very end leaves nothing for str_cut() to return, so it is looked for. */
static bool ends_cleanly(struct str message, struct str rest)
{
    return rest.len == 0 && message.ptr[message.len - 1] != ',';
}

struct client_first {
    struct str bare;
    struct str user;
    struct str nonce;
};

static enum err client_first_read(struct str message, struct client_first *out)
{
    if (message.len > SCRAM_MESSAGE_MAX || !str_starts(message, GS2_HEADER))
        return ERR_PEER;
    out->bare = str_slice(message, GS2_HEADER.len, message.len);
    struct str rest = out->bare;
    if (!attribute(&rest, 'n', &out->user) || !attribute(&rest, 'r', &out->nonce) ||
        !ends_cleanly(message, rest))
        return ERR_PEER;
    /* '=' would begin an escape ("=2C"); no name of ours holds one. */
    if (!is_printable(out->user, SCRAM_USER_MAX) || str_find(out->user, '=') != out->user.len ||
        !is_printable(out->nonce, SCRAM_NONCE_TEXT_MAX))
        return ERR_PEER;
    return OK;
}

/* Keep text for the proof. */
static void keep(char *out, size_t *len, struct str text)
{
    memcpy(out, text.ptr, text.len);
    *len = text.len;
}

/* AuthMessage of RFC 5802 section 3. */
static enum err auth_message(const struct scram_exchange *x, struct str final_without_proof,
                             uint8_t buf[static AUTH_MESSAGE_MAX], struct str *out)
{
    struct writer w = writer_into(buf, AUTH_MESSAGE_MAX);
    writer_bytes(&w, x->client_first_bare, x->client_first_bare_len);
    writer_u8(&w, ',');
    writer_bytes(&w, x->server_first, x->server_first_len);
    writer_u8(&w, ',');
    writer_str(&w, final_without_proof);
    return writer_end(&w, out) == OK ? OK : ERR_PEER;
}

/* ---- server ---------------------------------------------------------------------------------- */

enum err scram_server_user(struct str client_first, struct str *user)
{
    struct client_first m;
    TRY(client_first_read(client_first, &m));
    *user = m.user;
    return OK;
}

enum err scram_server_first(struct scram_exchange *x, struct str client_first,
                            const struct scram_verifier *v,
                            const uint8_t nonce[static SCRAM_NONCE_LEN], struct writer *out)
{
    struct client_first m;
    TRY(client_first_read(client_first, &m));
    struct writer joined = writer_into(x->nonce, sizeof x->nonce);
    writer_str(&joined, m.nonce);
    base64_write(&joined, str_from(nonce, SCRAM_NONCE_LEN));
    struct str nonce_text;
    TRY(writer_end(&joined, &nonce_text));

    struct writer w = writer_into(x->server_first, sizeof x->server_first);
    writer_bytes(&w, "r=", 2);
    writer_str(&w, nonce_text);
    writer_bytes(&w, ",s=", 3);
    base64_write(&w, str_from(v->salt, sizeof v->salt));
    writer_bytes(&w, ",i=", 3);
    writer_decimal(&w, v->iterations);
    struct str server_first;
    TRY(writer_end(&w, &server_first));

    keep(x->client_first_bare, &x->client_first_bare_len, m.bare);
    x->server_first_len = server_first.len;
    x->nonce_len = nonce_text.len;
    writer_str(out, server_first);
    return OK;
}

struct client_final {
    struct str without_proof;
    uint8_t proof[SHA256_LEN];
};

static enum err client_final_read(const struct scram_exchange *x, struct str message,
                                  struct client_final *out)
{
    struct str rest = message;
    struct str nonce;
    struct str proof;
    size_t proof_len;
    if (message.len > SCRAM_MESSAGE_MAX || !str_starts(message, GS2_ENCODED) ||
        message.len == GS2_ENCODED.len || message.ptr[GS2_ENCODED.len] != ',')
        return ERR_PEER;
    rest = str_slice(rest, GS2_ENCODED.len + 1, rest.len);
    if (!attribute(&rest, 'r', &nonce) || !attribute(&rest, 'p', &proof) ||
        !ends_cleanly(message, rest) || !str_eq(nonce, str_from(x->nonce, x->nonce_len)))
        return ERR_PEER;
    if (base64_read(proof, out->proof, sizeof out->proof, &proof_len) != OK ||
        proof_len != SHA256_LEN)
        return ERR_PEER;
    out->without_proof = str_slice(message, 0, message.len - proof.len - 3);
    return OK;
}

/* The proof is ClientKey ^ HMAC(StoredKey, AuthMessage): whoever made it had the client key. */
static bool proof_is_good(const struct scram_verifier *v, struct str auth,
                          const uint8_t proof[static SHA256_LEN])
{
    uint8_t client_key[SHA256_LEN];
    uint8_t stored_key[SHA256_LEN];
    hmac_sha256(str_from(v->stored_key, SHA256_LEN), auth, client_key);
    for (size_t i = 0; i < SHA256_LEN; i++)
        client_key[i] ^= proof[i];
    sha256(str_from(client_key, sizeof client_key), stored_key);
    bool good =
        str_eq_secret(str_from(stored_key, SHA256_LEN), str_from(v->stored_key, SHA256_LEN));
    wipe(client_key, sizeof client_key);
    return good;
}

enum err scram_server_final(const struct scram_exchange *x, struct str client_final,
                            const struct scram_verifier *v, struct writer *out)
{
    struct client_final m;
    uint8_t buf[AUTH_MESSAGE_MAX];
    struct str auth;
    TRY(client_final_read(x, client_final, &m));
    TRY(auth_message(x, m.without_proof, buf, &auth));
    if (!proof_is_good(v, auth, m.proof))
        return ERR_DENIED;
    uint8_t signature[SHA256_LEN];
    hmac_sha256(str_from(v->server_key, SHA256_LEN), auth, signature);
    writer_bytes(out, "v=", 2);
    base64_write(out, str_from(signature, sizeof signature));
    return OK;
}

/* ---- client ---------------------------------------------------------------------------------- */

enum err scram_client_first(struct scram_exchange *x, struct str user,
                            const uint8_t nonce[static SCRAM_NONCE_LEN], struct writer *out)
{
    ASSERT(is_printable(user, SCRAM_USER_MAX) && str_find(user, '=') == user.len);
    struct writer w = writer_into(x->nonce, sizeof x->nonce);
    struct str text;
    base64_write(&w, str_from(nonce, SCRAM_NONCE_LEN));
    TRY(writer_end(&w, &text));
    x->nonce_len = text.len;

    w = writer_into(x->client_first_bare, sizeof x->client_first_bare);
    writer_bytes(&w, "n=", 2);
    writer_str(&w, user);
    writer_bytes(&w, ",r=", 3);
    writer_bytes(&w, x->nonce, x->nonce_len);
    TRY(writer_end(&w, &text));
    x->client_first_bare_len = text.len;
    writer_str(out, GS2_HEADER);
    writer_str(out, text);
    return OK;
}

struct server_first {
    struct str nonce;
    uint8_t salt[SCRAM_SALT_LEN];
    uint64_t iterations;
};

static enum err server_first_read(const struct scram_exchange *x, struct str message,
                                  struct server_first *out)
{
    struct str rest = message;
    struct str salt;
    struct str iterations;
    size_t salt_len;
    if (message.len > SCRAM_MESSAGE_MAX || !attribute(&rest, 'r', &out->nonce) ||
        !attribute(&rest, 's', &salt) || !attribute(&rest, 'i', &iterations) ||
        !ends_cleanly(message, rest))
        return ERR_PEER;
    /* The joined nonce begins with ours and adds something of the server's. */
    if (!is_printable(out->nonce, sizeof x->nonce - 1) || out->nonce.len <= x->nonce_len ||
        !str_starts(out->nonce, str_from(x->nonce, x->nonce_len)))
        return ERR_PEER;
    if (str_u64(iterations, SCRAM_ITERATIONS_MAX, &out->iterations) != OK ||
        out->iterations < SCRAM_ITERATIONS_MIN)
        return ERR_PEER;
    /* Another length cannot be the salt of our keys: that is "another salt", not "malformed". */
    if (base64_read(salt, out->salt, sizeof out->salt, &salt_len) != OK)
        return ERR_PEER;
    return salt_len == SCRAM_SALT_LEN ? OK : ERR_DENIED;
}

/* ClientKey ^ HMAC(H(ClientKey), AuthMessage) */
static void make_proof(const struct scram_client_keys *keys, struct str auth,
                       uint8_t proof[static SHA256_LEN])
{
    uint8_t stored_key[SHA256_LEN];
    sha256(str_from(keys->client_key, SHA256_LEN), stored_key);
    hmac_sha256(str_from(stored_key, SHA256_LEN), auth, proof);
    for (size_t i = 0; i < SHA256_LEN; i++)
        proof[i] ^= keys->client_key[i];
    wipe(stored_key, sizeof stored_key);
}

/* "c=biws,r=NONCE" */
static struct str final_without_proof(struct str nonce, uint8_t *buf, size_t cap)
{
    struct writer w = writer_into(buf, cap);
    struct str text;
    writer_str(&w, GS2_ENCODED);
    writer_bytes(&w, ",r=", 3);
    writer_str(&w, nonce);
    enum err e = writer_end(&w, &text);
    ASSERT(e == OK);
    return text;
}

enum err scram_client_final(struct scram_exchange *x, struct str server_first,
                            const uint8_t salt[static SCRAM_SALT_LEN], uint32_t iterations,
                            const struct scram_client_keys *keys, struct writer *out)
{
    struct server_first m;
    TRY(server_first_read(x, server_first, &m));
    if (m.iterations != iterations || memcmp(m.salt, salt, SCRAM_SALT_LEN) != 0)
        return ERR_DENIED;
    keep(x->server_first, &x->server_first_len, server_first);
    keep(x->nonce, &x->nonce_len, m.nonce);

    uint8_t final_buf[16 + sizeof x->nonce];
    uint8_t buf[AUTH_MESSAGE_MAX];
    uint8_t proof[SHA256_LEN];
    struct str auth;
    struct str final = final_without_proof(m.nonce, final_buf, sizeof final_buf);
    TRY(auth_message(x, final, buf, &auth));
    make_proof(keys, auth, proof);
    writer_str(out, final);
    writer_bytes(out, ",p=", 3);
    base64_write(out, str_from(proof, sizeof proof));
    return OK;
}

enum err scram_client_verify(const struct scram_exchange *x, struct str server_final,
                             const struct scram_client_keys *keys)
{
    uint8_t got[SHA256_LEN];
    uint8_t expected[SHA256_LEN];
    size_t got_len;
    if (server_final.len != 2 + PROOF_TEXT_LEN || !str_starts(server_final, STR("v=")) ||
        base64_read(str_slice(server_final, 2, PROOF_TEXT_LEN), got, sizeof got, &got_len) != OK ||
        got_len != SHA256_LEN)
        return ERR_DENIED;
    uint8_t final_buf[16 + sizeof x->nonce];
    uint8_t buf[AUTH_MESSAGE_MAX];
    struct str auth;
    struct str nonce = str_from(x->nonce, x->nonce_len);
    TRY(auth_message(x, final_without_proof(nonce, final_buf, sizeof final_buf), buf, &auth));
    hmac_sha256(str_from(keys->server_key, SHA256_LEN), auth, expected);
    return str_eq_secret(str_from(got, SHA256_LEN), str_from(expected, SHA256_LEN)) ? OK
                                                                                    : ERR_DENIED;
}
