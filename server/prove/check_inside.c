/* What settings, files, processes and the store say.
 *
 * Owns:     nothing.
 * Promise:  looks, and writes nothing. A setting that is weaker than its default breaks the row
 *           that it weakens, whoever wished it so.
 * Source:   SECURITY.md; proc(5).
 * Watch:    of a process that may not be looked into, what cannot be seen is "not checked here". */
#include <dirent.h>
#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "queries.h"
#include "server/domain/password.h"
#include "server/prove/inside.h"
#include "server/prove/prove.h"

/* ---- settings -------------------------------------------------------------------------------- */

/* Which row a setting belongs to, by the beginning of its name; none: P3. */
static const struct {
    const char *setting, *row;
} weakens[] = {
    {"limits.connections_per_address", "S2"},
    {"limits.handshakes_per_s", "S2"},
    {"limits.api_per_s", "S2"},
    {"limits.login_per_min", "S2"},
    {"limits.codes_per_15min", "U4"},
    {"limits.register_per_min", "S2"},
    {"limits.register_per_10min", "U3"},
    {"limits.admin_per_15min", "S3"},
    {"limits.connections_per_device", "D8"},
    {"limits.device_", "D8"},
    {"limits.connections_per_account", "A4"},
    {"limits.account_per_s", "A4"},
    {"limits.key_per_s", "A4"},
    {"limits.dry_run", "S2"},
    {"honeypot.", "M4"},
    {"limits.account_logins", "U6"},
    {"password", "S5"},
    {"turnstile.", "U1"},
    {"tls.", "S1"},
};

const char *settings_row(const char *setting)
{
    for (size_t i = 0; i < sizeof weakens / sizeof weakens[0]; i++) {
        if (str_starts(str_from_cstr(setting), str_from_cstr(weakens[i].setting)))
            return weakens[i].row;
    }
    return "P3";
}

struct loosened {
    const char *row;
    char text[FINDING_MAX];
};

static void note_loosened(void *ctx, const char *name, int64_t value, int64_t normal)
{
    struct loosened *l = ctx;
    size_t len = strlen(l->text);
    if (strcmp(settings_row(name), l->row) == 0)
        snprintf(l->text + len, sizeof l->text - len, "%s%s = %lld instead of %lld",
                 len == 0 ? "" : ", ", name, (long long)value, (long long)normal);
}

void check_settings(struct prove *p, const struct check *self, struct finding *f)
{
    struct loosened l = {.row = self->row};
    if (!inside_there(p, f))
        return;
    config_each_loosened(p->inside.config, note_loosened, &l);
    if (l.text[0] != 0)
        broken(f, "loosened: %s", l.text);
    else if (self->verdict == NOT_YET)
        snprintf(f->text, sizeof f->text, "it waits for what it is for");
    else
        kept(f, "as strong as the defaults, or stronger");
}

/* ---- files ----------------------------------------------------------------------------------- */

/* Others may do nothing with it, whatever it is. */
static bool is_closed(const char *path, struct finding *f)
{
    struct stat s;
    if (lstat(path, &s) != 0) {
        if (errno != ENOENT) /* a file that has gone meanwhile is open to nobody */
            not_here(f, "%s: %s", path, strerror(errno));
        return errno == ENOENT;
    }
    if ((s.st_mode & 077) == 0)
        return true;
    broken(f, "%s has mode %04o", path, (unsigned)(s.st_mode & 07777));
    return false;
}

/* The directory and every file in it; ca.pem is for everybody, behind a closed directory. */
static bool are_closed(const char *dir, size_t *count, struct finding *f)
{
    char path[FILE_PATH_MAX];
    bool good = is_closed(dir, f);
    DIR *d = good ? opendir(dir) : NULL;
    if (good && d == NULL) {
        not_here(f, "%s: %s", dir, strerror(errno));
        return false;
    }
    for (struct dirent *e; good && (e = readdir(d)) != NULL;) {
        if (e->d_name[0] == '.' || strcmp(e->d_name, "ca.pem") == 0 ||
            strcmp(e->d_name, "oceanremote.conf") == 0)
            continue;
        good = file_join(dir, e->d_name, path) == OK && is_closed(path, f);
        ++*count;
    }
    if (d != NULL)
        closedir(d);
    return good;
}

void check_file_modes(struct prove *p, const struct check *self, struct finding *f)
{
    (void)self;
    static const char *const inner[] = {"keys", "db", "mail"};
    const char *dir = p->inside.config->data_dir;
    char path[FILE_PATH_MAX];
    size_t count = 0;
    if (!inside_there(p, f) || !are_closed(dir, &count, f))
        return;
    for (size_t i = 0; i < sizeof inner / sizeof inner[0]; i++) {
        if (file_join(dir, inner[i], path) != OK || !file_exists(path))
            continue;
        if (!are_closed(path, &count, f))
            return;
    }
    kept(f, "no rights for others on the directory and %zu files", count);
}

/* ---- processes ------------------------------------------------------------------------------- */

/* A field of /proc/PID/status has this value in every child. */
static void check_status(struct prove *p, const char *name, const char *wanted, const char *good,
                         struct finding *f)
{
    char status[4096];
    if (!inside_running(p, f))
        return;
    for (size_t i = 0; i < p->inside.process_count; i++) {
        const struct process *child = &p->inside.processes[i];
        if (process_text(child->pid, "status", status, sizeof status) != OK) {
            not_here(f, "%s %ld has just ended", child->name, (long)child->pid);
            return;
        }
        struct str value = status_field(status, name);
        if (str_eq(value, str_from_cstr(wanted)))
            continue;
        broken(f, "%s %ld has %s: %.*s", child->name, (long)child->pid, name, STR_ARGS(value));
        return;
    }
    kept(f, "%s in %zu processes", good, p->inside.process_count);
}

void check_no_new_privileges(struct prove *p, const struct check *self, struct finding *f)
{
    (void)self;
    check_status(p, "NoNewPrivs", "1", "no_new_privs", f);
}

void check_system_calls(struct prove *p, const struct check *self, struct finding *f)
{
    (void)self;
    check_status(p, "Seccomp", "2", "a seccomp filter", f);
}

void check_capabilities(struct prove *p, const struct check *self, struct finding *f)
{
    (void)self;
    check_status(p, "CapEff", "0000000000000000", "none", f);
}

/* The real user, the first of the four; UINT64_MAX: cannot be seen. */
static uint64_t user_of(pid_t pid)
{
    char status[4096];
    struct str first, rest;
    uint64_t uid;
    if (process_text(pid, "status", status, sizeof status) != OK)
        return UINT64_MAX;
    str_cut(status_field(status, "Uid"), '\t', &first, &rest);
    return str_u64(first, UINT32_MAX, &uid) == OK ? uid : UINT64_MAX;
}

void check_users(struct prove *p, const struct check *self, struct finding *f)
{
    (void)self;
    const struct inside *in = &p->inside;
    if (!inside_running(p, f))
        return;
    if (user_of(in->server) != 0) {
        not_here(f, "the server was not started by root, its processes are one user");
        return;
    }
    for (size_t i = 0; i < in->process_count; i++) {
        const struct process *a = &in->processes[i];
        bool is_root = user_of(a->pid) == 0;
        for (size_t k = 0; k < i && !is_root; k++) {
            const struct process *b = &in->processes[k];
            if (strcmp(a->name, b->name) == 0 || user_of(a->pid) != user_of(b->pid))
                continue;
            broken(f, "%s and %s are the same user", a->name, b->name);
            return;
        }
        if (!is_root)
            continue;
        broken(f, "%s %ld is root", a->name, (long)a->pid);
        return;
    }
    kept(f, "%zu processes, each kind with a user of its own", in->process_count);
}

/* ---- what they hold -------------------------------------------------------------------------- */

/* True when one of its descriptors leads below keys. *is_visible: it could be looked at. */
static bool has_key_open(pid_t pid, const char *keys, bool *is_visible)
{
    char dir[64], path[512], target[FILE_PATH_MAX];
    bool found = false;
    snprintf(dir, sizeof dir, "/proc/%ld/fd", (long)pid);
    DIR *d = opendir(dir);
    *is_visible = d != NULL;
    if (d == NULL)
        return false;
    for (struct dirent *e; !found && (e = readdir(d)) != NULL;) {
        snprintf(path, sizeof path, "%s/%s", dir, e->d_name);
        ssize_t len = readlink(path, target, sizeof target - 1);
        if (len > 0)
            found = str_starts(str_from(target, (size_t)len), str_from_cstr(keys));
    }
    closedir(d);
    return found;
}

void check_key_files(struct prove *p, const struct check *self, struct finding *f)
{
    (void)self;
    const struct inside *in = &p->inside;
    char path[FILE_PATH_MAX], keys[PATH_MAX];
    size_t hidden = 0, looked = 0;
    bool is_visible;
    if (!inside_running(p, f))
        return;
    if (file_join(in->config->data_dir, "keys", path) != OK || realpath(path, keys) == NULL) {
        not_here(f, "there are no keys to look for");
        return;
    }
    for (size_t i = 0; i <= in->process_count; i++) {
        pid_t pid = i < in->process_count ? in->processes[i].pid : in->server;
        const char *name = i < in->process_count ? in->processes[i].name : "parent";
        if (strcmp(name, "keyring") == 0)
            continue;
        if (has_key_open(pid, keys, &is_visible)) {
            broken(f, "%s %ld has one open", name, (long)pid);
            return;
        }
        hidden += !is_visible;
        looked += is_visible;
    }
    if (hidden > 0)
        not_here(f, "%zu of %zu processes let only root look into them; ask as root", hidden,
                 hidden + looked);
    else
        kept(f, "none in %zu processes", looked);
}

void check_core_dumps(struct prove *p, const struct check *self, struct finding *f)
{
    (void)self;
    static const char title[] = "Max core file size";
    char limits[4096];
    if (!inside_running(p, f))
        return;
    for (size_t i = 0; i < p->inside.process_count; i++) {
        const struct process *child = &p->inside.processes[i];
        if (process_text(child->pid, "limits", limits, sizeof limits) != OK) {
            not_here(f, "the limits of %s %ld cannot be read", child->name, (long)child->pid);
            return;
        }
        const char *at = strstr(limits, title);
        if (at != NULL && at[sizeof title - 1 + strspn(at + sizeof title - 1, " ")] == '0')
            continue;
        broken(f, "%s %ld may write one", child->name, (long)child->pid);
        return;
    }
    kept(f, "core files of %zu processes are 0 bytes", p->inside.process_count);
}

/* ---- the store ------------------------------------------------------------------------------- */

/* count: of those, too weak. */
static enum err count_hashes(struct store *s, const struct prove *p, struct store_answer *out)
{
    struct cursor cursor;
    struct sql_account_hashes_row row;
    (void)p;
    TRY(sql_account_hashes(s, &cursor));
    while (sql_account_hashes_next(&cursor, &row)) {
        out->of++;
        out->count += password_iterations_of(row.password) < PASSWORD_ITERATIONS_FLOOR;
    }
    return cursor_end(&cursor);
}

void check_password_hashes(struct prove *p, const struct check *self, struct finding *f)
{
    (void)self;
    struct store_answer a;
    if (!inside_ask_store(p, count_hashes, &a, f))
        return;
    if (a.count > 0)
        broken(f, "%lld of %lld are no PBKDF2-SHA256, or below %d iterations", (long long)a.count,
               (long long)a.of, PASSWORD_ITERATIONS_FLOOR);
    else
        kept(f, "PBKDF2-SHA256, %d iterations or more, accounts: %lld", PASSWORD_ITERATIONS_FLOOR,
             (long long)a.of);
}

static enum err count_trail(struct store *s, const struct prove *p, struct store_answer *out)
{
    struct sql_audit_count_row row;
    TRY(sql_audit_count(s, STR("login.refused"), str_from_cstr(p->stranger), p->began_at_ms - 1000,
                        &row));
    out->count = row.count;
    return OK;
}

void check_trail(struct prove *p, const struct check *self, struct finding *f)
{
    struct finding of_limit;
    struct store_answer a;
    if (!inside_running(p, f))
        return;
    if (!p->has_filled_logins)
        check_login_rate(p, self, &of_limit);
    if (p->refused_logins == 0) {
        not_here(f, "no sign-in of ours was refused");
        return;
    }
    if (!inside_ask_store(p, count_trail, &a, f))
        return;
    if (a.count > 0)
        kept(f, "%lld entries with address and time", (long long)a.count);
    else
        broken(f, "there is no entry about %s", p->stranger);
}
