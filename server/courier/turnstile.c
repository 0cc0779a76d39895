/* Cloudflare Turnstile: is there a person at that browser?
 *
 * Source: developers.cloudflare.com/turnstile, "Validate the token": a form is posted, an object
 * with `success` and `error-codes` comes back. */
#include <arpa/inet.h>
#include <string.h>

#include "common/crypto/crypto.h"
#include "common/wire/json.h"
#include "server/courier/call.h"

#define FORM_MAX     (3 * (OUTBOUND_TOKEN_MAX + OUTSIDE_SECRET_MAX) + 128)
#define TEXT_SCRATCH 512

/* ---- where ----------------------------------------------------------------------------------- */

enum err turnstile_place(struct turnstile_settings *s)
{
    struct str url = str_from_cstr(s->url), place, rest, host, port_text;
    uint64_t port = 443;
    if (!str_starts(url, STR("https://")))
        return ERR_PEER;
    str_cut(str_slice(url, 8, url.len), '/', &place, &rest);
    if (str_cut(place, ':', &host, &port_text) &&
        (str_u64(port_text, 65535, &port) != OK || port == 0))
        return ERR_PEER;
    if (host.len == 0)
        return ERR_PEER;
    s->port = (uint16_t)port;
    return str_to_cstr(host, s->host, sizeof s->host);
}

/* ---- the form -------------------------------------------------------------------------------- */

/* application/x-www-form-urlencoded: everything but letters, digits and "-._" as %NN. */
static void put_encoded(struct writer *w, struct str text)
{
    static const char digits[] = "0123456789ABCDEF";
    for (size_t i = 0; i < text.len; i++) {
        uint8_t c = text.ptr[i];
        if ((c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
            c == '-' || c == '.' || c == '_') {
            writer_u8(w, c);
            continue;
        }
        writer_u8(w, '%');
        writer_u8(w, (uint8_t)digits[c >> 4]);
        writer_u8(w, (uint8_t)digits[c & 15]);
    }
}

static struct str peer_text(const uint8_t peer[static OUTBOUND_PEER_LEN],
                            char out[static INET6_ADDRSTRLEN])
{
    static const uint8_t v4_prefix[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF};
    bool is_v4 = memcmp(peer, v4_prefix, sizeof v4_prefix) == 0;
    const char *text =
        inet_ntop(is_v4 ? AF_INET : AF_INET6, is_v4 ? peer + 12 : peer, out, INET6_ADDRSTRLEN);
    return text == NULL ? STR_NONE : str_from_cstr(text);
}

static void put_form(struct writer *w, const struct call *c, const struct turnstile_settings *s)
{
    char address[INET6_ADDRSTRLEN];
    writer_str(w, STR("secret="));
    put_encoded(w, str_from_cstr(s->secret));
    writer_str(w, STR("&response="));
    put_encoded(w, c->task.token);
    writer_str(w, STR("&remoteip="));
    put_encoded(w, peer_text(c->task.peer, address));
}

/* ---- the answer ------------------------------------------------------------------------------ */

/* True when one of the codes says that the fault is not the visitor's. */
static bool read_codes(struct json *j, struct str *first)
{
    bool is_ours = false;
    json_array(j);
    while (json_element(j)) {
        struct str code = json_string(j);
        if (first->len == 0)
            *first = code;
        is_ours |= str_eq(code, STR("internal-error")) ||
                   str_eq(code, STR("missing-input-secret")) ||
                   str_eq(code, STR("invalid-input-secret"));
    }
    return is_ours;
}

enum outbound_verdict turnstile_read(struct str body, struct str *text)
{
    static uint8_t scratch[TEXT_SCRATCH];
    struct json j = json_of(body, scratch, sizeof scratch);
    struct str name, code = STR_NONE;
    bool has_success = false, is_person = false, is_ours = false;
    json_object(&j);
    while (json_member(&j, &name)) {
        if (str_eq(name, STR("success")) && !has_success) {
            is_person = json_bool(&j);
            has_success = true;
        } else if (str_eq(name, STR("error-codes")) && code.len == 0) {
            is_ours = read_codes(&j, &code);
        } else {
            json_skip(&j);
        }
    }
    if (json_end(&j) != OK || !has_success) {
        *text = STR("its answer cannot be read");
        return OUTBOUND_UNREACHABLE;
    }
    *text = code;
    return is_person ? OUTBOUND_DONE : is_ours ? OUTBOUND_UNREACHABLE : OUTBOUND_REFUSED;
}

static size_t take_body(char *from, size_t size, size_t count, void *ctx)
{
    struct call *c = ctx;
    size_t len = size * count;
    if (len > sizeof c->got - c->got_len) {
        c->got_too_much = true;
        return 0; /* ends the call */
    }
    memcpy(c->got + c->got_len, from, len);
    c->got_len += len;
    return len;
}

/* ---- the call -------------------------------------------------------------------------------- */

enum err turnstile_prepare(struct call *c, const struct turnstile_settings *s)
{
    static uint8_t form[FORM_MAX];
    struct writer w = writer_into(form, sizeof form);
    put_form(&w, c, s);
    writer_u8(&w, 0);
    CURLcode bad = w.overflow;
#define SET(option, value) bad |= c->lib->easy_setopt(c->easy, option, value)
    SET(CURLOPT_URL, s->url);
    SET(CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
    SET(CURLOPT_COPYPOSTFIELDS, (const char *)form);
    SET(CURLOPT_WRITEFUNCTION, take_body);
    SET(CURLOPT_WRITEDATA, (void *)c);
#undef SET
    wipe(form, sizeof form);
    return bad == 0 ? OK : ERR_NO_MEMORY;
}

enum outbound_verdict turnstile_verdict(const struct call *c, CURLcode code, struct str *text)
{
    if (c->got_too_much) {
        *text = STR("its answer is too long");
        return OUTBOUND_UNREACHABLE;
    }
    if (code == CURLE_OK)
        return turnstile_read(str_from(c->got, c->got_len), text);
    *text = c->error[0] != 0 ? str_from_cstr(c->error) : str_from_cstr(c->lib->easy_strerror(code));
    return OUTBOUND_UNREACHABLE;
}
