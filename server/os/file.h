/* Small files of the data directory: keys, certificates, the lock.
 *
 * Owns:     nothing between calls.
 * Promise:  a file is written whole and durably under its name, or not at all (temporary name,
 *           fsync, rename, fsync of the directory); what is secret is never readable by others.
 * Source:   the usual crash-safe replace; fsync(2).
 * Watch:    paths are C strings because the kernel insists. */
#ifndef OC_OS_FILE_H
#define OC_OS_FILE_H

#include "common/base/arena.h"
#include "common/base/str.h"

#define FILE_PATH_MAX 4096

#define AUTO_CLOSE    __attribute__((cleanup(file_close_cleanup)))
void file_close_cleanup(int *fd);

/* Make the directory, mode 0700, if it is not there. */
MUST_CHECK enum err file_make_dir(const char *path);

bool file_exists(const char *path);

/* All of a file of at most size_max bytes, allocated in a. ERR_NOT_FOUND, ERR_LIMIT, ERR_IO. */
MUST_CHECK enum err file_read(struct arena *a, const char *path, size_t size_max, struct str *out);

/* All of a file that is shorter than cap into the caller's block, which nothing else sees, and
 * which the caller wipes. ERR_NOT_FOUND, ERR_LIMIT, ERR_IO. */
MUST_CHECK enum err file_read_secret(const char *path, uint8_t *block, size_t cap, size_t *len);

/* Replace path by these bytes. mode as for open(2). */
MUST_CHECK enum err file_write(const char *path, struct str bytes, unsigned mode);

/* Names made, moved or removed in a directory are durable after this. */
MUST_CHECK enum err file_sync_dir(const char *dir);

/* Take the lock at path and keep it for as long as the process lives. ERR_CONFLICT when another
 * process has it; then *owner is its process id, or 0. The descriptor stays open on purpose. */
MUST_CHECK enum err file_lock(const char *path, int *fd, long *owner);

/* dir/name into out. ERR_LIMIT when it does not fit. */
MUST_CHECK enum err file_join(const char *dir, const char *name, char out[static FILE_PATH_MAX]);

#endif
