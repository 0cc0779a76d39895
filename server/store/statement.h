/* What the generated queries call; nothing else should.
 *
 * Owns:     nothing.
 * Promise:  a bind never fails for our types; a step error is told apart (full disk, damaged file).
 * Source:   sqlite.org/c3ref.
 * Watch:    bound text is not copied: it must live until the statement has run. */
#ifndef OC_STORE_STATEMENT_H
#define OC_STORE_STATEMENT_H

#include "server/store/store.h"

struct query_text {
    const char *name;
    const char *sql;
};
extern const struct query_text store_queries[];
extern const size_t store_query_count;

struct schema_step {
    const char *name;
    const char *sql;
};
extern const struct schema_step store_schema[];
extern const size_t store_schema_count;

struct statement *store_statement(struct store *s, size_t query);
void store_bind_int(struct statement *q, int index, int64_t v);
void store_bind_real(struct statement *q, int index, double v);
void store_bind_text(struct statement *q, int index, struct str v);
void store_bind_blob(struct statement *q, int index, struct str v);
enum err store_run(struct store *s, struct statement *q);
enum err store_step_one(struct store *s, struct statement *q);
void store_reset(struct statement *q);
bool cursor_step(struct cursor *c);
int64_t store_column_int(struct statement *q, int index);
double store_column_real(struct statement *q, int index);
struct str store_column_text(struct statement *q, int index);
struct str store_column_blob(struct statement *q, int index);

#endif
