/* Random bytes from the kernel, for every key, token and nonce.
 *
 * Owns:     nothing.
 * Promise:  all bytes are filled, or the process ends: there is no weaker source to fall back to.
 * Source:   getrandom(2).
 * Watch:    domain code gets this as a function, so that a test can pass a seed. */
#ifndef OC_OS_ENTROPY_H
#define OC_OS_ENTROPY_H

#include <stddef.h>
#include <stdint.h>

void entropy_fill(void *out, size_t len);

#endif
