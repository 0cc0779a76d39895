/* One host name and its addresses, looked up by a thread of its own.
 *
 * Owns:     the thread and the last answer.
 * Promise:  nobody waits for a name server but that thread. No thread is made after the start, so
 *           the sandbox needs to allow none.
 * Source:   getaddrinfo(3), nss(5): hosts and DNS, which the C library has built in; other modules
 *           would be loaded as code at the first look-up.
 * Watch:    a look-up that hangs keeps the thread; whoever asks has a deadline. Made after
 *           sandbox_confine() and before sandbox_seal(). Never freed: the process ends with it. */
#ifndef OC_COURIER_RESOLVER_H
#define OC_COURIER_RESOLVER_H

#include <stdint.h>

#include "common/base/err.h"

#define RESOLVER_HOST_MAX      280
#define RESOLVER_ADDRESSES_MAX 512

struct resolver;

/* host is copied. wake_fd: an eventfd, kept, that is written to when an answer has come. */
MUST_CHECK enum err resolver_new(const char *host, int wake_fd, struct resolver **out);

/* OK: addresses separated by commas, IPv6 in brackets, at most a minute old. ERR_AGAIN: being
 * looked up. ERR_NOT_FOUND: there are none now; *problem says why. */
MUST_CHECK enum err resolver_ask(struct resolver *r, int64_t now_ms,
                                 char addresses[static RESOLVER_ADDRESSES_MAX],
                                 const char **problem);

#endif
