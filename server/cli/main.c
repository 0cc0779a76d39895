/* oceanremote: the server and all its commands in one program. */
#include <stdio.h>
#include <string.h>

#include "server/cli/command.h"
#include "server/process/core.h"
#include "server/process/courier.h"
#include "server/process/edge.h"
#include "server/process/keyring.h"
#include "server/process/vault.h"

static const struct command *const commands[] = {&command_serve, &command_check,  &command_user,
                                                 &command_ban,   &command_ranges, &command_mail,
                                                 &command_prove};
#define COMMAND_COUNT (sizeof commands / sizeof commands[0])

static void print_help(FILE *out)
{
    fputs("usage: oceanremote COMMAND [OPTION]...\n\n", out);
    for (size_t i = 0; i < COMMAND_COUNT; i++)
        fprintf(out, "  %-8s %s\n", commands[i]->name, commands[i]->summary);
    fputs("\noceanremote COMMAND --help says more; oceanremote --version names this version.\n",
          out);
}

int main(int argc, char **argv)
{
    if (argc < 2) {
        print_help(stderr);
        return EXIT_USAGE;
    }
    /* What the parent executes; without their control socket these end at once. */
    if (strcmp(argv[1], "core") == 0)
        return core_main();
    if (strcmp(argv[1], "edge") == 0)
        return edge_main();
    if (strcmp(argv[1], "keyring") == 0)
        return keyring_main();
    if (strcmp(argv[1], "courier") == 0)
        return courier_main();
    if (strcmp(argv[1], "vault") == 0)
        return vault_main();
    for (size_t i = 0; i < COMMAND_COUNT; i++) {
        if (strcmp(argv[1], commands[i]->name) == 0)
            return commands[i]->run(argc - 1, argv + 1);
    }
    if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "help") == 0) {
        print_help(stdout);
        return EXIT_DONE;
    }
    if (strcmp(argv[1], "--version") == 0 || strcmp(argv[1], "version") == 0) {
        puts("oceanremote " OC_VERSION);
        return EXIT_DONE;
    }
    fprintf(stderr, "oceanremote: there is no command '%s'\n", argv[1]);
    print_help(stderr);
    return EXIT_USAGE;
}
