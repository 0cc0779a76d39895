/* The data directory: whose it is, and where in it the database stands.
 *
 * Owns:     DIR and DIR/db with their owners; DIR/db/oceanremote.db until the core opens it.
 * Promise:  when the server runs as root, DIR and what else is in it are root's, and DIR/db with
 * the database is the core's; else all is the starter's. A database of before, in DIR itself, is
 * moved to DIR/db whole or not at all. Source:   rename(2), link(2); ARCHITECTURE.md: state that
 * survives. Watch:    what is in DIR/db may have been made by a core that is no longer ours:
 * nothing of it is followed or trusted here. */
#ifndef OC_PROCESS_DATA_DIR_H
#define OC_PROCESS_DATA_DIR_H

#include <stdint.h>

#include "common/base/err.h"
#include "server/os/file.h"

#define DATABASE_NAME        "oceanremote.db"
#define DATA_DIR_PROBLEM_MAX (FILE_PATH_MAX + 256)

/* Ids of the processes when root starts them: `uids` and those that follow. */
enum uid_offset {
    UID_CORE,
    UID_EDGE,
    UID_KEYRING,
    UID_COURIER,
    UID_VAULT,
};

/* Who works on the directory's behalf. */
enum data_user {
    DATA_SERVER, /* root works for root's directory only */
    DATA_VISITOR /* root becomes the user whose directory it is */
};

struct data_dir {
    const char *dir; /* borrowed */
    char db[FILE_PATH_MAX];
    char mail[FILE_PATH_MAX];           /* where the courier puts mails that no server takes */
    uint32_t uid;                       /* of whoever opens the database; 0: as we are */
    bool has_moved;                     /* the database of before has been found and moved */
    char problem[DATA_DIR_PROBLEM_MAX]; /* why the last call failed, and what to do */
};

/* Make DIR if it is not there, and see that it is ours. first_uid is the setting `uids`. */
MUST_CHECK enum err data_dir_claim(struct data_dir *d, const char *dir, int64_t first_uid,
                                   enum data_user user);

/* A database of before is still in DIR. */
bool data_dir_is_old(const struct data_dir *d);

/* Move the database of before, make DIR/db, give it its owner. The lock on DIR must be held when
 * data_dir_is_old(). */
MUST_CHECK enum err data_dir_settle(struct data_dir *d);

#endif
