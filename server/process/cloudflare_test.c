#include "server/process/cloudflare.h"

#include <stdlib.h>
#include <unistd.h>

#include "server/os/file.h"
#include "tests/check.h"

static struct networks list;

TEST(cloudflare_parse__table)
{
    static const struct {
        const char *text;
        enum err expected;
        size_t count;
        unsigned line; /* of what is wrong */
    } rows[] = {
        {"192.0.2.0/24", OK, 1, 0},
        {"192.0.2.0/24\n2001:db8::/32\n", OK, 2, 0},
        {"192.0.2.0/24\r\n\r\n# a remark\n 198.51.100.0/24 # another\n", OK, 2, 0},
        {"", ERR_PEER, 0, 1},
        {"\n\n# nothing\n", ERR_PEER, 0, 5},
        {"192.0.2.0/24\n<html>\n", ERR_PEER, 0, 2},
        {"192.0.2.0/24\n\n192.0.2.1/24\n", ERR_PEER, 0, 3},
        {"0.0.0.0/0\n", ERR_PEER, 0, 1},
        {"10.0.0.0/9\n", ERR_PEER, 0, 1},
        {"::/0\n", ERR_PEER, 0, 1},
        {"2000::/23\n", ERR_PEER, 0, 1},
        {"192.0.2.0/24, 198.51.100.0/24\n", ERR_PEER, 0, 1},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        unsigned line = 0;
        check_row = rows[i].text;
        list.count = 0;
        CHECK_INT(cloudflare_parse(check_exact(str_from_cstr(rows[i].text)), &list, &line),
                  rows[i].expected);
        CHECK_INT(list.count, rows[i].count);
        if (rows[i].expected != OK)
            CHECK_INT(line, rows[i].line);
    }
    check_row = NULL;
}

TEST(cloudflare_parse__as_many_as_may_be_and_one_more)
{
    static char text[(CLOUDFLARE_NETWORKS_MAX + 1) * 20];
    unsigned line;
    size_t len = 0;
    for (unsigned i = 0; i <= CLOUDFLARE_NETWORKS_MAX; i++) {
        list.count = 0;
        if (i == CLOUDFLARE_NETWORKS_MAX)
            CHECK_INT(cloudflare_parse(str_from(text, len), &list, &line), OK);
        len += (size_t)snprintf(text + len, sizeof text - len, "10.%u.%u.0/24\n", i >> 8, i & 255);
    }
    list.count = 0;
    CHECK_INT(cloudflare_parse(str_from(text, len), &list, &line), ERR_PEER);
    CHECK_INT(line, CLOUDFLARE_NETWORKS_MAX + 1);
}

static bool has(const char *text)
{
    uint8_t address[ADDRESS_LEN];
    CHECK_INT(address_read(str_from_cstr(text), address), OK);
    return networks_have(&list, address);
}

TEST(cloudflare_load__ours_until_there_is_another)
{
    char dir[] = "/tmp/oceanremote-cloudflare-XXXXXX", path[FILE_PATH_MAX];
    int64_t stored_at_s = -1;
    CHECK(mkdtemp(dir) != NULL);
    list.count = 0;
    CHECK_INT(cloudflare_load(dir, &list, &stored_at_s), OK);
    networks_seal(&list);
    CHECK_INT(stored_at_s, 0);
    CHECK(has("104.16.0.1") && has("172.71.255.255") && has("2606:4700::1") && has("162.159.0.1"));
    CHECK(!has("104.28.0.0") && !has("172.72.0.0") && !has("127.0.0.1") && !has("2606:4701::"));
    CHECK_INT(cloudflare_store(dir, STR("192.0.2.0/24\n")), OK);
    list.count = 0;
    CHECK_INT(cloudflare_load(dir, &list, &stored_at_s), OK);
    networks_seal(&list);
    CHECK(stored_at_s > 0);
    CHECK(has("192.0.2.1") && !has("104.16.0.1"));
    CHECK_INT(cloudflare_store(dir, STR("nonsense\n")), OK);
    CHECK_INT(cloudflare_load(dir, &list, &stored_at_s), ERR_CORRUPT);
    CHECK_INT(file_join(dir, CLOUDFLARE_FILE, path), OK);
    unlink(path);
    rmdir(dir);
}

TESTS(cloudflare, TEST_ROW(cloudflare_parse__table),
      TEST_ROW(cloudflare_parse__as_many_as_may_be_and_one_more),
      TEST_ROW(cloudflare_load__ours_until_there_is_another))
