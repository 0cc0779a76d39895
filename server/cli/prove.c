/* oceanremote prove: the promises of the security page, asked of a running server. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "common/crypto/crypto.h"
#include "server/cli/command.h"
#include "server/cli/database.h"
#include "server/os/entropy.h"
#include "server/process/config.h"
#include "server/prove/inside.h"
#include "server/prove/prove.h"

enum prove_option {
    OPTION_SERVER,
    OPTION_CA,
    OPTION_HTTP,
    OPTION_LEGACY,
    OPTION_DATA,
    OPTION_CONFIG,
    OPTION_EMAIL,
    OPTION_ROW,
    OPTION_BANS,
    OPTION_JSON,
};

static const struct option_spec specs[] = {
    [OPTION_SERVER] = {"--server", true}, [OPTION_CA] = {"--ca", true},
    [OPTION_HTTP] = {"--http", true},     [OPTION_LEGACY] = {"--legacy", true},
    [OPTION_DATA] = {"--data", true},     [OPTION_CONFIG] = {"--config", true},
    [OPTION_EMAIL] = {"--email", true},   [OPTION_ROW] = {"--row", true},
    [OPTION_BANS] = {"--bans", false},    [OPTION_JSON] = {"--json", false},
};

struct given {
    const char *server, *ca;
    bool has_data, has_config, is_json;
};

#define URL_MAX           (CONFIG_ITEM_MAX + 32)
#define PASSWORD_LINE_MAX 260 /* one more than a password may have, a line end, a NUL */

static int refuse(const char *why)
{
    fprintf(stderr, "oceanremote: %s\n", why);
    return EXIT_REFUSED;
}

static int take_row(struct prove *p, const char *row)
{
    if (!prove_has_row(row))
        return usage_error(&command_prove, "there is no row '%s'", row);
    if (p->row_count == ROWS_MAX)
        return usage_error(&command_prove, "too many --row");
    p->rows[p->row_count++] = row;
    return 0;
}

static int take(int option, const char *value, struct config *config, struct prove *p,
                struct given *given)
{
    switch ((enum prove_option)option) {
    case OPTION_SERVER: given->server = value; return 0;
    case OPTION_CA: given->ca = value; return 0;
    case OPTION_HTTP: p->plain = value; return 0;
    case OPTION_LEGACY: p->legacy = value; return 0;
    case OPTION_EMAIL: p->email = value; return 0;
    case OPTION_BANS: p->may_ban = true; return 0;
    case OPTION_JSON: given->is_json = true; return 0;
    case OPTION_ROW: return take_row(p, value);
    case OPTION_DATA:
    case OPTION_CONFIG: break;
    }
    char *to = option == OPTION_DATA ? config->data_dir : config->file;
    if (strlen(value) >= FILE_PATH_MAX)
        return usage_error(&command_prove, "the path of %s is too long", specs[option].name);
    strcpy(to, value);
    given->has_data |= option == OPTION_DATA;
    given->has_config |= option == OPTION_CONFIG;
    return 0;
}

/* ---- what we are given ----------------------------------------------------------------------- */

/* The first listener of the settings, as this machine reaches it. */
static void default_server(const struct config *config, char url[static URL_MAX])
{
    const char *listener = config->https.count > 0 ? config->https.items[0] : "[::]:8443";
    bool is_any = strncmp(listener, "[::]:", 5) == 0 || strncmp(listener, "0.0.0.0:", 8) == 0;
    snprintf(url, URL_MAX, "https://%s%s", is_any ? "localhost" : "",
             is_any ? strrchr(listener, ':') : listener);
}

static int find_target(struct prove *p, const struct config *config, const struct given *given)
{
    char url[URL_MAX], ca[FILE_PATH_MAX];
    const char *ca_file = given->ca;
    default_server(config, url);
    if (target_read(given->server != NULL ? given->server : url, &p->target) != OK)
        return usage_error(&command_prove, "--server is not https://HOST:PORT");
    if (ca_file == NULL && p->inside.is_there && file_join(config->data_dir, "ca.pem", ca) == OK &&
        file_exists(ca))
        ca_file = ca;
    if (target_trust(&p->target, ca_file) != OK)
        return refuse("the authorities of --ca cannot be read; it is the ca.pem of the server");
    if (target_find(&p->target) != OK)
        return refuse("there is no host of this name");
    return EXIT_DONE;
}

/* One line, unseen when it is typed. */
static bool read_password(char line[static PASSWORD_LINE_MAX])
{
    struct termios as_it_was, silent;
    bool is_typed = tcgetattr(STDIN_FILENO, &as_it_was) == 0;
    if (is_typed) {
        fputs("Password: ", stderr);
        silent = as_it_was;
        silent.c_lflag &= ~(tcflag_t)ECHO;
        tcsetattr(STDIN_FILENO, TCSAFLUSH, &silent);
    }
    bool good = fgets(line, PASSWORD_LINE_MAX, stdin) != NULL;
    if (is_typed) {
        tcsetattr(STDIN_FILENO, TCSAFLUSH, &as_it_was);
        fputc('\n', stderr);
    }
    line[good ? strcspn(line, "\r\n") : 0] = 0;
    return good;
}

/* Only beside a server, which has made all there is to make. */
static enum err open_store(void *ctx, struct store **out)
{
    static struct data_dir data;
    const struct config *config = ctx;
    *out = NULL;
    TRY(data_dir_claim(&data, config->data_dir, config->uids, DATA_VISITOR));
    if (data_dir_is_old(&data))
        return ERR_CONFLICT;
    TRY(data_dir_settle(&data));
    return database_look(&data, out);
}

/* An address that nobody has: .invalid is nobody's (RFC 2606). */
static void name_stranger(struct prove *p)
{
    uint8_t random[8];
    size_t len = (size_t)snprintf(p->stranger, sizeof p->stranger, "prove-");
    entropy_fill(random, sizeof random);
    for (size_t i = 0; i < sizeof random; i++)
        len += (size_t)snprintf(p->stranger + len, sizeof p->stranger - len, "%02x", random[i]);
    snprintf(p->stranger + len, sizeof p->stranger - len, "@prove.invalid");
}

/* ---- the command ----------------------------------------------------------------------------- */

static int report(const struct prove *p, bool is_json)
{
    if (is_json && prove_report_json(p, stdout) != OK)
        return refuse("the report does not fit");
    if (!is_json)
        prove_report_text(p, stdout);
    return prove_count(p, BROKEN) == 0 ? EXIT_DONE : EXIT_REFUSED;
}

static int prove(struct prove *p, struct config *config, const struct given *given)
{
    char password[PASSWORD_LINE_MAX] = "";
    if (p->email != NULL && !read_password(password))
        return refuse("--email needs its password on standard input");
    p->password = str_from_cstr(password);
    p->inside.open_store = open_store;
    p->inside.ctx = config;
    name_stranger(p);
    enum err e = prove_run(p);
    wipe(password, sizeof password);
    if (e != OK) {
        fprintf(stderr, "oceanremote: no server at %s port %s: %s\n", p->target.host,
                p->target.port, p->wire.problem);
        return EXIT_REFUSED;
    }
    return report(p, given->is_json);
}

static int prove_command(int argc, char **argv)
{
    static struct config config;
    static struct prove p;
    struct given given = {0};
    struct options o = {argc, argv, 0, &command_prove, specs, sizeof specs / sizeof specs[0]};
    const char *value;
    int option;
    config_init(&config);
    while ((option = options_next(&o, &value)) >= 0) {
        if (take(option, value, &config, &p, &given) != 0)
            return EXIT_USAGE;
    }
    if (option != OPTIONS_END)
        return option == OPTIONS_HELP ? EXIT_DONE : EXIT_USAGE;
    inside_look(&p.inside, &config);
    if (!p.inside.is_there && given.has_data)
        return refuse("the directory of --data cannot be read; be root, or its owner");
    if (p.inside.is_there && config_load(&config, given.has_config) != OK)
        return refuse(config.problem);
    int code = find_target(&p, &config, &given);
    if (code == EXIT_DONE)
        code = prove(&p, &config, &given);
    target_done(&p.target);
    return code;
}

const struct command command_prove = {
    "prove", "check a running server against the security page", prove_command,
    "usage: oceanremote prove [--server URL] [--ca FILE] [--data DIR] [--email E]\n"
    "                         [--http HOST:PORT] [--legacy HOST:PORT]\n"
    "                         [--row ROW]... [--bans] [--json]\n"
    "\n"
    "Take the rows of the security page one by one and ask the running server whether each is\n"
    "kept: from outside, as a stranger, and with the data directory from inside, too. It asks\n"
    "slowly and little. Afterwards this address waits a minute before it can sign in, and the\n"
    "trail has some refused sign-ins of an address at prove.invalid.\n"
    "\n"
    "  --server URL   https://HOST:PORT (default: the first listener of the settings)\n"
    "  --ca FILE      the authority of its certificate (default: DIR/ca.pem if it can be read,\n"
    "                 else those of this machine)\n"
    "  --http HOST:PORT, --legacy HOST:PORT\n"
    "                 its listeners without encryption and for old devices (default: those of\n"
    "                 the settings)\n"
    "  --data DIR     the server's data directory, on the same machine (default as for serve)\n"
    "  --config FILE  its settings (default: DIR/oceanremote.conf if it is there)\n"
    "  --email E      an account, to look at sessions; its password is read from standard input\n"
    "  --row ROW      only this row of the page, such as S1; may be given more than once\n"
    "  --bans         try the honeypot even without DIR: this address is then banned for a day\n"
    "  --json         for programs\n"
    "\n"
    "Exit code 0: nothing is broken. 1: something is, or the server cannot be reached.\n"};
