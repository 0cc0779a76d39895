#include "server/cli/user.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "server/cli/command.h"
#include "server/cli/database.h"
#include "server/cli/say.h"
#include "server/domain/account.h"
#include "server/domain/factor.h"
#include "server/os/clock.h"
#include "server/os/entropy.h"

enum change_option {
    OPTION_DATA,
    OPTION_EMAIL,
    OPTION_CONFIG,
};

static const struct option_spec specs[] = {[OPTION_DATA] = {"--data", true},
                                           [OPTION_EMAIL] = {"--email", true},
                                           [OPTION_CONFIG] = {"--config", true}};

/* In a transaction. ERR_CONFLICT: *why says why not. */
typedef enum err change_fn(struct domain *d, struct arena *a, const struct account *account,
                           const char **why);

static enum err forget_factors(struct domain *d, struct arena *a, const struct account *account,
                               const char **why)
{
    *why = "this account has no second factor";
    return factors_forget(d, a, account->id);
}

static enum err remove_account(struct domain *d, struct arena *a, const struct account *account,
                               const char **why)
{
    bool is_last;
    (void)a;
    TRY(account_is_last_admin(d, account, &is_last));
    *why = "it is the only admin's; make another one first: user add --admin";
    return is_last ? ERR_CONFLICT : account_retire(d, account);
}

static enum err change_in(struct domain *d, struct str email, change_fn *change, const char **why)
{
    static uint8_t block[16 * 1024];
    struct arena a = arena_over(block, sizeof block);
    struct account account;
    TRY(store_begin(d->store));
    enum err e = account_find(d, &a, email, &account);
    if (e == OK)
        e = account_get(d, &a, account.id, &account);
    if (e == OK)
        e = change(d, &a, &account, why);
    if (e == OK)
        return store_commit(d->store);
    store_rollback(d->store);
    return e;
}

static int change(const struct config *config, const char *email, change_fn *how, const char *done)
{
    static struct data_dir data;
    uint8_t normal_bytes[EMAIL_MAX];
    struct str normal;
    const char *why = NULL;
    if (email_normalise(str_from_cstr(email), normal_bytes, &normal) != OK)
        return say_refused("this is not a mail address; write --email NAME@HOST");
    umask(077);
    int code = database_reach(config, &data);
    if (code != EXIT_DONE)
        return code;
    struct domain d = {
        .entropy = entropy_fill, .now_ms = clock_wall_ms(), .rules = &config->accounts};
    enum err e = database_open(&data, &d.store);
    if (e == OK)
        e = change_in(&d, normal, how, &why);
    if (e == ERR_NOT_FOUND)
        code = say_refused("nobody has this address; `oceanremote user list` shows who there is");
    else if (e != OK)
        code = say_refused(e == ERR_CONFLICT ? why : store_problem(d.store));
    store_close(d.store);
    if (code == EXIT_DONE)
        printf("%s\n", done);
    return code;
}

static int run(int argc, char **argv, change_fn *how, const char *done)
{
    static struct config config;
    const char *value, *email = NULL;
    int option;
    struct options o = {argc, argv, 0, &command_user, specs, sizeof specs / sizeof specs[0]};
    config_init(&config);
    while ((option = options_next(&o, &value)) >= 0) {
        if (option != OPTION_EMAIL && strlen(value) >= FILE_PATH_MAX)
            return usage_error(&command_user, "the path of %s is too long", specs[option].name);
        if (option == OPTION_EMAIL)
            email = value;
        else
            strcpy(option == OPTION_DATA ? config.data_dir : config.file, value);
    }
    if (option != OPTIONS_END)
        return option == OPTIONS_HELP ? EXIT_DONE : EXIT_USAGE;
    if (email == NULL)
        return usage_error(&command_user, "--email is missing");
    if (config_load(&config, config.file[0] != 0) != OK)
        return say_refused(config.problem);
    return change(&config, email, how, done);
}

int user_forget_factors_run(int argc, char **argv)
{
    return run(argc, argv, forget_factors,
               "its second factors are gone: the password is enough until a new one is set up");
}

int user_remove_run(int argc, char **argv)
{
    return run(argc, argv, remove_account,
               "the account is removed; a running server drops what it had within seconds");
}
