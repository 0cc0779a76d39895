/* A whole world for the device client: a server, a link, a clock and a flash, all in memory.
 *
 * Owns:     everything in struct fake, one at a time.
 * Promise:  the same calls give the same run: the clock moves when told, random numbers count up,
 *           power fails at the write that was chosen.
 * Source:   littlefs bd/lfs_emubd.h for power cuts, TigerBeetle's simulator for the virtual clock.
 * Watch:    the server's half of SCRAM is the real one of common/proto. */
#ifndef OC_TESTS_FAKE_MACHINE_H
#define OC_TESTS_FAKE_MACHINE_H

#include "firmware/include/oceanremote/client.h"

#define FAKE_STORAGE_SIZE (16 * 512)
#define FAKE_STORED_MAX   512
#define FAKE_IDS_MAX      32 /* as the server: device.md section 3 */

#define FAKE_TOKEN        "oc_reg_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8"

struct fake_stored {
    int64_t time_ms;
    int64_t value;
};

struct fake {
    /* the clock and the world */
    int64_t monotonic_ms;
    int64_t server_time_ms; /* at monotonic_ms 0 */
    int64_t wall_ms;        /* the device's own clock at monotonic_ms 0; 0: it has none */
    uint32_t random;

    /* the server's moods */
    bool is_down;
    bool is_slow_link;     /* one byte at a time */
    bool is_impostor;      /* does not know the verifier, but signs anyway */
    bool forgets_sessions; /* as soon as they are opened */
    int lose_answers;      /* carry out this many requests and hang up instead of answering */
    int force_status;      /* answer this many requests so */
    int force_times;
    const char *force_problem;
    int force_retry_after;
    const char *force_bytes; /* answer with exactly this */
    size_t force_len;

    /* what the server knows */
    bool is_token_good;
    bool has_device;
    struct scram_verifier verifier;
    struct scram_exchange exchange;
    uint32_t session; /* number of the only good session; 0: none */
    int64_t session_ends_ms;
    uint32_t session_s;
    int64_t desired_version;
    char desired[256];
    char reported[512];
    int64_t reported_version;
    char batch_ids[FAKE_IDS_MAX][BATCH_ID_MAX + 1];
    size_t batch_count;
    struct fake_stored stored[FAKE_STORED_MAX];
    size_t stored_count;

    /* what happened */
    unsigned opened;
    unsigned registers;
    unsigned sessions;
    unsigned batches_again;
    unsigned requests;
    int64_t request_at_ms;
    char log[4096];
    size_t log_len;

    /* the link */
    bool is_connected;
    bool hangs_up;
    bool is_holding;
    uint8_t to_server[OC_REQUEST_MAX];
    size_t to_server_len;
    uint8_t to_client[8192];
    size_t to_client_len;

    /* the flash */
    uint8_t slots[PORT_SLOTS][PORT_SLOT_MAX];
    size_t slot_len[PORT_SLOTS];
    uint8_t storage[FAKE_STORAGE_SIZE];
    uint8_t synced[FAKE_STORAGE_SIZE];
    bool loses_unsynced; /* a power cut takes all since the last sync, as with a page cache */
    unsigned writes;
    unsigned power_fails_at; /* the write, counted from 1, that is torn; 0: never */
    bool is_dead;

    /* the board */
    int64_t next_value;
    bool relay;
    unsigned relay_moves;

    struct port_transport transport;
    struct port_slots port_slots;
    struct port_storage port_storage;
    struct port_system system;
    struct port port;
    struct oc_board board;
    struct oc_config config;
};

/* A world in which nothing has happened; the client stands in the caller's memory. */
void fake_init(struct fake *f);

/* Power on: a fresh client over the flash as it is. */
void fake_boot(struct fake *f, struct oc_client *c);

/* Let time pass, stepping the client whenever it asks to be. */
void fake_run(struct fake *f, struct oc_client *c, int64_t ms);

/* Answer with exactly these bytes; NULL: as a server again. */
void fake_force(struct fake *f, const char *bytes, size_t len);

/* The owner wishes. */
void fake_desire(struct fake *f, const char *desired);

bool fake_logged(const struct fake *f, const char *text);

#endif
