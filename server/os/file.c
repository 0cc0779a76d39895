#include "server/os/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

void file_close_cleanup(int *fd)
{
    if (*fd >= 0)
        close(*fd);
}

enum err file_join(const char *dir, const char *name, char out[static FILE_PATH_MAX])
{
    int len = snprintf(out, FILE_PATH_MAX, "%s/%s", dir, name);
    return len < 0 || len >= FILE_PATH_MAX ? ERR_LIMIT : OK;
}

enum err file_make_dir(const char *path)
{
    if (mkdir(path, 0700) == 0)
        return OK;
    struct stat st;
    return errno == EEXIST && stat(path, &st) == 0 && S_ISDIR(st.st_mode) ? OK : ERR_IO;
}

bool file_exists(const char *path)
{
    return access(path, F_OK) == 0;
}

static enum err read_up_to(int fd, uint8_t *to, size_t size, size_t *have)
{
    *have = 0;
    while (*have < size) {
        ssize_t got = read(fd, to + *have, size - *have);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return ERR_IO;
        if (got == 0)
            break;
        *have += (size_t)got;
    }
    return OK;
}

enum err file_read(struct arena *a, const char *path, size_t size_max, struct str *out)
{
    /* Not to block: what should be a file may be a pipe that nobody writes to. */
    AUTO_CLOSE int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0)
        return errno == ENOENT ? ERR_NOT_FOUND : ERR_IO;
    struct stat st;
    if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode))
        return ERR_IO;
    if (st.st_size < 0 || (size_t)st.st_size > size_max)
        return ERR_LIMIT;
    size_t size = (size_t)st.st_size, have = 0;
    uint8_t *bytes = arena_alloc(a, size == 0 ? 1 : size);
    if (bytes == NULL)
        return ERR_NO_MEMORY;
    TRY(read_up_to(fd, bytes, size, &have));
    if (have < size)
        return ERR_IO;
    *out = str_from(bytes, size);
    return OK;
}

enum err file_read_secret(const char *path, uint8_t *block, size_t cap, size_t *len)
{
    AUTO_CLOSE int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return errno == ENOENT ? ERR_NOT_FOUND : ERR_IO;
    TRY(read_up_to(fd, block, cap, len));
    return *len == cap ? ERR_LIMIT : OK;
}

static enum err write_all(int fd, struct str bytes)
{
    while (bytes.len > 0) {
        ssize_t put = write(fd, bytes.ptr, bytes.len);
        if (put < 0 && errno == EINTR)
            continue;
        if (put <= 0)
            return ERR_IO;
        bytes = str_slice(bytes, (size_t)put, bytes.len);
    }
    return fsync(fd) == 0 ? OK : ERR_IO;
}

enum err file_sync_dir(const char *dir)
{
    AUTO_CLOSE int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    return fd >= 0 && fsync(fd) == 0 ? OK : ERR_IO;
}

/* The new name is durable only once its directory is. */
static enum err sync_parent(const char *path)
{
    char dir[FILE_PATH_MAX];
    const char *slash = strrchr(path, '/');
    size_t len = slash == NULL ? 0 : (size_t)(slash - path);
    snprintf(dir, sizeof dir, "%.*s", len == 0 ? 1 : (int)len, slash == NULL ? "." : path);
    return file_sync_dir(dir);
}

enum err file_write(const char *path, struct str bytes, unsigned mode)
{
    char temporary[FILE_PATH_MAX];
    int len = snprintf(temporary, sizeof temporary, "%s.new", path);
    if (len < 0 || (size_t)len >= sizeof temporary)
        return ERR_LIMIT;
    AUTO_CLOSE int fd = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode);
    if (fd < 0)
        return ERR_IO;
    if (write_all(fd, bytes) != OK || rename(temporary, path) != 0) {
        unlink(temporary);
        return ERR_IO;
    }
    return sync_parent(path);
}

enum err file_lock(const char *path, int *fd, long *owner)
{
    *owner = 0;
    int lock = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (lock < 0)
        return ERR_IO;
    char text[24] = "";
    if (flock(lock, LOCK_EX | LOCK_NB) != 0) {
        bool taken = errno == EWOULDBLOCK;
        if (taken && pread(lock, text, sizeof text - 1, 0) > 0)
            *owner = strtol(text, NULL, 10);
        close(lock);
        return taken ? ERR_CONFLICT : ERR_IO;
    }
    int len = snprintf(text, sizeof text, "%ld\n", (long)getpid());
    if (ftruncate(lock, 0) != 0 || pwrite(lock, text, (size_t)len, 0) != len) {
        close(lock);
        return ERR_IO;
    }
    *fd = lock;
    return OK;
}
