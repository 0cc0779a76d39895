#include "server/domain/place.h"

#include <arpa/inet.h>

#include "tests/check.h"

static const struct {
    const char *address, *text, *network;
} rows[] = {
    {"::ffff:127.0.0.1", "127.0.0.1", "this machine"},
    {"::ffff:127.255.1.2", "127.255.1.2", "this machine"},
    {"::1", "::1", "this machine"},
    {"::2", "::2", ""},
    {"::ffff:10.1.2.3", "10.1.2.3", "local network"},
    {"::ffff:11.0.0.0", "11.0.0.0", ""},
    {"::ffff:172.16.0.1", "172.16.0.1", "local network"},
    {"::ffff:172.31.255.255", "172.31.255.255", "local network"},
    {"::ffff:172.32.0.0", "172.32.0.0", ""},
    {"::ffff:172.15.255.255", "172.15.255.255", ""},
    {"::ffff:192.168.77.1", "192.168.77.1", "local network"},
    {"::ffff:192.169.0.1", "192.169.0.1", ""},
    {"::ffff:100.64.0.1", "100.64.0.1", "local network"},
    {"::ffff:100.128.0.1", "100.128.0.1", ""},
    {"::ffff:169.254.9.9", "169.254.9.9", "local network"},
    {"::ffff:192.0.2.7", "192.0.2.7", ""},
    {"fe80::1", "fe80::1", "local network"},
    {"febf::1", "febf::1", "local network"},
    {"fec0::1", "fec0::1", ""},
    {"fd12:3456::1", "fd12:3456::1", "local network"},
    {"2001:db8::7", "2001:db8::7", ""},
};

TEST(place__each_row)
{
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        uint8_t peer[PEER_LEN], text[PLACE_TEXT_MAX];
        check_row = rows[i].address;
        CHECK_INT(inet_pton(AF_INET6, rows[i].address, peer), 1);
        struct str bytes = check_exact(str_from(peer, sizeof peer));
        CHECK_STR(place_address(bytes, text), str_from_cstr(rows[i].text));
        CHECK_STR(place_network(bytes), str_from_cstr(rows[i].network));
    }
    check_row = NULL;
}

TEST(place__what_is_no_address__has_neither)
{
    uint8_t text[PLACE_TEXT_MAX], bytes[PEER_LEN + 1] = {0};
    for (size_t len = 0; len <= sizeof bytes; len++) {
        if (len == PEER_LEN)
            continue;
        CHECK_INT(place_address(str_from(bytes, len), text).len, 0);
        CHECK_INT(place_network(str_from(bytes, len)).len, 0);
    }
}

TESTS(place, TEST_ROW(place__each_row), TEST_ROW(place__what_is_no_address__has_neither))
