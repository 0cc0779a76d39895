/* oceanremote serve, oceanremote check: the server and its settings. */
#include <stdio.h>
#include <string.h>

#include "server/cli/command.h"
#include "server/process/config.h"
#include "server/process/parent.h"

enum serve_option {
    OPTION_DATA,
    OPTION_HTTPS,
    OPTION_HTTP,
    OPTION_MQTT,
    OPTION_CONFIG,
    OPTION_DEV,
};

static const struct option_spec specs[] = {
    [OPTION_DATA] = {"--data", true},     [OPTION_HTTPS] = {"--https", true},
    [OPTION_HTTP] = {"--http", true},     [OPTION_MQTT] = {"--mqtt", true},
    [OPTION_CONFIG] = {"--config", true}, [OPTION_DEV] = {"--dev", false},
};

#define ADDRESSES_MAX (LISTENERS_MAX + 1)

struct addresses {
    const char *list[ADDRESSES_MAX];
    size_t count;
};

struct given {
    struct addresses https, http;
    bool has_config;
};

static int refuse(const char *why)
{
    fprintf(stderr, "oceanremote: %s\n", why);
    return EXIT_REFUSED;
}

static int take_address(const struct command *command, struct addresses *a, const char *option,
                        const char *value)
{
    if (a->count == ADDRESSES_MAX)
        return usage_error(command, "too many %s", option);
    a->list[a->count++] = value;
    return 0;
}

static int take(const struct command *command, int option, const char *value, struct config *config,
                struct given *given)
{
    switch ((enum serve_option)option) {
    case OPTION_DATA:
        if (strlen(value) >= sizeof config->data_dir)
            return usage_error(command, "the path of --data is too long");
        strcpy(config->data_dir, value);
        return 0;
    case OPTION_CONFIG:
        if (strlen(value) >= sizeof config->file)
            return usage_error(command, "the path of --config is too long");
        strcpy(config->file, value);
        given->has_config = true;
        return 0;
    case OPTION_HTTPS: return take_address(command, &given->https, "--https", value);
    case OPTION_HTTP: return take_address(command, &given->http, "--http", value);
    case OPTION_MQTT:
        if (strcmp(value, "off") == 0)
            return 0;
        return usage_error(command, "this version does not speak MQTT: --mqtt takes 'off'");
    case OPTION_DEV: return 0; /* nothing to loosen yet */
    }
    return 0;
}

/* The command line's over the file's. */
static enum err replace_addresses(struct config *config, const char *name, struct config_list *list,
                                  const struct addresses *given)
{
    if (given->count > 0)
        list->count = 0;
    for (size_t i = 0; i < given->count; i++)
        TRY(config_set(config, name, given->list[i]));
    return OK;
}

/* Options, then the file, then the listeners of the command line over those of the file. */
static int configure(const struct command *command, int argc, char **argv, struct config *config)
{
    struct options o = {argc, argv, 0, command, specs, sizeof specs / sizeof specs[0]};
    struct given given = {0};
    const char *value;
    int option;
    config_init(config);
    while ((option = options_next(&o, &value)) >= 0) {
        int code = take(command, option, value, config, &given);
        if (code != 0)
            return code;
    }
    if (option == OPTIONS_HELP)
        return OPTIONS_HELP;
    if (option == OPTIONS_WRONG)
        return EXIT_USAGE;
    if (config_load(config, given.has_config) != OK)
        return refuse(config->problem);
    if (replace_addresses(config, "https", &config->https, &given.https) != OK ||
        replace_addresses(config, "http", &config->http, &given.http) != OK)
        return refuse(config->problem);
    return 0;
}

static int serve_run(int argc, char **argv)
{
    static struct config config;
    int code = configure(&command_serve, argc, argv, &config);
    if (code != 0)
        return code == OPTIONS_HELP ? EXIT_DONE : code;
    return parent_main(&config);
}

static int check_run(int argc, char **argv)
{
    static struct config config;
    int code = configure(&command_check, argc, argv, &config);
    if (code != 0)
        return code == OPTIONS_HELP ? EXIT_DONE : code;
    config_print(&config, stdout);
    return EXIT_DONE;
}

const struct command command_serve = {
    "serve", "run the server", serve_run,
    "usage: oceanremote serve [--data DIR] [--https ADDR:PORT]... [--http ADDR:PORT|off]...\n"
    "                         [--config FILE]\n"
    "\n"
    "Run the server until SIGTERM. Nothing needs to be configured: the first start makes the\n"
    "database, the keys and a certificate authority of its own in DIR.\n"
    "\n"
    "  --data DIR         where everything is kept (default: /var/lib/oceanremote if it is there,\n"
    "                     else ./data)\n"
    "  --https ADDR:PORT  listen here; may be given more than once (default: [::]:8443, every\n"
    "                     address of this machine); port 0 takes a free one\n"
    "  --http ADDR:PORT   listen here without encryption, to lead browsers to https and to answer\n"
    "                     a certificate authority; 'off' for nowhere (default: [::]:8080 if that\n"
    "                     is free and --https is not given)\n"
    "  --mqtt off         this version has no MQTT listener\n"
    "  --config FILE      settings (default: DIR/oceanremote.conf if it is there)\n"
    "  --dev              for developers; loosens nothing in this version\n"
    "\n"
    "Prints 'ready https://HOST:PORT' when it serves, and a line for each other address.\n"
    "SIGTERM lets requests under way finish; SIGUSR1 looks at the certificate at once, and makes "
    "a\n"
    "new one if keys/server.pem is gone, has expired or does not name this machine as it is "
    "called\n"
    "now.\n"};

const struct command command_check = {
    "check", "check the settings and print them", check_run,
    "usage: oceanremote check [--data DIR] [--config FILE] [--https ADDR:PORT]...\n"
    "                         [--http ADDR:PORT|off]...\n"
    "\n"
    "Read the settings as `serve` would, and print every value, its default and its bounds.\n"};
