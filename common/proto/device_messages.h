/* The bodies of /device/v1: each struct below is one JSON document, read by one end and written by
 * the other.
 *
 * Owns:     nothing; text is a view into the body or the scratch given.
 * Promise:  a decoder fills its struct only from a whole, well-formed document within bounds.
 *           Unknown members are skipped (so both ends can grow), repeated ones are refused.
 * Source:   docs/protocol/device.md, whose worked examples are the vectors of the test.
 * Watch:    a new member must be optional for one release on the side that reads it. */
#ifndef OC_PROTO_DEVICE_MESSAGES_H
#define OC_PROTO_DEVICE_MESSAGES_H

#include "common/base/decimal.h"
#include "common/base/str.h"
#include "common/base/writer.h"

#define MAC_LEN                6
#define MAC_TEXT_LEN           17 /* AA:BB:CC:DD:EE:FF */
#define METRIC_NAME_MAX        32
#define READING_ERROR_MAX      24
#define READINGS_PER_BATCH_MAX 256
#define BATCH_ID_MAX           64
#define CHIP_NAME_MAX          32
#define VERSION_TEXT_MAX       32
#define SECRET_TEXT_MAX        64   /* any of our tokens, keys, sessions, exchanges, as text */
#define STATE_JSON_MAX         4096 /* desired or reported, as text */

/* "AA:BB:CC:DD:EE:FF", upper or lower case in, upper case out. */
MUST_CHECK enum err mac_read(struct str text, uint8_t mac[static MAC_LEN]);
void mac_write(struct writer *w, const uint8_t mac[static MAC_LEN]);

/* [a-z][a-z0-9_.]{0,31}: what a metric may be called. */
bool metric_name_is_valid(struct str name);

/* POST /device/v1/register */
struct register_request {
    struct str registration_token;
    uint8_t mac[MAC_LEN];
    struct str chip;
    struct str firmware_version;
};
MUST_CHECK enum err register_request_read(struct str body, uint8_t *scratch, size_t scratch_size,
                                          struct register_request *out);
void register_request_write(struct writer *w, const struct register_request *m);

struct register_reply {
    struct str device_id;
    struct str device_key;
    struct str salt; /* base64 text of SCRAM_SALT_LEN bytes */
    uint32_t iterations;
    uint32_t interval_s;
    int64_t server_time_ms;
};
MUST_CHECK enum err register_reply_read(struct str body, uint8_t *scratch, size_t scratch_size,
                                        struct register_reply *out);
void register_reply_write(struct writer *w, const struct register_reply *m);

/* POST /device/v1/session: a request carries client_first or client_final, never both */
struct session_request {
    uint8_t mac[MAC_LEN];
    struct str client_first;
    struct str client_final;
    struct str exchange; /* opaque, from the first answer; only with client_final */
    struct str firmware_version;
};
MUST_CHECK enum err session_request_read(struct str body, uint8_t *scratch, size_t scratch_size,
                                         struct session_request *out);
void session_request_write(struct writer *w, const struct session_request *m);

/* First answer: exchange and server_first. Second: the rest. */
struct session_reply {
    struct str exchange;
    struct str server_first;
    struct str server_final;
    struct str session;
    uint32_t expires_in_s;
    uint32_t renew_in_s;
    uint32_t interval_s;
    int64_t server_time_ms;
};
MUST_CHECK enum err session_reply_read(struct str body, uint8_t *scratch, size_t scratch_size,
                                       struct session_reply *out);
void session_reply_write(struct writer *w, const struct session_reply *m);

/* POST /device/v1/readings */
struct reading {
    struct str metric;
    int64_t time_ms;      /* since 1970-01-01 UTC */
    struct decimal value; /* when error is empty */
    struct str error;     /* [a-z_]{1,24}, why there is no value */
};
struct readings_request {
    struct str batch; /* a JSON string, or the digits of a JSON integer */
    size_t count;
    struct reading readings[READINGS_PER_BATCH_MAX];
};
MUST_CHECK enum err readings_request_read(struct str body, uint8_t *scratch, size_t scratch_size,
                                          struct readings_request *out);
void readings_request_write(struct writer *w, const struct readings_request *m);

/* POST /device/v1/reported */
struct reported_request {
    int64_t version;  /* the desired version this state answers, 0 for none yet */
    struct str state; /* raw JSON object */
};
MUST_CHECK enum err reported_request_read(struct str body, uint8_t *scratch, size_t scratch_size,
                                          struct reported_request *out);
void reported_request_write(struct writer *w, const struct reported_request *m);

/* GET /device/v1/desired */
struct desired_reply {
    int64_t version;
    struct str desired; /* raw JSON object */
};
MUST_CHECK enum err desired_reply_read(struct str body, uint8_t *scratch, size_t scratch_size,
                                       struct desired_reply *out);
void desired_reply_write(struct writer *w, const struct desired_reply *m);

/* RFC 9457 problem document, as far as a device acts on it. */
struct problem {
    struct str type; /* "about:blank" or one of docs/protocol/errors.md */
    struct str title;
    struct str detail;
    int64_t status;
    int64_t server_time_ms; /* 0 when absent */
};
MUST_CHECK enum err problem_read(struct str body, uint8_t *scratch, size_t scratch_size,
                                 struct problem *out);

#endif
