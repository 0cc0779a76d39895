#include "server/process/config.h"

#include <stdarg.h>
#include <string.h>
#include <unistd.h>

#include "server/domain/password.h"
#include "server/os/log.h"

#define DEFAULT_HTTPS "[::]:8443"

static const struct row {
    const char *name;
    size_t offset;
    int64_t least, most, normal;
    const char *meaning;
} rows[] = {
    {"edges", offsetof(struct config, edges), 0, 64, 0,
     "edge processes, 0 for one a core of the machine"},
    {"connections", offsetof(struct config, connections), 16, 1000000, 20000,
     "connections of each edge at once"},
    {"hash_threads", offsetof(struct config, hash_threads), 0, 8, 0,
     "threads that verify passwords, 0 for half the cores"},
    {"password_iterations", offsetof(struct config, password_iterations), PASSWORD_ITERATIONS_FLOOR,
     PASSWORD_ITERATIONS_MAX, PASSWORD_ITERATIONS_DEFAULT, "PBKDF2 rounds of a new password hash"},
    {"uids", offsetof(struct config, uids), 1000, 4000000000, 64200,
     "user ids of the processes when root starts the server: this one and those that follow"},
};
#define ROW_COUNT (sizeof rows / sizeof rows[0])

static int64_t *value_of(struct config *c, const struct row *r)
{
    return (int64_t *)(void *)((char *)c + r->offset);
}

static int64_t read_value(const struct config *c, const struct row *r)
{
    int64_t v;
    memcpy(&v, (const char *)c + r->offset, sizeof v);
    return v;
}

void config_init(struct config *c)
{
    *c = (struct config){0};
    bool is_installed = access("/var/lib/oceanremote", W_OK) == 0;
    snprintf(c->data_dir, sizeof c->data_dir, "%s",
             is_installed ? "/var/lib/oceanremote" : "./data");
    for (size_t i = 0; i < ROW_COUNT; i++)
        *value_of(c, &rows[i]) = rows[i].normal;
}

static enum err refuse(struct config *c, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static enum err refuse(struct config *c, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    vsnprintf(c->problem, sizeof c->problem, format, args);
    va_end(args);
    return ERR_PEER;
}

enum err config_add_https(struct config *c, const char *text)
{
    const char *colon = strrchr(text, ':');
    uint64_t port;
    if (colon == NULL || colon == text || str_u64(str_from_cstr(colon + 1), 65535, &port) != OK)
        return refuse(c, "'%s' is not ADDR:PORT, such as 0.0.0.0:8443 or [::1]:8443", text);
    if (c->https_count == LISTENERS_MAX)
        return refuse(c, "more than %d listeners", LISTENERS_MAX);
    if (strlen(text) >= LISTEN_TEXT_MAX)
        return refuse(c, "'%.40s…' is too long for an address", text);
    snprintf(c->https[c->https_count++], LISTEN_TEXT_MAX, "%s", text);
    return OK;
}

static enum err set(struct config *c, struct str name, struct str value, unsigned line)
{
    char text[LISTEN_TEXT_MAX];
    uint64_t number;
    if (str_eq(name, STR("https"))) {
        if (str_to_cstr(value, text, sizeof text) != OK)
            return refuse(c, "line %u: the address is too long", line);
        return config_add_https(c, text);
    }
    for (size_t i = 0; i < ROW_COUNT; i++) {
        const struct row *r = &rows[i];
        if (!str_eq(name, str_from_cstr(r->name)))
            continue;
        if (str_u64(value, INT64_MAX, &number) != OK || (int64_t)number < r->least ||
            (int64_t)number > r->most)
            return refuse(c, "line %u: %s = %.*s: it is a number from %lld to %lld", line, r->name,
                          STR_ARGS(str_slice(value, 0, 60)), (long long)r->least,
                          (long long)r->most);
        *value_of(c, r) = (int64_t)number;
        return OK;
    }
    return refuse(c, "line %u: there is no setting '%.*s'; `oceanremote check` lists them", line,
                  STR_ARGS(str_slice(name, 0, 60)));
}

static enum err parse(struct config *c, struct str text)
{
    bool more = text.len > 0;
    for (unsigned line = 1; more; line++) {
        struct str row, comment, name, value;
        more = str_cut(text, '\n', &row, &text);
        str_cut(row, '#', &row, &comment); /* so that what config_print() says can be read back */
        row = str_trim(row);
        if (row.len == 0)
            continue;
        if (!str_cut(row, '=', &name, &value))
            return refuse(c, "line %u: '%.*s' is not NAME = VALUE", line,
                          STR_ARGS(str_slice(row, 0, 60)));
        TRY(set(c, str_trim(name), str_trim(value), line));
    }
    return OK;
}

enum err config_load(struct config *c, bool must_exist)
{
    static uint8_t block[CONFIG_SIZE_MAX + 64];
    struct arena a = arena_over(block, sizeof block);
    struct str text;
    if (c->file[0] == 0 && file_join(c->data_dir, "oceanremote.conf", c->file) != OK)
        return refuse(c, "the path of the data directory is too long");
    enum err e = file_read(&a, c->file, CONFIG_SIZE_MAX, &text);
    if (e == ERR_NOT_FOUND && !must_exist)
        return OK;
    if (e != OK)
        return refuse(c, "%s cannot be read: %s", c->file, err_name(e));
    if (parse(c, text) == OK)
        return OK;
    char why[CONFIG_PROBLEM_MAX];
    memcpy(why, c->problem, sizeof why);
    return refuse(c, "%.200s: %.300s", c->file, why);
}

void config_print(const struct config *c, FILE *out)
{
    bool has_file = file_exists(c->file);
    fprintf(out, "# settings of %s\n", has_file ? c->file : "no file, all defaults");
    for (size_t i = 0; i < c->https_count; i++)
        fprintf(out, "https = %s\n", c->https[i]);
    if (c->https_count == 0)
        fprintf(out, "https = %s  # default\n", DEFAULT_HTTPS);
    for (size_t i = 0; i < ROW_COUNT; i++) {
        const struct row *r = &rows[i];
        int64_t v = read_value(c, r);
        fprintf(out, "%s = %lld  # %s%s, %lld to %lld\n", r->name, (long long)v,
                v == r->normal ? "default; " : "", r->meaning, (long long)r->least,
                (long long)r->most);
    }
}

void config_log_loosened(const struct config *c)
{
    if (c->password_iterations < PASSWORD_ITERATIONS_DEFAULT)
        log_event("config.loosened", "setting=password_iterations value=%lld default=%d",
                  (long long)c->password_iterations, PASSWORD_ITERATIONS_DEFAULT);
}
