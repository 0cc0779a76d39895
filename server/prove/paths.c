#include "server/prove/paths.h"

const char *const explorer_paths[] = {
    "/api",       "/api/",       "/api/v1",       "/api/v1/",  "/api/v1/docs",
    "/api/v1/me", "/api/schema", "/api/explorer", "/swagger",  "/swagger-ui/index.html",
    "/docs",      "/redoc",      "/graphql",      "/graphiql", "/openapi",
    "/explorer",
};
const size_t explorer_path_count = sizeof explorer_paths / sizeof explorer_paths[0];

const char *const unknown_paths[] = {
    "/api/v1/prove",       "/api/v2/me", "/device/v1/prove",
    "/device/v2/readings", "/prove",     "/index.html",
};
const size_t unknown_path_count = sizeof unknown_paths / sizeof unknown_paths[0];
