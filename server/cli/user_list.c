#include "server/cli/user.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "queries.h"
#include "server/cli/command.h"
#include "server/cli/database.h"
#include "server/cli/say.h"
#include "server/domain/password.h"

enum list_option {
    OPTION_DATA,
    OPTION_CONFIG,
    OPTION_JSON,
};

static const struct option_spec specs[] = {[OPTION_DATA] = {"--data", true},
                                           [OPTION_CONFIG] = {"--config", true},
                                           [OPTION_JSON] = {"--json", false}};

/* "app, 2 passkeys, 9 codes" */
static void print_factors(const struct sql_account_report_row *row)
{
    if (row->totp_since_ms == 0 && row->passkeys == 0) {
        fputs("none", stdout);
        return;
    }
    if (row->totp_since_ms != 0)
        fputs("app", stdout);
    if (row->passkeys > 0)
        printf("%s%lld passkey%s", row->totp_since_ms != 0 ? ", " : "", (long long)row->passkeys,
               row->passkeys == 1 ? "" : "s");
    printf(", %lld recovery codes", (long long)row->recovery_codes);
}

static void print_line(const struct sql_account_report_row *row)
{
    char created[SAY_TIME_MAX], signed_in[SAY_TIME_MAX];
    printf("%lld ", (long long)row->id);
    say_outside(row->email);
    printf("%s%s  made %.10s  last sign-in %.10s  second factors: ",
           row->is_admin == 1 ? " (admin)" : "", row->is_active == 1 ? "" : " (inactive)",
           say_time(row->created_at_ms, created),
           row->signed_in_at_ms == 0 ? "never" : say_time(row->signed_in_at_ms, signed_in));
    print_factors(row);
    puts(password_is_unusable(row->password) ? "  password: to be reset by mail" : "");
}

static const char *truth(bool v)
{
    return v ? "true" : "false";
}

static void print_json(const struct sql_account_report_row *row, bool is_first)
{
    char created[SAY_TIME_MAX], signed_in[SAY_TIME_MAX];
    printf("%s{\"id\":%lld,\"email\":\"", is_first ? "" : ",", (long long)row->id);
    say_outside(row->email);
    printf("\",\"admin\":%s,\"active\":%s,\"created_at\":\"%s\",", truth(row->is_admin == 1),
           truth(row->is_active == 1), say_time(row->created_at_ms, created));
    if (row->signed_in_at_ms == 0)
        fputs("\"signed_in_at\":null,", stdout);
    else
        printf("\"signed_in_at\":\"%s\",", say_time(row->signed_in_at_ms, signed_in));
    printf("\"has_password\":%s,\"totp\":%s,\"passkeys\":%lld,\"recovery_codes\":%lld}",
           truth(!password_is_unusable(row->password)), truth(row->totp_since_ms != 0),
           (long long)row->passkeys, (long long)row->recovery_codes);
}

static enum err list(struct store *s, bool json)
{
    struct cursor cursor;
    struct sql_account_report_row row;
    size_t count = 0, with_factor = 0;
    if (json)
        fputs("{\"accounts\":[", stdout);
    TRY(sql_account_report(s, 0, &cursor));
    while (sql_account_report_next(&cursor, &row)) {
        if (json)
            print_json(&row, count == 0);
        else
            print_line(&row);
        with_factor += row.totp_since_ms != 0 || row.passkeys > 0;
        count++;
    }
    if (json)
        puts("]}");
    else
        printf("%zu accounts, %zu with a second factor\n", count, with_factor);
    return cursor_end(&cursor);
}

static int list_in(const struct config *config, bool json)
{
    static struct data_dir data;
    struct store *s;
    umask(077);
    int code = database_reach(config, &data);
    if (code != EXIT_DONE)
        return code;
    enum err e = database_open(&data, &s);
    if (e == OK)
        e = list(s, json);
    if (e != OK)
        code = say_refused(store_problem(s));
    store_close(s);
    return code;
}

int user_list_run(int argc, char **argv)
{
    static struct config config;
    const char *value;
    bool json = false;
    int option;
    struct options o = {argc, argv, 0, &command_user, specs, sizeof specs / sizeof specs[0]};
    config_init(&config);
    while ((option = options_next(&o, &value)) >= 0) {
        if (option != OPTION_JSON && strlen(value) >= FILE_PATH_MAX)
            return usage_error(&command_user, "the path of %s is too long", specs[option].name);
        if (option == OPTION_DATA)
            strcpy(config.data_dir, value);
        else if (option == OPTION_CONFIG)
            strcpy(config.file, value);
        else
            json = true;
    }
    if (option != OPTIONS_END)
        return option == OPTIONS_HELP ? EXIT_DONE : EXIT_USAGE;
    if (config_load(&config, config.file[0] != 0) != OK)
        return say_refused(config.problem);
    return list_in(&config, json);
}
