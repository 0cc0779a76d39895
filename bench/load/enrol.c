/* ocean-load enrol: make devices as an owner would, register each and open its session. */
#include "bench/load/load.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <openssl/rand.h>

#include "bench/load/client.h"
#include "common/base/encoding.h"
#include "common/proto/device_messages.h"
#include "common/proto/scram.h"
#include "common/wire/json.h"

#define WAITS_MAX 60 /* seconds, for one request */

struct enrolment {
    const struct target *target;
    SSL *ssl;
    const char *api_key;
    char buf[RESPONSE_MAX];
    uint8_t scratch[RESPONSE_MAX];
};

/* POST a body; die unless the answer has this status. A server with its limits as they are asks us
 * to wait now and then. */
static struct str post(struct enrolment *e, const char *path, const char *authorization,
                       struct str body, int want)
{
    static char request[16 * 1024];
    struct str answer;
    int len =
        snprintf(request, sizeof request,
                 "POST %s HTTP/1.1\r\nHost: %s\r\n%s%s%sContent-Type: application/json\r\n"
                 "Content-Length: %zu\r\n\r\n%.*s",
                 path, e->target->authority, authorization == NULL ? "" : "Authorization: Bearer ",
                 authorization == NULL ? "" : authorization, authorization == NULL ? "" : "\r\n",
                 body.len, STR_ARGS(body));
    int status = exchange(e->ssl, str_from(request, (size_t)len), e->buf, &answer);
    for (int waits = 0; status == 429 && waits < WAITS_MAX; waits++) {
        sleep(1);
        status = exchange(e->ssl, str_from(request, (size_t)len), e->buf, &answer);
    }
    if (status != want)
        die("POST %s: %d %.*s", path, status, STR_ARGS(str_slice(answer, 0, 300)));
    return answer;
}

static struct str member(struct enrolment *e, struct str object, struct str name)
{
    struct json j = json_of(object, e->scratch, sizeof e->scratch);
    struct str key, found = STR_NONE;
    json_object(&j);
    while (json_member(&j, &key)) {
        if (str_eq(key, name))
            found = json_string(&j);
        else
            json_skip(&j);
    }
    if (json_end(&j) != OK || found.len == 0)
        die("the server's answer has no %.*s", STR_ARGS(name));
    return found;
}

struct text {
    char at[128];
};

static void keep(struct text *t, struct str s)
{
    if (str_to_cstr(s, t->at, sizeof t->at) != OK)
        die("an answer with an overlong value");
}

static void add_device(struct enrolment *e, unsigned number, struct text *token)
{
    char body[128];
    int len = snprintf(body, sizeof body, "{\"name\":\"load %u\",\"board\":\"linux\"}", number);
    struct str answer = post(e, "/api/v1/devices", e->api_key, str_from(body, (size_t)len), 201);
    keep(token, member(e, answer, STR("registration_token")));
}

static void write_body(uint8_t *buf, size_t cap, struct writer *w)
{
    *w = writer_into(buf, cap);
}

static void register_device(struct enrolment *e, const struct text *token,
                            const uint8_t mac[static MAC_LEN], struct text *device_id,
                            uint8_t salt[static SCRAM_SALT_LEN], struct scram_client_keys *keys)
{
    uint8_t buf[1024];
    struct writer w;
    struct register_request request = {.registration_token = str_from_cstr(token->at),
                                       .chip = STR("linux-load"),
                                       .firmware_version = STR(OC_VERSION)};
    struct register_reply reply;
    size_t salt_len;
    memcpy(request.mac, mac, MAC_LEN);
    write_body(buf, sizeof buf, &w);
    register_request_write(&w, &request);
    struct str answer = post(e, "/device/v1/register", NULL, str_from(buf, w.len), 201);
    if (register_reply_read(answer, e->scratch, sizeof e->scratch, &reply) != OK ||
        base64_read(reply.salt, salt, SCRAM_SALT_LEN, &salt_len) != OK ||
        salt_len != SCRAM_SALT_LEN)
        die("the answer to a registration cannot be read");
    keep(device_id, reply.device_id);
    scram_derive_client_keys(reply.device_key, salt, reply.iterations, keys);
}

static struct session_reply session_step(struct enrolment *e, const struct session_request *request)
{
    static uint8_t buf[4096];
    struct writer w;
    struct session_reply reply;
    write_body(buf, sizeof buf, &w);
    session_request_write(&w, request);
    struct str answer = post(e, "/device/v1/session", NULL, str_from(buf, w.len), 200);
    if (session_reply_read(answer, e->scratch, sizeof e->scratch, &reply) != OK)
        die("the answer to a session request cannot be read");
    return reply;
}

static void open_session(struct enrolment *e, const uint8_t mac[static MAC_LEN],
                         const struct text *device_id, const uint8_t salt[static SCRAM_SALT_LEN],
                         const struct scram_client_keys *keys, struct text *session)
{
    struct scram_exchange x;
    uint8_t nonce[SCRAM_NONCE_LEN], message[SCRAM_MESSAGE_MAX];
    struct session_request request = {.firmware_version = STR(OC_VERSION)};
    struct writer w;
    struct text exchange_id;
    memcpy(request.mac, mac, MAC_LEN);
    RAND_bytes(nonce, sizeof nonce);
    write_body(message, sizeof message, &w);
    if (scram_client_first(&x, str_from_cstr(device_id->at), nonce, &w) != OK)
        die("SCRAM: the first message does not fit");
    request.client_first = str_from(message, w.len);
    struct session_reply first = session_step(e, &request);
    keep(&exchange_id, first.exchange);
    write_body(message, sizeof message, &w);
    if (scram_client_final(&x, first.server_first, salt, SCRAM_ITERATIONS_MIN, keys, &w) != OK)
        die("SCRAM: the server's first message is not acceptable");
    request.client_first = STR_NONE;
    request.client_final = str_from(message, w.len);
    request.exchange = str_from_cstr(exchange_id.at);
    struct session_reply final = session_step(e, &request);
    if (scram_client_verify(&x, final.server_final, keys) != OK)
        die("SCRAM: this is not the server that enrolled the device");
    keep(session, final.session);
}

static void enrol_one(struct enrolment *e, unsigned number)
{
    struct text token, device_id, session;
    struct scram_client_keys keys;
    uint8_t mac[MAC_LEN], salt[SCRAM_SALT_LEN], mac_text[MAC_TEXT_LEN];
    RAND_bytes(mac, sizeof mac);
    mac[0] = (uint8_t)((mac[0] & 0xFC) | 0x02); /* locally administered, one station */
    add_device(e, number, &token);
    register_device(e, &token, mac, &device_id, salt, &keys);
    open_session(e, mac, &device_id, salt, &keys, &session);
    struct writer w = writer_into(mac_text, sizeof mac_text);
    mac_write(&w, mac);
    printf("%s\t%.*s\t%s\n", device_id.at, (int)w.len, (const char *)mac_text, session.at);
}

int enrol(const char *server, const char *ca_file, const char *api_key, unsigned count)
{
    static struct enrolment e;
    struct target target;
    int fd;
    target_open(&target, server, ca_file);
    e.target = &target;
    e.api_key = api_key;
    e.ssl = target_connect(&target, -1, 1, &fd);
    printf("# ocean-load sessions: device_id, mac, session\tserver=%s\tca=%s\n", server, ca_file);
    for (unsigned i = 1; i <= count; i++)
        enrol_one(&e, i);
    SSL_free(e.ssl);
    target_close(&target);
    return 0;
}
