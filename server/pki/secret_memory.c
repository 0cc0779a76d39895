#include "server/pki/secret_memory.h"

#include <malloc.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/crypto.h>

#include "common/crypto/crypto.h"
#include "server/os/fatal.h"
#include "server/os/log.h"

#define SECURE_HEAP     (64 * 1024) /* locked: keys of 32 bytes and their PEM while it is read */
#define SECURE_HEAP_MIN 32

/* OpenSSL decodes a key through buffers that it does not wipe. Here whatever it frees is wiped. */
static void free_wiped(void *block, const char *file, int line)
{
    (void)file;
    (void)line;
    if (block != NULL)
        wipe(block, malloc_usable_size(block));
    free(block);
}

static void *allocate(size_t size, const char *file, int line)
{
    (void)file;
    (void)line;
    return malloc(size);
}

static void *allocate_again(void *block, size_t size, const char *file, int line)
{
    void *fresh = size == 0 ? NULL : malloc(size);
    size_t have = block == NULL ? 0 : malloc_usable_size(block);
    if (fresh == NULL && size > 0)
        return NULL;
    if (fresh != NULL && have > 0)
        memcpy(fresh, block, have < size ? have : size);
    free_wiped(block, file, line);
    return fresh;
}

void secret_memory_prepare(const char *process)
{
    if (CRYPTO_set_mem_functions(allocate, allocate_again, free_wiped) != 1)
        fatal("OpenSSL has begun without us");
    int made = CRYPTO_secure_malloc_init(SECURE_HEAP, SECURE_HEAP_MIN);
    if (made != 1)
        log_event("process.memory_not_locked", "process=%s cause=\"%s\"", process,
                  made == 2 ? "the limit of locked memory (ulimit -l)" : "no secure heap");
}
