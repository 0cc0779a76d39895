/* oceanremote ranges: lists of networks. Here: which a preset takes for its proxies. */
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "server/cli/command.h"
#include "server/cli/ranges_lists.h"
#include "server/cli/say.h"
#include "server/os/clock.h"
#include "server/os/file.h"
#include "server/net/known_networks.h"
#include "server/process/cloudflare.h"
#include "server/process/config.h"
#include "server/process/data_dir.h"

#define DAY_S 86400

static const struct option_spec specs[] = {{"--data", true}};

static int show(const char *data_dir)
{
    static struct networks list;
    int64_t stored_at_s;
    if (cloudflare_load(data_dir, &list, &stored_at_s) != OK)
        return say_refused(CLOUDFLARE_FILE
                           " in the data directory is no list of networks; store it "
                           "again, or remove it");
    if (stored_at_s == 0)
        printf("%zu networks, built in, of " KNOWN_NETWORKS_ON "\n", list.count);
    else
        printf("%zu networks, stored %lld days ago\n", list.count,
               (long long)((clock_wall_ms() / 1000 - stored_at_s) / DAY_S));
    return EXIT_DONE;
}

/* Everything there is, up to one byte more than may be; -1 when it cannot be read. */
static long read_all(const char *path, uint8_t out[static CLOUDFLARE_SIZE_MAX + 1])
{
    bool is_stdin = strcmp(path, "-") == 0;
    FILE *in = is_stdin ? stdin : fopen(path, "rb");
    if (in == NULL)
        return -1;
    size_t len = fread(out, 1, CLOUDFLARE_SIZE_MAX + 1, in);
    bool failed = ferror(in) != 0;
    if (!is_stdin)
        fclose(in);
    return failed ? -1 : (long)len;
}

static int store(const struct config *config, const char *path)
{
    static struct data_dir dir;
    static uint8_t bytes[CLOUDFLARE_SIZE_MAX + 1];
    static struct networks list;
    unsigned line;
    long len = read_all(path, bytes);
    if (len < 0)
        return say_refused("the list cannot be read");
    if (len > CLOUDFLARE_SIZE_MAX)
        return say_refused("the list is larger than 32 KiB; nothing was stored");
    struct str text = str_from(bytes, (size_t)len);
    if (cloudflare_parse(text, &list, &line) != OK) {
        fprintf(stderr,
                "oceanremote: line %u is no network such as 192.0.2.0/24, or too large a one, or "
                "there are none or too many; nothing was stored\n",
                line);
        return EXIT_REFUSED;
    }
    umask(077);
    if (data_dir_claim(&dir, config->data_dir, config->uids, DATA_VISITOR) != OK)
        return say_refused(dir.problem);
    if (cloudflare_store(config->data_dir, text) != OK)
        return say_refused("the data directory cannot be written");
    printf("%zu networks stored; a running server takes them at its next start\n", list.count);
    return EXIT_DONE;
}

static int cloudflare_run(int argc, char **argv)
{
    static struct config config;
    const char *value;
    int option;
    bool has_file = argc > 1 && (argv[1][0] != '-' || argv[1][1] == 0);
    const char *path = has_file ? argv[1] : NULL;
    struct options o = {argc - has_file, argv + has_file, 0, &command_ranges, specs, 1};
    config_init(&config);
    while ((option = options_next(&o, &value)) >= 0) {
        if (strlen(value) >= sizeof config.data_dir)
            return usage_error(&command_ranges, "the path of --data is too long");
        strcpy(config.data_dir, value);
    }
    if (option != OPTIONS_END)
        return option == OPTIONS_HELP ? EXIT_DONE : EXIT_USAGE;
    return has_file ? store(&config, path) : show(config.data_dir);
}

static int ranges_run(int argc, char **argv)
{
    static const struct {
        const char *name;
        int (*run)(int argc, char **argv); /* argv[0] is its own name */
    } parts[] = {{"cloudflare", cloudflare_run},
                 {"list", ranges_list_run},
                 {"update", ranges_update_run},
                 {"drop", ranges_drop_run}};
    if (argc >= 2 && strcmp(argv[1], "--help") == 0) {
        fputs(command_ranges.help, stdout);
        return EXIT_DONE;
    }
    for (size_t i = 0; argc >= 2 && i < sizeof parts / sizeof parts[0]; i++) {
        if (strcmp(argv[1], parts[i].name) == 0)
            return parts[i].run(argc - 1, argv + 1);
    }
    return usage_error(&command_ranges, "say what to do: ranges list, update, drop or cloudflare");
}

const struct command command_ranges = {
    "ranges", "lists of networks: data centres, a proxy service", ranges_run,
    "usage: oceanremote ranges list [--json] [--data DIR]\n"
    "       oceanremote ranges update FILE|-|URL [--name LIST] [--kind KIND] [--ca FILE]\n"
    "                                 [--data DIR]\n"
    "       oceanremote ranges drop LIST [--data DIR]\n"
    "       oceanremote ranges cloudflare [FILE|-] [--data DIR]\n"
    "\n"
    "Admins are told when somebody registers from a network of a data centre or the like; nobody "
    "is\n"
    "refused for it. What everybody knows is built in; update stores a public list beside it:\n"
    "a network a line (github.com/X4BNet/lists_vpn), or `provider network` a line\n"
    "(github.com/lord-alfred/ipranges). A running server takes it within a second.\n"
    "\n"
    "  list         what is stored, from where and how old; what is older than 90 days says so\n"
    "  update       check a list and store it in place of the one of that name, or nothing\n"
    "    FILE|-|URL   a file, standard input, or an address that begins with https://\n"
    "    --name LIST  what to call it (default: the name of the file)\n"
    "    --kind KIND  datacentre (default), vpn, proxy, tor or bot\n"
    "    --ca FILE    authorities that may vouch for the URL (default: those of the system)\n"
    "  drop         forget a list\n"
    "  cloudflare   without FILE, say how old the list of Cloudflare's networks is that\n"
    "               `proxy = cloudflare` believes; with one, check and store it (a network a\n"
    "               line, as on https://www.cloudflare.com/ips/). The server takes it at its\n"
    "               next start. From standard input:\n"
    "\n"
    "  (curl -fsS https://www.cloudflare.com/ips-v4; echo; curl -fsS "
    "https://www.cloudflare.com/ips-v6) |\n"
    "      oceanremote ranges cloudflare -\n"
    "\n"
    "  --data DIR   the server's data directory (default as for serve)\n"};
