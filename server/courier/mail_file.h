/* Mails of a server that has no mail server: files for whoever runs it to read.
 *
 * Owns:     the directory's descriptor.
 * Promise:  a file is there whole under its name, or not at all; nobody else can read it; at most
 *           MAIL_FILES_MAX of them.
 * Source:   server/os/file.h for the way; here by descriptor, because the path may lead through
 *           directories that are closed to the courier.
 * Watch:    opened before the sandbox. */
#ifndef OC_COURIER_MAIL_FILE_H
#define OC_COURIER_MAIL_FILE_H

#include "common/base/str.h"

#define MAIL_FILES_MAX     10000
#define MAIL_FILE_NAME_MAX 48

struct mail_files {
    int directory;
    size_t count; /* at least so many are there */
};

MUST_CHECK enum err mail_files_open(const char *path, struct mail_files *out);

/* TIME-ID.eml, its name into out. ERR_LIMIT: there are too many. ERR_IO: errno says why. */
MUST_CHECK enum err mail_file_write(struct mail_files *m, int64_t now_ms, uint64_t id,
                                    struct str message, char out[static MAIL_FILE_NAME_MAX]);

#endif
