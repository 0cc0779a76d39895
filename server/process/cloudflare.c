#include "server/process/cloudflare.h"

#include <sys/stat.h>

#include "server/net/known_networks.h"
#include "server/os/file.h"

/* Their largest are /13 and /29. */
#define PREFIX_V4_LEAST 10
#define PREFIX_V6_LEAST 24

static enum err parse_line(struct str line, struct networks *out)
{
    struct network one;
    struct str row, comment;
    unsigned prefix;
    bool is_v6;
    line = str_ends(line, STR("\r")) ? str_slice(line, 0, line.len - 1) : line;
    str_cut(line, '#', &row, &comment);
    row = str_trim(row);
    if (row.len == 0)
        return OK;
    TRY(network_read(row, &one, &prefix, &is_v6));
    if (prefix < (is_v6 ? PREFIX_V6_LEAST : PREFIX_V4_LEAST) ||
        out->count == CLOUDFLARE_NETWORKS_MAX)
        return ERR_PEER;
    return networks_add(out, &one);
}

enum err cloudflare_parse(struct str text, struct networks *out, unsigned *line)
{
    static struct networks fresh;
    struct str row;
    bool more = text.len > 0;
    fresh.count = 0;
    for (*line = 1; more; ++*line) {
        more = str_cut(text, '\n', &row, &text);
        TRY(parse_line(row, &fresh));
    }
    if (fresh.count == 0 || fresh.count > NETWORKS_MAX - out->count)
        return ERR_PEER;
    for (size_t i = 0; i < fresh.count; i++)
        TRY(networks_add(out, &fresh.list[i]));
    return OK;
}

enum err cloudflare_load(const char *data_dir, struct networks *out, int64_t *stored_at_s)
{
    static uint8_t block[CLOUDFLARE_SIZE_MAX + 64];
    struct arena a = arena_over(block, sizeof block);
    char path[FILE_PATH_MAX];
    struct stat st;
    struct str text;
    unsigned line;
    *stored_at_s = 0;
    TRY(file_join(data_dir, CLOUDFLARE_FILE, path));
    enum err e = file_read(&a, path, CLOUDFLARE_SIZE_MAX, &text);
    if (e == ERR_NOT_FOUND)
        return cloudflare_parse(str_from_cstr(cloudflare_networks), out, &line);
    if (e != OK || stat(path, &st) != 0 || cloudflare_parse(text, out, &line) != OK)
        return ERR_CORRUPT;
    *stored_at_s = st.st_mtime;
    return OK;
}

enum err cloudflare_store(const char *data_dir, struct str text)
{
    char path[FILE_PATH_MAX];
    TRY(file_join(data_dir, CLOUDFLARE_FILE, path));
    return file_write(path, text, 0600);
}
