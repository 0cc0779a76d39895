/* What a Linux machine can tell about itself, as readings.
 *
 * Owns:     the counters of the last look, for rates.
 * Promise:  a value is what the kernel says; a source that was there and fails is an error reading
 *           ("missing", "range"), never a number. What the machine has not got is not reported.
 * Source:   proc(5), sysfs: class/thermal, class/hwmon, class/net.
 * Watch:    `root` is "/" but in tests, which lay out a machine of their own below a directory. */
#ifndef OC_POSIX_SENSORS_H
#define OC_POSIX_SENSORS_H

#include "common/proto/device_messages.h"

#define SENSORS_TEMPERATURES_MAX 4
#define SENSORS_PATH_MAX         160

struct temperature_source {
    char metric[METRIC_NAME_MAX + 1];
    char path[SENSORS_PATH_MAX]; /* below root; holds thousandths of a degree */
};

struct sensors {
    const char *root;
    size_t temperature_count;
    struct temperature_source temperatures[SENSORS_TEMPERATURES_MAX];
    bool has_rates;
    int64_t rates_at_ms;
    uint64_t rx_bytes;
    uint64_t tx_bytes;
};

/* Look what there is. */
void sensors_init(struct sensors *s, const char *root, int64_t now_ms);

/* At most cap readings. now_ms by a monotonic clock. */
size_t sensors_read(struct sensors *s, int64_t now_ms, struct reading *out, size_t cap);

/* The MAC of the first interface with hardware behind it; else one of our own making from the
 * machine id (locally administered), which stays the same. ERR_NOT_FOUND when there is neither. */
MUST_CHECK enum err machine_mac(const char *root, uint8_t mac[static MAC_LEN]);

#endif
