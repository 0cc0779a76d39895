#include "server/domain/ranges.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "server/net/known_networks.h"
#include "server/net/networks.h"
#include "tests/check.h"
#include "tests/support/house.h"

#define DATA "../shared/data/"

static struct house house;
static struct range_list list;

/* ---- lists ----------------------------------------------------------------------------------- */

static void read_list(struct str text)
{
    unsigned line;
    const char *why;
    list.count = 0;
    list.provider_count = 1;
    enum err e = range_list_read(&list, text, &line, &why);
    if (e != OK)
        print_message("line %u %s\n", line, why);
    CHECK_INT(e, OK);
}

static void store_list(const char *name, enum range_kind kind)
{
    struct range_list_info info = {
        .name = str_from_cstr(name), .source = STR("test"), .kind = kind};
    house_begin(&house);
    CHECK_INT(range_list_store(&house.d, &info, &list), OK);
    house_commit(&house);
}

static void open_with(const char *name, struct str text)
{
    house_open(&house);
    HOUSE_MUST(range_list_init(&list));
    if (text.len > 0) {
        read_list(text);
        store_list(name, RANGE_DATACENTRE);
    }
    HOUSE_MUST(ranges_load(&house.d));
}

static void close_all(void)
{
    range_list_done(&list);
    house_close(&house);
}

/* "list provider network", or "-". */
static struct str find(const char *address)
{
    static char text[200];
    uint8_t bytes[ADDRESS_LEN];
    struct range_hit hit;
    struct writer w = writer_into(text, sizeof text);
    HOUSE_MUST(address_read(str_from_cstr(address), bytes));
    if (!ranges_find(house.d.ranges, bytes, &hit))
        return STR("-");
    writer_str(&w, hit.list);
    writer_u8(&w, ' ');
    writer_str(&w, hit.provider);
    writer_u8(&w, ' ');
    network_write(&w, hit.first, hit.prefix);
    return str_from(text, w.len);
}

TEST(the_smallest_network_answers)
{
    open_with("a", STR("198.18.0.0/15\nx 198.18.4.0/22\nx 198.18.5.0/24\ny 198.18.6.0/24\n"
                       "2001:db8::/32\nz 2001:db8:7::/48\nz 2001:db8:8::/48\n"));
    CHECK_STR(find("198.17.255.255"), STR("-"));
    CHECK_STR(find("198.18.0.0"), STR("a  198.18.0.0/15"));
    CHECK_STR(find("198.18.4.1"), STR("a x 198.18.4.0/22"));
    CHECK_STR(find("198.18.5.1"), STR("a x 198.18.4.0/22")); /* the wider says the same */
    CHECK_STR(find("198.18.6.255"), STR("a y 198.18.6.0/24"));
    CHECK_STR(find("198.18.7.0"), STR("a x 198.18.4.0/22"));
    CHECK_STR(find("198.18.8.0"), STR("a  198.18.0.0/15"));
    CHECK_STR(find("198.19.255.255"), STR("a  198.18.0.0/15"));
    CHECK_STR(find("198.20.0.0"), STR("-"));
    CHECK_STR(find("2001:db8:6:ffff::"), STR("a  2001:db8::/32"));
    CHECK_STR(find("2001:db8:7:ffff::1"), STR("a z 2001:db8:7::/48"));
    CHECK_STR(find("2001:db8:8::1"), STR("a z 2001:db8:8::/48"));
    CHECK_STR(find("2001:db9::"), STR("-"));
    CHECK_STR(find("::1"), STR("-"));
    close_all();
}

TEST(of_equal_networks__a_name_goes_before_none__then_the_newer_list)
{
    open_with("old", STR("x 198.18.0.0/24\n198.18.1.0/24\n198.18.2.0/24"));
    house_pass(&house, 1000);
    read_list(STR("198.18.0.0/24\ny 198.18.1.0/24\n198.18.2.0/24\n198.18.3.0/24"));
    store_list("new", RANGE_VPN);
    HOUSE_MUST(ranges_load(&house.d));
    CHECK_STR(find("198.18.0.9"), STR("old x 198.18.0.0/24"));
    CHECK_STR(find("198.18.1.9"), STR("new y 198.18.1.0/24"));
    CHECK_STR(find("198.18.2.9"), STR("new  198.18.2.0/24"));
    close_all();
}

TEST(what_everybody_knows_is_known_without_a_list)
{
    open_with("", STR_NONE);
    CHECK_STR(find("104.16.1.1"), STR("built-in cloudflare 104.16.0.0/13"));
    CHECK_STR(find("2606:4700::6810:1"), STR("built-in cloudflare 2606:4700::/32"));
    CHECK_STR(find("34.64.0.1"), STR("built-in google 34.64.0.0/10"));
    CHECK_STR(find("10.0.0.1"), STR("-"));
    CHECK_STR(find("127.0.0.1"), STR("-"));
    CHECK(!ranges_find(NULL, (const uint8_t[16]){0}, &(struct range_hit){.prefix = 0}));
    close_all();
}

TEST(a_list_is_replaced_and_dropped__memory_follows)
{
    open_with("a", STR("198.18.0.0/24"));
    read_list(STR("198.18.1.0/24"));
    house_pass(&house, 1);
    store_list("a", RANGE_DATACENTRE);
    CHECK_STR(find("198.18.0.1"), STR("a  198.18.0.0/24"));
    HOUSE_MUST(ranges_load(&house.d));
    CHECK_STR(find("198.18.0.1"), STR("-"));
    CHECK_STR(find("198.18.1.1"), STR("a  198.18.1.0/24"));
    house_begin(&house);
    CHECK_INT(range_list_drop(&house.d, STR("b")), ERR_NOT_FOUND);
    CHECK_INT(range_list_drop(&house.d, STR("a")), OK);
    house_commit(&house);
    HOUSE_MUST(ranges_load(&house.d));
    CHECK_STR(find("198.18.1.1"), STR("-"));
    CHECK_INT(house_ask(&house, "SELECT count(*) FROM audit WHERE event LIKE 'ranges.%'"), 3);
    close_all();
}

TEST(a_list_too_many__is_refused)
{
    struct range_list_info info = {.source = STR("test")};
    open_with("", STR_NONE);
    read_list(STR("198.18.0.0/24"));
    house_begin(&house);
    for (unsigned i = 0; i <= RANGE_LISTS_MAX; i++) {
        char name[] = {'l', (char)('a' + i), 0};
        info.name = str_from_cstr(name);
        CHECK_INT(range_list_store(&house.d, &info, &list), i < RANGE_LISTS_MAX ? OK : ERR_LIMIT);
    }
    house_rollback(&house);
    close_all();
}

TEST(a_damaged_list__is_left_out_and_counted)
{
    open_with("good", STR("198.18.0.0/24"));
    house_begin(&house);
    CHECK_INT(sql_range_list_set(house.d.store, STR("bad"), STR("vpn"), STR("test"), 5, 1, 0,
                                 STR("\1\1")),
              OK);
    house_commit(&house);
    HOUSE_MUST(ranges_load(&house.d));
    CHECK_INT(ranges_damaged(house.d.ranges), 1);
    CHECK_STR(find("198.18.0.1"), STR("good  198.18.0.0/24"));
    close_all();
}

/* ---- beside a linear search ------------------------------------------------------------------ */

static int64_t now_us(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * INT64_C(1000000) + t.tv_nsec / 1000;
}

static void address_with(uint64_t key, uint8_t out[static 16])
{
    memset(out, 0, 16);
    if (range_is_v4(key))
        out[10] = out[11] = 0xFF;
    for (unsigned i = 0; i < (range_is_v4(key) ? 4U : 8U); i++)
        out[(range_is_v4(key) ? 15 : 7) - i] = (uint8_t)(key >> 8 * i);
}

/* The narrowest range of the list around this key, or NULL. The list keeps one for a network. */
static const struct range *linear(uint64_t key)
{
    const struct range *found = NULL;
    for (size_t i = 0; i < list.count; i++) {
        const struct range *r = &list.ranges[i];
        if (r->first <= key && key <= range_last(r) && (found == NULL || r->prefix > found->prefix))
            found = r;
    }
    return found;
}

/* Our own facts may know more: of a smaller network, or whose it is. */
static void compare(uint64_t key)
{
    uint8_t address[16];
    struct range_hit hit;
    address_with(key, address);
    const struct range *expected = linear(key);
    bool found = ranges_find(house.d.ranges, address, &hit);
    if (found && str_eq(hit.list, STR("built-in"))) {
        CHECK(expected == NULL || hit.prefix >= expected->prefix);
        return;
    }
    CHECK_INT(found, expected != NULL);
    if (expected == NULL)
        return;
    struct range_provider *p = &list.providers[expected->provider];
    CHECK_STR(hit.provider, str_from(p->text, p->len));
    CHECK(hit.prefix <= expected->prefix);
}

/* Each edge of some ranges, what lies beside it, and anything at all. */
static void compare_around(size_t ranges, size_t anywhere)
{
    for (size_t i = 0; i < ranges; i++) {
        const struct range *r = &list.ranges[house_random(list.count)];
        uint64_t last = range_last(r);
        compare(r->first);
        compare(last);
        compare(r->first - 1);
        if (last < UINT64_MAX)
            compare(last + 1);
        compare(r->first + house_random(last - r->first + 1));
    }
    for (size_t i = 0; i < anywhere; i++)
        compare(house_random(UINT64_C(1) << 32));
}

/* Crowded, so that most lie in each other. 198.18.0.0/15 and 2001:db8::/32 are nobody's. */
static void make_random(size_t count)
{
    char *text = malloc(count * 64), *at = text;
    for (size_t i = 0; i < count; i++) {
        unsigned provider = (unsigned)house_random(5);
        if (provider > 0)
            at += sprintf(at, "p%u ", provider);
        if (house_random(3) > 0) {
            unsigned prefix = 15 + (unsigned)house_random(18);
            uint32_t v = (0xC6120000 | (uint32_t)house_random(0x20000)) &
                         (uint32_t)(UINT64_C(0xFFFFFFFF) << (32 - prefix));
            at += sprintf(at, "%u.%u.%u.%u/%u\n", v >> 24, v >> 16 & 255, v >> 8 & 255, v & 255,
                          prefix);
        } else {
            unsigned prefix = 48 + (unsigned)house_random(17);
            uint32_t v =
                (uint32_t)house_random(0x40000) & (uint32_t)(UINT64_C(0xFFFFFFFF) << (64 - prefix));
            at += sprintf(at, "2001:db8:%x:%x::/%u\n", v >> 16, v & 0xFFFF, prefix);
        }
    }
    read_list(str_from(text, (size_t)(at - text)));
    free(text);
}

TEST(random_ranges__as_a_linear_search_finds_them)
{
    for (unsigned seed = 1; seed <= 20; seed++) {
        open_with("", STR_NONE);
        house_seed(seed);
        make_random(seed * 100);
        store_list("a", RANGE_BOT);
        HOUSE_MUST(ranges_load(&house.d));
        CHECK(ranges_count(house.d.ranges) <= 2 * (list.count + 300) + 1);
        compare_around(1000, 0);
        for (unsigned i = 0; i < 2000; i++)
            compare(UINT64_C(0xC6120000) + house_random(0x20000));
        close_all();
    }
}

/* Networks that save nothing by lying side by side: what 50,000 may take at most. */
TEST(fifty_thousand__less_than_two_megabytes)
{
    enum { COUNT = 50000 };
    char *text = malloc(COUNT * 40), *at = text;
    for (unsigned i = 0; i < COUNT; i++)
        at += sprintf(at, "p%u %u.%u.%u.0/25\n", i % 500, 11 + (i >> 16), i >> 8 & 255, i & 255);
    open_with("a", str_from(text, (size_t)(at - text)));
    free(text);
    print_message("50,000 networks: %zu places, %zu bytes\n", ranges_count(house.d.ranges),
                  ranges_memory(house.d.ranges));
    CHECK(ranges_count(house.d.ranges) >= 2 * COUNT);
    CHECK(ranges_memory(house.d.ranges) < 2000000);
    close_all();
}

/* ---- the real lists -------------------------------------------------------------------------- */

static char *slurp(const char *path, size_t *len)
{
    FILE *in = fopen(path, "rb");
    char *text = in == NULL ? NULL : malloc(RANGE_TEXT_MAX);
    if (text != NULL)
        *len = fread(text, 1, RANGE_TEXT_MAX, in);
    if (in != NULL)
        fclose(in);
    return text;
}

static void measure(const char *what)
{
    int64_t began = now_us();
    HOUSE_MUST(ranges_load(&house.d));
    int64_t took = now_us() - began;
    size_t found = 0;
    began = now_us();
    for (unsigned i = 0; i < 1000000; i++) {
        uint8_t address[16] = {[10] = 0xFF, 0xFF};
        uint32_t v = (uint32_t)house_random(UINT64_C(1) << 32);
        struct range_hit hit;
        memcpy(address + 12, &v, 4);
        found += ranges_find(house.d.ranges, address, &hit);
    }
    print_message(
        "%s: %zu places, %zu bytes, read in %lld us, a question %lld ns, %zu of a million found\n",
        what, ranges_count(house.d.ranges), ranges_memory(house.d.ranges), (long long)took,
        (long long)(now_us() - began) / 1000, found);
}

TEST(real_lists__as_a_linear_search_finds_them)
{
    static const char *const names[] = {"x4bnet-datacenter-ipv4.txt", "x4bnet-datacenter-ipv6.txt",
                                        "providers.txt"};
    for (size_t i = 0; i < 3; i++) {
        char path[100];
        size_t len;
        snprintf(path, sizeof path, DATA "%s", names[i]);
        char *text = slurp(path, &len);
        if (text == NULL) {
            print_message("no %s: this part was left out\n", path);
            continue;
        }
        open_with("a", str_from(text, len));
        free(text);
        compare_around(200, 300);
        close_all();
    }
}

TEST(real_lists_together__time_and_memory)
{
    static const char *const names[] = {DATA "x4bnet-datacenter-ipv4.txt",
                                        DATA "x4bnet-datacenter-ipv6.txt", DATA "providers.txt"};
    open_with("", STR_NONE);
    for (size_t i = 0; i < 3; i++) {
        char name[] = {'l', (char)('0' + i), 0};
        size_t len;
        char *text = slurp(names[i], &len);
        if (text == NULL) {
            print_message("no %s: this part was left out\n", names[i]);
            close_all();
            return;
        }
        read_list(str_from(text, len));
        store_list(name, RANGE_DATACENTRE);
        free(text);
    }
    measure("57,520 networks of three lists");
    CHECK(ranges_memory(house.d.ranges) < 2000000);
    close_all();
}

/* Of each of our own networks at least nine tenths are in the public lists too. */
TEST(what_we_know_ourselves__agrees_with_the_lists)
{
    size_t len, known = 0;
    char *text = slurp(DATA "x4bnet-datacenter-ipv4.txt", &len);
    char *named = slurp(DATA "providers.txt", &(size_t){0});
    if (text == NULL || named == NULL) {
        print_message("no lists in " DATA ": this test was left out\n");
        free(text);
        free(named);
        return;
    }
    free(named);
    open_with("", STR_NONE);
    read_list(str_from_cstr(hosting_networks));
    struct range_list ours = list;
    HOUSE_MUST(range_list_init(&list));
    read_list(str_from(text, len));
    free(text);
    for (size_t i = 0; i < ours.count; i++) {
        const struct range *r = &ours.ranges[i];
        unsigned hits = 0;
        if (!range_is_v4(r->first))
            continue;
        for (unsigned n = 0; n < 40; n++)
            hits += linear(r->first + house_random(range_last(r) - r->first + 1)) != NULL;
        known += hits >= 28;
    }
    /* The one list alone: the other names some that it lacks. */
    CHECK(known >= ours.count * 7 / 10);
    range_list_done(&ours);
    close_all();
}

TESTS(ranges, TEST_ROW(the_smallest_network_answers),
      TEST_ROW(of_equal_networks__a_name_goes_before_none__then_the_newer_list),
      TEST_ROW(what_everybody_knows_is_known_without_a_list),
      TEST_ROW(a_list_is_replaced_and_dropped__memory_follows),
      TEST_ROW(a_list_too_many__is_refused), TEST_ROW(a_damaged_list__is_left_out_and_counted),
      TEST_ROW(random_ranges__as_a_linear_search_finds_them),
      TEST_ROW(fifty_thousand__less_than_two_megabytes),
      TEST_ROW(real_lists__as_a_linear_search_finds_them),
      TEST_ROW(real_lists_together__time_and_memory),
      TEST_ROW(what_we_know_ourselves__agrees_with_the_lists))
