/* What the portable client needs from the machine under it. A port fills in these tables.
 *
 * Owns:     nothing; each table carries its own context.
 * Promise:  nothing in here blocks for longer than a few milliseconds, but open() may take as long
 *           as the platform's name lookup does.
 * Source:   littlefs lfs.h and coreMQTT transport_interface.h for tables of functions.
 * Watch:    entropy and certificate validation have no weak default: a port that cannot do them
 *           returns an error, and the device stays offline and says why. docs/PORTING.md explains
 *           each row and what must hold. */
#ifndef OC_PORT_CONTRACT_H
#define OC_PORT_CONTRACT_H

#include "common/base/str.h"

/* One connection to the one configured server: TLS 1.2 or newer, the certificate's chain and name
 * checked against the configured CA. */
struct port_transport {
    void *ctx;
    /* Begin to connect; a connection before it is gone. */
    enum err (*open)(void *ctx);
    /* OK: connected and validated. ERR_AGAIN: not yet. ERR_DENIED: the certificate is not ours to
     * trust. ERR_IO: unreachable. */
    enum err (*ready)(void *ctx);
    /* Some of bytes, *sent of them (never 0 with OK). ERR_AGAIN: later. ERR_IO: the link is gone.
     */
    enum err (*send)(void *ctx, struct str bytes, size_t *sent);
    /* 1 to cap bytes. ERR_AGAIN: nothing there. ERR_IO: closed or broken. */
    enum err (*recv)(void *ctx, uint8_t *buf, size_t cap, size_t *got);
    void (*close)(void *ctx);
    /* One sentence for a human about the last failure, valid until the next call. */
    struct str (*why)(void *ctx);
};

/* Two small slots (at most PORT_SLOT_MAX bytes) that outlive power cuts. A write that is cut short
 * may leave its own slot in any state and must leave the other alone. */
#define PORT_SLOTS    2
#define PORT_SLOT_MAX 256

struct port_slots {
    void *ctx;
    enum err (*read)(void *ctx, unsigned slot, uint8_t *buf, size_t cap, size_t *len);
    enum err (*write)(void *ctx, unsigned slot, struct str bytes); /* durable when it returns OK */
};

/* Random access memory that outlives power cuts, for readings while offline: a file, a partition.
 * A write cut short leaves any mixture of old and new bytes within its own range. */
struct port_storage {
    void *ctx;
    uint32_t size; /* a multiple of 512, at least 2048 */
    enum err (*read)(void *ctx, uint32_t offset, uint8_t *buf, size_t len);
    enum err (*write)(void *ctx, uint32_t offset, struct str bytes);
    enum err (*sync)(void *ctx);
};

struct port_system {
    void *ctx;
    /* Milliseconds that never go back within one boot, counting through sleep where there is any.
     */
    int64_t (*monotonic_ms)(void *ctx);
    /* Milliseconds since 1970 by a clock of the machine's own, 0 when it has none. Only used for
     * readings taken before the server's time was ever known in this boot. */
    int64_t (*wall_ms)(void *ctx);
    /* Differs from boot to boot, so that a monotonic time of an earlier one is recognised. */
    uint32_t boot_id;
    /* Bytes fit for nonces, from a hardware or kernel source. */
    enum err (*entropy)(void *ctx, uint8_t *buf, size_t len);
    /* One line for a human, without its newline. Never a secret. */
    void (*log)(void *ctx, struct str line);
    /* The client has made progress: feed the watchdog. NULL where there is none. */
    void (*alive)(void *ctx);
    /* Why the chip started ("power_on", "watchdog", "brownout", ...); NULL where unknown. */
    struct str (*reset_reason)(void *ctx);
};

struct port {
    const struct port_transport *transport;
    const struct port_slots *slots;
    const struct port_storage *storage;
    const struct port_system *system;
};

#endif
