#include "server/process/doors.h"

#include <string.h>
#include <unistd.h>

#include "server/os/clock.h"
#include "server/os/log.h"

#define PATIENCE_MS INT64_C(1000)

/* After a kill -9 the children of before may hold the port for some milliseconds more. */
static enum err open_patiently(const char *text, size_t copies, struct listener *out, size_t room,
                               size_t *count)
{
    int64_t late_ms = clock_monotonic_ms() + PATIENCE_MS;
    for (;;) {
        enum err e = listener_open(text, copies, out, room, count);
        if (e != ERR_CONFLICT || clock_monotonic_ms() >= late_ms)
            return e;
        usleep(20000);
    }
}

static enum err add(struct doors *d, enum listener_kind kind, const char *text, size_t copies)
{
    static struct listener fresh[LISTENER_ADDRESSES_MAX];
    size_t count, room = DOORS_MAX - d->count;
    if (room > LISTENER_ADDRESSES_MAX)
        room = LISTENER_ADDRESSES_MAX;
    TRY(open_patiently(text, copies, fresh, room, &count));
    for (size_t i = 0; i < count; i++)
        d->list[d->count++] = (struct door){kind, fresh[i]};
    return OK;
}

/* What the operator is told about a door that does not open. */
static enum err complain(const char *text, const char *option, enum err e)
{
    fprintf(stderr, "oceanremote: %s: ", text);
    if (e == ERR_CONFLICT)
        fprintf(stderr, "another program listens there; stop it or choose %s ADDR:PORT\n", option);
    else if (e == ERR_DENIED)
        fprintf(stderr, "ports below 1024 need root; choose %s ADDR:8443\n", option);
    else if (e == ERR_LIMIT)
        fprintf(stderr,
                "too many addresses to listen on: a name may have %d here, and all "
                "listeners together %d\n",
                LISTENER_ADDRESSES_MAX, DOORS_MAX);
    else
        fprintf(stderr, "this machine has no such address\n");
    return ERR_CONFLICT;
}

static enum err add_listed(struct doors *d, enum listener_kind kind, const struct config_list *list,
                           const char *option, size_t copies)
{
    for (size_t i = 0; i < list->count; i++) {
        enum err e = add(d, kind, list->items[i], copies);
        if (e != OK)
            return complain(list->items[i], option, e);
    }
    return OK;
}

/* Every address of the machine, or every IPv4 address where there is no IPv6. */
static enum err add_everywhere(struct doors *d, enum listener_kind kind, const char *v6,
                               const char *v4, size_t copies)
{
    enum err e = add(d, kind, v6, copies);
    return e == OK || e == ERR_CONFLICT ? e : add(d, kind, v4, copies);
}

static enum err add_https(struct doors *d, const struct config *c, size_t copies)
{
    if (c->https.count > 0)
        return add_listed(d, LISTENER_TLS, &c->https, "--https", copies);
    enum err e = add_everywhere(d, LISTENER_TLS, "[::]:8443", "0.0.0.0:8443", copies);
    return e == OK ? OK : complain("[::]:8443", "--https", e);
}

static enum err add_legacy(struct doors *d, const struct config *c, size_t copies)
{
    if (c->tls_legacy_devices == 0)
        return OK;
    if (c->legacy_https.count > 0)
        return add_listed(d, LISTENER_LEGACY, &c->legacy_https, "tls.legacy_https =", copies);
    enum err e = add_everywhere(d, LISTENER_LEGACY, "[::]:8444", "0.0.0.0:8444", copies);
    return e == OK ? OK : complain("[::]:8444", "tls.legacy_https =", e);
}

/* Whoever chose the place of the one chose the other too, or wants none. */
static enum err add_http(struct doors *d, const struct config *c, size_t copies)
{
    if (c->http.count > 0)
        return config_list_is_off(&c->http)
                   ? OK
                   : add_listed(d, LISTENER_PLAIN, &c->http, "--http", copies);
    if (c->https.count == 0 &&
        add_everywhere(d, LISTENER_PLAIN, "[::]:8080", "0.0.0.0:8080", copies) != OK)
        log_event("parent.no_plain_listener", "address=[::]:8080 reason=taken");
    return OK;
}

enum err doors_open(const struct config *c, size_t copies, struct doors *out)
{
    memset(out, 0, sizeof *out);
    TRY(add_https(out, c, copies));
    TRY(add_legacy(out, c, copies));
    return add_http(out, c, copies);
}

const char *doors_host(const struct doors *d)
{
    return d->list[0].listener.host;
}

uint16_t doors_https_port(const struct doors *d)
{
    return d->list[0].listener.port;
}

void doors_print(const struct doors *d, FILE *out)
{
    for (size_t i = 0; i < d->count; i++)
        fprintf(out, "%s %s:%s\n", i == 0 ? "ready" : "also",
                d->list[i].kind == LISTENER_PLAIN ? "http" : "https", d->list[i].listener.url);
}
