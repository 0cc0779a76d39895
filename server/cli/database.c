#include "server/cli/database.h"

#include <stdio.h>

#include "server/cli/command.h"
#include "server/os/sandbox.h"

static int refuse(const char *why)
{
    fprintf(stderr, "oceanremote: %s\n", why);
    return EXIT_REFUSED;
}

/* The server's lock guards the move of a database of before, and nothing else. */
int database_reach(const struct config *config, struct data_dir *data)
{
    char lock_path[FILE_PATH_MAX];
    AUTO_CLOSE int lock = -1;
    long owner;
    if (data_dir_claim(data, config->data_dir, config->uids, DATA_VISITOR) != OK)
        return refuse(data->problem);
    if (data_dir_is_old(data) && (file_join(config->data_dir, "lock", lock_path) != OK ||
                                  file_lock(lock_path, &lock, &owner) != OK))
        return refuse("a server of an older version is using this data; stop it first");
    return data_dir_settle(data) == OK ? EXIT_DONE : refuse(data->problem);
}

static enum err enter(const struct data_dir *data, char path[static FILE_PATH_MAX])
{
    struct sandbox s = {.name = "command", .uid = data->uid, .directory = data->db};
    store_prepare();
    return file_join(sandbox_confine(&s), DATABASE_NAME, path);
}

enum err database_open(const struct data_dir *data, struct store **out)
{
    char path[FILE_PATH_MAX];
    *out = NULL;
    TRY(enter(data, path));
    return store_open(path, out);
}

enum err database_look(const struct data_dir *data, struct store **out)
{
    char path[FILE_PATH_MAX];
    *out = NULL;
    TRY(enter(data, path));
    return store_is_current(path) ? store_open(path, out) : ERR_CONFLICT;
}
