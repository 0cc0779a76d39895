/* The parser itself is part of this file: its door is a file, which would be slow to write. */
#include "server/process/config.c"

#include "server/process/core.h"
#include "server/process/edge.h"
#include "tests/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct config c;
    struct core_config core;
    struct edge_config edge;
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
    if (core_config_read(text, &core) == OK)
        FUZZ_CHECK(core.database_dir.len <= size);
    if (edge_config_read(text, &edge) == OK)
        FUZZ_CHECK(edge.connections_max > 0 && edge.deadlines.hello_ms > 0);
    return 0;
}
