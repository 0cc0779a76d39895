/* oceanremote mail: the mails that wait to leave, and those that could not. */
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "common/wire/json.h"
#include "queries.h"
#include "server/cli/command.h"
#include "server/cli/database.h"
#include "server/domain/audit.h"
#include "server/domain/mail_queue.h"
#include "server/os/clock.h"
#include "server/os/log.h"

#define MAIL_JSON_MAX (8 * 1024)

enum mail_option {
    OPTION_DATA,
    OPTION_CONFIG,
    OPTION_JSON,
};

static const struct option_spec specs[] = {[OPTION_DATA] = {"--data", true},
                                           [OPTION_CONFIG] = {"--config", true},
                                           [OPTION_JSON] = {"--json", false}};

/* ---- list ------------------------------------------------------------------------------------ */

static const char *time_text(int64_t ms, char out[static 32])
{
    time_t s = (time_t)(ms / 1000);
    struct tm t;
    gmtime_r(&s, &t);
    strftime(out, 32, "%Y-%m-%dT%H:%M:%SZ", &t);
    return out;
}

static void put_time(struct json_out *o, struct str name, int64_t ms)
{
    char text[32];
    json_out_name_string(o, name, str_from_cstr(time_text(ms, text)));
}

static void print_json(const struct sql_mail_list_row *m, bool is_first)
{
    static uint8_t room[MAIL_JSON_MAX];
    struct writer w = writer_into(room, sizeof room);
    struct json_out o = json_into(&w);
    json_out_object(&o);
    json_out_name_int(&o, STR("id"), m->id);
    json_out_name_string(&o, STR("kind"), m->kind);
    json_out_name_string(&o, STR("to"), m->recipient);
    json_out_name_string(&o, STR("state"), m->failed_at_ms > 0 ? STR("failed") : STR("waiting"));
    json_out_name_int(&o, STR("attempts"), m->attempts);
    json_out_name_string(&o, STR("error"), m->error);
    put_time(&o, STR("created_at"), m->created_at_ms);
    put_time(&o, STR("expires_at"), m->expires_at_ms);
    if (m->failed_at_ms > 0)
        put_time(&o, STR("failed_at"), m->failed_at_ms);
    else
        put_time(&o, STR("next_attempt_at"), m->next_attempt_at_ms);
    json_out_object_end(&o);
    printf("%s%.*s", is_first ? "" : ",", (int)w.len, (const char *)room);
}

/* An address came from a stranger: nothing of it may act on a terminal. */
static void print_line(const struct sql_mail_list_row *m)
{
    char to[LOG_TEXT_CAP], error[LOG_TEXT_CAP], created[32], next[32];
    bool has_failed = m->failed_at_ms > 0;
    printf("%6lld  %-16.*s %s\n        made %s, attempts %lld, %s %s\n", (long long)m->id,
           STR_ARGS(m->kind), log_text(m->recipient, to), time_text(m->created_at_ms, created),
           (long long)m->attempts, has_failed ? "given up" : "next",
           time_text(has_failed ? m->failed_at_ms : m->next_attempt_at_ms, next));
    if (m->error.len > 0)
        printf("        %s\n", log_text(m->error, error));
}

static enum err list(struct domain *d, bool json)
{
    struct cursor cursor;
    struct sql_mail_list_row row;
    size_t count = 0;
    TRY(sql_mail_list(d->store, &cursor));
    if (json)
        fputs("{\"mails\":[", stdout);
    while (sql_mail_list_next(&cursor, &row)) {
        if (json)
            print_json(&row, count == 0);
        else
            print_line(&row);
        count++;
    }
    if (json)
        puts("]}");
    else if (count == 0)
        puts("no mail waits, and none has failed in the last seven days");
    return cursor_end(&cursor);
}

/* ---- changes --------------------------------------------------------------------------------- */

static enum err change(struct domain *d, const char *what, int64_t id)
{
    char text[32];
    snprintf(text, sizeof text, "%lld", (long long)id);
    TRY(strcmp(what, "retry") == 0 ? mail_retry(d, id) : mail_drop(d, id));
    return audit_add(d, 0, STR("mail.changed"), str_from_cstr(text), str_from_cstr(what));
}

static enum err act(struct domain *d, const char *what, int64_t id, bool json)
{
    if (id == 0)
        return list(d,
                    json); /* no transaction: a reader of ours that stops reading holds nobody up */
    TRY(store_begin(d->store));
    enum err e = change(d, what, id);
    if (e == OK)
        return store_commit(d->store);
    store_rollback(d->store);
    return e;
}

static int refuse(const char *why)
{
    fprintf(stderr, "oceanremote: %s\n", why);
    return EXIT_REFUSED;
}

static int act_on_store(const struct config *config, const char *what, int64_t id, bool json)
{
    static struct data_dir data;
    struct domain d = {.now_ms = clock_wall_ms()};
    umask(077); /* what SQLite makes beside the database is the server's alone */
    int code = database_reach(config, &data);
    if (code != EXIT_DONE)
        return code;
    enum err e = database_open(&data, &d.store);
    if (e == OK)
        e = act(&d, what, id, json);
    if (e != OK && e != ERR_NOT_FOUND)
        fprintf(stderr, "oceanremote: %s: %s\n", config->data_dir, store_problem(d.store));
    store_close(d.store);
    if (e == ERR_NOT_FOUND)
        return refuse("there is no such mail; see `mail list`");
    return e == OK ? EXIT_DONE : EXIT_REFUSED;
}

/* ---- the command ----------------------------------------------------------------------------- */

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
        return refuse(config->problem);
    return EXIT_DONE;
}

static bool is_known(const char *what)
{
    return strcmp(what, "list") == 0 || strcmp(what, "retry") == 0 || strcmp(what, "drop") == 0;
}

static int mail_run(int argc, char **argv)
{
    static struct config config;
    uint64_t id = 0;
    bool json = false;
    if (argc >= 2 && strcmp(argv[1], "--help") == 0) {
        fputs(command_mail.help, stdout);
        return EXIT_DONE;
    }
    if (argc < 2 || !is_known(argv[1]))
        return usage_error(&command_mail, "say what to do: mail list, retry or drop");
    bool is_list = strcmp(argv[1], "list") == 0;
    int operands = is_list ? 1 : 2;
    if (!is_list && (argc < 3 || str_u64(str_from_cstr(argv[2]), INT64_MAX, &id) != OK || id == 0))
        return usage_error(&command_mail, "say which mail: mail %s ID", argv[1]);
    struct options o = {argc - operands, argv + operands, 0,
                        &command_mail,   specs,           sizeof specs / sizeof specs[0]};
    int code = read_options(&o, &config, &json);
    if (code != EXIT_DONE)
        return code == OPTIONS_HELP ? EXIT_DONE : code;
    return act_on_store(&config, argv[1], (int64_t)id, json);
}

const struct command command_mail = {
    "mail", "the mails that wait to leave, and those that could not", mail_run,
    "usage: oceanremote mail list [--json] [--data DIR]\n"
    "       oceanremote mail retry ID [--data DIR]\n"
    "       oceanremote mail drop ID [--data DIR]\n"
    "\n"
    "A mail that no server takes is tried again after 1, 5, 15 and 60 minutes, then hourly, until\n"
    "it is not worth sending any more. One that is refused for ever, or comes too late, is shown\n"
    "for seven days. A running server hears of a change within a second.\n"
    "\n"
    "  list       every mail: to whom, what about, attempts, the next one, the last error\n"
    "  retry      try at once; one that was given up gets another hour\n"
    "  drop       forget it\n"
    "  --json     the same as JSON\n"
    "  --data DIR the server's data directory (default as for serve)\n"};
