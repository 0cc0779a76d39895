/* The parser itself is part of this file: its door is a file, which would be slow to write. */
#include "server/process/config.c"

#include "server/edge/front.h"
#include "server/process/cloudflare.h"
#include "server/process/core.h"
#include "server/process/edge.h"
#include "server/process/keyring.h"
#include "tests/fuzz.h"

/* What the parent tells its children, and the list that an operator has fetched. */
static void check_payloads(struct str text)
{
    static struct front front;
    static struct networks networks;
    struct core_config core;
    struct edge_config edge;
    struct keyring_config keyring;
    unsigned line;
    if (core_config_read(text, &core) == OK)
        FUZZ_CHECK(core.database_dir.len <= text.len);
    if (edge_config_read(text, &edge) == OK)
        FUZZ_CHECK(edge.connections_max > 0 && edge.deadlines.hello_ms > 0);
    if (keyring_config_read(text, &keyring) == OK)
        FUZZ_CHECK(keyring.data_dir.len > 0 && keyring.data_dir.len <= text.len);
    if (front_read(text, &front) == OK)
        FUZZ_CHECK(front.proxies.count <= NETWORKS_MAX && front.word < PROXY_WORD_COUNT);
    networks.count = 0;
    enum err e = cloudflare_parse(text, &networks, &line);
    FUZZ_CHECK(e == OK ? networks.count <= CLOUDFLARE_NETWORKS_MAX : networks.count == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct config c;
    struct str text = str_from(data, size);
    config_init(&c);
    if (parse(&c, text) == OK) {
        FUZZ_CHECK(c.https.count <= LISTENERS_MAX);
        FUZZ_CHECK(c.password_iterations >= PASSWORD_ITERATIONS_FLOOR);
        FUZZ_CHECK(c.limits.api_per_s >= 1 && c.limits.dry_run <= 1);
        FUZZ_CHECK(c.edges >= 0 && c.edges <= 64 && c.connections >= 16);
    } else {
        FUZZ_CHECK(c.problem[0] != 0 && strlen(c.problem) < sizeof c.problem);
    }
    check_payloads(text);
    return 0;
}
