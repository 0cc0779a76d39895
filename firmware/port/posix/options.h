/* The command line of oceanremote-device.
 *
 * Owns:     nothing; texts point into argv.
 * Promise:  wrong use is told in one line, with --help named.
 * Source:   getopt_long(3).
 * Watch:    a token on a command line is seen by everybody on the machine; hence "-" reads it from
 *           standard input, and it is only good once anyway. */
#ifndef OC_POSIX_OPTIONS_H
#define OC_POSIX_OPTIONS_H

#include "common/proto/device_messages.h"
#include "firmware/port/posix/switches.h"

struct options {
    const char *server; /* NULL: as stored */
    const char *ca;     /* NULL: as stored */
    const char *state;
    const char *registration_token; /* NULL: none */
    char token_room[SECRET_TEXT_MAX + 2];
    uint8_t mac[MAC_LEN];
    bool has_mac;
    uint32_t interval_s; /* 0: not given */
    bool once;
    bool is_quiet_exit; /* --help or --version was answered */
    struct switches switches;
};

/* ERR_PEER: wrong use, already told on standard error. */
MUST_CHECK enum err options_read(struct options *o, int argc, char **argv);

#endif
