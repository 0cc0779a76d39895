#include "server/net/networks.h"

#include "tests/check.h"

TEST(address_read__table)
{
    static const struct {
        const char *text;
        enum err expected;
    } rows[] = {
        {"192.0.2.1", OK},
        {"0.0.0.0", OK},
        {"255.255.255.255", OK},
        {"::", OK},
        {"2001:db8::1", OK},
        {"::ffff:192.0.2.1", OK},
        {"2001:DB8:0:0:0:0:0:1", OK},
        {"", ERR_PEER},
        {"192.0.2", ERR_PEER},
        {"192.0.2.1.", ERR_PEER},
        {"192.0.2.256", ERR_PEER},
        {"192.0.2.01", ERR_PEER},
        {"0xC0.0.2.1", ERR_PEER},
        {" 192.0.2.1", ERR_PEER},
        {"192.0.2.1 ", ERR_PEER},
        {"192.0.2.1:80", ERR_PEER},
        {"[::1]", ERR_PEER},
        {"fe80::1%eth0", ERR_PEER},
        {":::", ERR_PEER},
        {"1:2:3:4:5:6:7:8:9", ERR_PEER},
        {"localhost", ERR_PEER},
        {"192.0.2.1\n", ERR_PEER},
        {"0000:0000:0000:0000:0000:0000:0000:0000:0000:0000:0000", ERR_PEER},
    };
    uint8_t out[ADDRESS_LEN];
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        check_row = rows[i].text;
        CHECK_INT(address_read(str_from_cstr(rows[i].text), out), rows[i].expected);
    }
    check_row = NULL;
    CHECK_INT(address_read(str_from("192.0.2.1\0", 10), out), ERR_PEER);
}

TEST(network_read__table)
{
    static const struct {
        const char *text;
        enum err expected;
        unsigned prefix;
        const char *first, *last;
    } rows[] = {
        {"192.0.2.0/24", OK, 24, "192.0.2.0", "192.0.2.255"},
        {"192.0.2.7/32", OK, 32, "192.0.2.7", "192.0.2.7"},
        {"192.0.2.7", OK, 32, "192.0.2.7", "192.0.2.7"},
        {"0.0.0.0/0", OK, 0, "0.0.0.0", "255.255.255.255"},
        {"172.64.0.0/13", OK, 13, "172.64.0.0", "172.71.255.255"},
        {"2001:db8::/32", OK, 32, "2001:db8::", "2001:db8:ffff:ffff:ffff:ffff:ffff:ffff"},
        {"2a06:98c0::/29", OK, 29, "2a06:98c0::", "2a06:98c7:ffff:ffff:ffff:ffff:ffff:ffff"},
        {"::1/128", OK, 128, "::1", "::1"},
        {"::/0", OK, 0, "::", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"},
        {"192.0.2.1/24", ERR_PEER, 0, NULL, NULL},
        {"2001:db8::1/32", ERR_PEER, 0, NULL, NULL},
        {"192.0.2.0/33", ERR_PEER, 0, NULL, NULL},
        {"::/129", ERR_PEER, 0, NULL, NULL},
        {"192.0.2.0/", ERR_PEER, 0, NULL, NULL},
        {"192.0.2.0/024", ERR_PEER, 0, NULL, NULL},
        {"192.0.2.0/24/1", ERR_PEER, 0, NULL, NULL},
        {"/24", ERR_PEER, 0, NULL, NULL},
        {"", ERR_PEER, 0, NULL, NULL},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct network n;
        unsigned prefix;
        bool is_v6;
        uint8_t first[ADDRESS_LEN], last[ADDRESS_LEN];
        check_row = rows[i].text;
        CHECK_INT(network_read(str_from_cstr(rows[i].text), &n, &prefix, &is_v6), rows[i].expected);
        if (rows[i].expected != OK)
            continue;
        CHECK_INT(address_read(str_from_cstr(rows[i].first), first), OK);
        CHECK_INT(address_read(str_from_cstr(rows[i].last), last), OK);
        CHECK_INT(prefix, rows[i].prefix);
        CHECK_INT(is_v6, strchr(rows[i].text, ':') != NULL);
        CHECK(memcmp(n.first, first, ADDRESS_LEN) == 0);
        CHECK(memcmp(n.last, last, ADDRESS_LEN) == 0);
    }
    check_row = NULL;
}

static void add(struct networks *n, const char *text)
{
    struct network one;
    unsigned prefix;
    bool is_v6;
    CHECK_INT(network_read(str_from_cstr(text), &one, &prefix, &is_v6), OK);
    CHECK_INT(networks_add(n, &one), OK);
}

static bool have(const struct networks *n, const char *text)
{
    uint8_t address[ADDRESS_LEN];
    CHECK_INT(address_read(str_from_cstr(text), address), OK);
    return networks_have(n, address);
}

TEST(networks__neighbours_and_overlaps_become_one)
{
    static struct networks n;
    n.count = 0;
    networks_seal(&n);
    CHECK(!have(&n, "192.0.2.1"));
    add(&n, "198.51.100.0/24");
    add(&n, "192.0.2.128/25");
    add(&n, "192.0.2.0/25");  /* right before the one above */
    add(&n, "192.0.2.64/26"); /* inside */
    add(&n, "192.0.2.0/24");  /* around */
    add(&n, "2001:db8::/32");
    add(&n, "2001:db8:1::/48");
    networks_seal(&n);
    CHECK_INT(n.count, 3);
    static const struct {
        const char *address;
        bool expected;
    } rows[] = {
        {"192.0.1.255", false},
        {"192.0.2.0", true},
        {"192.0.2.255", true},
        {"192.0.3.0", false},
        {"198.51.100.0", true},
        {"198.51.100.255", true},
        {"198.51.101.0", false},
        {"198.51.99.255", false},
        {"0.0.0.0", false},
        {"::", false},
        {"::192.0.2.1", false},
        {"::ffff:192.0.2.1", true},
        {"2001:db8::", true},
        {"2001:db8:ffff:ffff:ffff:ffff:ffff:ffff", true},
        {"2001:db9::", false},
        {"2001:db7:ffff:ffff:ffff:ffff:ffff:ffff", false},
        {"ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", false},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        check_row = rows[i].address;
        CHECK_INT(have(&n, rows[i].address), rows[i].expected);
    }
    check_row = NULL;
}

TEST(network_write__what_was_read__is_the_same)
{
    static const char *const rows[] = {"192.0.2.0/24", "192.0.2.7",       "10.0.0.0/8",
                                       "0.0.0.0/0",    "2001:db8::/32",   "2001:db8::1",
                                       "::/0",         "2001:db8:1::/64", "ffff::/16"};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char text[NETWORK_TEXT_MAX];
        struct writer w = writer_into(text, sizeof text);
        struct network n;
        unsigned prefix;
        bool is_v6;
        check_row = rows[i];
        CHECK_INT(network_read(str_from_cstr(rows[i]), &n, &prefix, &is_v6), OK);
        CHECK_INT(address_is_v4(n.first), !is_v6);
        network_write(&w, n.first, prefix);
        CHECK_STR(str_from(text, w.len), str_from_cstr(rows[i]));
    }
    check_row = NULL;
}

TEST(networks__the_last_address_of_all_has_no_neighbour)
{
    static struct networks n;
    n.count = 0;
    add(&n, "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff");
    add(&n, "::");
    networks_seal(&n);
    CHECK_INT(n.count, 2);
    CHECK(have(&n, "::"));
    CHECK(!have(&n, "::1"));
}

TEST(networks__bound)
{
    static struct networks n;
    n.count = 0;
    struct network one = {{0}, {0}};
    for (unsigned i = 0; i < NETWORKS_MAX; i++) {
        one.first[0] = one.last[0] = (uint8_t)(i >> 8);
        one.first[1] = one.last[1] = (uint8_t)i;
        CHECK_INT(networks_add(&n, &one), OK);
    }
    CHECK_INT(networks_add(&n, &one), ERR_LIMIT);
    networks_seal(&n);
    CHECK_INT(n.count, NETWORKS_MAX);
    for (unsigned i = 0; i < NETWORKS_MAX; i++) {
        uint8_t address[ADDRESS_LEN] = {(uint8_t)(i >> 8), (uint8_t)i};
        CHECK(networks_have(&n, address));
        address[15] = 1;
        CHECK(!networks_have(&n, address));
    }
}

TESTS(networks, TEST_ROW(address_read__table), TEST_ROW(network_read__table),
      TEST_ROW(network_write__what_was_read__is_the_same),
      TEST_ROW(networks__neighbours_and_overlaps_become_one),
      TEST_ROW(networks__the_last_address_of_all_has_no_neighbour), TEST_ROW(networks__bound))
