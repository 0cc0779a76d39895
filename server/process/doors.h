/* Every listening socket of the server, with what it is for.
 *
 * Owns:     the sockets.
 * Promise:  the doors of the settings are open or the start ends with one line that says why; a
 *           door that nobody asked for is left out when its port is taken.
 * Source:   socket(7); RFC 9110 section 4.2.3 for what may be asked where.
 * Watch:    the first door is always one for TLS: its URL follows "ready". */
#ifndef OC_PROCESS_DOORS_H
#define OC_PROCESS_DOORS_H

#include <stdio.h>

#include "server/ipc/control.h"
#include "server/process/config.h"
#include "server/process/listener.h"

#define DOORS_MAX 16

struct door {
    enum listener_kind kind;
    struct listener listener;
};

struct doors {
    struct door list[DOORS_MAX];
    size_t count;
};

/* copies: sockets for each address. On failure the operator has been told. */
MUST_CHECK enum err doors_open(const struct config *c, size_t copies, struct doors *out);

/* The host of the first door, as it was written. */
const char *doors_host(const struct doors *d);
uint16_t doors_https_port(const struct doors *d);

/* "ready https://…", then "also …" for each of the others. */
void doors_print(const struct doors *d, FILE *out);

#endif
