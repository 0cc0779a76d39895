#include "server/domain/ban.h"

#include "queries.h"
#include "tests/check.h"
#include "tests/support/house.h"

static struct house house;
static struct bans bans;

static void from(uint32_t n)
{
    static uint8_t peer[PEER_LEN];
    const uint8_t address[PEER_LEN] = {[10] = 0xFF,       0xFF,      10, (uint8_t)(n >> 16),
                                       (uint8_t)(n >> 8), (uint8_t)n};
    memcpy(peer, address, sizeof peer);
    house.d.peer = peer;
}

static void open_bans(void)
{
    house_open(&house);
    house_begin(&house);
    memset(&bans, 0, sizeof bans);
    HOUSE_MUST(bans_load(&house.d, &bans));
}

static void close_bans(void)
{
    house_commit(&house);
    house_close(&house);
}

static const struct ban *add(uint32_t n, int64_t for_ms)
{
    const struct ban *ban;
    from(n);
    CHECK_INT(ban_add(&house.d, &bans, STR("/.env"), for_ms, true, &ban), OK);
    return ban;
}

TEST(ban_add__once__until_it_is_over)
{
    open_bans();
    CHECK(add(1, 1000) != NULL);
    CHECK(add(1, 1000) == NULL);
    house_pass(&house, 999);
    CHECK_INT(bans_expire(&house.d, &bans), OK);
    CHECK_INT(bans.count, 1);
    house_pass(&house, 1);
    CHECK_INT(bans_expire(&house.d, &bans), OK);
    CHECK_INT(bans.count, 0);
    CHECK(add(1, 1000) != NULL);
    close_bans();
}

TEST(bans_load__after_a_restart__they_are_all_there)
{
    open_bans();
    for (uint32_t i = 0; i < 100; i++)
        CHECK(add(i * 7919 % 100, 1000 + i) != NULL);
    house_pass(&house, 1000 + 49);
    HOUSE_MUST(bans_load(&house.d, &bans));
    CHECK_INT(bans.count, 50);
    for (size_t i = 1; i < bans.count; i++)
        CHECK(memcmp(bans.list[i - 1].address, bans.list[i].address, PEER_LEN) < 0);
    close_bans();
}

TEST(ban_add__v6__counts_by_its_64)
{
    static uint8_t peer[PEER_LEN] = {0x20, 1, 0x0d, 0xb8, 0, 0, 0, 1, 9, 9};
    const struct ban *ban;
    open_bans();
    house.d.peer = peer;
    CHECK_INT(ban_add(&house.d, &bans, STR("/x"), 1000, true, &ban), OK);
    CHECK(ban != NULL && ban->address[7] == 1 && ban->address[8] == 0);
    peer[8] = 1;
    CHECK_INT(ban_add(&house.d, &bans, STR("/x"), 1000, true, &ban), OK);
    CHECK(ban == NULL);
    close_bans();
}

TEST(ban_add__an_exempt_network__is_only_audited)
{
    uint8_t first[PEER_LEN] = {[10] = 0xFF, 0xFF, 10, 0, 1, 0}, last[PEER_LEN];
    memcpy(last, first, sizeof last);
    last[15] = 255;
    open_bans();
    CHECK(add(0x0105, 1000) != NULL);
    HOUSE_MUST(sql_ban_exempt(house.d.store, str_from(first, PEER_LEN), str_from(last, PEER_LEN),
                              STR("10.0.1.0/24")));
    HOUSE_MUST(bans_load(&house.d, &bans));
    CHECK_INT(bans.count, 0); /* and one that is banned already goes free */
    CHECK(add(0x0100, 1000) == NULL && add(0x01FF, 1000) == NULL);
    CHECK(add(0x00FF, 1000) != NULL && add(0x0200, 1000) != NULL);
    close_bans();
}

TEST(ban_add__one_exempt_v6_address__frees_its_64)
{
    static uint8_t peer[PEER_LEN] = {0x20, 1, 0x0d, 0xb8, 0, 0, 0, 1, 9, 9};
    const struct ban *ban;
    open_bans();
    house.d.peer = peer;
    HOUSE_MUST(sql_ban_exempt(house.d.store, str_from(peer, PEER_LEN), str_from(peer, PEER_LEN),
                              STR("2001:db8:0:1:909::")));
    HOUSE_MUST(bans_load(&house.d, &bans));
    CHECK_INT(ban_add(&house.d, &bans, STR("/x"), 1000, true, &ban), OK);
    CHECK(ban == NULL);
    peer[7] = 2;
    CHECK_INT(ban_add(&house.d, &bans, STR("/x"), 1000, true, &ban), OK);
    CHECK(ban != NULL);
    close_bans();
}

TEST(ban_add__one_too_many__the_one_nearest_to_its_end_gives_way)
{
    open_bans();
    for (uint32_t i = 0; i < BANS_MAX; i++)
        CHECK(add(i, i == 500 ? 10 : 100000) != NULL);
    CHECK(add(BANS_MAX, 100000) != NULL);
    CHECK_INT(bans.count, BANS_MAX);
    from(500);
    CHECK(ban_find(&bans, house.d.peer) == NULL);
    from(BANS_MAX);
    CHECK(ban_find(&bans, house.d.peer) != NULL);
    HOUSE_MUST(bans_load(&house.d, &bans));
    CHECK_INT(bans.count, BANS_MAX);
    close_bans();
}

TESTS(ban, TEST_ROW(ban_add__once__until_it_is_over),
      TEST_ROW(bans_load__after_a_restart__they_are_all_there),
      TEST_ROW(ban_add__v6__counts_by_its_64),
      TEST_ROW(ban_add__an_exempt_network__is_only_audited),
      TEST_ROW(ban_add__one_exempt_v6_address__frees_its_64),
      TEST_ROW(ban_add__one_too_many__the_one_nearest_to_its_end_gives_way))
