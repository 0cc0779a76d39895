/* The state directory: identity slots, readings buffer, and small texts.
 *
 * Owns:     the directory's descriptor and lock, and the buffer file's descriptor.
 * Promise:  directory 0700, files 0600. A slot is overwritten in place and synced; the other slot
 * is not touched. One program at a time. Source:   fsync(2): a new file also needs its directory
 * synced. Watch:    the lock is on the open file; a copy of the directory is another device's twin,
 * which the server notices by the MAC. */
#ifndef OC_POSIX_FILES_H
#define OC_POSIX_FILES_H

#include "firmware/port/contract.h"

#define READINGS_FILE_SIZE (8U << 20)

struct files {
    int dir;
    int lock;
    int readings;
};

/* ERR_CONFLICT: another program holds the directory. ERR_IO: errno says why. */
MUST_CHECK enum err files_open(struct files *f, const char *path);
void files_close(struct files *f);

struct port_slots files_slots(struct files *f);
struct port_storage files_storage(struct files *f);

/* A small text in the directory (or in dir/sub), replaced as a whole: readers see the old or the
 * new one. ERR_NOT_FOUND when there is none. */
MUST_CHECK enum err files_text_read(int dir, const char *name, char *buf, size_t cap,
                                    struct str *out);
MUST_CHECK enum err files_text_write(int dir, const char *name, struct str text);

/* dir/name as a directory descriptor, made if need be; -1 with errno on failure. */
int files_subdirectory(int dir, const char *name);

#endif
