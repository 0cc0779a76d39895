/* oceanremote-device: a Linux machine, or a Linux board with relays, as a device.
 *
 * Owns:     the one client and what it stands on; signals; the exit code.
 * Promise:  SIGTERM and SIGINT end it at once with 0; a trouble that only a person can end, at the
 *           first start, ends it with 1 and one line that says what to do.
 * Source:   the outside contract, "Linux device".
 * Watch:    once registered it never gives up by itself: a device in a cellar has nobody to restart
 *           it. */
#include <errno.h>
#include <inttypes.h>
#include <openssl/rand.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

#include "firmware/include/oceanremote/client.h"
#include "firmware/port/posix/files.h"
#include "firmware/port/posix/options.h"
#include "firmware/port/posix/sensors.h"
#include "firmware/port/posix/tls.h"

#define ONCE_TIMEOUT_MS 30000
#define FOLLOW_MS       500 /* how soon a switch file written by somebody else is noticed */
#define CA_FILE_MAX     65536

struct device {
    struct options options;
    struct files files;
    struct tls tls;
    struct sensors sensors;
    struct port_transport transport;
    struct port_slots slots;
    struct port_storage storage;
    struct port_system system;
    struct port port;
    struct oc_board board;
    struct oc_client client;
    char server_room[SERVER_HOST_MAX + 32];
    char chip[CHIP_NAME_MAX + 1];
    bool settings_are_kept;
};

static struct device device;

/* ---- the machine ----------------------------------------------------------------------------- */

static int64_t clock_ms(clockid_t clock)
{
    struct timespec t;
    clock_gettime(clock, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static int64_t monotonic_ms(void *ctx)
{
    (void)ctx;
    return clock_ms(CLOCK_BOOTTIME);
}

static int64_t wall_ms(void *ctx)
{
    (void)ctx;
    return clock_ms(CLOCK_REALTIME);
}

static enum err entropy(void *ctx, uint8_t *buf, size_t len)
{
    (void)ctx;
    return RAND_bytes(buf, (int)len) == 1 ? OK : ERR_IO;
}

/* What comes from the server is printed too: nothing but plain text may reach the terminal. */
static void log_line(void *ctx, struct str line)
{
    (void)ctx;
    fputs("oceanremote-device: ", stderr);
    for (size_t i = 0; i < line.len; i++)
        fputc(line.ptr[i] < 0x20 || line.ptr[i] == 0x7F ? '?' : line.ptr[i], stderr);
    fputc('\n', stderr);
}

static void say(const char *text)
{
    log_line(NULL, str_from_cstr(text));
}

/* The kernel draws a fresh id at each boot. */
static uint32_t boot_id(void)
{
    uint32_t id = 0;
    FILE *f = fopen("/proc/sys/kernel/random/boot_id", "re");
    if (f == NULL)
        return 0;
    if (fscanf(f, "%8" SCNx32, &id) != 1)
        id = 0;
    fclose(f);
    return id;
}

/* ---- the board ------------------------------------------------------------------------------- */

static size_t board_sample(void *ctx, struct reading *out, size_t cap)
{
    struct device *d = ctx;
    return sensors_read(&d->sensors, monotonic_ms(NULL), out, cap);
}

static enum err board_switch_set(void *ctx, struct str name, bool on)
{
    struct device *d = ctx;
    return switches_set(&d->options.switches, name, on);
}

static bool board_switch_get(void *ctx, size_t index, struct str *name, bool *on)
{
    const struct device *d = ctx;
    if (index >= d->options.switches.count)
        return false;
    *name = str_from_cstr(d->options.switches.list[index].name);
    *on = d->options.switches.list[index].is_on;
    return true;
}

/* ---- settings kept in the state directory ---------------------------------------------------- */

/* The server as given, or as kept from the first start. */
static const char *server_url(struct device *d)
{
    struct str kept;
    if (d->options.server != NULL)
        return d->options.server;
    if (files_text_read(d->files.dir, "server", d->server_room, sizeof d->server_room - 1, &kept) !=
        OK)
        return NULL;
    d->server_room[kept.len] = 0;
    d->server_room[strcspn(d->server_room, "\n")] = 0;
    return d->server_room;
}

static void copy_ca(const struct device *d)
{
    static char pem[CA_FILE_MAX];
    FILE *f = fopen(d->options.ca, "re");
    if (f == NULL)
        return;
    size_t len = fread(pem, 1, sizeof pem, f);
    fclose(f);
    if (files_text_write(d->files.dir, "ca.pem", str_from(pem, len)) != OK)
        say("the CA cannot be kept in the state directory; give --ca again next time");
}

/* Once a session was opened with them, they are the right ones. */
static void settings_keep(struct device *d)
{
    if (d->settings_are_kept || d->client.session_len == 0)
        return;
    d->settings_are_kept = true;
    if (d->options.server != NULL &&
        files_text_write(d->files.dir, "server", str_from_cstr(d->options.server)) != OK)
        say("the server's address cannot be kept; give --server again next time");
    if (d->options.ca != NULL)
        copy_ca(d);
}

/* ---- start ----------------------------------------------------------------------------------- */

static enum err fail(const char *what, const char *detail)
{
    char text[512];
    snprintf(text, sizeof text, "%s%s%s", what, detail == NULL ? "" : ": ",
             detail == NULL ? "" : detail);
    say(text);
    return ERR_IO;
}

static enum err open_tls(struct device *d)
{
    struct server_address address;
    char kept[512];
    const char *ca = d->options.ca;
    const char *url = server_url(d);
    if (url == NULL)
        return fail("no server is known yet: give --server https://HOST:PORT and --ca FILE", NULL);
    if (server_address_read(url, &address) != OK)
        return fail("--server wants https://HOST:PORT", url);
    if (ca == NULL) {
        snprintf(kept, sizeof kept, "%s/ca.pem", d->options.state);
        ca = kept;
    }
    if (access(ca, R_OK) != 0)
        return fail("the CA file cannot be read (copy the server's ca.pem, give it with --ca)", ca);
    if (tls_init(&d->tls, &address, ca) != OK)
        return fail("there is no CA certificate in", ca);
    return OK;
}

static enum err open_files(struct device *d)
{
    enum err e = files_open(&d->files, d->options.state);
    if (e == ERR_CONFLICT)
        return fail("another oceanremote-device is using the state directory", d->options.state);
    if (e != OK) {
        char detail[400];
        snprintf(detail, sizeof detail, "%s: %s", d->options.state, strerror(errno));
        return fail("the state directory cannot be used", detail);
    }
    return OK;
}

static void port_init(struct device *d)
{
    struct utsname u;
    d->transport = tls_transport(&d->tls);
    d->slots = files_slots(&d->files);
    d->storage = files_storage(&d->files);
    d->system = (struct port_system){.ctx = d,
                                     .monotonic_ms = monotonic_ms,
                                     .wall_ms = wall_ms,
                                     .boot_id = boot_id(),
                                     .entropy = entropy,
                                     .log = log_line};
    d->port = (struct port){&d->transport, &d->slots, &d->storage, &d->system};
    d->board = (struct oc_board){d, board_sample, board_switch_set, board_switch_get};
    uname(&u);
    snprintf(d->chip, sizeof d->chip, "linux-%.20s", u.machine);
}

static enum err open_client(struct device *d)
{
    struct oc_config config = {.host = str_from_cstr(d->tls.server.host_field),
                               .chip = str_from_cstr(d->chip),
                               .firmware_version = STR(OC_VERSION),
                               .interval_s = d->options.interval_s};
    if (d->options.registration_token != NULL)
        config.registration_token = str_from_cstr(d->options.registration_token);
    if (d->options.has_mac)
        memcpy(config.mac, d->options.mac, MAC_LEN);
    else if (machine_mac("/", config.mac) != OK)
        return fail("this machine has no MAC and no machine id: give --mac", NULL);
    enum err e = oc_client_init(&d->client, &d->port, &d->board, &config, d->options.has_mac);
    if (e == ERR_CONFLICT)
        return fail("--mac is not the one this device was registered with; leave it out", NULL);
    if (e != OK)
        return fail("the readings buffer cannot be opened", d->options.state);
    if (d->client.identity.sequence == 0 && d->options.registration_token == NULL)
        return fail("this device is not registered yet: add a device in the dashboard and give its "
                    "token with --registration-token",
                    NULL);
    return OK;
}

static enum err start(struct device *d)
{
    char why[200] = "";
    d->files = (struct files){-1, -1, -1};
    d->tls.fd = -1;
    TRY(open_files(d));
    TRY(open_tls(d));
    if (switches_open(&d->options.switches, d->files.dir, why, sizeof why) != OK)
        return fail(why, NULL);
    sensors_init(&d->sensors, "/", monotonic_ms(NULL));
    port_init(d);
    return open_client(d);
}

static void stop(struct device *d)
{
    if (d->tls.context != NULL)
        tls_done(&d->tls);
    switches_close(&d->options.switches);
    files_close(&d->files);
    wipe(&d->client, sizeof d->client);
}

/* ---- the loop -------------------------------------------------------------------------------- */

enum verdict { GO_ON, END_WELL, END_BADLY };

/* Troubles that end the program: those that only a person can end, when one is there to see it. */
static enum verdict judge(struct device *d, int64_t started_ms)
{
    bool is_new = d->client.identity.sequence == 0;
    if (d->options.once && oc_client_is_settled(&d->client))
        return END_WELL;
    if ((is_new || d->options.once) &&
        (oc_client_status(&d->client) == OC_REFUSED || d->tls.certificate_refused))
        return END_BADLY;
    if (d->options.once && monotonic_ms(NULL) - started_ms > ONCE_TIMEOUT_MS)
        return END_BADLY;
    return GO_ON;
}

static void wait_for_something(struct device *d, int signals, int64_t wait_ms, bool *told_to_end)
{
    struct pollfd fds[2] = {tls_poll(&d->tls, oc_client_wants_send(&d->client)),
                            {.fd = signals, .events = POLLIN}};
    int timeout = wait_ms < FOLLOW_MS ? (int)wait_ms : FOLLOW_MS;
    if (poll(fds, 2, tls_wait_ms(&d->tls, timeout)) > 0 && fds[1].revents != 0)
        *told_to_end = true;
}

static int run(struct device *d, int signals)
{
    int64_t started_ms = monotonic_ms(NULL);
    int64_t follow_at_ms = started_ms;
    for (;;) {
        bool told_to_end = false;
        if (monotonic_ms(NULL) >= follow_at_ms) {
            follow_at_ms = monotonic_ms(NULL) + FOLLOW_MS;
            if (switches_follow(&d->options.switches))
                oc_client_changed(&d->client);
        }
        int64_t wait_ms = oc_client_step(&d->client);
        settings_keep(d);
        enum verdict verdict = judge(d, started_ms);
        if (verdict != GO_ON)
            return verdict == END_WELL ? 0 : 1;
        wait_for_something(d, signals, wait_ms, &told_to_end);
        if (told_to_end)
            return 0;
    }
}

int main(int argc, char **argv)
{
    sigset_t set;
    if (options_read(&device.options, argc, argv) != OK)
        return 2;
    if (device.options.is_quiet_exit)
        return 0;
    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    sigprocmask(SIG_BLOCK, &set, NULL);
    signal(SIGPIPE, SIG_IGN);
    umask(077);
    int signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
    int code = start(&device) == OK ? run(&device, signals) : 1;
    stop(&device);
    close(signals);
    return code;
}
