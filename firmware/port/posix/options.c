#include "firmware/port/posix/options.h"

#include <getopt.h>
#include <stdio.h>
#include <string.h>

#ifndef OC_VERSION
#define OC_VERSION "unknown"
#endif

static const char help[] =
    "oceanremote-device: this Linux machine as a device of an OceanRemote server\n"
    "\n"
    "  oceanremote-device --server https://HOST:PORT --ca FILE --state DIR\n"
    "                     [--registration-token TOKEN] [--mac MAC] [--interval SECONDS]\n"
    "                     [--switch NAME[=CHIP:LINE[:active-low]]]... [--once]\n"
    "\n"
    "  --server URL              the server, https only\n"
    "  --ca FILE                 the CA that signed the server's certificate (its ca.pem)\n"
    "  --state DIR               where this device keeps its identity, readings and switches\n"
    "  --registration-token T    from \"Add device\"; needed at the first start only; - reads it\n"
    "                            from standard input\n"
    "  --mac AA:BB:CC:DD:EE:FF   in place of the first network interface's\n"
    "  --interval SECONDS        how often to send readings, 1 to 3600, until the server says\n"
    "                            otherwise\n"
    "  --switch NAME             a switch as a file, DIR/switches/NAME, holding on or off\n"
    "  --switch NAME=gpiochip0:17[:active-low]\n"
    "                            a switch on a GPIO line; without any --switch there is one file\n"
    "                            switch, relay1\n"
    "  --once                    send one set of readings and the state, then end\n"
    "  --help, --version\n"
    "\n"
    "After the first start --server and --ca are kept in DIR and may be left out.\n"
    "Exit codes: 0 done or told to end; 1 refused or failed, with the reason; 2 wrong use.\n";

static enum err wrong_use(const char *what, const char *value)
{
    fprintf(stderr, "oceanremote-device: %s%s%s; see --help\n", what, value == NULL ? "" : ": ",
            value == NULL ? "" : value);
    return ERR_PEER;
}

static enum err token_from_input(struct options *o)
{
    if (fgets(o->token_room, sizeof o->token_room, stdin) == NULL)
        return wrong_use("no token on standard input", NULL);
    o->token_room[strcspn(o->token_room, "\r\n")] = 0;
    o->registration_token = o->token_room;
    return OK;
}

static enum err option_take(struct options *o, int option, const char *value)
{
    uint64_t number;
    switch (option) {
    case 's': o->server = value; return OK;
    case 'c': o->ca = value; return OK;
    case 'd': o->state = value; return OK;
    case 't':
        if (strcmp(value, "-") == 0)
            return token_from_input(o);
        o->registration_token = value;
        return OK;
    case 'm':
        o->has_mac = mac_read(str_from_cstr(value), o->mac) == OK;
        return o->has_mac ? OK : wrong_use("--mac wants AA:BB:CC:DD:EE:FF", value);
    case 'i':
        if (str_u64(str_from_cstr(value), 3600, &number) != OK || number == 0)
            return wrong_use("--interval wants 1 to 3600 seconds", value);
        o->interval_s = (uint32_t)number;
        return OK;
    case 'w':
        if (switches_add(&o->switches, value) != OK)
            return wrong_use("--switch wants NAME or NAME=CHIP:LINE[:active-low], each name once",
                             value);
        return OK;
    case 'o': o->once = true; return OK;
    case 'h': fputs(help, stdout); break;
    case 'v': puts("oceanremote-device " OC_VERSION); break;
    default: return wrong_use("this option is unknown or lacks its value", NULL);
    }
    o->is_quiet_exit = true;
    return OK;
}

static enum err options_check(const struct options *o)
{
    if (o->state == NULL)
        return wrong_use("--state DIR is needed", NULL);
    if (o->registration_token != NULL) {
        size_t len = strlen(o->registration_token);
        if (len == 0 || len > SECRET_TEXT_MAX)
            return wrong_use("--registration-token is not a token", NULL);
    }
    return OK;
}

enum err options_read(struct options *o, int argc, char **argv)
{
    static const struct option table[] = {{"server", required_argument, NULL, 's'},
                                          {"ca", required_argument, NULL, 'c'},
                                          {"state", required_argument, NULL, 'd'},
                                          {"registration-token", required_argument, NULL, 't'},
                                          {"mac", required_argument, NULL, 'm'},
                                          {"interval", required_argument, NULL, 'i'},
                                          {"switch", required_argument, NULL, 'w'},
                                          {"once", no_argument, NULL, 'o'},
                                          {"help", no_argument, NULL, 'h'},
                                          {"version", no_argument, NULL, 'v'},
                                          {NULL, 0, NULL, 0}};
    int option;
    memset(o, 0, sizeof *o);
    o->switches.dir = -1;
    opterr = 0;
    while ((option = getopt_long(argc, argv, "", table, NULL)) != -1) {
        TRY(option_take(o, option, optarg));
        if (o->is_quiet_exit)
            return OK;
    }
    if (optind < argc)
        return wrong_use("this is not an option", argv[optind]);
    if (o->switches.count == 0)
        TRY(switches_add(&o->switches, "relay1"));
    return options_check(o);
}
