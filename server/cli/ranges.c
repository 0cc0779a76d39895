/* oceanremote ranges: which networks a preset takes for its proxies, and a newer list of them. */
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "server/cli/command.h"
#include "server/os/clock.h"
#include "server/os/file.h"
#include "server/net/known_networks.h"
#include "server/process/cloudflare.h"
#include "server/process/config.h"
#include "server/process/data_dir.h"

#define DAY_S 86400

static const struct option_spec specs[] = {{"--data", true}};

static int refuse(const char *why)
{
    fprintf(stderr, "oceanremote: %s\n", why);
    return EXIT_REFUSED;
}

static int show(const char *data_dir)
{
    static struct networks list;
    int64_t stored_at_s;
    if (cloudflare_load(data_dir, &list, &stored_at_s) != OK)
        return refuse(CLOUDFLARE_FILE " in the data directory is no list of networks; store it "
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
        return refuse("the list cannot be read");
    if (len > CLOUDFLARE_SIZE_MAX)
        return refuse("the list is larger than 32 KiB; nothing was stored");
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
        return refuse(dir.problem);
    if (cloudflare_store(config->data_dir, text) != OK)
        return refuse("the data directory cannot be written");
    printf("%zu networks stored; a running server takes them at its next start\n", list.count);
    return EXIT_DONE;
}

static int ranges_run(int argc, char **argv)
{
    static struct config config;
    const char *value;
    int option;
    if (argc >= 2 && strcmp(argv[1], "--help") == 0) {
        fputs(command_ranges.help, stdout);
        return EXIT_DONE;
    }
    if (argc < 2 || strcmp(argv[1], "cloudflare") != 0)
        return usage_error(&command_ranges, "say whose: ranges cloudflare");
    bool has_file = argc > 2 && (argv[2][0] != '-' || argv[2][1] == 0);
    const char *path = has_file ? argv[2] : NULL;
    struct options o = {argc - 1 - has_file, argv + 1 + has_file, 0, &command_ranges, specs, 1};
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

const struct command command_ranges = {
    "ranges", "show or renew the networks of a proxy service", ranges_run,
    "usage: oceanremote ranges cloudflare [FILE|-] [--data DIR]\n"
    "\n"
    "Without FILE, say how old the list of Cloudflare's networks is that `proxy = "
    "cloudflare`\n"
    "believes. With one, check it (a network a line, as on https://www.cloudflare.com/ips/) and\n"
    "store it in DIR; the server takes it at its next start. From standard input:\n"
    "\n"
    "  (curl -fsS https://www.cloudflare.com/ips-v4; echo; curl -fsS "
    "https://www.cloudflare.com/ips-v6) |\n"
    "      oceanremote ranges cloudflare -\n"
    "\n"
    "  --data DIR   the server's data directory (default as for serve)\n"};
