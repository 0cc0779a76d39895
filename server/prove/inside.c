#include "server/prove/inside.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/wait.h>
#include <unistd.h>

/* ---- the server ------------------------------------------------------------------------------ */

/* The process that holds the lock; 0: nobody does. */
static pid_t lock_owner(const char *dir)
{
    char path[FILE_PATH_MAX], text[24] = "";
    if (file_join(dir, "lock", path) != OK)
        return 0;
    AUTO_CLOSE int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0 || read(fd, text, sizeof text - 1) <= 0)
        return 0;
    if (flock(fd, LOCK_SH | LOCK_NB) == 0)
        return 0; /* free: what stands in it is old; closing lets go */
    return errno == EWOULDBLOCK ? (pid_t)strtol(text, NULL, 10) : 0;
}

enum err process_text(pid_t pid, const char *name, char *room, size_t cap)
{
    char path[64];
    size_t len = 0;
    snprintf(path, sizeof path, "/proc/%ld/%s", (long)pid, name);
    AUTO_CLOSE int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return ERR_NOT_FOUND;
    for (ssize_t got = 1; got > 0 && len + 1 < cap;) {
        got = read(fd, room + len, cap - 1 - len);
        if (got < 0)
            return ERR_IO;
        len += (size_t)got;
    }
    room[len] = 0;
    return OK;
}

struct str status_field(const char *status, const char *name)
{
    struct str line, key, value, rest = str_from_cstr(status);
    bool more = true;
    while (more) {
        more = str_cut(rest, '\n', &line, &rest);
        if (str_cut(line, ':', &key, &value) && str_eq(key, str_from_cstr(name)))
            return str_trim(value);
    }
    return STR_NONE;
}

/* `oceanremote edge`: the name is the second word of the command line. */
static bool is_child(pid_t pid, pid_t parent, char name[static PROCESS_NAME_MAX])
{
    char status[4096], line[256] = "";
    uint64_t of;
    if (process_text(pid, "status", status, sizeof status) != OK ||
        str_u64(status_field(status, "PPid"), INT32_MAX, &of) != OK || (pid_t)of != parent ||
        process_text(pid, "cmdline", line, sizeof line) != OK)
        return false;
    size_t first = strlen(line) + 1;
    snprintf(name, PROCESS_NAME_MAX, "%s", first < sizeof line ? line + first : "?");
    return true;
}

static void find_children(struct inside *in)
{
    DIR *proc = opendir("/proc");
    if (proc == NULL)
        return;
    for (struct dirent *d; (d = readdir(proc)) != NULL && in->process_count < PROCESSES_MAX;) {
        struct process *next = &in->processes[in->process_count];
        next->pid = isdigit((unsigned char)d->d_name[0]) ? (pid_t)strtol(d->d_name, NULL, 10) : 0;
        if (next->pid > 0 && is_child(next->pid, in->server, next->name))
            in->process_count++;
    }
    closedir(proc);
}

void inside_look(struct inside *in, const struct config *config)
{
    in->config = config;
    in->is_there = access(config->data_dir, R_OK | X_OK) == 0;
    if (!in->is_there) {
        snprintf(in->problem, sizeof in->problem, "needs the data directory: --data DIR");
        return;
    }
    in->server = lock_owner(config->data_dir);
    if (in->server > 0)
        find_children(in);
    else
        snprintf(in->problem, sizeof in->problem, "no server uses this data directory");
}

bool inside_there(const struct prove *p, struct finding *f)
{
    if (!p->inside.is_there)
        not_here(f, "%s", p->inside.problem);
    return p->inside.is_there;
}

bool inside_running(const struct prove *p, struct finding *f)
{
    bool is_running = p->inside.is_there && p->inside.process_count > 0;
    if (!is_running)
        not_here(f, "%s",
                 p->inside.problem[0] != 0 ? p->inside.problem : "the server has no processes");
    return is_running;
}

/* ---- the store ------------------------------------------------------------------------------- */

static void answer_from_store(const struct prove *p, store_question_fn *ask_it, int to)
{
    struct store *s;
    struct store_answer a = {.error = p->inside.open_store(p->inside.ctx, &s)};
    if (a.error == OK)
        a.error = ask_it(s, p, &a);
    if (a.error != OK)
        snprintf(a.problem, sizeof a.problem, "%s",
                 a.error == ERR_CONFLICT ? "it is of another version" : store_problem(s));
    store_close(s);
    (void)!write(to, &a, sizeof a); /* less than a pipe holds: whole or not at all */
}

/* True when it came whole. */
static bool ask_in_child(const struct prove *p, store_question_fn *ask_it, struct store_answer *out)
{
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0)
        return false;
    pid_t child = fork();
    if (child == 0) {
        answer_from_store(p, ask_it, ends[1]);
        _exit(0);
    }
    close(ends[1]);
    bool is_whole = child > 0 && read(ends[0], out, sizeof *out) == (ssize_t)sizeof *out;
    close(ends[0]);
    if (child > 0)
        (void)waitpid(child, NULL, 0);
    return is_whole;
}

bool inside_ask_store(const struct prove *p, store_question_fn *ask_it, struct store_answer *out,
                      struct finding *f)
{
    if (!inside_running(p, f))
        return false;
    bool is_answered = ask_in_child(p, ask_it, out);
    if (!is_answered || out->error != OK)
        not_here(f, "the database cannot be read: %s",
                 is_answered ? out->problem : "see what was said above");
    return is_answered && out->error == OK;
}
