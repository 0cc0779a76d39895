/* What proxies and clients claim in fields: who the client is, and by which name we were reached.
 */
#include <string.h>

#include "server/edge/client.h"
#include "server/edge/redirect.h"
#include "tests/fuzz.h"

static struct front front = {.https_port = 8443, .name = "ours.example"};
static uint8_t proxy[ADDRESS_LEN];

static void list_a_proxy(void)
{
    struct network one;
    unsigned prefix;
    bool is_v6;
    FUZZ_CHECK(address_read(STR("192.0.2.1"), proxy) == OK &&
               network_read(STR("192.0.2.0/24"), &one, &prefix, &is_v6) == OK &&
               networks_add(&front.proxies, &one) == OK);
    networks_seal(&front.proxies);
}

static void check_client(struct str field)
{
    uint8_t stranger[ADDRESS_LEN], found[ADDRESS_LEN];
    struct http1_request r = {.method = METHOD_GET};
    r.forwarded_for.count = r.connecting_ip.count = 1;
    r.forwarded_for.line[0] = r.connecting_ip.line[0] = field;
    FUZZ_CHECK(address_read(STR("198.51.100.7"), stranger) == OK);
    for (int word = PROXY_WORD_NONE; word < PROXY_WORD_COUNT; word++) {
        front.word = (enum proxy_word)word;
        /* Only a listed proxy can say anything about others. */
        FUZZ_CHECK(client_find(&front, stranger, &r, found) == OK);
        FUZZ_CHECK(memcmp(found, stranger, sizeof found) == 0);
        enum err e = client_find(&front, proxy, &r, found);
        FUZZ_CHECK(e == OK || (e == ERR_PEER && client_is_shared(&front, proxy)));
    }
}

/* No byte of it ends a line or leads elsewhere. */
static void check_origin(struct str field)
{
    uint8_t room[4096 + ORIGIN_SIZE_MAX];
    struct writer w = writer_into(room, sizeof room);
    origin_write(&w, str_slice(field, 0, 4096), &front);
    FUZZ_CHECK(!w.overflow);
    struct str origin = str_from(room, w.len);
    FUZZ_CHECK(str_starts(origin, STR("https://")) && str_ends(origin, STR(":8443")));
    for (size_t i = 8; i < origin.len; i++) {
        uint8_t c = origin.ptr[i];
        FUZZ_CHECK(c > ' ' && c < 0x7F && strchr("/?#@\\\"<>", c) == NULL);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct str field = str_from(data, size);
    if (front.proxies.count == 0)
        list_a_proxy();
    check_client(field);
    check_origin(field);
    return 0;
}
