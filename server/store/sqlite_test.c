/* The store itself is part of this file, so that the test can narrow its database. */
#include "server/store/sqlite.c"

#include <signal.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "queries.h"
#include "tests/check.h"

static char dir[64], path[96];
static struct store *store;

static void open_dir(void)
{
    strcpy(dir, "/tmp/oceanremote-store-XXXXXX");
    CHECK(mkdtemp(dir) != NULL);
    snprintf(path, sizeof path, "%s/ocean.db", dir);
}

static void close_dir(void)
{
    static const char *const ends[] = {"", "-wal", "-shm"};
    for (size_t i = 0; i < 3; i++) {
        char name[128];
        snprintf(name, sizeof name, "%s%s", path, ends[i]);
        unlink(name);
    }
    rmdir(dir);
}

static void open_store(void)
{
    open_dir();
    CHECK_INT(store_open(path, &store), OK);
}

static void close_store(void)
{
    store_close(store);
    close_dir();
}

static void sql(struct store *s, const char *text)
{
    CHECK_INT(execute(s, text), OK);
}

/* The first column of the first row. */
static int64_t ask(struct store *s, const char *text)
{
    sqlite3_stmt *q = NULL;
    CHECK_INT(sqlite3_prepare_v2(s->db, text, -1, &q, NULL), SQLITE_OK);
    CHECK_INT(sqlite3_step(q), SQLITE_ROW);
    int64_t answer = sqlite3_column_int64(q, 0);
    sqlite3_finalize(q);
    return answer;
}

static struct str blob(size_t len)
{
    static uint8_t bytes[1 << 20];
    memset(bytes, 'x', sizeof bytes);
    return str_from(bytes, len);
}

/* ---- queries --------------------------------------------------------------------------------- */

/* "-- index: device.public_id" of a query's file; several, with commas between them. */
static struct str claimed_index(const char *name, char room[static 4096])
{
    char file[200];
    snprintf(file, sizeof file, "server/store/sql/%s.sql", name);
    FILE *f = fopen(file, "r");
    CHECK(f != NULL);
    size_t len = fread(room, 1, 4095, f);
    fclose(f);
    struct str text = str_from(room, len), line;
    while (str_cut(text, '\n', &line, &text)) {
        if (str_starts(line, STR("-- index: ")))
            return str_slice(line, 10, line.len);
    }
    return STR_NONE;
}

/* "device primary key", "device.public_id" or "device_account": what the plan says of it. */
static void expected_in_plan(struct str claim, char out[static 200], char other[static 200])
{
    struct str table, column;
    other[0] = 0;
    if (str_ends(claim, STR(" primary key"))) {
        snprintf(out, 200, "USING INTEGER PRIMARY KEY");
        snprintf(other, 200, "USING PRIMARY KEY"); /* of a table without row ids */
    } else if (str_cut(claim, '.', &table, &column)) {
        snprintf(out, 200, "INDEX sqlite_autoindex_%.*s_", STR_ARGS(table));
    } else {
        snprintf(out, 200, "INDEX %.*s (", STR_ARGS(claim));
    }
}

static void plan_of(const char *text, char *plan, size_t cap)
{
    static char explain_text[8192];
    sqlite3_stmt *q = NULL;
    size_t len = 0;
    snprintf(explain_text, sizeof explain_text, "EXPLAIN QUERY PLAN %s", text);
    CHECK_INT(sqlite3_prepare_v2(store->db, explain_text, -1, &q, NULL), SQLITE_OK);
    plan[0] = 0;
    while (sqlite3_step(q) == SQLITE_ROW)
        len += (size_t)snprintf(plan + len, cap - len, "%s\n", sqlite3_column_text(q, 3));
    sqlite3_finalize(q);
}

/* Beside the rows of a table, SQLite calls a constant a scan too. */
static bool scans_a_table(const char *plan)
{
    for (const char *at = plan; (at = strstr(at, "SCAN ")) != NULL; at += 5) {
        if (strncmp(at, "SCAN CONSTANT ROW", 17) != 0)
            return true;
    }
    return false;
}

TEST(queries__each_uses_the_index_it_claims)
{
    size_t with_index = 0;
    open_store();
    for (size_t i = 0; i < store_query_count; i++) {
        char room[4096], plan[2048], expected[200], other[200];
        const struct query_text *q = &store_queries[i];
        check_row = q->name;
        struct str claim = claimed_index(q->name, room);
        CHECK(claim.len > 0);
        if (str_starts(claim, STR("none")))
            continue;
        plan_of(q->sql, plan, sizeof plan);
        if (scans_a_table(plan))
            print_error("%s", plan);
        CHECK(!scans_a_table(plan));
        CHECK(strstr(plan, "TEMP B-TREE") == NULL);
        with_index++;
        bool is_insert = strncmp(q->sql, "INSERT", 6) == 0; /* its plan tells nothing */
        bool is_all = strstr(q->sql, "max(id)") != NULL;    /* the last entry of the tree */
        bool found = true;
        for (struct str one, rest = claim; found && rest.len > 0;) {
            str_cut(rest, ',', &one, &rest);
            expected_in_plan(str_trim(one), expected, other);
            found =
                strstr(plan, expected) != NULL || (other[0] != 0 && strstr(plan, other) != NULL);
        }
        if (!is_insert && !is_all && !found)
            print_error("%s", plan);
        CHECK(is_insert || is_all || found);
    }
    CHECK(with_index > 40);
    check_row = NULL;
    close_store();
}

/* ---- schema ---------------------------------------------------------------------------------- */

TEST(store_open__from_nothing__has_every_step_and_the_settings_that_make_it_durable)
{
    open_store();
    CHECK_INT(ask(store, "PRAGMA user_version"), store_schema_count);
    CHECK_INT(ask(store, "PRAGMA synchronous"), 2); /* FULL */
    CHECK_INT(ask(store, "PRAGMA foreign_keys"), 1);
    CHECK_INT(ask(store, "SELECT count(*) FROM pragma_journal_mode WHERE journal_mode = 'wal'"), 1);
    CHECK_INT(ask(store, "SELECT count(*) FROM pragma_foreign_key_check"), 0);
    store_close(store);
    CHECK_INT(store_open(path, &store), OK); /* again: nothing to do */
    CHECK_INT(ask(store, "PRAGMA user_version"), store_schema_count);
    close_store();
}

TEST(store_open__a_schema_from_the_future__is_refused_and_left_alone)
{
    open_store();
    sql(store, "PRAGMA user_version = 1000");
    store_close(store);
    CHECK_INT(store_open(path, &store), ERR_CORRUPT);
    CHECK(strstr(store_problem(store), "1000") != NULL);
    CHECK(strstr(store_problem(store), "newer program") != NULL);
    CHECK_INT(ask(store, "PRAGMA user_version"), 1000);
    close_store();
}

TEST(store_open__a_step_that_fails__is_taken_back_whole)
{
    sqlite3 *db;
    open_dir();
    CHECK_INT(sqlite3_open(path, &db), SQLITE_OK);
    /* In the way of the last table of the first step. */
    CHECK_INT(sqlite3_exec(db, "CREATE TABLE secret (mine)", NULL, NULL, NULL), SQLITE_OK);
    sqlite3_close(db);
    CHECK(store_open(path, &store) != OK);
    CHECK_INT(ask(store, "PRAGMA user_version"), 0);
    CHECK_INT(ask(store, "SELECT count(*) FROM sqlite_schema"), 1);
    close_store();
}

TEST(store_open__what_is_no_database__is_corrupt)
{
    open_dir();
    FILE *f = fopen(path, "w");
    for (int i = 0; i < 1000; i++)
        fputs("this is a letter to my aunt, not a database\n", f);
    fclose(f);
    CHECK_INT(store_open(path, &store), ERR_CORRUPT);
    CHECK(strlen(store_problem(store)) > 10);
    close_store();
}

TEST(store_open__no_such_directory__is_an_error_that_says_so)
{
    CHECK_INT(store_open("/nowhere/at/all/ocean.db", &store), ERR_IO);
    CHECK(strstr(store_problem(store), "/nowhere/at/all") != NULL);
    store_close(store);
}

/* ---- damage ---------------------------------------------------------------------------------- */

TEST(query__a_damaged_page__is_corrupt)
{
    struct cursor c;
    struct sql_chunk_range_row row;
    open_store();
    CHECK_INT(store_begin(store), OK);
    for (int64_t id = 1; id < 400; id++)
        CHECK_INT(sql_chunk_add(store, id, blob(1000)), OK);
    CHECK_INT(store_commit(store), OK);
    store_checkpoint(store);
    store_close(store);

    FILE *f = fopen(path, "r+");
    struct stat info;
    CHECK(f != NULL && stat(path, &info) == 0);
    for (long at = info.st_size / 2 / 4096 * 4096; at < info.st_size; at += 4096) {
        fseek(f, at, SEEK_SET);
        fputs("\xFF\xFF\xFF\xFF damaged", f);
    }
    fclose(f);

    CHECK_INT(store_open(path, &store), OK); /* the schema is at the beginning, and whole */
    CHECK_INT(sql_chunk_range(store, 0, INT64_MAX, INT64_MAX, &c), OK);
    while (sql_chunk_range_next(&c, &row))
        ;
    CHECK_INT(cursor_end(&c), ERR_CORRUPT);
    close_store();
}

/* ---- transactions ---------------------------------------------------------------------------- */

TEST(store_rollback__undoes_all_of_it)
{
    open_store();
    CHECK_INT(store_begin(store), OK);
    CHECK_INT(sql_chunk_add(store, 1, blob(10)), OK);
    store_rollback(store);
    CHECK_INT(ask(store, "SELECT count(*) FROM chunk"), 0);
    CHECK_INT(store_begin(store), OK);
    CHECK_INT(sql_chunk_add(store, 1, blob(10)), OK);
    CHECK_INT(store_commit(store), OK);
    CHECK_INT(ask(store, "SELECT count(*) FROM chunk"), 1);
    close_store();
}

TEST(query__a_row_that_is_there__is_a_conflict_and_the_next_query_works)
{
    open_store();
    CHECK_INT(store_begin(store), OK);
    CHECK_INT(sql_chunk_add(store, 1, blob(10)), OK);
    CHECK_INT(sql_chunk_add(store, 1, blob(20)), ERR_CONFLICT);
    CHECK_INT(sql_chunk_add(store, 2, blob(30)), OK);
    CHECK_INT(store_commit(store), OK);
    CHECK_INT(ask(store, "SELECT sum(length(data)) FROM chunk"), 40);
    close_store();
}

/* Fill until something fails; then roll back. What was committed before is all there is. */
static enum err fill(int64_t from)
{
    enum err e = store_begin(store);
    for (int64_t id = from; e == OK && id < from + 3000; id++)
        e = sql_chunk_add(store, id, blob(4000));
    if (e != OK) {
        store_rollback(store);
        return e;
    }
    return store_commit(store);
}

static void check_untouched(enum err got, enum err expected)
{
    CHECK_INT(got, expected);
    CHECK_INT(ask(store, "SELECT count(*) FROM chunk"), 1);
    CHECK_INT(
        ask(store, "SELECT count(*) FROM pragma_integrity_check WHERE integrity_check = 'ok'"), 1);
}

TEST(store__a_full_database__fails_the_batch_and_goes_on_once_there_is_room)
{
    open_store();
    CHECK_INT(store_begin(store), OK);
    CHECK_INT(sql_chunk_add(store, 1, blob(10)), OK);
    CHECK_INT(store_commit(store), OK);
    sql(store, "PRAGMA max_page_count = 200");
    check_untouched(fill(100), ERR_LIMIT);
    check_untouched(fill(100), ERR_LIMIT); /* and again */
    sql(store, "PRAGMA max_page_count = 1000000");
    CHECK_INT(fill(100), OK);
    CHECK_INT(ask(store, "SELECT count(*) FROM chunk"), 3001);
    close_store();
}

TEST(store__a_file_that_may_not_grow__fails_the_batch_and_goes_on_once_it_may)
{
    struct rlimit before, small;
    CHECK_INT(getrlimit(RLIMIT_FSIZE, &before), 0);
    signal(SIGXFSZ, SIG_IGN);
    open_store();
    CHECK_INT(store_begin(store), OK);
    CHECK_INT(sql_chunk_add(store, 1, blob(10)), OK);
    CHECK_INT(store_commit(store), OK);
    small = (struct rlimit){512 * 1024, before.rlim_max};
    CHECK_INT(setrlimit(RLIMIT_FSIZE, &small), 0);
    enum err e = fill(100);
    CHECK_INT(setrlimit(RLIMIT_FSIZE, &before), 0);
    check_untouched(e, ERR_IO);
    CHECK_INT(fill(100), OK);
    store_close(store);
    CHECK_INT(store_open(path, &store), OK);
    CHECK_INT(ask(store, "SELECT count(*) FROM chunk"), 3001);
    close_store();
}

TEST(store__closed_without_commit__has_nothing_of_it)
{
    open_store();
    CHECK_INT(store_begin(store), OK);
    CHECK_INT(sql_chunk_add(store, 1, blob(10)), OK);
    store_close(store);
    CHECK_INT(store_open(path, &store), OK);
    CHECK_INT(ask(store, "SELECT count(*) FROM chunk"), 0);
    close_store();
}

/* ---- the nth allocation fails ---------------------------------------------------------------- */

static int until_failure = -1; /* -1: never */
static sqlite3_mem_methods normal;

static bool fails_now(void)
{
    return until_failure >= 0 && until_failure-- == 0;
}

static void *failing_malloc(int size)
{
    return fails_now() ? NULL : normal.xMalloc(size);
}

static void *failing_realloc(void *old, int size)
{
    return fails_now() ? NULL : normal.xRealloc(old, size);
}

static void hook_memory(void)
{
    CHECK_INT(sqlite3_shutdown(), SQLITE_OK);
    CHECK_INT(sqlite3_config(SQLITE_CONFIG_GETMALLOC, &normal), SQLITE_OK);
    sqlite3_mem_methods failing = normal;
    failing.xMalloc = failing_malloc;
    failing.xRealloc = failing_realloc;
    CHECK_INT(sqlite3_config(SQLITE_CONFIG_MALLOC, &failing), SQLITE_OK);
    CHECK_INT(sqlite3_initialize(), SQLITE_OK);
}

static enum err one_batch(int64_t id)
{
    TRY(store_begin(store));
    enum err e = sql_chunk_add(store, id, blob(9000));
    if (e == OK)
        e = sql_watermark_set(store, STR("rollup"), id);
    if (e != OK) {
        store_rollback(store);
        return e;
    }
    return store_commit(store);
}

TEST(store__any_allocation_fails__the_batch_happened_whole_or_not_at_all)
{
    int64_t id = 1;
    int failures = 0;
    hook_memory();
    for (int nth = 0; nth < 60; nth++) {
        open_store();
        CHECK_INT(one_batch(id), OK);
        until_failure = nth;
        enum err e = one_batch(id + 1);
        until_failure = -1;
        failures += e != OK;
        CHECK(e == OK || e == ERR_NO_MEMORY || e == ERR_IO);
        int64_t last = e == OK ? id + 1 : id;
        CHECK_INT(ask(store, "SELECT max(id) FROM chunk"), last);
        CHECK_INT(ask(store, "SELECT chunk_id FROM watermark WHERE name = 'rollup'"), last);
        CHECK_INT(one_batch(id + 2), OK);
        close_store();
    }
    CHECK(failures > 0);
}

TEST(store_open__any_allocation_fails__is_told_and_leaks_nothing)
{
    bool opened = false;
    for (int nth = 0; !opened; nth += 1 + nth / 8) {
        CHECK(nth < 100000);
        open_dir();
        until_failure = nth;
        opened = store_open(path, &store) == OK && until_failure >= 0;
        until_failure = -1;
        close_store();
    }
}

TESTS(sqlite, TEST_ROW(queries__each_uses_the_index_it_claims),
      TEST_ROW(store_open__from_nothing__has_every_step_and_the_settings_that_make_it_durable),
      TEST_ROW(store_open__a_schema_from_the_future__is_refused_and_left_alone),
      TEST_ROW(store_open__a_step_that_fails__is_taken_back_whole),
      TEST_ROW(store_open__what_is_no_database__is_corrupt),
      TEST_ROW(store_open__no_such_directory__is_an_error_that_says_so),
      TEST_ROW(query__a_damaged_page__is_corrupt), TEST_ROW(store_rollback__undoes_all_of_it),
      TEST_ROW(query__a_row_that_is_there__is_a_conflict_and_the_next_query_works),
      TEST_ROW(store__a_full_database__fails_the_batch_and_goes_on_once_there_is_room),
      TEST_ROW(store__a_file_that_may_not_grow__fails_the_batch_and_goes_on_once_it_may),
      TEST_ROW(store__closed_without_commit__has_nothing_of_it),
      TEST_ROW(store__any_allocation_fails__the_batch_happened_whole_or_not_at_all),
      TEST_ROW(store_open__any_allocation_fails__is_told_and_leaks_nothing))
