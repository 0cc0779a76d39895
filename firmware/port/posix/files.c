#include "firmware/port/posix/files.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

/* ---- whole reads and writes ------------------------------------------------------------------ */

/* What is beyond the end reads as zeros: a sparse file and a short one are the same. */
static enum err read_at(int fd, uint64_t offset, uint8_t *buf, size_t len)
{
    size_t done = 0;
    while (done < len) {
        ssize_t n = pread(fd, buf + done, len - done, (off_t)(offset + done));
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return ERR_IO;
        if (n == 0)
            break;
        done += (size_t)n;
    }
    memset(buf + done, 0, len - done);
    return OK;
}

static enum err write_at(int fd, uint64_t offset, struct str bytes)
{
    size_t done = 0;
    while (done < bytes.len) {
        ssize_t n = pwrite(fd, bytes.ptr + done, bytes.len - done, (off_t)(offset + done));
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return ERR_IO;
        done += (size_t)n;
    }
    return OK;
}

/* ---- the directory --------------------------------------------------------------------------- */

enum err files_open(struct files *f, const char *path)
{
    *f = (struct files){-1, -1, -1};
    if (mkdir(path, 0700) != 0 && errno != EEXIST)
        return ERR_IO;
    f->dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (f->dir < 0)
        return ERR_IO;
    f->lock = openat(f->dir, "lock", O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (f->lock >= 0 && flock(f->lock, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK) {
        files_close(f);
        return ERR_CONFLICT;
    }
    f->readings = openat(f->dir, "readings", O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (f->lock >= 0 && f->readings >= 0)
        return OK;
    int saved = errno;
    files_close(f);
    errno = saved;
    return ERR_IO;
}

static void close_if_open(int *fd)
{
    if (*fd >= 0)
        close(*fd);
    *fd = -1;
}

void files_close(struct files *f)
{
    close_if_open(&f->readings);
    close_if_open(&f->lock);
    close_if_open(&f->dir);
}

int files_subdirectory(int dir, const char *name)
{
    if (mkdirat(dir, name, 0700) != 0 && errno != EEXIST)
        return -1;
    return openat(dir, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

/* ---- identity slots -------------------------------------------------------------------------- */

static void slot_name(unsigned slot, char *buf, size_t cap)
{
    snprintf(buf, cap, "identity.%u", slot);
}

static enum err slot_read(void *ctx, unsigned slot, uint8_t *buf, size_t cap, size_t *len)
{
    const struct files *f = ctx;
    char name[24];
    slot_name(slot, name, sizeof name);
    int fd = openat(f->dir, name, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return errno == ENOENT ? ERR_NOT_FOUND : ERR_IO;
    ssize_t n = read(fd, buf, cap);
    close(fd);
    if (n < 0)
        return ERR_IO;
    *len = (size_t)n;
    return OK;
}

static enum err slot_write(void *ctx, unsigned slot, struct str bytes)
{
    const struct files *f = ctx;
    char name[24];
    slot_name(slot, name, sizeof name);
    int fd = openat(f->dir, name, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    if (fd < 0)
        return ERR_IO;
    bool good = write_at(fd, 0, bytes) == OK && ftruncate(fd, (off_t)bytes.len) == 0 &&
                fsync(fd) == 0 && fsync(f->dir) == 0;
    return close(fd) == 0 && good ? OK : ERR_IO;
}

struct port_slots files_slots(struct files *f)
{
    return (struct port_slots){.ctx = f, .read = slot_read, .write = slot_write};
}

/* ---- readings -------------------------------------------------------------------------------- */

static enum err storage_read(void *ctx, uint32_t offset, uint8_t *buf, size_t len)
{
    const struct files *f = ctx;
    return read_at(f->readings, offset, buf, len);
}

static enum err storage_write(void *ctx, uint32_t offset, struct str bytes)
{
    const struct files *f = ctx;
    return write_at(f->readings, offset, bytes);
}

static enum err storage_sync(void *ctx)
{
    const struct files *f = ctx;
    return fdatasync(f->readings) == 0 ? OK : ERR_IO;
}

struct port_storage files_storage(struct files *f)
{
    return (struct port_storage){.ctx = f,
                                 .size = READINGS_FILE_SIZE,
                                 .read = storage_read,
                                 .write = storage_write,
                                 .sync = storage_sync};
}

/* ---- small texts ----------------------------------------------------------------------------- */

enum err files_text_read(int dir, const char *name, char *buf, size_t cap, struct str *out)
{
    int fd = openat(dir, name, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return errno == ENOENT ? ERR_NOT_FOUND : ERR_IO;
    ssize_t n = read(fd, buf, cap);
    close(fd);
    if (n < 0)
        return ERR_IO;
    *out = str_from(buf, (size_t)n);
    return OK;
}

enum err files_text_write(int dir, const char *name, struct str text)
{
    char fresh[80];
    snprintf(fresh, sizeof fresh, ".%.60s.new", name);
    int fd = openat(dir, fresh, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (fd < 0)
        return ERR_IO;
    bool good = write_at(fd, 0, text) == OK;
    good &= close(fd) == 0;
    return good && renameat(dir, fresh, dir, name) == 0 ? OK : ERR_IO;
}
