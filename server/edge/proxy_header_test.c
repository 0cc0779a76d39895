#include "server/edge/proxy_header.h"

#include <stdlib.h>

#include "common/base/writer.h"
#include "tests/check.h"

#define SIGNATURE "\r\n\r\n\0\r\nQUIT\n"
#define BEHIND    STR("\x16\x03\x01") /* a TLS hello begins */

static const struct row {
    const char *name;
    struct str bytes;
    enum err expected;
    const char *client; /* NULL: none is known */
} rows[] = {
#define ROW(name, bytes, expected, client)                                                         \
    {                                                                                              \
        name, {(const uint8_t *)(bytes), sizeof(bytes) - 1}, expected, client                      \
    }
    ROW("v1 tcp4", "PROXY TCP4 192.0.2.1 198.51.100.1 56324 443\r\n", OK, "192.0.2.1"),
    ROW("v1 tcp6", "PROXY TCP6 2001:db8::1 2001:db8::2 0 65535\r\n", OK, "2001:db8::1"),
    ROW("v1 longest",
        "PROXY TCP6 ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff "
        "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff 65535 65535\r\n",
        OK, "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"),
    ROW("v1 unknown", "PROXY UNKNOWN\r\n", OK, NULL),
    ROW("v1 unknown and more", "PROXY UNKNOWN ffff:: anything 1 2 3 4\r\n", OK, NULL),
    ROW("v2 local", SIGNATURE "\x20\0\0\0", OK, NULL),
    ROW("v2 local with addresses",
        SIGNATURE "\x20\x11\0\x0C"
                  "abcdefghijkl",
        OK, NULL),
    ROW("v2 tcp4", SIGNATURE "\x21\x11\0\x0C\xC0\0\2\1\xC6\x33\x64\1\xDC\4\1\xBB", OK, "192.0.2.1"),
    ROW("v2 tcp4 and vectors",
        SIGNATURE "\x21\x11\0\x11\xC0\0\2\1\xC6\x33\x64\1\xDC\4\1\xBB\x04\0\2\0\0", OK,
        "192.0.2.1"),
    ROW("v2 tcp6",
        SIGNATURE "\x21\x21\0\x24\x20\1\x0D\xB8\0\0\0\0\0\0\0\0\0\0\0\1"
                  "\x20\1\x0D\xB8\0\0\0\0\0\0\0\0\0\0\0\2\xDC\4\1\xBB",
        OK, "2001:db8::1"),
    ROW("v2 no family", SIGNATURE "\x21\0\0\0", OK, NULL),
    ROW("v2 udp4",
        SIGNATURE "\x21\x12\0\x0C"
                  "abcdefghijkl",
        OK, NULL),
    ROW("v2 unix", SIGNATURE "\x21\x31\0\1x", OK, NULL),
    ROW("v2 a family to come", SIGNATURE "\x21\xF1\0\3xyz", OK, NULL),
    ROW("tls", "\x16\x03\x01", ERR_PEER, NULL),
    ROW("http", "GET / HTTP/1.1\r\n", ERR_PEER, NULL),
    ROW("v1 lower case", "proxy TCP4 192.0.2.1 198.51.100.1 56324 443\r\n", ERR_PEER, NULL),
    ROW("v1 nothing", "PROXY \r\n", ERR_PEER, NULL),
    ROW("v1 bare lf", "PROXY UNKNOWN\n", ERR_PEER, NULL),
    ROW("v1 lf at once", "PROXY \n", ERR_PEER, NULL),
    ROW("v1 two spaces", "PROXY  TCP4 192.0.2.1 198.51.100.1 56324 443\r\n", ERR_PEER, NULL),
    ROW("v1 a space behind", "PROXY TCP4 192.0.2.1 198.51.100.1 56324 443 \r\n", ERR_PEER, NULL),
    ROW("v1 a part less", "PROXY TCP4 192.0.2.1 198.51.100.1 56324\r\n", ERR_PEER, NULL),
    ROW("v1 a part more", "PROXY TCP4 192.0.2.1 198.51.100.1 1 2 3\r\n", ERR_PEER, NULL),
    ROW("v1 mixed kinds", "PROXY TCP4 192.0.2.1 2001:db8::1 1 2\r\n", ERR_PEER, NULL),
    ROW("v1 the other kind", "PROXY TCP4 2001:db8::1 2001:db8::2 1 2\r\n", ERR_PEER, NULL),
    ROW("v1 no address", "PROXY TCP4 localhost 198.51.100.1 1 2\r\n", ERR_PEER, NULL),
    ROW("v1 no destination", "PROXY TCP4 192.0.2.1 x 1 2\r\n", ERR_PEER, NULL),
    ROW("v1 a leading zero", "PROXY TCP4 192.0.2.01 198.51.100.1 1 2\r\n", ERR_PEER, NULL),
    ROW("v1 no such port", "PROXY TCP4 192.0.2.1 198.51.100.1 65536 2\r\n", ERR_PEER, NULL),
    ROW("v1 a port of 01", "PROXY TCP4 192.0.2.1 198.51.100.1 1 01\r\n", ERR_PEER, NULL),
    ROW("v1 another transport", "PROXY UDP4 192.0.2.1 198.51.100.1 1 2\r\n", ERR_PEER, NULL),
    ROW("v1 unknown, nearly", "PROXY UNKNOWNS\r\n", ERR_PEER, NULL),
    ROW("v1 a byte too long",
        "PROXY UNKNOWN "
        "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
        "xxxxxxxxxx\r\n",
        ERR_PEER, NULL),
    ROW("v2 version 1", SIGNATURE "\x11\x11\0\0", ERR_PEER, NULL),
    ROW("v2 version 3", SIGNATURE "\x31\x11\0\0", ERR_PEER, NULL),
    ROW("v2 another command",
        SIGNATURE "\x22\x11\0\x0C"
                  "abcdefghijkl",
        ERR_PEER, NULL),
    ROW("v2 tcp4 too short",
        SIGNATURE "\x21\x11\0\x0B"
                  "abcdefghijk",
        ERR_PEER, NULL),
    ROW("v2 tcp6 too short",
        SIGNATURE "\x21\x21\0\x0C"
                  "abcdefghijkl",
        ERR_PEER, NULL),
    ROW("v2 too long", SIGNATURE "\x21\x11\x0F\xF1", ERR_PEER, NULL),
    ROW("v2 a broken signature", "\r\n\r\n\0\r\nQUIX\n", ERR_PEER, NULL),
#undef ROW
};

static void check_one(const struct row *row)
{
    struct proxy_header got;
    uint8_t expected[ADDRESS_LEN] = {0};
    size_t taken;
    CHECK_INT(proxy_header_read(check_exact(row->bytes), &got, &taken), row->expected);
    if (row->client != NULL)
        CHECK_INT(address_read(str_from_cstr(row->client), expected), OK);
    CHECK_INT(got.has_client, row->client != NULL);
    CHECK(memcmp(got.client, expected, sizeof expected) == 0);
    if (row->expected == OK)
        CHECK_INT(taken, row->bytes.len);
}

/* Whatever has come so far, a good header wants more; a bad one is refused no later than whole. */
static void check_truncated(const struct row *row)
{
    struct proxy_header got;
    size_t taken;
    for (size_t len = 0; len < row->bytes.len; len++) {
        enum err e = proxy_header_read(check_exact(str_slice(row->bytes, 0, len)), &got, &taken);
        CHECK(e == ERR_AGAIN || (e == ERR_PEER && row->expected == ERR_PEER));
        CHECK(!got.has_client);
    }
}

static void check_behind(const struct row *row)
{
    uint8_t both[512];
    struct writer w = writer_into(both, sizeof both);
    struct proxy_header got;
    size_t taken;
    writer_str(&w, row->bytes);
    writer_str(&w, BEHIND);
    CHECK_INT(proxy_header_read(str_from(both, w.len), &got, &taken), row->expected);
    if (row->expected == OK)
        CHECK_INT(taken, row->bytes.len);
}

TEST(proxy_header_read__table)
{
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        check_row = rows[i].name;
        check_one(&rows[i]);
        check_truncated(&rows[i]);
        check_behind(&rows[i]);
    }
    check_row = NULL;
}

TEST(proxy_header_read__largest_and_one_more)
{
    static uint8_t bytes[PROXY_HEADER_MAX + 1];
    struct proxy_header got;
    size_t taken, len = PROXY_HEADER_MAX - 16;
    memcpy(bytes, SIGNATURE "\x21\x11", 14);
    bytes[14] = (uint8_t)(len >> 8);
    bytes[15] = (uint8_t)len;
    CHECK_INT(proxy_header_read(str_from(bytes, PROXY_HEADER_MAX - 1), &got, &taken), ERR_AGAIN);
    CHECK_INT(proxy_header_read(str_from(bytes, PROXY_HEADER_MAX), &got, &taken), OK);
    CHECK_INT(taken, PROXY_HEADER_MAX);
    bytes[15]++;
    CHECK_INT(proxy_header_read(str_from(bytes, PROXY_HEADER_MAX + 1), &got, &taken), ERR_PEER);
}

TESTS(proxy_header, TEST_ROW(proxy_header_read__table),
      TEST_ROW(proxy_header_read__largest_and_one_more))
