#include "server/os/entropy.h"

#include <errno.h>
#include <sys/random.h>

#include "server/os/fatal.h"

void entropy_fill(void *out, size_t len)
{
    uint8_t *at = out;
    while (len > 0) {
        ssize_t got = getrandom(at, len, 0);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            fatal("the kernel gives no random bytes: getrandom: %d", errno);
        at += got;
        len -= (size_t)got;
    }
}
