#include "server/cli/user.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <termios.h>
#include <unistd.h>

#include "common/base/encoding.h"
#include "common/crypto/crypto.h"
#include "server/cli/command.h"
#include "server/cli/database.h"
#include "server/cli/say.h"
#include "server/domain/account.h"
#include "server/domain/password.h"
#include "server/domain/password_policy.h"
#include "server/os/clock.h"
#include "server/os/entropy.h"
#include "server/os/file.h"
#include "server/process/config.h"

enum user_option {
    OPTION_DATA,
    OPTION_EMAIL,
    OPTION_ADMIN,
    OPTION_CONFIG,
};

static const struct option_spec specs[] = {[OPTION_DATA] = {"--data", true},
                                           [OPTION_EMAIL] = {"--email", true},
                                           [OPTION_ADMIN] = {"--admin", false},
                                           [OPTION_CONFIG] = {"--config", true}};

struct password {
    char text[PASSWORD_MAX + 3]; /* one more than allowed, a line end, a NUL */
    size_t len;
};

/* One line without its end. */
static bool read_line(struct password *p)
{
    if (fgets(p->text, sizeof p->text, stdin) == NULL)
        return false;
    p->len = strcspn(p->text, "\r\n");
    return true;
}

static void only_interrupt(int signal)
{
    (void)signal;
}

/* ^C ends the reading, not the process: the terminal must get its echo back. */
static bool ask(const char *prompt, struct password *p)
{
    struct termios as_it_was, silent;
    struct sigaction interrupt = {.sa_handler = only_interrupt}, before;
    fputs(prompt, stderr);
    if (tcgetattr(STDIN_FILENO, &as_it_was) != 0)
        return false;
    sigaction(SIGINT, &interrupt, &before);
    silent = as_it_was;
    silent.c_lflag &= ~(tcflag_t)ECHO;
    tcsetattr(STDIN_FILENO, TCSAFLUSH, &silent);
    bool good = read_line(p);
    tcsetattr(STDIN_FILENO, TCSAFLUSH, &as_it_was);
    sigaction(SIGINT, &before, NULL);
    fputc('\n', stderr);
    return good;
}

/* Twice and unseen from a terminal, one line from anything else. */
static int read_password(struct password *out)
{
    if (!isatty(STDIN_FILENO))
        return read_line(out) ? EXIT_DONE : say_refused("no password on standard input");
    struct password again;
    if (!ask("Password (12 characters or more): ", out) || !ask("The same again: ", &again))
        return say_refused("no password was given");
    bool same = out->len == again.len && memcmp(out->text, again.text, out->len) == 0;
    wipe(&again, sizeof again);
    return same ? EXIT_DONE : say_refused("the two passwords differ; nothing was changed");
}

static int judge(const struct config *config, struct str password, struct str email)
{
    int64_t least = config->accounts.password_min;
    enum password_fault fault = password_judge(password, email, (size_t)least);
    if (fault == PASSWORD_GOOD)
        return EXIT_DONE;
    fprintf(stderr, "oceanremote: %s", password_fault_words(fault));
    if (fault == PASSWORD_TOO_SHORT)
        fprintf(stderr, " It needs %lld characters or more.", (long long)least);
    fputc('\n', stderr);
    return EXIT_REFUSED;
}

static enum err hash(const struct config *config, struct str password,
                     uint8_t out[static PASSWORD_HASH_TEXT_MAX], struct str *text)
{
    uint8_t random[16], salt[BASE64URL_LEN(sizeof random)];
    entropy_fill(random, sizeof random);
    struct writer salt_text = writer_into(salt, sizeof salt);
    base64url_write(&salt_text, str_from(random, sizeof random));
    struct writer w = writer_into(out, PASSWORD_HASH_TEXT_MAX);
    password_hash(password, str_from(salt, salt_text.len), (uint32_t)config->password_iterations,
                  &w);
    return writer_end(&w, text);
}

static int add_to_store(const struct data_dir *data, struct str email, struct str password_hash,
                        bool is_admin)
{
    struct domain d = {.entropy = entropy_fill, .now_ms = clock_wall_ms()};
    enum err e = database_open(data, &d.store);
    if (e == OK)
        e = store_begin(d.store);
    if (e == OK) {
        e = account_add(&d, email, password_hash, is_admin);
        if (e == OK)
            e = store_commit(d.store);
        else
            store_rollback(d.store);
    }
    if (e != OK && e != ERR_CONFLICT)
        fprintf(stderr, "oceanremote: %s: %s\n", data->db, store_problem(d.store));
    store_close(d.store);
    if (e == ERR_CONFLICT)
        return say_refused("there is an account with this address already");
    return e == OK ? EXIT_DONE : EXIT_REFUSED;
}

static int add(const struct config *config, const char *email, bool is_admin)
{
    uint8_t normal_bytes[EMAIL_MAX], hash_bytes[PASSWORD_HASH_TEXT_MAX];
    static struct data_dir data;
    struct str normal, hash_text;
    struct password password = {0};
    if (email_normalise(str_from_cstr(email), normal_bytes, &normal) != OK)
        return say_refused("this is not a mail address; write --email NAME@HOST");
    umask(077);
    int code = database_reach(config, &data);
    if (code == EXIT_DONE)
        code = read_password(&password);
    struct str text = str_from(password.text, password.len);
    if (code == EXIT_DONE)
        code = judge(config, text, normal);
    if (code == EXIT_DONE && hash(config, text, hash_bytes, &hash_text) != OK)
        code = say_refused("the password cannot be hashed");
    if (code == EXIT_DONE)
        code = add_to_store(&data, normal, hash_text, is_admin);
    wipe(&password, sizeof password);
    if (code == EXIT_DONE)
        printf("account %.*s made; sign in with it\n", STR_ARGS(normal));
    return code;
}

int user_add_run(int argc, char **argv)
{
    static struct config config;
    const char *value, *email = NULL;
    bool is_admin = false;
    int option;
    struct options o = {argc, argv, 0, &command_user, specs, sizeof specs / sizeof specs[0]};
    config_init(&config);
    while ((option = options_next(&o, &value)) >= 0) {
        if ((option == OPTION_DATA || option == OPTION_CONFIG) && strlen(value) >= FILE_PATH_MAX)
            return usage_error(&command_user, "the path of %s is too long", specs[option].name);
        if (option == OPTION_DATA)
            strcpy(config.data_dir, value);
        else if (option == OPTION_CONFIG)
            strcpy(config.file, value);
        else if (option == OPTION_EMAIL)
            email = value;
        else
            is_admin = true;
    }
    if (option != OPTIONS_END)
        return option == OPTIONS_HELP ? EXIT_DONE : EXIT_USAGE;
    if (email == NULL)
        return usage_error(&command_user, "--email is missing");
    if (config_load(&config, config.file[0] != 0) != OK)
        return say_refused(config.problem);
    return add(&config, email, is_admin);
}
