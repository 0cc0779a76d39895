#include "firmware/port/posix/sensors.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "common/crypto/crypto.h"

#define FILE_TEXT_MAX 8192

/* Temperatures beyond these are a sensor gone wrong, not weather. */
#define TEMPERATURE_MILLI_MIN (-60000)
#define TEMPERATURE_MILLI_MAX 200000

/* ---- files and readings ---------------------------------------------------------------------- */

/* root/path as a C string, cut to cap; the length, 0 when it cannot be read. */
static size_t file_text(const char *root, const char *path, char *buf, size_t cap)
{
    char whole[512];
    snprintf(whole, sizeof whole, "%s/%s", root, path);
    int fd = open(whole, O_RDONLY | O_CLOEXEC);
    buf[0] = 0;
    if (fd < 0)
        return 0;
    ssize_t n = read(fd, buf, cap - 1);
    close(fd);
    if (n < 0)
        n = 0;
    buf[n] = 0;
    return (size_t)n;
}

struct list {
    struct reading *out;
    size_t cap;
    size_t count;
};

static void add(struct list *l, struct reading r)
{
    if (l->count < l->cap)
        l->out[l->count++] = r;
}

static void add_value(struct list *l, struct str metric, int64_t mantissa, int8_t exponent)
{
    add(l, (struct reading){.metric = metric, .value = {mantissa, exponent}});
}

static void add_error(struct list *l, struct str metric, struct str error)
{
    add(l, (struct reading){.metric = metric, .error = error});
}

/* part / whole in per cent with one decimal, rounded. */
static int64_t per_mille(uint64_t part, uint64_t whole)
{
    return (int64_t)((part * 1000 + whole / 2) / whole);
}

/* ---- load, memory, disk, uptime -------------------------------------------------------------- */

static void read_load(const struct sensors *s, struct list *l)
{
    char text[128];
    unsigned whole;
    unsigned hundredths;
    file_text(s->root, "proc/loadavg", text, sizeof text);
    if (sscanf(text, "%u.%2u", &whole, &hundredths) == 2)
        add_value(l, STR("load.1m"), (int64_t)whole * 100 + hundredths, -2);
    else
        add_error(l, STR("load.1m"), STR("missing"));
}

static uint64_t memory_kb(const char *text, const char *name)
{
    uint64_t kb;
    const char *at = strstr(text, name);
    return at != NULL && sscanf(at + strlen(name), " %" SCNu64, &kb) == 1 ? kb : 0;
}

static void read_memory(const struct sensors *s, struct list *l)
{
    char text[FILE_TEXT_MAX];
    file_text(s->root, "proc/meminfo", text, sizeof text);
    uint64_t total = memory_kb(text, "MemTotal:");
    uint64_t available = memory_kb(text, "MemAvailable:");
    if (total == 0 || available > total)
        add_error(l, STR("memory.used_percent"), total == 0 ? STR("missing") : STR("range"));
    else
        add_value(l, STR("memory.used_percent"), per_mille(total - available, total), -1);
}

/* As df counts: of what ordinary programs may use. */
static void read_disk(const struct sensors *s, struct list *l)
{
    struct statvfs v;
    if (statvfs(s->root, &v) != 0 || v.f_blocks == 0 || v.f_bfree > v.f_blocks) {
        add_error(l, STR("disk.used_percent"), STR("missing"));
        return;
    }
    uint64_t used = v.f_blocks - v.f_bfree;
    if (used + v.f_bavail == 0)
        add_error(l, STR("disk.used_percent"), STR("range"));
    else
        add_value(l, STR("disk.used_percent"), per_mille(used, used + v.f_bavail), -1);
}

static void read_uptime(const struct sensors *s, struct list *l)
{
    char text[64];
    uint64_t seconds;
    file_text(s->root, "proc/uptime", text, sizeof text);
    if (sscanf(text, "%" SCNu64, &seconds) == 1)
        add_value(l, STR("uptime_s"), (int64_t)seconds, 0);
    else
        add_error(l, STR("uptime_s"), STR("missing"));
}

/* ---- network --------------------------------------------------------------------------------- */

/* All interfaces but the loopback, summed. */
static bool network_bytes(const struct sensors *s, uint64_t *rx, uint64_t *tx)
{
    char text[FILE_TEXT_MAX];
    *rx = *tx = 0;
    if (file_text(s->root, "proc/net/dev", text, sizeof text) == 0)
        return false;
    char *saved = NULL;
    for (char *line = strtok_r(text, "\n", &saved); line != NULL;
         line = strtok_r(NULL, "\n", &saved)) {
        char name[32];
        uint64_t in;
        uint64_t out;
        if (sscanf(line, " %31[^: ]: %" SCNu64 " %*u %*u %*u %*u %*u %*u %*u %" SCNu64, name, &in,
                   &out) != 3 ||
            strcmp(name, "lo") == 0)
            continue;
        *rx += in;
        *tx += out;
    }
    return true;
}

/* Kilobits a second with one decimal. An interface that went away makes the sum fall: no rate. */
static void add_rate(struct list *l, struct str metric, uint64_t before, uint64_t now,
                     int64_t elapsed_ms)
{
    if (now < before)
        add_error(l, metric, STR("restarted"));
    else
        add_value(l, metric, (int64_t)((now - before) * 80 / (uint64_t)elapsed_ms), -1);
}

static void read_network(struct sensors *s, int64_t now_ms, struct list *l)
{
    uint64_t rx;
    uint64_t tx;
    if (!network_bytes(s, &rx, &tx)) {
        add_error(l, STR("net.rx_kbps"), STR("missing"));
        add_error(l, STR("net.tx_kbps"), STR("missing"));
        s->has_rates = false;
        return;
    }
    /* A rate over less than half a second says little; wait for the next look. */
    if (s->has_rates && now_ms - s->rates_at_ms < 500)
        return;
    if (s->has_rates) {
        add_rate(l, STR("net.rx_kbps"), s->rx_bytes, rx, now_ms - s->rates_at_ms);
        add_rate(l, STR("net.tx_kbps"), s->tx_bytes, tx, now_ms - s->rates_at_ms);
    }
    s->has_rates = true;
    s->rates_at_ms = now_ms;
    s->rx_bytes = rx;
    s->tx_bytes = tx;
}

/* ---- temperatures ---------------------------------------------------------------------------- */

/* "coretemp" -> "temperature.cpu"; other names in the letters a metric may have. */
static void temperature_name(const char *type, char metric[static METRIC_NAME_MAX + 1])
{
    static const char *const cpu[] = {"x86_pkg_temp", "coretemp",    "k10temp",    "zenpower",
                                      "cpu-thermal",  "cpu_thermal", "soc_thermal"};
    for (size_t i = 0; i < sizeof cpu / sizeof *cpu; i++) {
        if (strcmp(type, cpu[i]) == 0)
            type = "cpu";
    }
    size_t len = (size_t)snprintf(metric, METRIC_NAME_MAX + 1, "temperature.%s", type);
    for (size_t i = 0; i < len && metric[i] != 0; i++) {
        char c = metric[i];
        if (c >= 'A' && c <= 'Z')
            metric[i] = (char)(c - 'A' + 'a');
        else if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.'))
            metric[i] = '_';
    }
}

static void temperature_add(struct sensors *s, const char *type, const char *path)
{
    char metric[METRIC_NAME_MAX + 1];
    char value[32];
    if (s->temperature_count == SENSORS_TEMPERATURES_MAX ||
        file_text(s->root, path, value, sizeof value) == 0)
        return;
    temperature_name(type, metric);
    for (size_t i = 0; i < s->temperature_count; i++) {
        if (strcmp(s->temperatures[i].metric, metric) == 0)
            return; /* the same thing seen through the other class */
    }
    struct temperature_source *t = &s->temperatures[s->temperature_count++];
    snprintf(t->metric, sizeof t->metric, "%s", metric);
    snprintf(t->path, sizeof t->path, "%s", path);
}

/* Each entry of a class: the file that names it, the file that holds its temperature. */
static void temperatures_find(struct sensors *s, const char *class, const char *prefix,
                              const char *type_file, const char *value_file)
{
    for (unsigned i = 0; i < 32; i++) {
        char path[SENSORS_PATH_MAX];
        char type[64];
        snprintf(path, sizeof path, "sys/class/%s/%s%u/%s", class, prefix, i, type_file);
        if (file_text(s->root, path, type, sizeof type) == 0)
            continue;
        type[strcspn(type, "\n")] = 0;
        snprintf(path, sizeof path, "sys/class/%s/%s%u/%s", class, prefix, i, value_file);
        temperature_add(s, type, path);
    }
}

static void read_temperature(const struct sensors *s, const struct temperature_source *t,
                             struct list *l)
{
    char text[32];
    char *end;
    struct str metric = str_from_cstr(t->metric);
    file_text(s->root, t->path, text, sizeof text);
    long milli = strtol(text, &end, 10);
    if (end == text)
        add_error(l, metric, STR("missing"));
    else if (milli < TEMPERATURE_MILLI_MIN || milli > TEMPERATURE_MILLI_MAX)
        add_error(l, metric, STR("range"));
    else
        add_value(l, metric, (milli + (milli < 0 ? -50 : 50)) / 100, -1);
}

/* ---- all of it ------------------------------------------------------------------------------- */

void sensors_init(struct sensors *s, const char *root, int64_t now_ms)
{
    struct list none = {0};
    memset(s, 0, sizeof *s);
    s->root = root;
    temperatures_find(s, "thermal", "thermal_zone", "type", "temp");
    temperatures_find(s, "hwmon", "hwmon", "name", "temp1_input");
    read_network(s, now_ms, &none);
}

size_t sensors_read(struct sensors *s, int64_t now_ms, struct reading *out, size_t cap)
{
    struct list l = {out, cap, 0};
    read_load(s, &l);
    read_memory(s, &l);
    read_disk(s, &l);
    read_uptime(s, &l);
    read_network(s, now_ms, &l);
    for (size_t i = 0; i < s->temperature_count; i++)
        read_temperature(s, &s->temperatures[i], &l);
    return l.count;
}

/* ---- the MAC --------------------------------------------------------------------------------- */

static bool interface_mac(const char *root, const char *name, uint8_t mac[static MAC_LEN])
{
    static const uint8_t none[MAC_LEN];
    char path[320];
    char text[32];
    snprintf(path, sizeof path, "%s/sys/class/net/%.100s/device", root, name);
    if (access(path, F_OK) != 0)
        return false; /* a bridge, a tunnel, the loopback */
    snprintf(path, sizeof path, "sys/class/net/%.100s/address", name);
    size_t len = file_text(root, path, text, sizeof text);
    return len >= MAC_TEXT_LEN && mac_read(str_from(text, MAC_TEXT_LEN), mac) == OK &&
           memcmp(mac, none, MAC_LEN) != 0;
}

static enum err made_up_mac(const char *root, uint8_t mac[static MAC_LEN])
{
    char text[64];
    uint8_t hash[SHA256_LEN];
    size_t len = file_text(root, "etc/machine-id", text, sizeof text);
    if (len < 32)
        return ERR_NOT_FOUND;
    /* The machine id itself is not to leave the machine (machine-id(5)). */
    hmac_sha256(str_from(text, 32), STR("oceanremote-device mac"), hash);
    memcpy(mac, hash, MAC_LEN);
    mac[0] = (uint8_t)((mac[0] & 0xFC) | 0x02); /* locally administered, one station */
    return OK;
}

enum err machine_mac(const char *root, uint8_t mac[static MAC_LEN])
{
    char path[320];
    struct dirent **names;
    bool is_found = false;
    snprintf(path, sizeof path, "%s/sys/class/net", root);
    int count = scandir(path, &names, NULL, alphasort);
    for (int i = 0; i < count; i++) {
        is_found = is_found || interface_mac(root, names[i]->d_name, mac);
        free(names[i]);
    }
    if (count >= 0)
        free(names);
    return is_found ? OK : made_up_mac(root, mac);
}
