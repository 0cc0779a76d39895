/* The parts of `oceanremote ranges` about the lists in the database.
 *
 * Owns:     nothing.
 * Promise:  a list is replaced whole or stays as it was; a refusal names the line.
 * Source:   server/domain/ranges.h.
 * Watch:    a list is read from outside before the database is opened, and parsed after: then the
 *           process has given up everything else. */
#ifndef OC_CLI_RANGES_LISTS_H
#define OC_CLI_RANGES_LISTS_H

int ranges_list_run(int argc, char **argv);
int ranges_update_run(int argc, char **argv);
int ranges_drop_run(int argc, char **argv);

#endif
