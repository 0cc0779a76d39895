/* The host back end: OpenSSL 3 through EVP.
 *
 * Owns:     the fetched digest, and one digest context a thread, for the life of each.
 * Promise:  no fetch and no new context after a thread's first call: both cost more than hashing
 *           the 50 bytes of a session id.
 * Source:   OpenSSL crypto(7), "Performance": fetch once, keep contexts.
 * Watch:    a failure in here means no memory or a broken library; there is no going on. */
#include "common/crypto/crypto.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <pthread.h>
#include <string.h>

#include "common/base/assert.h"

#define BLOCK_LEN 64

static pthread_once_t once = PTHREAD_ONCE_INIT;
static pthread_key_t context_key;
static EVP_MD *digest;
static _Thread_local EVP_MD_CTX *thread_context;

static void context_free(void *context)
{
    EVP_MD_CTX_free(context);
}

static void library_init(void)
{
    digest = EVP_MD_fetch(NULL, "SHA256", NULL);
    ASSERT(digest != NULL && pthread_key_create(&context_key, context_free) == 0);
}

static EVP_MD_CTX *context_get(void)
{
    if (thread_context != NULL)
        return thread_context;
    pthread_once(&once, library_init);
    thread_context = EVP_MD_CTX_new();
    /* The key only serves its destructor, when the thread ends. */
    bool good = thread_context != NULL && pthread_setspecific(context_key, thread_context) == 0 &&
                EVP_DigestInit_ex2(thread_context, digest, NULL) == 1;
    ASSERT(good);
    return thread_context;
}

/* Hash head and then tail. */
static void digest_two(const uint8_t *head, size_t head_len, struct str tail,
                       uint8_t out[static SHA256_LEN])
{
    EVP_MD_CTX *context = context_get();
    bool good = EVP_DigestInit_ex2(context, NULL, NULL) == 1 &&
                (head_len == 0 || EVP_DigestUpdate(context, head, head_len) == 1) &&
                (tail.len == 0 || EVP_DigestUpdate(context, tail.ptr, tail.len) == 1) &&
                EVP_DigestFinal_ex(context, out, NULL) == 1;
    ASSERT(good);
}

void sha256(struct str data, uint8_t out[static SHA256_LEN])
{
    digest_two(NULL, 0, data, out);
}

/* RFC 2104: H(K ^ opad, H(K ^ ipad, data)). By hand over the kept context: an EVP_MAC call sets up
 * and tears down more than it hashes. */
void hmac_sha256(struct str key, struct str data, uint8_t out[static SHA256_LEN])
{
    uint8_t block[BLOCK_LEN] = {0};
    uint8_t inner[SHA256_LEN];
    if (key.len > BLOCK_LEN)
        sha256(key, block);
    else if (key.len > 0)
        memcpy(block, key.ptr, key.len);
    for (size_t i = 0; i < BLOCK_LEN; i++)
        block[i] ^= 0x36;
    digest_two(block, BLOCK_LEN, data, inner);
    for (size_t i = 0; i < BLOCK_LEN; i++)
        block[i] ^= 0x36 ^ 0x5C;
    digest_two(block, BLOCK_LEN, str_from(inner, sizeof inner), out);
    wipe(block, sizeof block);
    wipe(inner, sizeof inner);
}

void pbkdf2_sha256(struct str password, struct str salt, uint32_t iterations,
                   uint8_t out[static SHA256_LEN])
{
    ASSERT(iterations >= 1 && password.len <= INT32_MAX && salt.len <= INT32_MAX);
    pthread_once(&once, library_init);
    int done = PKCS5_PBKDF2_HMAC((const char *)password.ptr, (int)password.len, salt.ptr,
                                 (int)salt.len, (int)iterations, digest, SHA256_LEN, out);
    ASSERT(done == 1);
}

void wipe(void *ptr, size_t len)
{
    OPENSSL_cleanse(ptr, len);
}
