#include "server/limit/table.h"

#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "server/limit/rules.h"
#include "tests/check.h"

#define S     INT64_C(1000000)
#define NOW   (1000 * S)
#define EDGES 4
#define CONNS 64

static int table_fd;

static struct limit_table *open_edge(uint32_t edge)
{
    struct limit_table *t;
    if (edge == 0)
        CHECK_INT(limit_table_create(EDGES, CONNS, &table_fd), OK);
    CHECK_INT(limit_table_map(table_fd, edge, &t), OK);
    return t;
}

static void v4(uint8_t out[static 16], uint32_t n)
{
    const uint8_t bytes[16] = {[10] = 0xFF,       0xFF,      10, (uint8_t)(n >> 16),
                               (uint8_t)(n >> 8), (uint8_t)n};
    memcpy(out, bytes, 16);
}

TEST(limit_key__v6_by_its_64__v4_whole)
{
    struct limit_table *t = open_edge(0);
    uint8_t a[16] = {0x20, 1, 0x0d, 0xb8, 0, 0, 0, 1, 1},
            b[16] = {0x20, 1, 0x0d, 0xb8, 0, 0, 0, 1, 2};
    CHECK(limit_key_of_address(t, a) == limit_key_of_address(t, b));
    b[7] = 2;
    CHECK(limit_key_of_address(t, a) != limit_key_of_address(t, b));
    v4(a, 1);
    v4(b, 2);
    CHECK(limit_key_of_address(t, a) != limit_key_of_address(t, b));
    CHECK(limit_key_of_principal(t, 1) != limit_key_of_principal(t, 2));
    limit_table_unmap(t);
    close(table_fd);
}

TEST(limit_table__an_edge_that_was_taken_over__cannot_end_the_others)
{
    struct limit_table *t = open_edge(0);
    uint8_t address[16];
    struct stat st;
    v4(address, 1);
    uint64_t key = limit_key_of_address(t, address);
    CHECK_INT(fstat(table_fd, &st), 0);
    CHECK(ftruncate(table_fd, 0) != 0 && ftruncate(table_fd, st.st_size + 1) != 0);
    uint8_t *shared = mmap(NULL, 64, PROT_READ | PROT_WRITE, MAP_SHARED, table_fd, 0);
    CHECK(shared != MAP_FAILED);
    memset(shared, 0, 64); /* numbers of edges and connections, the key of the hash */
    CHECK(limit_enter(t, key, 10, CONNS - 1, NOW));
    CHECK(limit_key_of_address(t, address) == key);
    munmap(shared, 64);
    limit_table_unmap(t);
    close(table_fd);
}

TEST(limit_forget_requests__connections_and_bans_stay)
{
    struct limit_table *t = open_edge(0);
    struct gcra_rate rate = gcra_rate_of(1, 3600 * S);
    CHECK(limit_enter(t, 7, 1, 0, NOW));
    limit_ban(t, 7, NOW + 60 * S, NOW);
    CHECK(limit_take(t, 7, LIMIT_REQUESTS, rate, NOW).is_allowed);
    CHECK(!limit_take(t, 7, LIMIT_REQUESTS, rate, NOW).is_allowed);
    limit_forget_requests(t);
    CHECK(limit_take(t, 7, LIMIT_REQUESTS, rate, NOW - 600 * S).is_allowed);
    CHECK_INT(limit_held(t, 7), 1);
    CHECK(limit_is_banned(t, 7, NOW));
    limit_table_unmap(t);
    close(table_fd);
}

TEST(limit_enter__exact_over_all_edges)
{
    struct limit_table *t[EDGES];
    for (uint32_t i = 0; i < EDGES; i++)
        t[i] = open_edge(i);
    unsigned in = 0;
    for (uint32_t i = 0; i < 16; i++)
        in += limit_enter(t[i % EDGES], 7, 10, i, NOW);
    CHECK_INT(in, 10);
    CHECK_INT(limit_held(t[3], 7), 10);
    CHECK(limit_enter(t[0], 8, 10, 60, NOW)); /* somebody else is not concerned */
    limit_leave(t[0], 0);
    limit_leave(t[0], 0);
    CHECK_INT(limit_held(t[1], 7), 9);
    CHECK(limit_enter(t[2], 7, 10, 61, NOW));
    CHECK(!limit_enter(t[2], 7, 10, 62, NOW));
    /* A connection that moves counts in one place. */
    CHECK(limit_enter(t[2], 9, 10, 61, NOW));
    CHECK_INT(limit_held(t[0], 7), 9);
    for (uint32_t i = 0; i < EDGES; i++)
        limit_table_unmap(t[i]);
    close(table_fd);
}

TEST(limit_table_map__gives_back_what_a_dead_edge_held)
{
    struct limit_table *t = open_edge(0), *other = open_edge(1), *again;
    for (uint32_t i = 0; i < 5; i++)
        CHECK(limit_enter(t, 7, 10, i, NOW) && limit_enter(other, 7, 10, i, NOW));
    CHECK_INT(limit_held(t, 7), 10);
    CHECK_INT(limit_table_map(table_fd, 1, &again), OK);
    CHECK_INT(limit_held(t, 7), 5);
    limit_table_unmap(again);
    limit_table_unmap(other);
    limit_table_unmap(t);
    close(table_fd);
}

TEST(limit_table_map__what_is_no_table)
{
    struct limit_table *t;
    int fd;
    CHECK_INT(limit_table_create(1, 1, &fd), OK);
    CHECK_INT(limit_table_map(fd, 1, &t), ERR_PEER); /* no such edge */
    close(fd);
    fd = memfd_create("short", MFD_CLOEXEC);
    CHECK_INT(ftruncate(fd, 4096), 0);
    CHECK_INT(limit_table_map(fd, 0, &t), ERR_PEER);
    CHECK_INT(limit_table_map(-1, 0, &t), ERR_PEER);
    close(fd);
}

TEST(limit_take__one_bucket_whichever_edge_is_hit)
{
    struct limit_table *a = open_edge(0), *b = open_edge(1);
    struct gcra_rate rate = gcra_rate_of(5, 60 * S);
    for (int i = 0; i < 5; i++)
        CHECK(limit_take(i % 2 ? a : b, 7, LIMIT_LOGINS, rate, NOW).is_allowed);
    struct gcra_verdict v = limit_take(a, 7, LIMIT_LOGINS, rate, NOW);
    CHECK(!v.is_allowed && v.wait_us == 12 * S);
    CHECK(limit_take(b, 7, LIMIT_REQUESTS, rate, NOW).is_allowed); /* another bucket */
    CHECK(limit_take(b, 8, LIMIT_LOGINS, rate, NOW).is_allowed);   /* another address */
    CHECK(limit_take(b, 7, LIMIT_LOGINS, rate, NOW + 12 * S).is_allowed);
    limit_table_unmap(a);
    limit_table_unmap(b);
    close(table_fd);
}

TEST(limit_ban__for_its_time__on_every_edge)
{
    struct limit_table *a = open_edge(0), *b = open_edge(1);
    CHECK(!limit_is_banned(b, 7, NOW));
    limit_ban(a, 7, NOW + 10 * S, NOW);
    CHECK(limit_is_banned(b, 7, NOW) && limit_is_banned(b, 7, NOW + 10 * S - 1));
    CHECK(!limit_is_banned(b, 7, NOW + 10 * S) && !limit_is_banned(b, 8, NOW));
    limit_ban(b, 7, 0, NOW);
    CHECK(!limit_is_banned(a, 7, NOW));
    limit_ban(b, 9, 0, NOW); /* nobody there: nothing to lift */
    limit_table_unmap(a);
    limit_table_unmap(b);
    close(table_fd);
}

/* More addresses than there are entries: counts stay right, what is held or banned stays. */
TEST(limit_table__full__old_counts_give_way__holds_and_bans_do_not)
{
    struct limit_table *t = open_edge(0);
    struct gcra_rate rate = gcra_rate_of(2, 60 * S);
    uint8_t address[16];
    v4(address, 1 << 23);
    uint64_t held = limit_key_of_address(t, address);
    v4(address, (1 << 23) + 1);
    uint64_t banned = limit_key_of_address(t, address);
    CHECK(limit_enter(t, held, 10, 0, NOW));
    limit_ban(t, banned, NOW + 86400 * S, NOW);
    for (uint32_t i = 0; i < 4 * LIMIT_ENTRIES; i++) {
        v4(address, i);
        uint64_t key = limit_key_of_address(t, address);
        int64_t now = NOW + i;
        CHECK(limit_take(t, key, LIMIT_REQUESTS, rate, now).is_allowed);
        CHECK(limit_take(t, key, LIMIT_REQUESTS, rate, now).is_allowed);
        CHECK(!limit_take(t, key, LIMIT_REQUESTS, rate, now).is_allowed);
    }
    CHECK_INT(limit_held(t, held), 1);
    CHECK(limit_is_banned(t, banned, NOW + 5 * S));
    limit_table_unmap(t);
    close(table_fd);
}

/* So that a caller sees whether it is its own limit that is reached. */
TEST(limit_enter__all_that_could_give_way_are_held__nobody_holds_the_key)
{
    struct limit_table *t = open_edge(0);
    for (uint32_t i = 0; i < 8; i++)
        CHECK(limit_enter(t, 1 + (uint64_t)i * (LIMIT_ENTRIES / 8), 4, i, NOW)); /* of one set */
    uint64_t ninth = 1 + (uint64_t)8 * (LIMIT_ENTRIES / 8);
    CHECK(!limit_enter(t, ninth, 4, 8, NOW));
    CHECK_INT(limit_held(t, ninth), 0);
    limit_leave(t, 8);
    limit_leave(t, 0);
    CHECK(limit_enter(t, ninth, 4, 8, NOW));
    limit_table_unmap(t);
    close(table_fd);
}

/* Processes that come and go at once, on few entries, so that they meet: nothing is lost. */
TEST(limit_table__many_processes__counts_stay_exact)
{
    struct limit_table *t = open_edge(0);
    pid_t pids[EDGES];
    for (uint32_t edge = 0; edge < EDGES; edge++) {
        pids[edge] = fork();
        if (pids[edge] != 0)
            continue;
        struct limit_table *own;
        if (limit_table_map(table_fd, edge, &own) != OK)
            _exit(1);
        /* The same set for all keys: they also push each other out. */
        for (uint32_t i = 0; i < 200000; i++) {
            uint64_t key = 5 + (uint64_t)(i * 7 + edge) % 12 * (LIMIT_ENTRIES / 8);
            if (limit_enter(own, key, 3, i % CONNS, NOW) && limit_held(own, key) > 3)
                _exit(2);
        }
        for (uint32_t i = 0; i < CONNS; i++)
            limit_leave(own, i);
        _exit(0);
    }
    for (uint32_t edge = 0; edge < EDGES; edge++) {
        int status;
        CHECK_INT(waitpid(pids[edge], &status, 0), pids[edge]);
        CHECK_INT(status, 0);
    }
    for (uint64_t k = 0; k < 12; k++)
        CHECK_INT(limit_held(t, 5 + k * (LIMIT_ENTRIES / 8)), 0);
    limit_table_unmap(t);
    close(table_fd);
}

TEST(limit_rules__round_trip_and_nothing_less)
{
    uint8_t room[512];
    struct limit_rules rules = limit_rules_default();
    CHECK_INT(rules.login_per_min, 5);
    CHECK_INT(rules.dry_run, 0);
    rules.key_per_s = 77;
    rules.dry_run = 1;
    struct writer w = writer_into(room, sizeof room);
    limit_rules_write(&w, &rules);
    struct reader r = reader_of(str_from(room, w.len));
    struct limit_rules got = limit_rules_read(&r);
    CHECK_INT(reader_end(&r), OK);
    CHECK_INT(memcmp(&got, &rules, sizeof got), 0);
    for (size_t len = 0; len < w.len; len++) {
        r = reader_of(check_exact(str_from(room, len)));
        (void)limit_rules_read(&r);
        CHECK(reader_end(&r) != OK);
    }
}

TESTS(limit_table, TEST_ROW(limit_key__v6_by_its_64__v4_whole),
      TEST_ROW(limit_table__an_edge_that_was_taken_over__cannot_end_the_others),
      TEST_ROW(limit_forget_requests__connections_and_bans_stay),
      TEST_ROW(limit_enter__exact_over_all_edges),
      TEST_ROW(limit_table_map__gives_back_what_a_dead_edge_held),
      TEST_ROW(limit_table_map__what_is_no_table),
      TEST_ROW(limit_take__one_bucket_whichever_edge_is_hit),
      TEST_ROW(limit_ban__for_its_time__on_every_edge),
      TEST_ROW(limit_table__full__old_counts_give_way__holds_and_bans_do_not),
      TEST_ROW(limit_enter__all_that_could_give_way_are_held__nobody_holds_the_key),
      TEST_ROW(limit_table__many_processes__counts_stay_exact),
      TEST_ROW(limit_rules__round_trip_and_nothing_less))
