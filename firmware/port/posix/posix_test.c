/* The parts of the Linux port that can be tried without a server: address, files, switches, sensors
 * over a machine laid out below a temporary directory. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#ifdef OC_WITH_GPIOD
#include <gpiod.h>
#endif

#include "firmware/port/posix/files.h"
#include "firmware/port/posix/sensors.h"
#include "firmware/port/posix/switches.h"
#include "firmware/port/posix/tls.h"
#include "tests/check.h"

static char root[64];

static void root_make(void)
{
    strcpy(root, "/tmp/oceanremote-test-XXXXXX");
    assert_non_null(mkdtemp(root));
}

static void root_remove(void)
{
    char command[128];
    snprintf(command, sizeof command, "rm -rf '%s'", root);
    assert_int_equal(system(command), 0);
}

/* root/path holding text, with every folder on the way. */
static void lay(const char *path, const char *text)
{
    char whole[256];
    snprintf(whole, sizeof whole, "%s/%s", root, path);
    for (char *at = whole + strlen(root) + 1; (at = strchr(at, '/')) != NULL; at++) {
        *at = 0;
        mkdir(whole, 0700);
        *at = '/';
    }
    FILE *f = fopen(whole, "w");
    assert_non_null(f);
    fputs(text, f);
    fclose(f);
}

TEST(server_address__table)
{
    static const struct {
        const char *url;
        const char *host; /* NULL: refused */
        const char *port;
        const char *host_field;
        bool is_ip;
    } rows[] = {
        {"https://example.org", "example.org", "443", "example.org", false},
        {"https://example.org/", "example.org", "443", "example.org", false},
        {"https://localhost:8443", "localhost", "8443", "localhost:8443", false},
        {"https://192.0.2.1:8443", "192.0.2.1", "8443", "192.0.2.1:8443", true},
        {"https://[::1]:8443", "::1", "8443", "[::1]:8443", true},
        {"https://[::1]", "::1", "443", "[::1]", true},
        {"http://example.org", NULL, NULL, NULL, false},
        {"example.org", NULL, NULL, NULL, false},
        {"https://", NULL, NULL, NULL, false},
        {"https://:8443", NULL, NULL, NULL, false},
        {"https://h:", NULL, NULL, NULL, false},
        {"https://h:99999", NULL, NULL, NULL, false},
        {"https://h:8443/path", NULL, NULL, NULL, false},
        {"https://user@h", NULL, NULL, NULL, false},
        {"https://[::1", NULL, NULL, NULL, false},
        {"https://[::1]8443", NULL, NULL, NULL, false},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct server_address a;
        check_row = rows[i].url;
        CHECK_INT(server_address_read(rows[i].url, &a) == OK, rows[i].host != NULL);
        if (rows[i].host == NULL)
            continue;
        CHECK_STR(str_from_cstr(a.host), str_from_cstr(rows[i].host));
        CHECK_STR(str_from_cstr(a.port), str_from_cstr(rows[i].port));
        CHECK_STR(str_from_cstr(a.host_field), str_from_cstr(rows[i].host_field));
        CHECK_INT(a.is_ip, rows[i].is_ip);
    }
    check_row = NULL;
}

TEST(files__modes_lock_and_slots)
{
    struct files a;
    struct files b;
    struct stat st;
    uint8_t buf[16];
    size_t len;
    root_make();
    strcat(root, "/state");
    CHECK_INT(files_open(&a, root), OK);
    CHECK(stat(root, &st) == 0 && (st.st_mode & 0777) == 0700);
    CHECK_INT(files_open(&b, root), ERR_CONFLICT);
    struct port_slots slots = files_slots(&a);
    CHECK_INT(slots.read(slots.ctx, 0, buf, sizeof buf, &len), ERR_NOT_FOUND);
    CHECK_INT(slots.write(slots.ctx, 0, STR("a longer one")), OK);
    CHECK_INT(slots.write(slots.ctx, 0, STR("short")), OK);
    CHECK_INT(slots.read(slots.ctx, 0, buf, sizeof buf, &len), OK);
    CHECK_STR(str_from(buf, len), STR("short"));
    CHECK(fstatat(a.dir, "identity.0", &st, 0) == 0 && (st.st_mode & 0777) == 0600);
    struct port_storage storage = files_storage(&a);
    CHECK_INT(storage.write(storage.ctx, 1000, STR("xyz")), OK);
    CHECK_INT(storage.read(storage.ctx, 999, buf, 6), OK);
    CHECK_STR(str_from(buf, 6), STR("\0xyz\0\0"));
    files_close(&a);
    CHECK_INT(files_open(&b, root), OK);
    files_close(&b);
    *strrchr(root, '/') = 0;
    root_remove();
}

TEST(switches_add__table)
{
    static const struct {
        const char *text;
        enum err expected;
    } rows[] = {
        {"relay1", OK},
        {"pump=gpiochip0:17", OK},
        {"fan=gpiochip1:0:active-low", OK},
        {"relay1", ERR_CONFLICT},
        {"", ERR_PEER},
        {"Relay", ERR_PEER},
        {"1a", ERR_PEER},
        {"../x", ERR_PEER},
        {"a/b", ERR_PEER},
        {"x=", ERR_PEER},
        {"x=gpiochip0", ERR_PEER},
        {"x=gpiochip0:", ERR_PEER},
        {"x=gpiochip0:a", ERR_PEER},
        {"x=:1", ERR_PEER},
        {"x=gpiochip0:1:high", ERR_PEER},
        {"a23456789012345678901234567890123", ERR_PEER},
    };
    static struct switches s;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        check_row = rows[i].text;
        CHECK_INT(switches_add(&s, rows[i].text), rows[i].expected);
    }
    check_row = NULL;
    CHECK_INT(s.count, 3);
    CHECK(s.list[2].is_active_low && s.list[1].line == 17 && !s.list[1].is_active_low);
}

TEST(switches__files__are_written_kept_and_followed)
{
    static struct switches s;
    char why[100];
    char buf[8];
    struct str text;
    root_make();
    int dir = open(root, O_RDONLY | O_DIRECTORY);
    CHECK_INT(switches_add(&s, "relay1"), OK);
    CHECK_INT(switches_open(&s, dir, why, sizeof why), OK);
    CHECK(!s.list[0].is_on);
    CHECK_INT(switches_set(&s, STR("relay1"), true), OK);
    CHECK_INT(switches_set(&s, STR("other"), true), ERR_NOT_FOUND);
    CHECK_INT(files_text_read(s.dir, "relay1", buf, sizeof buf, &text), OK);
    CHECK_STR(text, STR("on\n"));
    CHECK(!switches_follow(&s));
    lay("switches/relay1", "off");
    CHECK(switches_follow(&s) && !s.list[0].is_on);
    lay("switches/relay1", "maybe");
    CHECK(!switches_follow(&s));
    lay("switches/relay1", "on\n");
    switches_close(&s);
    CHECK_INT(switches_open(&s, dir, why, sizeof why), OK);
    CHECK(s.list[0].is_on); /* as it last was */
    switches_close(&s);
    close(dir);
    root_remove();
}

#ifdef OC_WITH_GPIOD

/* A GPIO chip of our own: what is defined in the program goes before the library's. */
static struct {
    bool is_there;
    unsigned line;
    int flags;
    int value;
    unsigned requests;
} gpio;

struct gpiod_chip *gpiod_chip_open_lookup(const char *name)
{
    errno = ENOENT;
    return gpio.is_there && strcmp(name, "gpiochip0") == 0 ? (struct gpiod_chip *)&gpio : NULL;
}

struct gpiod_line *gpiod_chip_get_line(struct gpiod_chip *chip, unsigned int line)
{
    (void)chip;
    gpio.line = line;
    return (struct gpiod_line *)&gpio;
}

int gpiod_line_request_output_flags(struct gpiod_line *line, const char *consumer, int flags,
                                    int value)
{
    (void)line, (void)consumer;
    gpio.requests++;
    gpio.flags = flags;
    gpio.value = value;
    return 0;
}

int gpiod_line_set_value(struct gpiod_line *line, int value)
{
    (void)line;
    gpio.value = value;
    return 0;
}

void gpiod_chip_close(struct gpiod_chip *chip)
{
    (void)chip;
}

TEST(switches__gpio__line_and_file_agree)
{
    static struct switches s;
    char why[160];
    root_make();
    int dir = open(root, O_RDONLY | O_DIRECTORY);
    lay("switches/pump", "on");
    CHECK_INT(switches_add(&s, "pump=gpiochip0:17:active-low"), OK);
    CHECK_INT(switches_open(&s, dir, why, sizeof why), ERR_IO);
    CHECK(strstr(why, "switch pump: gpiochip0 line 17: No such file") != NULL);
    switches_close(&s);
    gpio.is_there = true;
    CHECK_INT(switches_open(&s, dir, why, sizeof why), OK);
    CHECK(gpio.requests == 1 && gpio.line == 17 && gpio.value == 1); /* as it last was */
    CHECK_INT(gpio.flags, GPIOD_LINE_REQUEST_FLAG_ACTIVE_LOW);
    CHECK_INT(switches_set(&s, STR("pump"), false), OK);
    CHECK_INT(gpio.value, 0);
    lay("switches/pump", "on");
    CHECK(switches_follow(&s) && gpio.value == 1);
    switches_close(&s);
    close(dir);
    root_remove();
}
#define GPIO_ROW , TEST_ROW(switches__gpio__line_and_file_agree)
#else
#define GPIO_ROW
#endif

/* The reading of that name, or one with the error "absent". */
static struct reading find(const struct reading *list, size_t count, const char *metric)
{
    for (size_t i = 0; i < count; i++) {
        if (str_eq(list[i].metric, str_from_cstr(metric)))
            return list[i];
    }
    return (struct reading){.error = STR("absent")};
}

static void check_value(struct reading r, const char *text)
{
    char buf[40];
    struct writer w = writer_into(buf, sizeof buf);
    CHECK_INT(r.error.len, 0);
    decimal_write(&w, r.value);
    CHECK_STR(str_from(buf, w.len), str_from_cstr(text));
}

TEST(sensors__read_what_the_kernel_says)
{
    struct sensors s;
    struct reading list[16];
    root_make();
    lay("proc/loadavg", "1.05 0.50 0.25 1/100 4242\n");
    lay("proc/meminfo", "MemTotal:        1000 kB\nMemFree: 10 kB\nMemAvailable:     355 kB\n");
    lay("proc/uptime", "12345.67 23456.78\n");
    lay("proc/net/dev", "Inter-| x\n face | y\n    lo: 9 9 0 0 0 0 0 0 9 9 0 0 0 0 0 0\n"
                        "  eth0: 1000 9 0 0 0 0 0 0 500 9 0 0 0 0 0 0\n");
    lay("sys/class/thermal/thermal_zone0/type", "cpu-thermal\n");
    lay("sys/class/thermal/thermal_zone0/temp", "48250\n");
    lay("sys/class/hwmon/hwmon0/name", "coretemp\n"); /* the same, seen twice */
    lay("sys/class/hwmon/hwmon0/temp1_input", "48000\n");
    lay("sys/class/hwmon/hwmon1/name", "NVMe drive\n");
    lay("sys/class/hwmon/hwmon1/temp1_input", "-5149\n");
    sensors_init(&s, root, 1000);
    lay("proc/net/dev", "  eth0: 11000 9 0 0 0 0 0 0 500 9 0 0 0 0 0 0\n");
    size_t n = sensors_read(&s, 3000, list, 16);
    check_value(find(list, n, "load.1m"), "1.05");
    check_value(find(list, n, "memory.used_percent"), "64.5");
    check_value(find(list, n, "uptime_s"), "12345");
    check_value(find(list, n, "net.rx_kbps"), "40");
    check_value(find(list, n, "net.tx_kbps"), "0");
    check_value(find(list, n, "temperature.cpu"), "48.3");
    check_value(find(list, n, "temperature.nvme_drive"), "-5.1");
    CHECK_INT(find(list, n, "disk.used_percent").error.len, 0);
    for (size_t i = 0; i < n; i++)
        CHECK(metric_name_is_valid(list[i].metric));

    /* The same machine, failing. */
    lay("proc/loadavg", "garbage");
    lay("proc/meminfo", "");
    lay("proc/net/dev", "  eth0: 1 9 0 0 0 0 0 0 1 9 0 0 0 0 0 0\n");
    lay("sys/class/thermal/thermal_zone0/temp", "");
    lay("sys/class/hwmon/hwmon1/temp1_input", "999999\n");
    n = sensors_read(&s, 5000, list, 16);
    CHECK_STR(find(list, n, "load.1m").error, STR("missing"));
    CHECK_STR(find(list, n, "memory.used_percent").error, STR("missing"));
    CHECK_STR(find(list, n, "net.rx_kbps").error, STR("restarted"));
    CHECK_STR(find(list, n, "temperature.cpu").error, STR("missing"));
    CHECK_STR(find(list, n, "temperature.nvme_drive").error, STR("range"));
    root_remove();
}

TEST(machine_mac__hardware_first_then_the_machine_id)
{
    uint8_t mac[MAC_LEN];
    uint8_t again[MAC_LEN];
    root_make();
    CHECK_INT(machine_mac(root, mac), ERR_NOT_FOUND);
    lay("etc/machine-id", "0123456789abcdef0123456789abcdef\n");
    lay("sys/class/net/br0/address", "aa:bb:cc:00:00:01\n"); /* no hardware behind it */
    CHECK_INT(machine_mac(root, mac), OK);
    CHECK_INT(mac[0] & 3, 2);
    CHECK_INT(machine_mac(root, again), OK);
    CHECK(memcmp(mac, again, MAC_LEN) == 0);
    lay("sys/class/net/eth0/address", "aa:bb:cc:00:00:02\n");
    lay("sys/class/net/eth0/device/x", "");
    CHECK_INT(machine_mac(root, mac), OK);
    CHECK_STR(str_from(mac, MAC_LEN), STR("\xaa\xbb\xcc\0\0\x02"));
    root_remove();
}

TESTS(posix, TEST_ROW(server_address__table), TEST_ROW(files__modes_lock_and_slots),
      TEST_ROW(switches_add__table), TEST_ROW(switches__files__are_written_kept_and_followed),
      TEST_ROW(sensors__read_what_the_kernel_says),
      TEST_ROW(machine_mac__hardware_first_then_the_machine_id) GPIO_ROW)
