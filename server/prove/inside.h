/* What the machine that the server runs on shows: the data directory, and /proc.
 *
 * Owns:     nothing but struct inside of its caller.
 * Promise:  only looks: nothing in DIR is written, no lock is kept, no key is read.
 * Source:   proc(5), flock(2).
 * Watch:    a process id is believed only while the lock file that names it is locked. */
#ifndef OC_PROVE_INSIDE_H
#define OC_PROVE_INSIDE_H

#include "server/prove/prove.h"

/* Find the server that uses config->data_dir and its processes. Without one, in->problem says so
 * and the rest stays empty. */
void inside_look(struct inside *in, const struct config *config);

/* For checks: false when there is nothing to look at, and f says why. */
bool inside_there(const struct prove *p, struct finding *f);
bool inside_running(const struct prove *p, struct finding *f);

/* A question to the store, asked in a process of its own: whoever has opened the store is confined
 * to it, and we have further questions to the network. What it wants to know is in p. */
struct store_answer {
    enum err error;
    int64_t count, of, logged;
    char problem[160];
};
typedef enum err store_question_fn(struct store *s, const struct prove *p,
                                   struct store_answer *out);

/* False when there is no answer, and f says why. */
bool inside_ask_store(const struct prove *p, store_question_fn *ask, struct store_answer *out,
                      struct finding *f);

/* The row of the page that a setting weakens. */
const char *settings_row(const char *setting);

/* /proc/PID/name, at most cap - 1 bytes. */
MUST_CHECK enum err process_text(pid_t pid, const char *name, char *room, size_t cap);

/* The text after "Name:" in /proc/PID/status, trimmed. */
struct str status_field(const char *status, const char *name);

#endif
