/* The database: one file, one user (the core), and every query prepared at start.
 *
 * Owns:     the SQLite handle and its prepared statements.
 * Promise:  what store_commit() has answered OK for survives kill -9 and power loss (WAL,
 *           synchronous=FULL). A schema step is applied whole or not at all. A query that does not
 *           compile is found at start, never later.
 * Source:   sqlite.org/wal.html, /pragma.html; ARCHITECTURE.md: one batch, one transaction.
 * Watch:    no SQL text lives in C; queries.h is generated from server/store/sql. */
#ifndef OC_STORE_STORE_H
#define OC_STORE_STORE_H

#include "common/base/arena.h"
#include "common/base/str.h"

struct store;
struct statement;

/* What SQLite reads outside of the database's directory, while that can still be reached. */
void store_prepare(void);

/* Open or make the database at path and bring its schema up to date.
 * ERR_IO: cannot be opened or written. ERR_CORRUPT: not ours, damaged, or newer than this program.
 * store_problem() says which in words. */
MUST_CHECK enum err store_open(const char *path, struct store **out);
void store_close(struct store *s);

/* Would store_open() take it as it is, with no schema step to do? Only looks. */
bool store_is_current(const char *path);

/* What went wrong last, for the log; borrowed until the next call. */
const char *store_problem(const struct store *s);

/* One transaction around a batch. After a failed store_commit() nothing of it has happened.
 * There are no savepoints: a handler checks first and writes last, and when a write itself fails,
 * the whole batch fails (DECISIONS.md, "A storage error fails its batch"). */
MUST_CHECK enum err store_begin(struct store *s);
MUST_CHECK enum err store_commit(struct store *s);
void store_rollback(struct store *s);

/* Rows touched by the last INSERT, UPDATE or DELETE; its new row id. */
int64_t store_changes(const struct store *s);
int64_t store_last_id(const struct store *s);

/* Put the write-ahead log back into the database file; called at a clean end. */
void store_checkpoint(struct store *s);

/* Walking over the rows of a query: sql_X(store, in..., &c); while (sql_X_next(&c, &row)) …;
 * cursor_end(). */
struct cursor {
    struct store *store;
    struct statement *statement;
    enum err error;
    bool done;
};
MUST_CHECK enum err cursor_end(struct cursor *c);

#endif
