/* ocean-load: devices by the thousand, each enrolled for real. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/load/client.h"
#include "bench/load/load.h"

#define FLOOD_MIX                                                                                  \
    "close=1,hello=8,handshake=1,healthz=1,login=1,session=1,bearer=1,headers=1,bait=1"

static const char help[] =
    "usage: ocean-load enrol --server URL --ca FILE --api-key KEY --count N\n"
    "       ocean-load run --sessions FILE --connections C --seconds S [--server URL --ca FILE]\n"
    "                      [--hold] [--json]\n"
    "       ocean-load flood --server URL --ca FILE --connections C --seconds S [--addresses N]\n"
    "                        [--rate R] [--patience MS] [--asks N] [--mix NAME=WEIGHT,...]\n"
    "       ocean-load handshakes --sessions FILE --connections C --seconds S\n"
    "                      [--server URL --ca FILE] [--json]\n"
    "\n"
    "enrol  adds N devices (the key needs scope manage), registers each and opens its session;\n"
    "       prints a header line, then device_id, MAC and session, tab-separated, one a line\n"
    "run    C connections, each its own device of FILE, send batches of four readings for S\n"
    "       seconds; prints rate, latency percentiles and, for a server on this machine, CPU per\n"
    "       request. --server sends the same requests elsewhere. --hold: each device sends one\n"
    "       batch, then waits for desired state; prints the server's memory.\n"
    "flood  attacks a server of this machine from N addresses (1000), C connections at once, as\n"
    "       fast as it can or R attempts a second; prints what became of them as JSON. The mix:\n"
    "       close, hello (the server's half of a handshake), handshake, healthz, login, session,\n"
    "       bearer, headers, bait.\n"
    "handshakes  C connections at a time, each with a full handshake, one batch and a goodbye, "
    "from\n"
    "       loopback addresses by the thousand; prints the rate and CPU per handshake.\n";

static const char *option(int argc, char **argv, const char *name)
{
    for (int i = 2; i + 1 < argc; i++) {
        if (strcmp(argv[i], name) == 0)
            return argv[i + 1];
    }
    return NULL;
}

static int has_flag(int argc, char **argv, const char *name)
{
    for (int i = 2; i < argc; i++) {
        if (strcmp(argv[i], name) == 0)
            return 1;
    }
    return 0;
}

static const char *required(int argc, char **argv, const char *name)
{
    const char *value = option(argc, argv, name);
    if (value == NULL) {
        fprintf(stderr, "ocean-load: %s is missing; see ocean-load --help\n", name);
        exit(2);
    }
    return value;
}

static unsigned number_of(const char *name, const char *text)
{
    uint64_t n;
    if (str_u64(str_from_cstr(text), 1000000, &n) != OK || n == 0) {
        fprintf(stderr, "ocean-load: %s is a number from 1 to 1,000,000\n", name);
        exit(2);
    }
    return (unsigned)n;
}

static unsigned number(int argc, char **argv, const char *name)
{
    return number_of(name, required(argc, argv, name));
}

static unsigned number_or(int argc, char **argv, const char *name, unsigned normal)
{
    const char *text = option(argc, argv, name);
    return text == NULL ? normal : number_of(name, text);
}

static const char *text_or(int argc, char **argv, const char *name, const char *normal)
{
    const char *text = option(argc, argv, name);
    return text == NULL ? normal : text;
}

int main(int argc, char **argv)
{
    signal(SIGPIPE, SIG_IGN);
    if (argc >= 2 && strcmp(argv[1], "enrol") == 0)
        return enrol(required(argc, argv, "--server"), required(argc, argv, "--ca"),
                     required(argc, argv, "--api-key"), number(argc, argv, "--count"));
    bool shakes = argc >= 2 && strcmp(argv[1], "handshakes") == 0;
    if (shakes || (argc >= 2 && strcmp(argv[1], "run") == 0)) {
        struct run_options o = {.sessions_file = required(argc, argv, "--sessions"),
                                .server = option(argc, argv, "--server"),
                                .ca_file = option(argc, argv, "--ca"),
                                .connections = number(argc, argv, "--connections"),
                                .seconds = number(argc, argv, "--seconds"),
                                .hold = has_flag(argc, argv, "--hold"),
                                .json = has_flag(argc, argv, "--json")};
        return shakes ? handshakes(&o) : run(&o);
    }
    if (argc >= 2 && strcmp(argv[1], "flood") == 0) {
        struct flood_options o = {.server = required(argc, argv, "--server"),
                                  .ca_file = required(argc, argv, "--ca"),
                                  .mix = text_or(argc, argv, "--mix", FLOOD_MIX),
                                  .addresses = number_or(argc, argv, "--addresses", 1000),
                                  .connections = number(argc, argv, "--connections"),
                                  .seconds = number(argc, argv, "--seconds"),
                                  .rate = number_or(argc, argv, "--rate", 0),
                                  .patience_ms = number_or(argc, argv, "--patience", 3000),
                                  .asks = number_or(argc, argv, "--asks", 50)};
        return flood(&o);
    }
    bool asked = argc >= 2 && strcmp(argv[1], "--help") == 0;
    fputs(help, asked ? stdout : stderr);
    return asked ? 0 : 2;
}
