#include "server/cli/command.h"

#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "tests/check.h"

static const struct command command = {"serve", "", NULL, "usage: help\n"};
static const struct option_spec specs[] = {
    {"--data", true}, {"--https", true}, {"--admin", false}, {"--https-only", false}};

/* The options of a command line in words: "0=a 2 end". */
static struct str walk(const char *line, char out[static 256])
{
    char words[256], *argv[16];
    int argc = 0, found;
    size_t len = 0;
    const char *value;
    strcpy(words, line);
    for (char *word = strtok(words, " "); word != NULL; word = strtok(NULL, " "))
        argv[argc++] = strcmp(word, "''") == 0 ? word + 2 : word;
    struct options o = {.argc = argc,
                        .argv = argv,
                        .command = &command,
                        .specs = specs,
                        .spec_count = sizeof specs / sizeof specs[0]};
    while ((found = options_next(&o, &value)) >= 0)
        len += (size_t)snprintf(out + len, 256 - len, specs[found].has_value ? "%d=%s " : "%d ",
                                found, value);
    len += (size_t)snprintf(out + len, 256 - len, "%s",
                            found == OPTIONS_END    ? "end"
                            : found == OPTIONS_HELP ? "help"
                                                    : "wrong");
    return str_from(out, len);
}

static int silence(int fd)
{
    int kept = dup(fd), nowhere = open("/dev/null", O_WRONLY);
    dup2(nowhere, fd);
    close(nowhere);
    return kept;
}

static void restore(int fd, int kept)
{
    fflush(NULL);
    dup2(kept, fd);
    close(kept);
}

TEST(options_next__table)
{
    static const struct {
        const char *line, *expected;
    } rows[] = {
        {"serve", "end"},
        {"serve --data d", "0=d end"},
        {"serve --data=d", "0=d end"},
        {"serve --data=", "0= end"},
        {"serve --data ''", "0= end"},
        {"serve --data=a=b", "0=a=b end"},
        {"serve --data --admin", "0=--admin end"},
        {"serve --https a:1 --https b:2 --admin", "1=a:1 1=b:2 2 end"},
        {"serve --https-only", "3 end"},
        {"serve --data", "wrong"},
        {"serve --admin=1", "wrong"},
        {"serve --admin=", "wrong"},
        {"serve --admins", "wrong"},
        {"serve --dat d", "wrong"},
        {"serve -data d", "wrong"},
        {"serve data", "wrong"},
        {"serve --admin x", "2 wrong"},
        {"serve --", "wrong"},
        {"serve ''", "wrong"},
        {"serve --help", "help"},
        {"serve -h", "help"},
        {"serve --data d --help", "0=d help"},
        {"serve --data --help", "0=--help end"},
    };
    char said[sizeof rows / sizeof rows[0]][256];
    int out = silence(STDOUT_FILENO), err = silence(STDERR_FILENO);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        (void)walk(rows[i].line, said[i]);
    restore(STDOUT_FILENO, out);
    restore(STDERR_FILENO, err);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        check_row = rows[i].line;
        CHECK_STR(str_from_cstr(said[i]), str_from_cstr(rows[i].expected));
    }
    check_row = NULL;
}

TESTS(command, TEST_ROW(options_next__table))
