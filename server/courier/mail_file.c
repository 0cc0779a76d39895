#include "server/courier/mail_file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include "server/os/file.h"

/* Whoever runs the server removes files, and nobody tells us. */
static size_t count_files(int directory)
{
    size_t count = 0;
    int fd = openat(directory, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *d = fd < 0 ? NULL : fdopendir(fd);
    if (d == NULL) {
        if (fd >= 0)
            close(fd);
        return 0;
    }
    for (struct dirent *e; (e = readdir(d)) != NULL;)
        count += e->d_name[0] != '.';
    closedir(d);
    return count;
}

enum err mail_files_open(const char *path, struct mail_files *out)
{
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0)
        return ERR_IO;
    *out = (struct mail_files){.directory = fd, .count = count_files(fd)};
    return OK;
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

static enum err write_as(int directory, const char *temporary, const char *name, struct str message)
{
    int flags = O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC;
    AUTO_CLOSE int fd = openat(directory, temporary, flags, 0600);
    if (fd < 0)
        return ERR_IO;
    if (write_all(fd, message) == OK && renameat(directory, temporary, directory, name) == 0)
        return fsync(directory) == 0 ? OK : ERR_IO;
    int cause = errno;
    (void)unlinkat(directory, temporary, 0);
    errno = cause;
    return ERR_IO;
}

enum err mail_file_write(struct mail_files *m, int64_t now_ms, uint64_t id, struct str message,
                         char out[static MAIL_FILE_NAME_MAX])
{
    char temporary[MAIL_FILE_NAME_MAX + 8], when[20];
    time_t now_s = (time_t)(now_ms / 1000);
    struct tm t;
    if (m->count >= MAIL_FILES_MAX)
        m->count = count_files(m->directory);
    if (m->count >= MAIL_FILES_MAX)
        return ERR_LIMIT;
    gmtime_r(&now_s, &t);
    strftime(when, sizeof when, "%Y%m%dT%H%M%SZ", &t);
    snprintf(out, MAIL_FILE_NAME_MAX, "%s-%llu.eml", when, (unsigned long long)id);
    snprintf(temporary, sizeof temporary, ".%s.new", out);
    TRY(write_as(m->directory, temporary, out, message));
    m->count++;
    return OK;
}
