#include "server/edge/client.h"

#include <stdio.h>

#include "tests/check.h"

static struct front front;

static void list_proxies(enum proxy_word word, bool is_locked)
{
    static const char *const proxies[] = {"10.0.0.0/8", "2001:db8:5::/48", "192.0.2.80"};
    memset(&front, 0, sizeof front);
    front.word = word;
    front.is_locked = is_locked;
    for (size_t i = 0; i < sizeof proxies / sizeof proxies[0]; i++) {
        struct network n;
        unsigned prefix;
        bool is_v6;
        CHECK_INT(network_read(str_from_cstr(proxies[i]), &n, &prefix, &is_v6), OK);
        CHECK_INT(networks_add(&front.proxies, &n), OK);
    }
    networks_seal(&front.proxies);
}

static void address(const char *text, uint8_t out[static ADDRESS_LEN])
{
    CHECK_INT(address_read(str_from_cstr(text), out), OK);
}

/* fields: lines of a request as a proxy would send them. NULL: malformed. */
static void check_client(const char *peer_text, const char *fields, const char *expected)
{
    char head[8192];
    struct http1_request r;
    struct http1_refusal why;
    uint8_t peer[ADDRESS_LEN], got[ADDRESS_LEN], want[ADDRESS_LEN];
    int len = snprintf(head, sizeof head, "GET / HTTP/1.1\r\nHost: h\r\n%s\r\n", fields);
    CHECK_INT(http1_parse(str_from(head, (size_t)len), &r, &why), OK);
    address(peer_text, peer);
    enum err e = client_find(&front, peer, &r, got);
    CHECK_INT(e, expected == NULL ? ERR_PEER : OK);
    if (e != OK)
        return;
    address(expected, want);
    CHECK(memcmp(got, want, sizeof got) == 0);
}

#define XFF "X-Forwarded-For: "
#define CF  "CF-Connecting-IP: "
#define ADA "198.51.100.7"

TEST(client_find__x_forwarded_for)
{
    static const struct {
        const char *peer, *fields, *expected;
    } rows[] = {
        {"10.0.0.1", XFF ADA "\r\n", ADA},
        {"10.0.0.1", "x-forwarded-for:" ADA "\r\n", ADA},
        {"10.0.0.1", XFF "2001:db8::7\r\n", "2001:db8::7"},
        {"2001:db8:5::1", XFF ADA "\r\n", ADA},
        {"10.0.0.1", "", "10.0.0.1"},
        /* what the client wrote stands before what the proxy wrote */
        {"10.0.0.1", XFF "203.0.113.9, " ADA "\r\n", ADA},
        {"10.0.0.1", XFF "unknown, " ADA "\r\n", ADA},
        {"10.0.0.1", XFF "203.0.113.9\r\n" XFF ADA "\r\n", ADA},
        {"10.0.0.1", XFF ",,,\r\n" XFF ADA "\r\n", ADA},
        /* a chain of proxies */
        {"10.0.0.1", XFF "203.0.113.9, " ADA ", 192.0.2.80, 10.9.9.9\r\n", ADA},
        {"10.0.0.1", XFF "203.0.113.9," ADA "\r\n" XFF "192.0.2.80\r\n" XFF "10.9.9.9\r\n", ADA},
        {"10.0.0.1", XFF "192.0.2.80, 10.9.9.9\r\n", "192.0.2.80"},
        {"10.0.0.1", XFF "a, 10.9.9.9\r\n", NULL},
        /* not an address */
        {"10.0.0.1", XFF "\r\n", NULL},
        {"10.0.0.1", XFF ADA ",\r\n", NULL},
        {"10.0.0.1", XFF ADA ":1234\r\n", NULL},
        {"10.0.0.1", XFF "[2001:db8::7]\r\n", NULL},
        {"10.0.0.1", XFF "\"" ADA "\"\r\n", NULL},
        {"10.0.0.1", XFF "unknown\r\n", NULL},
        {"10.0.0.1", XFF "198.51.100.07\r\n", NULL},
        /* from anybody else it means nothing */
        {"198.51.100.9", XFF ADA "\r\n", "198.51.100.9"},
        {"198.51.100.9", XFF "nonsense\r\n" XFF "more\r\n", "198.51.100.9"},
        {"192.0.2.81", XFF ADA "\r\n", "192.0.2.81"},
        /* nor does the word of another kind */
        {"10.0.0.1", CF ADA "\r\n", "10.0.0.1"},
        {"10.0.0.1", "Forwarded: for=" ADA "\r\nX-Real-IP: " ADA "\r\n", "10.0.0.1"},
    };
    list_proxies(PROXY_WORD_X_FORWARDED_FOR, false);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        check_row = rows[i].fields;
        check_client(rows[i].peer, rows[i].fields, rows[i].expected);
    }
    check_row = NULL;
}

TEST(client_find__the_nearest_lines_count_however_many_there_are)
{
    char fields[2048];
    size_t len = 0;
    list_proxies(PROXY_WORD_X_FORWARDED_FOR, false);
    for (int i = 0; i < 40; i++)
        len += (size_t)snprintf(fields + len, sizeof fields - len, XFF "203.0.113.%d\r\n", i);
    check_client("10.0.0.1", fields, "203.0.113.39");
    snprintf(fields + len, sizeof fields - len, XFF ADA "\r\n" XFF "10.1.1.1\r\n");
    check_client("10.0.0.1", fields, ADA);
}

TEST(client_find__cf_connecting_ip)
{
    static const struct {
        const char *peer, *fields, *expected;
    } rows[] = {
        {"10.0.0.1", CF ADA "\r\n", ADA},
        {"10.0.0.1", "cf-connecting-ip: 2001:db8::7\r\n", "2001:db8::7"},
        {"10.0.0.1", CF ADA "\r\n" XFF "203.0.113.9\r\n", ADA},
        {"10.0.0.1", "", NULL},
        {"10.0.0.1", CF "\r\n", NULL},
        {"10.0.0.1", CF ADA "\r\n" CF ADA "\r\n", NULL},
        {"10.0.0.1", CF ADA ", " ADA "\r\n", NULL},
        {"198.51.100.9", CF ADA "\r\n", "198.51.100.9"},
        {"198.51.100.9", CF ADA "\r\n" CF ADA "\r\n", "198.51.100.9"},
    };
    list_proxies(PROXY_WORD_CF_CONNECTING_IP, false);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        check_row = rows[i].fields;
        check_client(rows[i].peer, rows[i].fields, rows[i].expected);
    }
    check_row = NULL;
}

TEST(client_find__no_words_are_believed_unless_a_setting_says_so)
{
    static const enum proxy_word words[] = {PROXY_WORD_NONE, PROXY_WORD_PROTOCOL};
    for (size_t i = 0; i < 2; i++) {
        list_proxies(words[i], false);
        check_client("10.0.0.1", XFF ADA "\r\n" CF ADA "\r\n", "10.0.0.1");
    }
}

TEST(client__what_follows_from_where_a_connection_comes)
{
    uint8_t proxy[ADDRESS_LEN], stranger[ADDRESS_LEN];
    address("10.0.0.1", proxy);
    address("198.51.100.9", stranger);
    for (int word = 0; word < PROXY_WORD_COUNT; word++) {
        list_proxies((enum proxy_word)word, false);
        bool by_request = word == PROXY_WORD_X_FORWARDED_FOR || word == PROXY_WORD_CF_CONNECTING_IP;
        CHECK(client_is_admitted(&front, proxy) && client_is_admitted(&front, stranger));
        CHECK_INT(client_sends_proxy_header(&front, proxy), word == PROXY_WORD_PROTOCOL);
        CHECK_INT(client_is_shared(&front, proxy), by_request);
        CHECK(!client_sends_proxy_header(&front, stranger) && !client_is_shared(&front, stranger));
        list_proxies((enum proxy_word)word, true);
        CHECK(client_is_admitted(&front, proxy) && !client_is_admitted(&front, stranger));
    }
}

TEST(front__round_trip_and_nothing_less_or_more)
{
    static uint8_t room[32 * 1024];
    static struct front got;
    struct writer w = writer_into(room, sizeof room - 1);
    list_proxies(PROXY_WORD_PROTOCOL, true);
    front.https_port = 8443;
    strcpy(front.name, "house.example");
    front.has_turnstile = true;
    front_write(&w, &front);
    CHECK(!w.overflow);
    CHECK_INT(front_read(check_exact(str_from(room, w.len)), &got), OK);
    CHECK(memcmp(&got, &front, sizeof got) == 0);
    for (size_t len = 0; len <= w.len + 1; len++) {
        if (len != w.len)
            CHECK_INT(front_read(check_exact(str_from(room, len)), &got), ERR_PEER);
    }
}

TESTS(client, TEST_ROW(client_find__x_forwarded_for),
      TEST_ROW(client_find__the_nearest_lines_count_however_many_there_are),
      TEST_ROW(client_find__cf_connecting_ip),
      TEST_ROW(client_find__no_words_are_believed_unless_a_setting_says_so),
      TEST_ROW(client__what_follows_from_where_a_connection_comes),
      TEST_ROW(front__round_trip_and_nothing_less_or_more))
