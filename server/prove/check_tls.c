/* Row S1: how the server says hello.
 *
 * Owns:     nothing.
 * Promise:  what must be refused is really offered: without a security level of ours, and counted
 *           as refused only when the server has ended the handshake.
 * Source:   RFC 8446; SECURITY.md row S1.
 * Watch:    an OpenSSL that cannot offer an old thing says nothing about the server. */
#include <string.h>
#include <time.h>

#include "server/prove/prove.h"

#define MIN_DAYS_LEFT 7

void check_tls13(struct prove *p, const struct check *self, struct finding *f)
{
    (void)self;
    struct wire_rules rules = {0};
    drop_wire(p);
    if (open_wire(p, &p->wire, &rules) != OK) {
        broken(f, "%s", p->wire.problem);
        return;
    }
    p->is_open = true;
    SSL *ssl = p->wire.ssl;
    if (SSL_version(ssl) != TLS1_3_VERSION)
        broken(f, "a client that can TLS 1.3 gets %s", SSL_get_version(ssl));
    else
        kept(f, "%s, %s", SSL_get_cipher_name(ssl),
             OBJ_nid2sn(SSL_get_negotiated_group(ssl) & 0xFFFF));
}

enum offer {
    ACCEPTED,
    REFUSED,
    UNKNOWN, /* not offered, or no answer: p->wire.problem */
};

static enum offer offer(struct prove *p, struct wire_rules rules)
{
    drop_wire(p);
    enum err e = open_wire(p, &p->wire, &rules);
    if (e == OK)
        wire_close(&p->wire);
    return e == OK || e == ERR_DENIED ? ACCEPTED : e == ERR_PEER ? REFUSED : UNKNOWN;
}

struct offer_row {
    const char *name;
    struct wire_rules rules;
    enum offer wanted;
};

/* Each row as wanted, or the first that is not. */
static void check_offers(struct prove *p, const struct offer_row *rows, size_t count,
                         const char *good, struct finding *f)
{
    for (size_t i = 0; i < count; i++) {
        enum offer got = offer(p, rows[i].rules);
        if (got == UNKNOWN) { /* the door may be full for a moment */
            pause_ms(1000);
            got = offer(p, rows[i].rules);
        }
        if (got == rows[i].wanted)
            continue;
        if (got == UNKNOWN)
            not_here(f, "%s: %s", rows[i].name, p->wire.problem);
        else
            broken(f, "%s is %s", rows[i].name, got == ACCEPTED ? "accepted" : "refused");
        return;
    }
    kept(f, "%s", good);
}

void check_old_tls(struct prove *p, const struct check *self, struct finding *f)
{
    (void)self;
    static const struct offer_row rows[] = {
        {"TLS 1.2", {.version = TLS1_2_VERSION}, REFUSED},
        {"TLS 1.1", {.version = TLS1_1_VERSION}, REFUSED},
        {"TLS 1.0", {.version = TLS1_VERSION}, REFUSED},
    };
    check_offers(p, rows, sizeof rows / sizeof rows[0], "1.2, 1.1 and 1.0", f);
}

void check_suites(struct prove *p, const struct check *self, struct finding *f)
{
    (void)self;
    static const struct offer_row rows[] = {
        {"AES-128-GCM", {.version = TLS1_3_VERSION, .suites = "TLS_AES_128_GCM_SHA256"}, ACCEPTED},
        {"AES-256-GCM", {.version = TLS1_3_VERSION, .suites = "TLS_AES_256_GCM_SHA384"}, ACCEPTED},
        {"ChaCha20-Poly1305",
         {.version = TLS1_3_VERSION, .suites = "TLS_CHACHA20_POLY1305_SHA256"},
         ACCEPTED},
        {"AES-128-CCM-8",
         {.version = TLS1_3_VERSION, .suites = "TLS_AES_128_CCM_8_SHA256"},
         REFUSED},
    };
    check_offers(p, rows, sizeof rows / sizeof rows[0], "AES-GCM and ChaCha20-Poly1305, not CCM-8",
                 f);
}

void check_groups(struct prove *p, const struct check *self, struct finding *f)
{
    (void)self;
    static const struct offer_row rows[] = {
        {"X25519", {.version = TLS1_3_VERSION, .groups = "X25519"}, ACCEPTED},
        {"P-256", {.version = TLS1_3_VERSION, .groups = "P-256"}, ACCEPTED},
        {"P-384", {.version = TLS1_3_VERSION, .groups = "P-384"}, REFUSED},
        {"P-521", {.version = TLS1_3_VERSION, .groups = "P-521"}, REFUSED},
        {"X448", {.version = TLS1_3_VERSION, .groups = "X448"}, REFUSED},
        {"ffdhe2048", {.version = TLS1_3_VERSION, .groups = "ffdhe2048"}, REFUSED},
    };
    check_offers(p, rows, sizeof rows / sizeof rows[0], "not P-384, P-521, X448, ffdhe2048", f);
}

/* Its last second, in words; false when less than a week is left. */
static bool lasts(const X509 *certificate, char until[static 32])
{
    struct tm end;
    int days = 0, seconds = 0;
    const ASN1_TIME *not_after = X509_get0_notAfter(certificate);
    if (ASN1_TIME_to_tm(not_after, &end) != 1 ||
        ASN1_TIME_diff(&days, &seconds, NULL, not_after) != 1)
        return false;
    strftime(until, 32, "%Y-%m-%d", &end);
    return days >= MIN_DAYS_LEFT;
}

void check_certificate(struct prove *p, const struct check *self, struct finding *f)
{
    (void)self;
    char until[32] = "?";
    if (!verify(p)) {
        broken(f, "%s: %s", p->target.host, p->wire.problem);
        return;
    }
    X509 *certificate = p->is_open ? SSL_get1_peer_certificate(p->wire.ssl) : NULL;
    bool is_good = certificate != NULL && lasts(certificate, until);
    X509_free(certificate);
    if (is_good)
        kept(f, "%s, until %s", p->target.host, until);
    else
        broken(f, "it ends on %s, and was not renewed", until);
}

/* One year, and nothing that could be misread. */
void check_hsts(struct prove *p, const struct check *self, struct finding *f)
{
    (void)self;
    if (!ask(p, &(struct question){"GET", "/", NULL, NULL}, f))
        return;
    struct str value = answer_field(&p->answer, "Strict-Transport-Security", 0);
    struct str age = STR_NONE, part, rest = value, name, number;
    bool more = value.len > 0, subdomains = false;
    uint64_t seconds = 0;
    while (more) {
        more = str_cut(rest, ';', &part, &rest);
        part = str_trim(part);
        subdomains |= str_eq_nocase(part, STR("includeSubDomains"));
        if (str_cut(part, '=', &name, &number) && str_eq_nocase(str_trim(name), STR("max-age")))
            age = str_trim(number);
    }
    if (value.len == 0)
        broken(f, "the field is missing");
    else if (!subdomains || str_u64(age, UINT32_MAX, &seconds) != OK || seconds < 31536000)
        broken(f, "it is '%.*s'", STR_ARGS(str_slice(value, 0, 100)));
    else
        kept(f, "%.*s", STR_ARGS(str_slice(value, 0, 100)));
}
