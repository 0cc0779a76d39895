#include "server/process/data_dir.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/check.h"

#define FIRST_UID 64200

static char root[] = "/tmp/oceanremote-data-XXXXXX";
static char dir[sizeof root + 8];
static struct data_dir data;

static const char *at(const char *name)
{
    static char paths[4][FILE_PATH_MAX];
    static unsigned turn;
    char *path = paths[turn++ % 4];
    snprintf(path, FILE_PATH_MAX, "%s/%s", dir, name);
    return path;
}

static void put(const char *name, const char *text)
{
    CHECK_INT(file_write(at(name), str_from_cstr(text), 0600), OK);
}

static bool holds(const char *name, const char *text)
{
    uint8_t block[256];
    struct arena a = arena_over(block, sizeof block);
    struct str got;
    return file_read(&a, at(name), 100, &got) == OK && str_eq(got, str_from_cstr(text));
}

static int fresh(void **state)
{
    (void)state;
    char command[FILE_PATH_MAX];
    snprintf(dir, sizeof dir, "%s/data", root);
    snprintf(command, sizeof command, "rm -rf %s", dir);
    return system(command);
}

static enum err settle(void)
{
    CHECK_INT(data_dir_claim(&data, dir, FIRST_UID, DATA_SERVER), OK);
    return data_dir_settle(&data);
}

static void check_moved(void)
{
    CHECK(holds("db/oceanremote.db", "base") && holds("db/oceanremote.db-wal", "log"));
    CHECK(!file_exists(at("oceanremote.db")) && !file_exists(at("oceanremote.db-wal")));
    CHECK(!file_exists(at("oceanremote.db-shm")) && !file_exists(at("db/oceanremote.db-shm")));
    CHECK(!file_exists(at("db.moving")) && !data_dir_is_old(&data));
}

/* DIR as a version of before has left it after a kill. */
static void make_old(void)
{
    CHECK_INT(mkdir(dir, 0700), 0);
    put("oceanremote.db", "base");
    put("oceanremote.db-wal", "log");
    put("oceanremote.db-shm", "index");
}

TEST(data_dir__nothing_there__is_made)
{
    struct stat st;
    CHECK_INT(settle(), OK);
    CHECK(!data.has_moved);
    CHECK_INT(stat(dir, &st), 0);
    CHECK_INT(st.st_mode & 0777, 0700);
    CHECK_INT(stat(data.db, &st), 0);
    CHECK_INT(st.st_mode & 0777, 0700);
    CHECK_INT(st.st_uid, geteuid() == 0 ? FIRST_UID : geteuid());
    CHECK_INT(data.uid, geteuid() == 0 ? FIRST_UID : 0);
    CHECK_INT(settle(), OK);
}

TEST(data_dir_settle__a_database_of_before__moves_with_its_log)
{
    make_old();
    CHECK_INT(settle(), OK);
    CHECK(data.has_moved);
    check_moved();
    CHECK_INT(settle(), OK);
    CHECK(!data.has_moved);
    check_moved();
}

TEST(data_dir_settle__cut_short_anywhere__goes_on)
{
    static const char *const cuts[] = {"made", "linked one", "linked all", "renamed",
                                       "unlinked log"};
    for (size_t i = 0; i < sizeof cuts / sizeof cuts[0]; i++) {
        check_row = cuts[i];
        CHECK_INT(fresh(NULL), 0);
        make_old();
        CHECK_INT(mkdir(at("db.moving"), 0700), 0);
        if (i >= 1)
            CHECK_INT(link(at("oceanremote.db"), at("db.moving/oceanremote.db")), 0);
        if (i >= 2)
            CHECK_INT(link(at("oceanremote.db-wal"), at("db.moving/oceanremote.db-wal")), 0);
        if (i >= 3)
            CHECK_INT(rename(at("db.moving"), at("db")), 0);
        if (i >= 4)
            CHECK(unlink(at("oceanremote.db-shm")) == 0 && unlink(at("oceanremote.db-wal")) == 0);
        CHECK_INT(settle(), OK);
        check_moved();
    }
    check_row = NULL;
}

TEST(data_dir_settle__two_databases__none_is_touched)
{
    make_old();
    CHECK_INT(mkdir(at("db"), 0700), 0);
    put("db/oceanremote.db", "another");
    CHECK_INT(settle(), ERR_CONFLICT);
    CHECK(strstr(data.problem, "there are two databases") != NULL);
    CHECK(holds("db/oceanremote.db", "another") && holds("oceanremote.db", "base"));
    CHECK(holds("oceanremote.db-wal", "log"));
}

TEST(data_dir_settle__links_in_db__are_not_followed)
{
    CHECK_INT(settle(), OK);
    put("precious", "text");
    if (geteuid() != 0) {
        print_message("not root: nothing is given away\n");
        return;
    }
    CHECK_INT(symlink(at("precious"), at("db/oceanremote.db")), 0);
    CHECK_INT(settle(), ERR_CONFLICT);
    CHECK(strstr(data.problem, "is a link") != NULL);
    CHECK_INT(unlink(at("db/oceanremote.db")), 0);
    CHECK_INT(link(at("precious"), at("db/oceanremote.db")), 0);
    CHECK_INT(settle(), ERR_CONFLICT);
    struct stat st;
    CHECK_INT(stat(at("precious"), &st), 0);
    CHECK_INT(st.st_uid, 0);
}

TEST(data_dir_settle__ids_that_have_changed__are_followed)
{
    struct stat st;
    if (geteuid() != 0)
        skip();
    CHECK_INT(settle(), OK);
    put("db/oceanremote.db", "base");
    CHECK_INT(data_dir_claim(&data, dir, FIRST_UID + 100, DATA_SERVER), OK);
    CHECK_INT(data_dir_settle(&data), OK);
    CHECK(stat(at("db"), &st) == 0 && st.st_uid == FIRST_UID + 100);
    CHECK(stat(at("db/oceanremote.db"), &st) == 0 && st.st_uid == FIRST_UID + 100);
}

/* In a process of its own, which becomes the user. */
static int claim_as(uid_t uid, enum data_user user)
{
    int status;
    pid_t pid = fork();
    if (pid == 0) {
        if (uid != 0 && (setgid(uid) != 0 || setuid(uid) != 0))
            _exit(99);
        enum err e = data_dir_claim(&data, dir, FIRST_UID, user);
        if (e == OK && user == DATA_VISITOR && geteuid() == 0)
            _exit(98);
        _exit(e == OK ? 0 : strstr(data.problem, "belongs to") != NULL ? 1 : 2);
    }
    CHECK(waitpid(pid, &status, 0) == pid && WIFEXITED(status));
    return WEXITSTATUS(status);
}

TEST(data_dir_claim__another_users_directory__is_refused_with_words)
{
    if (geteuid() != 0)
        skip();
    CHECK_INT(settle(), OK);
    CHECK_INT(chmod(root, 0755), 0);
    CHECK_INT(claim_as(12345, DATA_SERVER), 1);
    CHECK_INT(chown(dir, 12345, 12345), 0);
    CHECK_INT(claim_as(12345, DATA_SERVER), 1); /* DIR/db is still that of the core of before */
    CHECK_INT(claim_as(0, DATA_SERVER), 1);
    CHECK_INT(chown(at("db"), 12345, 12345), 0);
    CHECK_INT(claim_as(12345, DATA_SERVER), 0);
    CHECK_INT(claim_as(0, DATA_SERVER), 1);
    CHECK_INT(claim_as(0, DATA_VISITOR), 0);
}

static int begin(void **state)
{
    (void)state;
    return mkdtemp(root) == NULL;
}

static int end(void **state)
{
    return fresh(state) != 0 || rmdir(root) != 0;
}

#define FRESH_ROW(name) cmocka_unit_test_setup(name, fresh)

int main(void)
{
    static const struct CMUnitTest tests[] = {
        FRESH_ROW(data_dir__nothing_there__is_made),
        FRESH_ROW(data_dir_settle__a_database_of_before__moves_with_its_log),
        FRESH_ROW(data_dir_settle__cut_short_anywhere__goes_on),
        FRESH_ROW(data_dir_settle__two_databases__none_is_touched),
        FRESH_ROW(data_dir_settle__links_in_db__are_not_followed),
        FRESH_ROW(data_dir_settle__ids_that_have_changed__are_followed),
        FRESH_ROW(data_dir_claim__another_users_directory__is_refused_with_words),
    };
    return cmocka_run_group_tests_name("data_dir", tests, begin, end);
}
