#include "server/store/store.h"

#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>

#include "common/base/assert.h"
#include "server/store/statement.h"

#define BUSY_TIMEOUT_MS 5000 /* a command beside the server holds the lock for milliseconds */
#define PROBLEM_MAX     512

struct store {
    sqlite3 *db;
    sqlite3_stmt **statements;    /* store_query_count of them */
    sqlite3_stmt *begin, *commit; /* of every batch: not parsed anew each time */
    bool in_transaction;
    char problem[PROBLEM_MAX];
};

/* SQLite's own opaque type is ours under another name: a statement is never anything else. */
static sqlite3_stmt *raw(struct statement *q)
{
    return (sqlite3_stmt *)q;
}

static enum err explain(struct store *s, int code, const char *doing)
{
    snprintf(s->problem, sizeof s->problem, "%s: %s", doing, sqlite3_errmsg(s->db));
    switch (code & 0xFF) {
    case SQLITE_FULL: return ERR_LIMIT;
    case SQLITE_NOTADB:
    case SQLITE_CORRUPT: return ERR_CORRUPT;
    case SQLITE_NOMEM: return ERR_NO_MEMORY;
    case SQLITE_CONSTRAINT: return ERR_CONFLICT;
    case SQLITE_BUSY: return ERR_AGAIN;
    default: return ERR_IO;
    }
}

static enum err execute(struct store *s, const char *sql)
{
    int code = sqlite3_exec(s->db, sql, NULL, NULL, NULL);
    return code == SQLITE_OK ? OK : explain(s, code, sql);
}

/* A statement without parameters and rows. */
static enum err step(struct store *s, sqlite3_stmt *q, const char *doing)
{
    int code = sqlite3_step(q);
    enum err e = code == SQLITE_DONE ? OK : explain(s, code, doing);
    (void)sqlite3_reset(q); /* repeats the error that the step has already reported */
    return e;
}

const char *store_problem(const struct store *s)
{
    return s == NULL ? "out of memory" : s->problem;
}

/* The number of schema steps already taken lives in the file's header. */
static enum err schema_version(struct store *s, int64_t *out)
{
    sqlite3_stmt *q = NULL;
    int code = sqlite3_prepare_v2(s->db, "PRAGMA user_version", -1, &q, NULL);
    if (code == SQLITE_OK)
        code = sqlite3_step(q);
    if (code == SQLITE_ROW)
        *out = sqlite3_column_int64(q, 0);
    sqlite3_finalize(q);
    return code == SQLITE_ROW ? OK : explain(s, code, "read the schema version");
}

static enum err schema_step(struct store *s, size_t done)
{
    char mark[64];
    int64_t version = 0;
    snprintf(mark, sizeof mark, "PRAGMA user_version = %zu", done + 1);
    TRY(store_begin(s));
    enum err e = schema_version(s, &version);
    if (e == OK && version != (int64_t)done) {
        store_rollback(s);
        return OK; /* another process has taken this step meanwhile */
    }
    if (e == OK)
        e = execute(s, store_schema[done].sql);
    if (e == OK)
        e = execute(s, mark);
    if (e != OK) {
        store_rollback(s);
        return e;
    }
    return store_commit(s);
}

static enum err schema_upgrade(struct store *s)
{
    int64_t version = 0;
    TRY(schema_version(s, &version));
    if (version < 0 || (size_t)version > store_schema_count) {
        snprintf(s->problem, sizeof s->problem,
                 "the database has schema %lld, this program knows %zu: use the newer program",
                 (long long)version, store_schema_count);
        return ERR_CORRUPT;
    }
    for (size_t done = (size_t)version; done < store_schema_count; done++)
        TRY(schema_step(s, done));
    return OK;
}

static enum err prepare(struct store *s, const char *name, const char *sql, sqlite3_stmt **out)
{
    int code = sqlite3_prepare_v3(s->db, sql, -1, SQLITE_PREPARE_PERSISTENT, out, NULL);
    return code == SQLITE_OK ? OK : explain(s, code, name);
}

static enum err prepare_all(struct store *s)
{
    for (size_t i = 0; i < store_query_count; i++)
        TRY(prepare(s, store_queries[i].name, store_queries[i].sql, &s->statements[i]));
    return OK;
}

static enum err set_up(struct store *s)
{
    sqlite3_busy_timeout(s->db, BUSY_TIMEOUT_MS);
    sqlite3_extended_result_codes(s->db, 1);
    /* cache_size: -2000 means 2 MB; the core rarely reads what it wrote. */
    TRY(execute(s, "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA foreign_keys=ON;"
                   "PRAGMA cache_size=-2000; PRAGMA temp_store=MEMORY; PRAGMA trusted_schema=OFF;"
                   "PRAGMA journal_size_limit=67108864"));
    TRY(prepare(s, "begin", "BEGIN IMMEDIATE", &s->begin));
    TRY(prepare(s, "commit", "COMMIT", &s->commit));
    TRY(schema_upgrade(s));
    return prepare_all(s);
}

void store_prepare(void)
{
    uint8_t seed;
    sqlite3_randomness(sizeof seed, &seed); /* opens /dev/urandom, once */
}

enum err store_open(const char *path, struct store **out)
{
    struct store *s = calloc(1, sizeof *s);
    *out = s; /* even after a failure: the caller asks store_problem(), then closes */
    if (s == NULL)
        return ERR_NO_MEMORY;
    s->statements = calloc(store_query_count, sizeof *s->statements);
    if (s->statements == NULL)
        return ERR_NO_MEMORY;
    int code = sqlite3_open_v2(
        path, &s->db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX, NULL);
    if (code != SQLITE_OK)
        return explain(s, code, path);
    return set_up(s);
}

void store_close(struct store *s)
{
    if (s == NULL)
        return;
    for (size_t i = 0; s->statements != NULL && i < store_query_count; i++)
        sqlite3_finalize(s->statements[i]);
    free(s->statements);
    sqlite3_finalize(s->begin);
    sqlite3_finalize(s->commit);
    sqlite3_close(s->db);
    free(s);
}

bool store_is_current(const char *path)
{
    struct store look = {0};
    int64_t version = -1;
    int code = sqlite3_open_v2(path, &look.db, SQLITE_OPEN_READONLY | SQLITE_OPEN_NOMUTEX, NULL);
    if (code == SQLITE_OK)
        sqlite3_busy_timeout(look.db, BUSY_TIMEOUT_MS);
    bool is_known = code == SQLITE_OK && schema_version(&look, &version) == OK;
    sqlite3_close(look.db);
    return is_known && version == (int64_t)store_schema_count;
}

enum err store_begin(struct store *s)
{
    ASSERT(!s->in_transaction);
    TRY(step(s, s->begin, "begin"));
    s->in_transaction = true;
    return OK;
}

enum err store_commit(struct store *s)
{
    ASSERT(s->in_transaction);
    enum err e = step(s, s->commit, "commit");
    if (e != OK)
        store_rollback(s);
    s->in_transaction = false;
    return e;
}

void store_rollback(struct store *s)
{
    /* SQLite may have rolled back by itself (full disk); then there is nothing left to do. */
    if (sqlite3_get_autocommit(s->db) == 0)
        (void)sqlite3_exec(s->db, "ROLLBACK", NULL, NULL, NULL);
    s->in_transaction = false;
}

int64_t store_changes(const struct store *s)
{
    return sqlite3_changes64(s->db);
}

int64_t store_last_id(const struct store *s)
{
    return sqlite3_last_insert_rowid(s->db);
}

void store_checkpoint(struct store *s)
{
    (void)sqlite3_wal_checkpoint_v2(s->db, NULL, SQLITE_CHECKPOINT_TRUNCATE, NULL, NULL);
}

/* ---- for the generated queries --------------------------------------------------------------- */

struct statement *store_statement(struct store *s, size_t query)
{
    ASSERT(query < store_query_count);
    return (struct statement *)s->statements[query];
}

void store_bind_int(struct statement *q, int index, int64_t v)
{
    int code = sqlite3_bind_int64(raw(q), index, v);
    ASSERT(code == SQLITE_OK);
}

void store_bind_real(struct statement *q, int index, double v)
{
    int code = sqlite3_bind_double(raw(q), index, v);
    ASSERT(code == SQLITE_OK);
}

void store_bind_text(struct statement *q, int index, struct str v)
{
    const char *text = v.ptr == NULL ? "" : (const char *)v.ptr;
    int code = sqlite3_bind_text64(raw(q), index, text, v.len, SQLITE_STATIC, SQLITE_UTF8);
    ASSERT(code == SQLITE_OK);
}

void store_bind_blob(struct statement *q, int index, struct str v)
{
    const void *bytes = v.ptr == NULL ? "" : (const void *)v.ptr;
    int code = sqlite3_bind_blob64(raw(q), index, bytes, v.len, SQLITE_STATIC);
    ASSERT(code == SQLITE_OK);
}

void store_reset(struct statement *q)
{
    (void)sqlite3_reset(raw(q)); /* repeats the error that the step has already reported */
    (void)sqlite3_clear_bindings(raw(q));
}

enum err store_run(struct store *s, struct statement *q)
{
    int code = sqlite3_step(raw(q));
    enum err e = code == SQLITE_DONE ? OK : explain(s, code, sqlite3_sql(raw(q)));
    store_reset(q);
    return e;
}

enum err store_step_one(struct store *s, struct statement *q)
{
    int code = sqlite3_step(raw(q));
    if (code == SQLITE_ROW)
        return OK;
    enum err e = code == SQLITE_DONE ? ERR_NOT_FOUND : explain(s, code, sqlite3_sql(raw(q)));
    store_reset(q);
    return e;
}

bool cursor_step(struct cursor *c)
{
    if (c->done)
        return false;
    int code = sqlite3_step(raw(c->statement));
    if (code == SQLITE_ROW)
        return true;
    if (code != SQLITE_DONE)
        c->error = explain(c->store, code, sqlite3_sql(raw(c->statement)));
    c->done = true;
    return false;
}

enum err cursor_end(struct cursor *c)
{
    store_reset(c->statement);
    c->done = true;
    return c->error;
}

int64_t store_column_int(struct statement *q, int index)
{
    return sqlite3_column_int64(raw(q), index);
}

double store_column_real(struct statement *q, int index)
{
    return sqlite3_column_double(raw(q), index);
}

struct str store_column_text(struct statement *q, int index)
{
    const void *text = sqlite3_column_text(raw(q), index);
    return str_from(text, (size_t)sqlite3_column_bytes(raw(q), index));
}

struct str store_column_blob(struct statement *q, int index)
{
    const void *bytes = sqlite3_column_blob(raw(q), index);
    return str_from(bytes, (size_t)sqlite3_column_bytes(raw(q), index));
}
