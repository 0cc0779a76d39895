#include "bench/load/sessions.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "bench/load/client.h"
#include "bench/load/load.h"

void sessions_read(struct sessions *s, const char *file)
{
    char line[4096], device[64];
    FILE *f = fopen(file, "r");
    if (f == NULL)
        die("%s cannot be read; make it with ocean-load enrol", file);
    s->of = calloc(SESSIONS_MAX, sizeof *s->of);
    while (s->of != NULL && fgets(line, sizeof line, f) != NULL && s->count < SESSIONS_MAX) {
        struct session *one = &s->of[s->count];
        char *server_at = strstr(line, "server="), *ca_at = strstr(line, "ca=");
        if (line[0] == '#' && server_at != NULL && ca_at != NULL) {
            snprintf(s->server, sizeof s->server, "%.*s", (int)strcspn(server_at + 7, "\t\n"),
                     server_at + 7);
            snprintf(s->ca, sizeof s->ca, "%.*s", (int)strcspn(ca_at + 3, "\t\n"), ca_at + 3);
        } else if (sscanf(line, "%63s %23s %63s", device, one->mac, one->token) == 3) {
            s->count++;
        }
    }
    fclose(f);
}

size_t readings_request(char out[static REQUEST_MAX], const char *authority,
                        const struct session *session, uint64_t batch)
{
    char body[512];
    int64_t ms = now_us(CLOCK_REALTIME) / 1000;
    unsigned n = (unsigned)(batch % 1000);
    int body_len =
        snprintf(body, sizeof body,
                 "{\"batch\":\"%llx-%llx\",\"readings\":[{\"metric\":\"temp\",\"time_ms\":%lld,"
                 "\"value\":21.%03u},"
                 "{\"metric\":\"hum\",\"time_ms\":%lld,\"value\":48.%u},{\"metric\":\"volt\","
                 "\"time_ms\":%lld,"
                 "\"value\":3.3%u},{\"metric\":\"rssi\",\"time_ms\":%lld,\"value\":-6%u}]}",
                 (unsigned long long)ms, (unsigned long long)batch, (long long)ms, n, (long long)ms,
                 n % 10, (long long)ms, n % 10, (long long)ms, n % 10);
    return (size_t)snprintf(
        out, REQUEST_MAX,
        "POST /device/v1/readings HTTP/1.1\r\nHost: %s\r\nAuthorization: Bearer %s\r\n"
        "X-Device-MAC: %s\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s",
        authority, session->token, session->mac, body_len, body);
}
