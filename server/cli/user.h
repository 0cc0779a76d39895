/* The parts of `oceanremote user`, one file each.
 *
 * Owns:     nothing.
 * Promise:  a password comes from standard input only, and no hash is ever printed.
 * Source:   server/domain/account.h.
 * Watch:    argv[0] is the part's own name. */
#ifndef OC_CLI_USER_H
#define OC_CLI_USER_H

int user_add_run(int argc, char **argv);
int user_list_run(int argc, char **argv);
int user_import_run(int argc, char **argv);
int user_forget_factors_run(int argc, char **argv);
int user_remove_run(int argc, char **argv);

#endif
