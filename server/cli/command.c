#include "server/cli/command.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

int usage_error(const struct command *c, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    fputs("oceanremote: ", stderr);
    vfprintf(stderr, format, args);
    fprintf(stderr, "; see oceanremote %s --help\n", c->name);
    va_end(args);
    return EXIT_USAGE;
}

/* "--name value" or "--name=value". */
static bool names(const char *arg, const char *name, const char **joined_value)
{
    size_t len = strlen(name);
    if (strncmp(arg, name, len) != 0)
        return false;
    *joined_value = arg[len] == '=' ? arg + len + 1 : NULL;
    return arg[len] == 0 || arg[len] == '=';
}

static int take_value(struct options *o, const struct option_spec *spec, const char *joined,
                      const char **value)
{
    *value = joined;
    if (!spec->has_value)
        return joined == NULL ? 0 : usage_error(o->command, "%s takes no value", spec->name);
    if (joined == NULL && o->at < o->argc)
        *value = o->argv[o->at++];
    return *value != NULL ? 0 : usage_error(o->command, "%s needs a value", spec->name);
}

int options_next(struct options *o, const char **value)
{
    if (o->at == 0)
        o->at = 1; /* past the command's name */
    if (o->at >= o->argc)
        return OPTIONS_END;
    const char *arg = o->argv[o->at++], *joined;
    if (strcmp(arg, "--help") == 0 || strcmp(arg, "-h") == 0) {
        fputs(o->command->help, stdout);
        return OPTIONS_HELP;
    }
    for (size_t i = 0; i < o->spec_count; i++) {
        if (names(arg, o->specs[i].name, &joined))
            return take_value(o, &o->specs[i], joined, value) == 0 ? (int)i : OPTIONS_WRONG;
    }
    usage_error(o->command, "'%s' is not an option here", arg);
    return OPTIONS_WRONG;
}
