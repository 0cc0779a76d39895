#include "server/edge/respond.h"

#include <time.h>

#include "common/wire/json.h"

/* W3C Permissions Policy, for pages, which alone could use them (data says the best known, because
 * a device gets these bytes with each answer): every feature that a browser knows and this product
 * does not use. Those that it uses are left to their default, which is this origin: fullscreen,
 * web-share. */
#define POWERFUL_FEATURES                                                                          \
    "accelerometer=(), autoplay=(), "                                                              \
    "camera=(), compute-pressure=(), display-capture=(), "                                         \
    "encrypted-media=(), gamepad=(), geolocation=(), gyroscope=(), hid=(), "                       \
    "identity-credentials-get=(), idle-detection=(), keyboard-map=(), local-fonts=(), "            \
    "magnetometer=(), microphone=(), midi=(), otp-credentials=(), payment=(), "                    \
    "picture-in-picture=(), publickey-credentials-create=(self), "                                 \
    "publickey-credentials-get=(self), "                                                           \
    "screen-wake-lock=(), serial=(), storage-access=(), sync-xhr=(), usb=(), "                     \
    "window-management=(), xr-spatial-tracking=()"

#define EVERY_ANSWER                                                                               \
    "X-Content-Type-Options: nosniff\r\n"                                                          \
    "X-Frame-Options: DENY\r\n"                                                                    \
    "Referrer-Policy: same-origin\r\n"                                                             \
    "Cross-Origin-Opener-Policy: same-origin\r\n"                                                  \
    "Cross-Origin-Resource-Policy: same-origin\r\n"

/* RFC 6797 section 7.2: never over what is not encrypted. */
static const char tls_fields[] =
    "Strict-Transport-Security: max-age=31536000; includeSubDomains\r\n";

static const char api_fields[] = EVERY_ANSWER
    "Permissions-Policy: camera=(), geolocation=(), microphone=(), payment=(), usb=()\r\n"
    "Content-Security-Policy: default-src 'none'; frame-ancestors 'none'\r\n";

#define EVERY_PAGE EVERY_ANSWER "Permissions-Policy: " POWERFUL_FEATURES "\r\n"
#define POLICY(scripts, frames, types)                                                             \
    "Content-Security-Policy: default-src 'none'; script-src 'self'" scripts "; "                  \
    "worker-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; font-src "     \
    "'self'; " frames                                                                              \
    "manifest-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; "           \
    "object-src 'none'" types "\r\n"

static const char page_fields[] =
    EVERY_PAGE POLICY("", "", "; require-trusted-types-for 'script'; trusted-types oceanremote");

/* Its script assigns to what trusted types guard, and brings a frame of its own. */
#define TURNSTILE " https://challenges.cloudflare.com"
static const char turnstile_fields[] = EVERY_PAGE POLICY(TURNSTILE, "frame-src" TURNSTILE "; ", "");

static const struct status_row {
    uint16_t status;
    const char *reason;
    const char *problem; /* type, for answers that the edge itself makes */
} rows[] = {
    {200, "OK", NULL},
    {201, "Created", NULL},
    {202, "Accepted", NULL},
    {204, "No Content", NULL},
    {304, "Not Modified", NULL},
    {308, "Permanent Redirect", NULL},
    {400, "Bad Request", "malformed-request"},
    {401, "Unauthorized", NULL},
    {403, "Forbidden", "address-blocked"},
    {404, "Not Found", "not-found"},
    {405, "Method Not Allowed", "method-not-allowed"},
    {406, "Not Acceptable", NULL},
    {408, "Request Timeout", "request-timeout"},
    {409, "Conflict", NULL},
    {410, "Gone", NULL},
    {413, "Content Too Large", "payload-too-large"},
    {414, "URI Too Long", "uri-too-long"},
    {415, "Unsupported Media Type", NULL},
    {417, "Expectation Failed", "expectation-failed"},
    {422, "Unprocessable Content", NULL},
    {429, "Too Many Requests", "too-many-requests"},
    {431, "Request Header Fields Too Large", "header-too-large"},
    {500, "Internal Server Error", NULL},
    {501, "Not Implemented", "method-unknown"},
    {503, "Service Unavailable", "busy"},
    {505, "HTTP Version Not Supported", "version-not-supported"},
    {507, "Insufficient Storage", NULL},
};

static const struct status_row *row_of(uint16_t status)
{
    static const struct status_row other = {0, "Other", "other"};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        if (rows[i].status == status)
            return &rows[i];
    }
    return &other;
}

/* RFC 9110 section 5.6.7: "Sun, 06 Nov 1994 08:49:37 GMT" */
static struct str date_text(int64_t wall_ms)
{
    static char text[32];
    static size_t len;
    static time_t made_for;
    time_t now = (time_t)(wall_ms / 1000);
    if (now != made_for) {
        struct tm t;
        gmtime_r(&now, &t);
        len = strftime(text, sizeof text, "%a, %d %b %Y %H:%M:%S GMT", &t);
        made_for = now;
    }
    return str_from(text, len);
}

static bool has_body(uint16_t status)
{
    return status >= 200 && status != 204 && status != 304;
}

static bool has_field(struct str headers, struct str name_and_colon)
{
    struct str line;
    bool more = headers.len > 0;
    while (more) {
        more = str_cut(headers, '\n', &line, &headers);
        if (str_eq_nocase(str_slice(line, 0, name_and_colon.len), name_and_colon))
            return true;
    }
    return false;
}

void answer_head_write(struct writer *w, const struct answer *a, bool is_encrypted, int64_t wall_ms)
{
    writer_str(w, STR("HTTP/1.1 "));
    writer_decimal(w, a->status);
    writer_u8(w, ' ');
    writer_str(w, str_from_cstr(row_of(a->status)->reason));
    writer_str(w, STR("\r\nDate: "));
    writer_str(w, date_text(wall_ms));
    writer_str(w, STR("\r\n"));
    if (is_encrypted)
        writer_bytes(w, tls_fields, sizeof tls_fields - 1);
    if (a->kind == ANSWER_PAGE)
        writer_bytes(w, page_fields, sizeof page_fields - 1);
    else if (a->kind == ANSWER_PAGE_TURNSTILE)
        writer_bytes(w, turnstile_fields, sizeof turnstile_fields - 1);
    else
        writer_bytes(w, api_fields, sizeof api_fields - 1);
    if (a->kind == ANSWER_API && !has_field(a->headers, STR("Cache-Control:")))
        writer_str(w, STR("Cache-Control: no-store\r\n"));
    writer_str(w, a->headers);
    if (a->framing == FRAMED_BY_CHUNKS) {
        writer_str(w, STR("Transfer-Encoding: chunked\r\n"));
    } else if (has_body(a->status)) {
        writer_str(w, STR("Content-Length: "));
        writer_decimal(w, (int64_t)a->body_len);
        writer_str(w, STR("\r\n"));
    }
    if (a->close)
        writer_str(w, STR("Connection: close\r\n"));
    writer_str(w, STR("\r\n"));
}

void edge_problem_write(struct writer *w, uint16_t status, const char *type, struct str detail)
{
    const struct status_row *row = row_of(status);
    uint8_t path[64];
    struct writer t = writer_into(path, sizeof path);
    writer_str(&t, STR("/problems/"));
    writer_str(&t, str_from_cstr(type != NULL           ? type
                                 : row->problem == NULL ? "other"
                                                        : row->problem));
    struct json_out o = json_into(w);
    json_out_object(&o);
    json_out_name_string(&o, STR("type"), str_from(path, t.len));
    json_out_name_string(&o, STR("title"), str_from_cstr(row->reason));
    json_out_name_int(&o, STR("status"), status);
    json_out_name_string(&o, STR("detail"), detail);
    json_out_object_end(&o);
}
