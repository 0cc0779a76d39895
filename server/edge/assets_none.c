/* What a build without the dashboard serves in its place: one page that says so. */
#include "server/edge/assets.h"

#define PAGE                                                                                       \
    "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><title>OceanRemote</title>"          \
    "<p>This server was built without its dashboard. Devices and the API work.</p></html>\n"

const struct asset assets[] = {{
    .path = {(const uint8_t *)"/", 1},
    .content_type = {(const uint8_t *)"text/html; charset=utf-8", 24},
    .etag = {(const uint8_t *)"\"none-1\"", 8},
    .identity = {(const uint8_t *)PAGE, sizeof PAGE - 1},
}};
const size_t asset_count = sizeof assets / sizeof assets[0];
