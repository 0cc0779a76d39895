/* oceanremote ban: addresses that the honeypot has shut out, and networks that it never does. */
#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "queries.h"
#include "server/cli/command.h"
#include "server/cli/database.h"
#include "server/cli/say.h"
#include "server/domain/audit.h"
#include "server/domain/ban.h"
#include "server/net/networks.h"
#include "server/os/clock.h"

enum ban_option {
    OPTION_DATA,
    OPTION_CONFIG,
    OPTION_JSON,
};

static const struct option_spec specs[] = {[OPTION_DATA] = {"--data", true},
                                           [OPTION_CONFIG] = {"--config", true},
                                           [OPTION_JSON] = {"--json", false}};

/* ---- list ------------------------------------------------------------------------------------ */

static const char *address_text(const uint8_t *address, char out[static INET6_ADDRSTRLEN + 4])
{
    static const uint8_t v4_prefix[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF};
    bool is_v4 = memcmp(address, v4_prefix, sizeof v4_prefix) == 0;
    if (inet_ntop(is_v4 ? AF_INET : AF_INET6, is_v4 ? address + 12 : address, out,
                  INET6_ADDRSTRLEN) == NULL)
        out[0] = 0;
    if (!is_v4)
        strcat(out, "/64");
    return out;
}

static enum err print_bans(struct domain *d, bool json)
{
    struct cursor cursor;
    struct sql_ban_all_row row;
    size_t count = 0;
    TRY(sql_ban_all(d->store, d->now_ms, &cursor));
    while (sql_ban_all_next(&cursor, &row)) {
        char address[INET6_ADDRSTRLEN + 4], since[SAY_TIME_MAX], until[SAY_TIME_MAX];
        if (row.address.len != PEER_LEN)
            continue;
        printf(json ? "%s{\"address\":\"%s\",\"since\":\"%s\",\"until\":\"%s\",\"path\":\""
                    : "%s%-40s since %s until %s  ",
               json && count > 0 ? "," : "", address_text(row.address.ptr, address),
               say_time(row.since_ms, since), say_time(row.until_ms, until));
        say_outside(row.path);
        fputs(json ? "\"}" : "\n", stdout);
        count++;
    }
    if (!json && count == 0)
        puts("no address is banned");
    return cursor_end(&cursor);
}

static enum err print_exemptions(struct domain *d, bool json)
{
    struct cursor cursor;
    struct sql_ban_exemption_all_row row;
    const char *comma = "";
    TRY(sql_ban_exemption_all(d->store, &cursor));
    while (sql_ban_exemption_all_next(&cursor, &row)) {
        printf(json ? "%s\"%.*s\"" : "%s%.*s is never banned\n", json ? comma : "",
               STR_ARGS(row.text));
        comma = ",";
    }
    return cursor_end(&cursor);
}

static enum err list(struct domain *d, bool json)
{
    if (json)
        fputs("{\"bans\":[", stdout);
    TRY(print_bans(d, json));
    if (json)
        fputs("],\"exempt\":[", stdout);
    TRY(print_exemptions(d, json));
    if (json)
        puts("]}");
    return OK;
}

/* ---- changes --------------------------------------------------------------------------------- */

/* ERR_NOT_FOUND: there was nothing to change. */
static enum err change(struct domain *d, const char *what, const struct network *n, struct str text)
{
    uint8_t address[PEER_LEN];
    struct str first = str_from(n->first, PEER_LEN), last = str_from(n->last, PEER_LEN);
    memcpy(address, n->first, PEER_LEN);
    ban_normalise(address);
    if (strcmp(what, "exempt") == 0)
        TRY(sql_ban_exempt(d->store, first, last, text));
    else if (strcmp(what, "unexempt") == 0)
        TRY(sql_ban_unexempt(d->store, first, last));
    else
        TRY(sql_ban_lift(d->store, str_from(address, PEER_LEN)));
    if (store_changes(d->store) == 0)
        return ERR_NOT_FOUND;
    return audit_add(d, 0, STR("ban.changed"), text, str_from_cstr(what));
}

static enum err act(struct domain *d, const char *what, const struct network *n, struct str text,
                    bool json)
{
    if (n == NULL)
        return list(d,
                    json); /* no transaction: a reader of ours that stops reading holds nobody up */
    TRY(store_begin(d->store));
    enum err e = change(d, what, n, text);
    if (e == OK)
        return store_commit(d->store);
    store_rollback(d->store);
    return e;
}

static int act_on_store(const struct config *config, const char *what, const struct network *n,
                        struct str text, bool json)
{
    static struct data_dir data;
    struct domain d = {.now_ms = clock_wall_ms()};
    umask(077); /* what SQLite makes beside the database is the server's alone */
    int code = database_reach(config, &data);
    if (code != EXIT_DONE)
        return code;
    enum err e = database_open(&data, &d.store);
    if (e == OK)
        e = act(&d, what, n, text, json);
    if (e != OK && e != ERR_NOT_FOUND)
        fprintf(stderr, "oceanremote: %s: %s\n", config->data_dir, store_problem(d.store));
    store_close(d.store);
    if (e == ERR_NOT_FOUND)
        return say_refused(strcmp(what, "exempt") == 0 ? "it is exempt already"
                                                       : "there is no such entry; see `ban list`");
    return e == OK ? EXIT_DONE : EXIT_REFUSED;
}

/* ---- the command ----------------------------------------------------------------------------- */

static bool is_known(const char *what)
{
    return strcmp(what, "list") == 0 || strcmp(what, "lift") == 0 || strcmp(what, "exempt") == 0 ||
           strcmp(what, "unexempt") == 0;
}

static int read_options(struct options *o, struct config *config, bool *json)
{
    const char *value;
    int option;
    bool has_config = false;
    config_init(config);
    while ((option = options_next(o, &value)) >= 0) {
        if (option != OPTION_JSON && strlen(value) >= FILE_PATH_MAX)
            return usage_error(o->command, "the path of %s is too long", specs[option].name);
        if (option == OPTION_DATA)
            strcpy(config->data_dir, value);
        else if (option == OPTION_CONFIG)
            strcpy(config->file, value);
        else
            *json = true;
        has_config |= option == OPTION_CONFIG;
    }
    if (option != OPTIONS_END)
        return option == OPTIONS_HELP ? OPTIONS_HELP : EXIT_USAGE;
    if (config_load(config, has_config) != OK)
        return say_refused(config->problem);
    return EXIT_DONE;
}

static int ban_run(int argc, char **argv)
{
    static struct config config;
    struct network network;
    unsigned prefix;
    bool json = false, is_v6;
    if (argc >= 2 && strcmp(argv[1], "--help") == 0) {
        fputs(command_ban.help, stdout);
        return EXIT_DONE;
    }
    if (argc < 2 || !is_known(argv[1]))
        return usage_error(&command_ban, "say what to do: ban list, lift, exempt or unexempt");
    const char *what = argv[1];
    bool is_list = strcmp(what, "list") == 0;
    int operands = is_list ? 1 : 2;
    if (argc <= operands - 1 || (!is_list && (argc < 3 || argv[2][0] == '-')))
        return usage_error(&command_ban, "say which address: ban %s ADDRESS", what);
    struct options o = {argc - operands, argv + operands, 0,
                        &command_ban,    specs,           sizeof specs / sizeof specs[0]};
    int code = read_options(&o, &config, &json);
    if (code != EXIT_DONE)
        return code == OPTIONS_HELP ? EXIT_DONE : code;
    if (is_list)
        return act_on_store(&config, what, NULL, STR_NONE, json);
    struct str text = str_from_cstr(argv[2]);
    if (network_read(text, &network, &prefix, &is_v6) != OK)
        return say_refused("this is no address or network; write 192.0.2.7, 192.0.2.0/24 or "
                           "2001:db8::/32");
    return act_on_store(&config, what, &network, text, json);
}

const struct command command_ban = {
    "ban", "list and lift what the honeypot has shut out", ban_run,
    "usage: oceanremote ban list [--json] [--data DIR]\n"
    "       oceanremote ban lift ADDRESS [--data DIR]\n"
    "       oceanremote ban exempt NETWORK [--data DIR]\n"
    "       oceanremote ban unexempt NETWORK [--data DIR]\n"
    "\n"
    "Whoever asks the server for what only scanners want is shut out for a day: no request from "
    "the\n"
    "address is answered unless it comes with a credential. A running server hears of a change\n"
    "within a second.\n"
    "\n"
    "  list       every banned address, since when, until when, and what it asked for\n"
    "  lift       let an address go; an IPv6 address stands for its /64\n"
    "  exempt     a network that is never banned: 192.0.2.0/24, 2001:db8::/32, one address\n"
    "  unexempt   no longer so\n"
    "  --data DIR the server's data directory (default as for serve)\n"};
