#include "server/process/config.h"

#include <stdlib.h>
#include <unistd.h>

#include "server/edge/front.h"
#include "server/process/core.h"
#include "tests/check.h"

static struct config config;

/* The text as DIR/oceanremote.conf. */
static enum err load(struct str text)
{
    char dir[] = "/tmp/oceanremote-config-XXXXXX";
    CHECK(mkdtemp(dir) != NULL);
    config_init(&config);
    strcpy(config.data_dir, dir);
    snprintf(config.file, sizeof config.file, "%s/oceanremote.conf", dir);
    CHECK_INT(file_write(config.file, text, 0600), OK);
    enum err e = config_load(&config, true);
    unlink(config.file);
    rmdir(dir);
    return e;
}

TEST(config_load__table)
{
    static const struct {
        const char *text;
        enum err expected;
        const char *problem; /* a part of what the operator is told */
    } rows[] = {
        {"", OK, ""},
        {"\n\n# a remark\n   # another\n", OK, ""},
        {"edges = 4", OK, ""},
        {"edges=4\n", OK, ""},
        {"\tedges\t=\t4\t\n", OK, ""},
        {"edges = 0\nconnections = 16\nhash_threads = 8\npassword_iterations = 260000\n", OK, ""},
        {"https = 0.0.0.0:8443\nhttps = [::1]:443\n", OK, ""},
        {"edges = 64\n", OK, ""},
        {"edges = 65\n", ERR_PEER, "line 1: edges = 65: it is a number from 0 to 64"},
        {"edges = -1\n", ERR_PEER, "edges = -1"},
        {"edges = 4.0\n", ERR_PEER, "edges = 4.0"},
        {"edges = 04\n", ERR_PEER, "edges = 04"},
        {"edges = four\n", ERR_PEER, "edges = four"},
        {"edges =\n", ERR_PEER, "it is a number"},
        {"limits.login_per_min = 1\nlimits.dry_run = on\n", OK, ""},
        {"limits.login_per_min = 0\n", ERR_PEER, "limits.login_per_min = 0: it is a number from 1"},
        {"limits.dry_run = yes\n", ERR_PEER, "limits.dry_run = yes: it is 'on' or 'off'"},
        {"proxy.from = 10.0.0.0/8\nproxy.from = ::1\nproxy.header = proxy-protocol\n", OK, ""},
        {"proxy = cloudflare\nproxy.only = on\n", OK, ""},
        {"proxy.from = 10.0.0.1/8\n", ERR_PEER, "'10.0.0.1/8' is no network"},
        {"proxy.from = 0.0.0.0/0\n", ERR_PEER, "too large a network"},
        {"proxy.from = ::/0\n", ERR_PEER, "too large a network"},
        {"proxy.header = Forwarded\n", ERR_PEER,
         "it is one of 'off', 'x-forwarded-for', 'cf-connecting-ip', 'proxy-protocol'"},
        {"proxy.header = 1\n", ERR_PEER, "it is one of"},
        {"http = off\n", OK, ""},
        {"url = https://ocean.example.org:8443\nmail.from = ocean@example.org\n", OK, ""},
        {"url = http://ocean.example.org\n", ERR_PEER, "is not https://HOST"},
        {"url = https://ocean.example.org/\n", ERR_PEER, "without a slash"},
        {"url = https://\n", ERR_PEER, "is not https://HOST"},
        {"mail.from = ocean\n", ERR_PEER, "'ocean' is not a mail address"},
        {"smtp.host = mail example\n", ERR_PEER, "is not one word"},
        {"smtp.host =\n", ERR_PEER, "is not one word"},
        {"smtp.security = none\n", ERR_PEER, "it is one of 'starttls', 'tls'"},
        {"smtp.password_file = secret\n", ERR_PEER, "is not a whole path"},
        {"password.min = 7\n", ERR_PEER, "from 8 to"},
        {"http = 8080\n", ERR_PEER, "is not ADDR:PORT"},
        {"limits. = 1\n", ERR_PEER, "there is no setting 'limits.'"},
        {"edges = 4 # of them\nhttps = a:1#first\n", OK, ""},
        {"edges = 99999999999999999999\n", ERR_PEER, "it is a number"},
        {"connections = 15\n", ERR_PEER, "from 16 to"},
        {"password_iterations = 259999\n", ERR_PEER, "from 260000"},
        {"\n\nedge = 4\n", ERR_PEER, "line 3: there is no setting 'edge'"},
        {"Edges = 4\n", ERR_PEER, "'Edges'"},
        {"edges\n", ERR_PEER, "'edges' is not NAME = VALUE"},
        {"= 4\n", ERR_PEER, "there is no setting ''"},
        {"https = 8443\n", ERR_PEER, "line 1: https: '8443' is not ADDR:PORT"},
        {"https = :8443\n", ERR_PEER, "is not ADDR:PORT"},
        {"https = a:65536\n", ERR_PEER, "is not ADDR:PORT"},
        {"https = a:\n", ERR_PEER, "is not ADDR:PORT"},
        {"https = a:0x1\n", ERR_PEER, "is not ADDR:PORT"},
        {"https = a:1\nhttps = a:2\nhttps = a:3\nhttps = a:4\nhttps = a:5\nhttps = a:6\n"
         "https = a:7\nhttps = a:8\n",
         OK, ""},
        {"https = a:1\nhttps = a:2\nhttps = a:3\nhttps = a:4\nhttps = a:5\nhttps = a:6\n"
         "https = a:7\nhttps = a:8\nhttps = a:9\n",
         ERR_PEER, "https stands on more than 8 lines"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        check_row = rows[i].text;
        CHECK_INT(load(str_from_cstr(rows[i].text)), rows[i].expected);
        CHECK(strstr(config.problem, rows[i].problem) != NULL);
    }
    check_row = NULL;
}

TEST(config_load__values_arrive_where_they_belong)
{
    CHECK_INT(load(STR("edges = 3\nconnections = 17\nhash_threads = 5\n"
                       "password_iterations = 300000\nhttps = [::1]:8443\n"
                       "proxy.header = cf-connecting-ip\nproxy.from = 10.0.0.0/8\n"
                       "limits.api_per_s = 7\nlimits.key_per_s = 8\nlimits.dry_run = on\n")),
              OK);
    CHECK_INT(config.limits.api_per_s, 7);
    CHECK_INT(config.proxy_header, PROXY_WORD_CF_CONNECTING_IP);
    CHECK_INT(config.proxy_from.count, 1);
    CHECK_INT(config.limits.key_per_s, 8);
    CHECK_INT(config.limits.login_per_min, 5);
    CHECK_INT(config.limits.dry_run, 1);
    CHECK_INT(config.edges, 3);
    CHECK_INT(config.connections, 17);
    CHECK_INT(config.hash_threads, 5);
    CHECK_INT(config.password_iterations, 300000);
    CHECK_INT(config.https.count, 1);
    CHECK_STR(str_from_cstr(config.https.items[0]), STR("[::1]:8443"));
}

TEST(config_load__no_file__is_fine_unless_it_was_named)
{
    config_init(&config);
    strcpy(config.file, "/nowhere/oceanremote.conf");
    CHECK_INT(config_load(&config, false), OK);
    CHECK_INT(config.password_iterations, 600000);
    CHECK_INT(config_load(&config, true), ERR_PEER);
    CHECK(strstr(config.problem, "/nowhere/oceanremote.conf") != NULL);
}

TEST(config_load__too_large_a_file__is_refused)
{
    static uint8_t text[CONFIG_SIZE_MAX + 1];
    memset(text, '\n', sizeof text);
    CHECK_INT(load(str_from(text, CONFIG_SIZE_MAX)), OK);
    CHECK_INT(load(str_from(text, CONFIG_SIZE_MAX + 1)), ERR_PEER);
}

TEST(config_print__what_is_printed_reads_back)
{
    static char text[8192];
    CHECK_INT(load(STR("edges = 3\nhttps = 127.0.0.1:1\n")), OK);
    FILE *f = fmemopen(text, sizeof text, "w");
    config_print(&config, f);
    fclose(f);
    CHECK(strstr(text, "edges = 3") != NULL && strstr(text, "https = 127.0.0.1:1") != NULL);
    CHECK(strstr(text, "password_iterations = 600000  # default;") != NULL);
    CHECK(strstr(text, "# url =   #") != NULL);
    CHECK_INT(load(str_from_cstr(text)), OK);
    CHECK_INT(config.edges, 3);
    CHECK_INT(config.https.count, 1);
}

/* ---- what the children are told -------------------------------------------------------------- */

TEST(core_config__round_trip_and_nothing_less_or_more)
{
    uint8_t room[1024];
    struct core_config got,
        c = {STR("/var/lib/oceanremote/db"), 64200, 600000, 2, limit_rules_default(),
             account_rules_default()};
    struct writer w = writer_into(room, sizeof room);
    core_config_write(&w, &c);
    CHECK_INT(core_config_read(check_exact(str_from(room, w.len)), &got), OK);
    CHECK_INT(got.password_iterations, 600000);
    CHECK_INT(got.hash_threads, 2);
    CHECK_INT(got.limits.device_per_day, 200000);
    CHECK(strcmp(got.rules.url, "https://localhost:8443") == 0);
    core_config_write(&w, &c);
    for (size_t len = 0; len < w.len; len++) {
        if (len == w.len / 2)
            continue;
        CHECK_INT(core_config_read(check_exact(str_from(room, len)), &got), ERR_PEER);
    }
}

TESTS(config, TEST_ROW(config_load__table), TEST_ROW(config_load__values_arrive_where_they_belong),
      TEST_ROW(config_load__no_file__is_fine_unless_it_was_named),
      TEST_ROW(config_load__too_large_a_file__is_refused),
      TEST_ROW(config_print__what_is_printed_reads_back),
      TEST_ROW(core_config__round_trip_and_nothing_less_or_more))
