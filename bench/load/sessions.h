/* Devices that were enrolled before, and what one of them sends.
 *
 * Owns:     the list it reads, for as long as the program runs.
 * Promise:  a request here is what a device of ours sends, with its own session.
 * Source:   bench/load/enrol.c writes the file; docs/protocol/device.md.
 * Watch:    stops the program when the file cannot be read. */
#ifndef OC_LOAD_SESSIONS_H
#define OC_LOAD_SESSIONS_H

#include <stddef.h>
#include <stdint.h>

#define SESSIONS_MAX 100000
#define REQUEST_MAX  1024

struct session {
    char mac[24];
    char token[64];
};

struct sessions {
    struct session *of;
    size_t count;
    char server[4096], ca[4096]; /* with which they were enrolled */
};

void sessions_read(struct sessions *s, const char *file);

/* A batch of four readings; returns its length. */
size_t readings_request(char out[static REQUEST_MAX], const char *authority,
                        const struct session *session, uint64_t batch);

#endif
