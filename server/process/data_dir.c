#include "server/process/data_dir.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define MOVING_NAME "db.moving" /* DIR/db while it is being filled */

/* The database, and what SQLite keeps beside it. */
static const char *const database_files[] = {DATABASE_NAME, DATABASE_NAME "-wal",
                                             DATABASE_NAME "-shm", DATABASE_NAME "-journal"};
#define DATABASE_FILES (sizeof database_files / sizeof database_files[0])

static enum err refuse(struct data_dir *d, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static enum err refuse(struct data_dir *d, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    vsnprintf(d->problem, sizeof d->problem, format, args);
    va_end(args);
    return ERR_CONFLICT;
}

/* ---- whose it is ----------------------------------------------------------------------------- */

static const char *user_name(uid_t uid, char out[static 80])
{
    const struct passwd *user = getpwuid(uid);
    snprintf(out, 80, "%.40s (%u)", user == NULL ? "user" : user->pw_name, (unsigned)uid);
    return out;
}

static enum err refuse_owner(struct data_dir *d, const char *path, uid_t owner)
{
    char theirs[80], ours[80];
    return refuse(d,
                  "%s belongs to %s, and this is %s: go on as the user who has used this data "
                  "before, or give it away first, with chown -R",
                  path, user_name(owner, theirs), user_name(geteuid(), ours));
}

static enum err check_owner(struct data_dir *d, int64_t first_uid, enum data_user user)
{
    struct stat dir, db;
    uid_t me = geteuid();
    if (lstat(d->dir, &dir) != 0 && stat(d->dir, &dir) != 0)
        return refuse(d, "%s cannot be looked at: %s", d->dir, strerror(errno));
    if (S_ISLNK(dir.st_mode) && stat(d->dir, &dir) != 0)
        return refuse(d, "%s leads nowhere", d->dir);
    bool has_db = lstat(d->db, &db) == 0;
    if (has_db && !S_ISDIR(db.st_mode))
        return refuse(d, "%s is no directory: move it away", d->db);
    if (me != 0)
        return dir.st_uid != me            ? refuse_owner(d, d->dir, dir.st_uid)
               : has_db && db.st_uid != me ? refuse_owner(d, d->db, db.st_uid)
                                           : OK;
    if (dir.st_uid == 0) {
        d->uid = (uint32_t)first_uid + UID_CORE;
        return OK;
    }
    if (user == DATA_SERVER)
        return refuse_owner(d, d->dir, dir.st_uid);
    /* At once: in a directory of somebody else, root follows nothing and gives nothing away. */
    if (setgroups(0, NULL) != 0 || setresgid(dir.st_gid, dir.st_gid, dir.st_gid) != 0 ||
        setresuid(dir.st_uid, dir.st_uid, dir.st_uid) != 0)
        return refuse(d, "%s: root cannot become its user: %s", d->dir, strerror(errno));
    return OK;
}

enum err data_dir_claim(struct data_dir *d, const char *dir, int64_t first_uid, enum data_user user)
{
    *d = (struct data_dir){.dir = dir};
    if (file_join(dir, "db", d->db) != OK || file_join(dir, "mail", d->mail) != OK)
        return refuse(d, "the path of the data directory is too long");
    if (file_make_dir(dir) != OK)
        return refuse(d, "%s: this directory cannot be made; its parent must exist and be ours",
                      dir);
    return check_owner(d, first_uid, user);
}

/* Ours from before, or just made: that user's from now on. A link, of either kind, is not. */
static enum err give(struct data_dir *d, const char *path, uint32_t uid)
{
    struct stat st;
    AUTO_CLOSE int fd = open(path, O_PATH | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0)
        return errno == ENOENT ? OK : refuse(d, "%s: %s", path, strerror(errno));
    if (fstat(fd, &st) != 0 || S_ISLNK(st.st_mode) || (S_ISREG(st.st_mode) && st.st_nlink != 1))
        return refuse(d, "%s is a link: the thing itself has to stand there", path);
    if (st.st_uid == uid && st.st_gid == uid)
        return OK;
    if (fchownat(fd, "", uid, uid, AT_EMPTY_PATH) != 0)
        return refuse(d, "%s cannot be given to user %u: %s", path, uid, strerror(errno));
    return OK;
}

static enum err give_all(struct data_dir *d)
{
    char path[FILE_PATH_MAX];
    if (d->uid == 0)
        return OK;
    TRY(give(d, d->mail, d->uid + UID_COURIER - UID_CORE));
    TRY(give(d, d->db, d->uid));
    for (size_t i = 0; i < DATABASE_FILES; i++) {
        TRY(file_join(d->db, database_files[i], path));
        TRY(give(d, path, d->uid));
    }
    return OK;
}

/* ---- the database of before ------------------------------------------------------------------ */

static bool is_same_file(const char *a, const char *b)
{
    struct stat x, y;
    return lstat(a, &x) == 0 && lstat(b, &y) == 0 && x.st_dev == y.st_dev && x.st_ino == y.st_ino;
}

static void remove_all(const char *dir)
{
    char path[FILE_PATH_MAX];
    /* The database itself last: while it is there, the rest belongs to something. */
    for (size_t i = DATABASE_FILES; i-- > 0;) {
        if (file_join(dir, database_files[i], path) == OK)
            (void)unlink(path);
    }
}

/* Second names for the files, in a directory that is not DIR/db yet. The index of the log is made
 * anew by SQLite. */
static enum err link_all(struct data_dir *d, const char *to)
{
    char from[FILE_PATH_MAX], name[FILE_PATH_MAX];
    for (size_t i = 0; i < DATABASE_FILES; i++) {
        if (strcmp(database_files[i], DATABASE_NAME "-shm") == 0)
            continue;
        TRY(file_join(d->dir, database_files[i], from));
        TRY(file_join(to, database_files[i], name));
        if (link(from, name) != 0 && errno != ENOENT)
            return refuse(d,
                          "%s cannot be moved to %s: %s; move it there by hand, with -wal if there "
                          "is one",
                          from, d->db, strerror(errno));
    }
    return file_sync_dir(to) == OK ? OK : refuse(d, "%s cannot be written", to);
}

/* One rename moves all: before it the database is in DIR alone, after it in DIR/db, and the names
 * in DIR are what is left over. */
static enum err move_database(struct data_dir *d)
{
    char moving[FILE_PATH_MAX];
    TRY(file_join(d->dir, MOVING_NAME, moving));
    if (file_make_dir(moving) != OK)
        return refuse(d, "%s cannot be made", moving);
    remove_all(moving); /* of a move cut short */
    TRY(link_all(d, moving));
    if (rename(moving, d->db) != 0)
        return refuse(d, "the database cannot be moved to %s: %s", d->db, strerror(errno));
    return file_sync_dir(d->dir) == OK ? OK : refuse(d, "%s cannot be written", d->dir);
}

bool data_dir_is_old(const struct data_dir *d)
{
    char old[FILE_PATH_MAX];
    return file_join(d->dir, DATABASE_NAME, old) == OK && file_exists(old);
}

enum err data_dir_settle(struct data_dir *d)
{
    char old[FILE_PATH_MAX], now[FILE_PATH_MAX];
    if (file_join(d->dir, DATABASE_NAME, old) != OK || file_join(d->db, DATABASE_NAME, now) != OK)
        return refuse(d, "the path of the data directory is too long");
    if (file_exists(old)) {
        if (!file_exists(now))
            TRY(move_database(d));
        if (!is_same_file(old, now))
            return refuse(d, "there are two databases, %s and %s: move one of them away", old, now);
        remove_all(d->dir);
        d->has_moved = true;
    }
    if (file_make_dir(d->db) != OK)
        return refuse(d, "%s cannot be made", d->db);
    if (file_make_dir(d->mail) != OK)
        return refuse(d, "%s cannot be made", d->mail);
    return give_all(d);
}
