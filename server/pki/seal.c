#include "server/pki/seal.h"

#include <string.h>

#include <openssl/crypto.h>
#include <openssl/evp.h>

#include "common/crypto/crypto.h"
#include "server/os/entropy.h"
#include "server/os/file.h"

#define VERSION   1
#define PLAIN_MAX 64
#define LABEL_MAX 32

/* ---- the key --------------------------------------------------------------------------------- */

enum err seal_of(struct seal *s, const uint8_t key[static SEAL_KEY_LEN])
{
    s->key = OPENSSL_secure_malloc(SEAL_KEY_LEN);
    if (s->key == NULL)
        return ERR_NO_MEMORY;
    memcpy(s->key, key, SEAL_KEY_LEN);
    return OK;
}

void seal_done(struct seal *s)
{
    OPENSSL_secure_clear_free(s->key, SEAL_KEY_LEN);
    s->key = NULL;
}

static enum err read_or_make(const char *path, uint8_t block[static SEAL_KEY_LEN + 2], size_t *len)
{
    enum err e = file_read_secret(path, block, SEAL_KEY_LEN + 2, len);
    if (e != ERR_NOT_FOUND)
        return e == ERR_LIMIT ? ERR_CORRUPT : e;
    entropy_fill(block, SEAL_KEY_LEN);
    *len = SEAL_KEY_LEN;
    return file_write(path, str_from(block, SEAL_KEY_LEN), 0600);
}

enum err seal_load(struct seal *s, const char *data_dir)
{
    char keys[FILE_PATH_MAX], path[FILE_PATH_MAX];
    uint8_t block[SEAL_KEY_LEN + 2]; /* a longer file is seen to be one */
    size_t len = 0;
    TRY(file_join(data_dir, "keys", keys));
    TRY(file_join(keys, "seal.key", path));
    TRY(file_make_dir(keys));
    enum err e = read_or_make(path, block, &len);
    if (e == OK)
        e = len == SEAL_KEY_LEN ? seal_of(s, block) : ERR_CORRUPT;
    wipe(block, sizeof block);
    return e;
}

/* ---- sealing --------------------------------------------------------------------------------- */

static struct str label_text(struct seal_label label, uint8_t out[static LABEL_MAX])
{
    struct writer w = writer_into(out, LABEL_MAX);
    writer_str(&w, str_from_cstr(label.purpose));
    writer_u8(&w, 0);
    writer_u64(&w, (uint64_t)label.owner);
    return str_from(out, w.len);
}

static bool shut(EVP_CIPHER_CTX *ctx, const struct seal *s, struct str label, const uint8_t *nonce,
                 struct str plain, uint8_t *text, uint8_t *tag)
{
    int len;
    return EVP_EncryptInit_ex(ctx, EVP_aes_256_gcm(), NULL, s->key, nonce) == 1 &&
           EVP_EncryptUpdate(ctx, NULL, &len, label.ptr, (int)label.len) == 1 &&
           EVP_EncryptUpdate(ctx, text, &len, plain.ptr, (int)plain.len) == 1 &&
           EVP_EncryptFinal_ex(ctx, text + len, &len) == 1 &&
           EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_GCM_GET_TAG, SEAL_TAG_LEN, tag) == 1;
}

enum err seal_shut(const struct seal *s, struct seal_label label, struct str plain,
                   struct writer *out)
{
    uint8_t room[LABEL_MAX], nonce[SEAL_NONCE_LEN], text[PLAIN_MAX], tag[SEAL_TAG_LEN];
    EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
    if (ctx == NULL || plain.len > PLAIN_MAX || writer_left(out) < SEALED_LEN(plain.len)) {
        EVP_CIPHER_CTX_free(ctx);
        return ctx == NULL ? ERR_NO_MEMORY : ERR_LIMIT;
    }
    entropy_fill(nonce, sizeof nonce);
    bool is_shut = shut(ctx, s, label_text(label, room), nonce, plain, text, tag);
    EVP_CIPHER_CTX_free(ctx);
    if (!is_shut)
        return ERR_NO_MEMORY; /* nothing else can fail here */
    writer_u8(out, VERSION);
    writer_bytes(out, nonce, sizeof nonce);
    writer_bytes(out, text, plain.len);
    writer_bytes(out, tag, sizeof tag);
    return OK;
}

static bool open_it(EVP_CIPHER_CTX *ctx, const struct seal *s, struct str label,
                    const uint8_t *nonce, struct str text, const uint8_t *tag, uint8_t *plain)
{
    int len;
    uint8_t tag_copy[SEAL_TAG_LEN]; /* OpenSSL wants it writable */
    memcpy(tag_copy, tag, sizeof tag_copy);
    return EVP_DecryptInit_ex(ctx, EVP_aes_256_gcm(), NULL, s->key, nonce) == 1 &&
           EVP_DecryptUpdate(ctx, NULL, &len, label.ptr, (int)label.len) == 1 &&
           EVP_DecryptUpdate(ctx, plain, &len, text.ptr, (int)text.len) == 1 &&
           EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_GCM_SET_TAG, SEAL_TAG_LEN, tag_copy) == 1 &&
           EVP_DecryptFinal_ex(ctx, plain + len, &len) == 1;
}

enum err seal_open(const struct seal *s, struct seal_label label, struct str sealed, uint8_t *plain,
                   size_t plain_len)
{
    uint8_t room[LABEL_MAX], opened[PLAIN_MAX];
    if (plain_len > PLAIN_MAX || sealed.len != SEALED_LEN(plain_len) || sealed.ptr[0] != VERSION)
        return ERR_CORRUPT;
    EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
    if (ctx == NULL)
        return ERR_NO_MEMORY;
    const uint8_t *nonce = sealed.ptr + 1, *text = nonce + SEAL_NONCE_LEN, *tag = text + plain_len;
    bool is_open =
        open_it(ctx, s, label_text(label, room), nonce, str_from(text, plain_len), tag, opened);
    EVP_CIPHER_CTX_free(ctx);
    if (is_open)
        memcpy(plain, opened, plain_len);
    wipe(opened, sizeof opened);
    return is_open ? OK : ERR_CORRUPT;
}
