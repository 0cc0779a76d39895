/* oceanremote user: accounts, for whoever has the data directory. */
#include "server/cli/user.h"

#include <stdio.h>
#include <string.h>

#include "server/cli/command.h"

static int user_run(int argc, char **argv)
{
    static const struct {
        const char *name;
        int (*run)(int argc, char **argv); /* argv[0] is its own name */
    } parts[] = {{"add", user_add_run},
                 {"list", user_list_run},
                 {"import", user_import_run},
                 {"forget-factors", user_forget_factors_run},
                 {"remove", user_remove_run}};
    if (argc >= 2 && strcmp(argv[1], "--help") == 0) {
        fputs(command_user.help, stdout);
        return EXIT_DONE;
    }
    for (size_t i = 0; argc >= 2 && i < sizeof parts / sizeof parts[0]; i++) {
        if (strcmp(argv[1], parts[i].name) == 0)
            return parts[i].run(argc - 1, argv + 1);
    }
    return usage_error(&command_user,
                       "say what to do: user add, list, import, forget-factors or remove");
}

const struct command command_user = {
    "user", "make, list, import and remove accounts", user_run,
    "usage: oceanremote user add --email E [--admin] [--data DIR]\n"
    "       oceanremote user list [--json] [--data DIR]\n"
    "       oceanremote user import FILE|- [--format json|csv] [--model M] [--admins] [--dry-run]\n"
    "                               [--data DIR]\n"
    "       oceanremote user forget-factors --email E [--data DIR]\n"
    "       oceanremote user remove --email E [--data DIR]\n"
    "\n"
    "All of them work beside a running server.\n"
    "\n"
    "  add          make an active account. The password is read from standard input: typed twice\n"
    "               on a terminal, or as one line from a pipe\n"
    "    --email E    the address to sign in with\n"
    "    --admin      may administer the server\n"
    "  list         every account: address, role, when it was made, last sign-in, second factors\n"
    "  import       users of a Django site: `manage.py dumpdata auth.user`, or CSV with a line of\n"
    "               names (email, username, password, is_active, is_superuser, is_staff,\n"
    "               date_joined). pbkdf2_sha256 passwords go on working; others are reset by "
    "mail.\n"
    "               All of the file or nothing; addresses that have an account are left as they "
    "are\n"
    "    --format F   json or csv (default: what the file begins like)\n"
    "    --model M    of a JSON dump (default auth.user)\n"
    "    --admins     superusers and staff become admins here; without it nobody does\n"
    "    --dry-run    say what would happen, change nothing\n"
    "  forget-factors  for whoever has lost phone, passkeys and recovery codes: the password is\n"
    "               enough until a new factor is set up. Be sure who asks for it\n"
    "  remove       the account with its devices and readings, at once and for good\n"
    "\n"
    "  --data DIR   the server's data directory (default as for serve)\n"};
