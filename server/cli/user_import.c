#include "server/cli/user.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "common/base/assert.h"
#include "common/crypto/crypto.h"
#include "server/cli/command.h"
#include "server/cli/database.h"
#include "server/cli/fetch.h"
#include "server/cli/say.h"
#include "server/domain/user_import.h"
#include "server/os/clock.h"
#include "server/os/entropy.h"

#define SKIPPED_SHOWN_MAX 1000 /* the rest is only counted */

enum import_option {
    OPTION_DATA,
    OPTION_CONFIG,
    OPTION_FORMAT,
    OPTION_MODEL,
    OPTION_ADMINS,
    OPTION_DRY_RUN,
};

static const struct option_spec specs[] = {
    [OPTION_DATA] = {"--data", true},      [OPTION_CONFIG] = {"--config", true},
    [OPTION_FORMAT] = {"--format", true},  [OPTION_MODEL] = {"--model", true},
    [OPTION_ADMINS] = {"--admins", false}, [OPTION_DRY_RUN] = {"--dry-run", false}};

struct wish {
    struct config config;
    const char *path, *model;
    enum django_format format;
    bool makes_admins, is_dry_run;
};

static struct django_file file;

/* Who was left out is said when nobody waits for the database any more. */
struct skipped {
    unsigned place, email_len;
    enum import_verdict verdict;
    uint8_t email[EMAIL_MAX];
};

static struct skipped skipped[SKIPPED_SHOWN_MAX];
static unsigned skipped_count; /* may be more than are kept */

/* ---- what is said ---------------------------------------------------------------------------- */

static const char *unit(void)
{
    return file.format == DJANGO_CSV ? "line" : "entry";
}

static void note_skipped(struct str email, enum import_verdict verdict)
{
    if (skipped_count < SKIPPED_SHOWN_MAX) {
        struct skipped *s = &skipped[skipped_count];
        *s = (struct skipped){file.place, (unsigned)email.len, verdict, {0}};
        ASSERT(email.len <= sizeof s->email);
        if (email.len > 0)
            memcpy(s->email, email.ptr, email.len);
    }
    skipped_count++;
}

static void say_skipped(void)
{
    static const char *const why[] = {[IMPORT_KNOWN] = "has an account already",
                                      [IMPORT_TWICE] = "stands there a second time",
                                      [IMPORT_NO_ADDRESS] = "has no mail address"};
    for (unsigned i = 0; i < skipped_count && i < SKIPPED_SHOWN_MAX; i++) {
        const struct skipped *s = &skipped[i];
        printf("left out: %s %u ", unit(), s->place);
        say_outside(str_from(s->email, s->email_len));
        printf("%s%s\n", s->email_len > 0 ? " " : "", why[s->verdict]);
    }
    if (skipped_count > SKIPPED_SHOWN_MAX)
        puts("left out: more of them, only counted from here on");
}

static void say_summary(const struct user_import *imp, bool is_dry_run)
{
    const unsigned *n = imp->counts;
    unsigned taken = n[IMPORT_TAKEN] + n[IMPORT_TAKEN_TO_RESET];
    printf("%u users read: %u accounts %s, %u left out\n", file.users, taken,
           is_dry_run ? "would be made" : "made",
           n[IMPORT_KNOWN] + n[IMPORT_TWICE] + n[IMPORT_NO_ADDRESS]);
    printf("  %u sign in with the password they had, %u reset it by mail\n", n[IMPORT_TAKEN],
           n[IMPORT_TAKEN_TO_RESET]);
    printf("  %u are inactive, %u %s admins\n", imp->inactive, imp->admins,
           is_dry_run ? "would be" : "are");
    if (is_dry_run)
        puts("nothing was changed");
}

static int say_failed(const struct domain *d, enum err e)
{
    if (e == ERR_PEER || (e == ERR_LIMIT && file.why != NULL))
        fprintf(stderr, "oceanremote: %s %u %s; nothing was changed\n", unit(), file.place,
                file.why != NULL            ? file.why
                : file.format == DJANGO_CSV ? "is no CSV, or too long"
                                            : "is no user as dumpdata writes one");
    else
        fprintf(stderr, "oceanremote: %s; nothing was changed\n", store_problem(d->store));
    return EXIT_REFUSED;
}

/* ---- what is done ---------------------------------------------------------------------------- */

static enum err take_all(struct domain *d, struct user_import *imp)
{
    uint8_t bytes[EMAIL_MAX];
    struct django_user user;
    struct str email;
    enum import_verdict verdict;
    enum err e;
    while ((e = django_next(&file, &user)) == OK) {
        TRY(user_import_take(d, imp, &user, bytes, &email, &verdict));
        if (verdict != IMPORT_TAKEN && verdict != IMPORT_TAKEN_TO_RESET)
            note_skipped(email, verdict);
    }
    return e == ERR_NOT_FOUND ? OK : e;
}

/* A dry run does it all and takes it back: it cannot say anything else than would happen. */
static enum err import(struct domain *d, const struct wish *w, struct str text,
                       struct user_import *imp)
{
    TRY(django_open(&file, text, w->format, str_from_cstr(w->model)));
    TRY(store_begin(d->store));
    enum err e = user_import_begin(d, w->makes_admins, imp);
    if (e == OK)
        e = take_all(d, imp);
    if (e == OK && !w->is_dry_run)
        return store_commit(d->store);
    store_rollback(d->store);
    return e;
}

static int import_text(const struct wish *w, struct str text)
{
    static struct data_dir data;
    struct domain d = {.entropy = entropy_fill,
                       .now_ms = clock_wall_ms(),
                       .password_iterations = (uint32_t)w->config.password_iterations};
    struct user_import imp = {0};
    umask(077);
    int code = database_reach(&w->config, &data);
    if (code != EXIT_DONE)
        return code;
    enum err e = database_open(&data, &d.store);
    if (e != OK) {
        code = say_refused(store_problem(d.store));
        store_close(d.store);
        return code;
    }
    e = import(&d, w, text, &imp);
    say_skipped();
    if (e != OK)
        code = say_failed(&d, e);
    else
        say_summary(&imp, w->is_dry_run);
    store_close(d.store);
    return code;
}

/* ---- the command ----------------------------------------------------------------------------- */

static int take_option(struct wish *w, int option, const char *value)
{
    bool is_path = option == OPTION_DATA || option == OPTION_CONFIG;
    if (is_path && strlen(value) >= FILE_PATH_MAX)
        return usage_error(&command_user, "the path of %s is too long", specs[option].name);
    switch ((enum import_option)option) {
    case OPTION_DATA: strcpy(w->config.data_dir, value); break;
    case OPTION_CONFIG: strcpy(w->config.file, value); break;
    case OPTION_MODEL: w->model = value; break;
    case OPTION_ADMINS: w->makes_admins = true; break;
    case OPTION_DRY_RUN: w->is_dry_run = true; break;
    case OPTION_FORMAT:
        if (strcmp(value, "json") != 0 && strcmp(value, "csv") != 0)
            return usage_error(&command_user, "--format is json or csv, not '%s'", value);
        w->format = strcmp(value, "json") == 0 ? DJANGO_JSON : DJANGO_CSV;
        break;
    }
    return EXIT_DONE;
}

int user_import_run(int argc, char **argv)
{
    static struct wish w = {.model = "auth.user"};
    const char *value;
    struct str text;
    int option, code = EXIT_DONE;
    bool is_there = argc > 1 && (argv[1][0] != '-' || argv[1][1] == 0);
    w.path = is_there ? argv[1] : NULL;
    struct options o = {argc - is_there, argv + is_there, 0,
                        &command_user,   specs,           sizeof specs / sizeof specs[0]};
    config_init(&w.config);
    while (code == EXIT_DONE && (option = options_next(&o, &value)) >= 0)
        code = take_option(&w, option, value);
    if (code != EXIT_DONE)
        return code;
    if (option != OPTIONS_END)
        return option == OPTIONS_HELP ? EXIT_DONE : EXIT_USAGE;
    if (w.path == NULL)
        return usage_error(&command_user, "say which file: user import FILE");
    if (config_load(&w.config, w.config.file[0] != 0) != OK)
        return say_refused(w.config.problem);
    code = fetch_file(w.path, DJANGO_SIZE_MAX, &text);
    if (code != EXIT_DONE)
        return code;
    code = import_text(&w, text);
    fetch_free(text);
    return code;
}
