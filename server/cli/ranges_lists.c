#include "server/cli/ranges_lists.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "common/crypto/crypto.h"
#include "queries.h"
#include "server/cli/command.h"
#include "server/cli/database.h"
#include "server/cli/fetch.h"
#include "server/cli/say.h"
#include "server/domain/ranges.h"
#include "server/net/known_networks.h"
#include "server/os/clock.h"

enum option {
    OPTION_DATA,
    OPTION_CONFIG,
    OPTION_JSON,
    OPTION_NAME,
    OPTION_KIND,
    OPTION_CA,
};

static const struct option_spec specs[] = {
    [OPTION_DATA] = {"--data", true},  [OPTION_CONFIG] = {"--config", true},
    [OPTION_JSON] = {"--json", false}, [OPTION_NAME] = {"--name", true},
    [OPTION_KIND] = {"--kind", true},  [OPTION_CA] = {"--ca", true}};

struct wish {
    struct config config;
    const char *operand; /* FILE, URL, LIST */
    const char *name, *ca;
    enum range_kind kind;
    bool json;
};

/* ---- options --------------------------------------------------------------------------------- */

static int take_option(struct wish *w, int option, const char *value)
{
    bool is_path = option == OPTION_DATA || option == OPTION_CONFIG;
    if (is_path && strlen(value) >= FILE_PATH_MAX)
        return usage_error(&command_ranges, "the path of %s is too long", specs[option].name);
    switch ((enum option)option) {
    case OPTION_DATA: strcpy(w->config.data_dir, value); break;
    case OPTION_CONFIG: strcpy(w->config.file, value); break;
    case OPTION_JSON: w->json = true; break;
    case OPTION_NAME: w->name = value; break;
    case OPTION_CA: w->ca = value; break;
    case OPTION_KIND:
        if (range_kind_read(str_from_cstr(value), &w->kind) != OK)
            return usage_error(&command_ranges,
                               "--kind is datacentre, vpn, proxy, tor or bot, not '%s'", value);
        break;
    }
    return EXIT_DONE;
}

/* *done: there is nothing left to do, with this exit code. */
static int read_wish(int argc, char **argv, bool has_operand, struct wish *w, bool *done)
{
    const char *value;
    int option, code = EXIT_DONE;
    bool is_there = argc > 1 && (argv[1][0] != '-' || argv[1][1] == 0);
    *done = true;
    config_init(&w->config);
    if (has_operand && is_there)
        w->operand = argv[1];
    struct options o = {
        argc - (w->operand != NULL),   argv + (w->operand != NULL), 0, &command_ranges, specs,
        sizeof specs / sizeof specs[0]};
    while (code == EXIT_DONE && (option = options_next(&o, &value)) >= 0)
        code = take_option(w, option, value);
    if (code != EXIT_DONE)
        return code;
    if (option != OPTIONS_END)
        return option == OPTIONS_HELP ? EXIT_DONE : EXIT_USAGE;
    if (has_operand && w->operand == NULL)
        return usage_error(&command_ranges, "say which: ranges %s %s", argv[0],
                           strcmp(argv[0], "drop") == 0 ? "LIST" : "FILE|-|URL");
    if (config_load(&w->config, w->config.file[0] != 0) != OK)
        return say_refused(w->config.problem);
    *done = false;
    return EXIT_DONE;
}

/* ---- list ------------------------------------------------------------------------------------ */

static void print_list(const struct wish *w, const struct sql_range_list_info_row *row,
                       int64_t now_ms, bool is_first)
{
    char at[SAY_TIME_MAX];
    int64_t days = (now_ms - row->loaded_at_ms) / DAY_MS;
    bool is_old = now_ms - row->loaded_at_ms > RANGES_OLD_MS;
    say_time(row->loaded_at_ms, at);
    if (w->json) {
        printf("%s{\"name\":\"%.*s\",\"kind\":\"%.*s\",\"networks\":%lld,\"providers\":%lld,"
               "\"loaded_at\":\"%s\",\"age_days\":%lld,\"is_old\":%s,\"source\":\"",
               is_first ? "" : ",", STR_ARGS(row->name), STR_ARGS(row->kind),
               (long long)row->networks, (long long)row->providers, at, (long long)days,
               is_old ? "true" : "false");
        say_outside(row->source);
        fputs("\"}", stdout);
        return;
    }
    printf("%-16.*s %-10.*s %7lld networks, %lld days old%s, from ", STR_ARGS(row->name),
           STR_ARGS(row->kind), (long long)row->networks, (long long)days,
           is_old ? " (older than 90 days: store a newer one)" : "");
    say_outside(row->source);
    putchar('\n');
}

static int64_t lines_of(const char *text)
{
    int64_t lines = 0;
    for (; *text != 0; text++)
        lines += *text == '\n';
    return lines;
}

static enum err list(struct domain *d, const struct wish *w)
{
    struct cursor cursor;
    struct sql_range_list_info_row row = {.name = STR("built-in"),
                                          .kind = STR("datacentre"),
                                          .source = STR("this program"),
                                          .loaded_at_ms = KNOWN_NETWORKS_ON_MS,
                                          .networks = lines_of(hosting_networks) +
                                                      lines_of(cloudflare_networks)};
    if (w->json)
        fputs("{\"lists\":[", stdout);
    print_list(w, &row, d->now_ms, true);
    TRY(sql_range_list_info(d->store, &cursor));
    while (sql_range_list_info_next(&cursor, &row))
        print_list(w, &row, d->now_ms, false);
    if (w->json)
        puts("]}");
    return cursor_end(&cursor);
}

/* ---- update and drop ------------------------------------------------------------------------- */

/* "https://host/a/ipv4.txt?raw=1" is "ipv4". */
static bool name_of(const char *source, char out[static RANGE_LIST_NAME_MAX + 1])
{
    struct str rest = str_from_cstr(source), query, name;
    size_t len = 0;
    str_cut(rest, '?', &rest, &query);
    name = rest;
    for (size_t i = 0; i < rest.len; i++) {
        if (rest.ptr[i] == '/')
            name = str_slice(rest, i + 1, rest.len);
    }
    str_cut(name, '.', &name, &query);
    for (; len < name.len && len < RANGE_LIST_NAME_MAX; len++) {
        uint8_t c = name.ptr[len];
        out[len] = (char)(c >= 'A' && c <= 'Z' ? c + ('a' - 'A') : c);
    }
    out[len] = 0;
    return range_list_name_is_valid(str_from(out, len));
}

static int refuse_line(unsigned line, const char *why)
{
    fprintf(stderr, "oceanremote: line %u %s; nothing was stored\n", line, why);
    return EXIT_REFUSED;
}

static enum err commit(struct domain *d, enum err e)
{
    if (e == OK)
        return store_commit(d->store);
    store_rollback(d->store);
    return e;
}

static enum err replace(struct domain *d, const struct range_list_info *info,
                        const struct range_list *list)
{
    TRY(store_begin(d->store));
    return commit(d, range_list_store(d, info, list));
}

static enum err drop(struct domain *d, struct str name)
{
    TRY(store_begin(d->store));
    return commit(d, range_list_drop(d, name));
}

static int store_text(struct domain *d, const struct range_list_info *info, struct str text)
{
    struct range_list list;
    unsigned line;
    const char *why;
    if (range_list_init(&list) != OK)
        return say_refused("out of memory");
    enum err e = range_list_read(&list, text, &line, &why);
    if (e != OK) {
        range_list_done(&list);
        return refuse_line(line, why);
    }
    e = replace(d, info, &list);
    if (e == OK)
        printf("%zu networks stored as %.*s\n", list.count, STR_ARGS(info->name));
    range_list_done(&list);
    if (e == ERR_LIMIT)
        return say_refused("there would be more than 16 lists, or 400000 networks; drop a list");
    return e == OK ? EXIT_DONE : say_refused(store_problem(d->store));
}

/* Opened last: from here on the process reaches nothing else. */
static int with_database(const struct wish *w, struct domain *d)
{
    static struct data_dir data;
    umask(077);
    int code = database_reach(&w->config, &data);
    if (code != EXIT_DONE)
        return code;
    d->now_ms = clock_wall_ms();
    if (database_open(&data, &d->store) == OK)
        return EXIT_DONE;
    code = say_refused(store_problem(d->store));
    store_close(d->store);
    return code;
}

int ranges_list_run(int argc, char **argv)
{
    static struct wish w;
    struct domain d = {0};
    bool done;
    int code = read_wish(argc, argv, false, &w, &done);
    if (done || (code = with_database(&w, &d)) != EXIT_DONE)
        return code;
    if (list(&d, &w) != OK)
        code = say_refused(store_problem(d.store));
    store_close(d.store);
    return code;
}

int ranges_update_run(int argc, char **argv)
{
    static struct wish w;
    struct domain d = {0};
    struct range_list_info info;
    char name[RANGE_LIST_NAME_MAX + 1];
    struct str text;
    bool done;
    int code = read_wish(argc, argv, true, &w, &done);
    if (done)
        return code;
    if (w.name == NULL && name_of(w.operand, name))
        w.name = name;
    if (w.name == NULL || !range_list_name_is_valid(str_from_cstr(w.name)))
        return say_refused("say what to call the list: --name, of a-z, 0-9, '-', '_' and '.'");
    info.name = str_from_cstr(w.name);
    info.kind = w.kind;
    info.source = str_slice(str_from_cstr(w.operand), 0, RANGE_SOURCE_MAX);
    if (!str_is_utf8(info.source))
        info.source = STR("a file");
    code = fetch(w.operand, w.ca, RANGE_TEXT_MAX, &text);
    if (code != EXIT_DONE)
        return code;
    code = with_database(&w, &d);
    if (code == EXIT_DONE) {
        code = store_text(&d, &info, text);
        store_close(d.store);
    }
    fetch_free(text);
    return code;
}

int ranges_drop_run(int argc, char **argv)
{
    static struct wish w;
    struct domain d = {0};
    bool done;
    int code = read_wish(argc, argv, true, &w, &done);
    if (done || (code = with_database(&w, &d)) != EXIT_DONE)
        return code;
    enum err e = drop(&d, str_from_cstr(w.operand));
    if (e != OK)
        code = say_refused(e == ERR_NOT_FOUND ? "there is no such list; see `ranges list`"
                                              : store_problem(d.store));
    store_close(d.store);
    return code;
}
