/* The command line: one file a command, one table that lists them.
 *
 * Owns:     nothing.
 * Promise:  exit code 0 done, 1 refused or failed (one line on standard error says why and what to
 *           do), 2 wrong use; every command has --help.
 * Source:   contract of the command line in README.md.
 * Watch:    a secret never comes from an argument: it is read from standard input. */
#ifndef OC_CLI_COMMAND_H
#define OC_CLI_COMMAND_H

#include <stdbool.h>
#include <stddef.h>

#define EXIT_DONE    0
#define EXIT_REFUSED 1
#define EXIT_USAGE   2

struct command {
    const char *name;
    const char *summary;
    int (*run)(int argc, char **argv); /* argv[0] is the command's own name */
    const char *help;
};

extern const struct command command_serve, command_check, command_user, command_ban, command_ranges,
    command_mail, command_prove;

/* One option as the table of a command lists it: "--data", with a value or without. */
struct option_spec {
    const char *name;
    bool has_value;
};

/* Walk over the options: the index of the next in specs, its value in *value. -1 at the end, -2
 * after wrong use has been told on standard error. "--help" prints and is -3. Operands end it. */
struct options {
    int argc;
    char **argv;
    int at;
    const struct command *command;
    const struct option_spec *specs;
    size_t spec_count;
};
#define OPTIONS_END   (-1)
#define OPTIONS_WRONG (-2)
#define OPTIONS_HELP  (-3)
int options_next(struct options *o, const char **value);

/* Say why on standard error and return EXIT_USAGE. */
int usage_error(const struct command *c, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

#endif
