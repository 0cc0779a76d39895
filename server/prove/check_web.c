/* Rows S4 and A3: what every answer carries, and what no page may do.
 *
 * Owns:     nothing.
 * Promise:  the values are compared, not only the names; every kind of answer is asked for.
 * Source:   SECURITY.md row S4; OWASP ASVS 3.4.
 * Watch:    none of these paths may be one that the honeypot knows (prove_test.c). */
#include <string.h>

#include "server/prove/prove.h"
#include "server/prove/paths.h"

/* ---- fields ---------------------------------------------------------------------------------- */

static const struct {
    const char *name, *value; /* NULL: any, but not none */
} fields[] = {
    {"X-Frame-Options", "DENY"},
    {"X-Content-Type-Options", "nosniff"},
    {"Referrer-Policy", "same-origin"},
    {"Cross-Origin-Opener-Policy", "same-origin"},
    {"Cross-Origin-Resource-Policy", "same-origin"},
    {"Strict-Transport-Security", NULL},
    {"Permissions-Policy", NULL},
};

static bool has_directive(struct str policy, const char *wanted)
{
    struct str one;
    bool more = policy.len > 0;
    while (more) {
        more = str_cut(policy, ';', &one, &policy);
        if (str_eq(str_trim(one), str_from_cstr(wanted)))
            return true;
    }
    return false;
}

/* The answer has the status and every field. */
static void check_fields(const struct prove *p, uint16_t status, struct finding *f)
{
    const struct answer *a = &p->answer;
    struct str policy = answer_field(a, "Content-Security-Policy", 0);
    if (a->status != status) {
        broken(f, "answered %u instead of %u", a->status, status);
        return;
    }
    for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++) {
        struct str value = answer_field(a, fields[i].name, 0);
        bool is_good =
            fields[i].value == NULL ? value.len > 0 : str_eq(value, str_from_cstr(fields[i].value));
        if (!is_good) {
            broken(f, "%s is '%.*s'", fields[i].name, STR_ARGS(str_slice(value, 0, 80)));
            return;
        }
    }
    if (!has_directive(policy, "default-src 'none'") ||
        !has_directive(policy, "frame-ancestors 'none'"))
        broken(f, "Content-Security-Policy is '%.*s'", STR_ARGS(str_slice(policy, 0, 120)));
    else
        kept(f, "all %zu fields", sizeof fields / sizeof fields[0] + 1);
}

static void ask_for_fields(struct prove *p, const struct question *q, uint16_t status,
                           struct finding *f)
{
    if (ask(p, q, f))
        check_fields(p, status, f);
}

void check_page_fields(struct prove *p, const struct check *self, struct finding *f)
{
    (void)self;
    ask_for_fields(p, &(struct question){"GET", "/", NULL, NULL}, 200, f);
}

/* The first file of ours that the page names: src="/… */
static bool file_of_page(const struct answer *a, char path[static 128])
{
    static const char mark[] = "src=\"/";
    const uint8_t *at = memmem(a->body.ptr, a->body.len, mark, sizeof mark - 1);
    if (at == NULL)
        return false;
    size_t from = (size_t)(at - a->body.ptr) + sizeof mark - 2;
    struct str rest = str_slice(a->body, from, a->body.len), name, tail;
    return str_cut(rest, '"', &name, &tail) && str_find(name, '\r') == name.len &&
           str_find(name, ' ') == name.len && str_to_cstr(name, path, 128) == OK;
}

void check_file_fields(struct prove *p, const struct check *self, struct finding *f)
{
    (void)self;
    char path[128];
    if (!ask(p, &(struct question){"GET", "/", NULL, NULL}, f))
        return;
    if (file_of_page(&p->answer, path))
        ask_for_fields(p, &(struct question){"GET", path, NULL, NULL}, 200, f);
    else
        not_here(f, "the page names no file");
}

void check_api_fields(struct prove *p, const struct check *self, struct finding *f)
{
    (void)self;
    ask_for_fields(p, &(struct question){"GET", "/api/v1/healthz", NULL, NULL}, 200, f);
}

void check_refusal_fields(struct prove *p, const struct check *self, struct finding *f)
{
    (void)self;
    ask_for_fields(p, &(struct question){"GET", "/api/v1/me", NULL, NULL}, 401, f);
}

void check_not_found_fields(struct prove *p, const struct check *self, struct finding *f)
{
    (void)self;
    ask_for_fields(p, &(struct question){"GET", "/api/v1/prove", NULL, NULL}, 404, f);
}

void check_method_fields(struct prove *p, const struct check *self, struct finding *f)
{
    (void)self;
    ask_for_fields(p, &(struct question){"DELETE", "/healthz", NULL, NULL}, 405, f);
}

/* A field name with a space before its colon (RFC 9112 section 5.1). */
void check_malformed_fields(struct prove *p, const struct check *self, struct finding *f)
{
    (void)self;
    ask_for_fields(p, &(struct question){"GET", "/healthz", "Prove : 1\r\n", NULL}, 400, f);
}

void check_policy(struct prove *p, const struct check *self, struct finding *f)
{
    (void)self;
    if (!ask(p, &(struct question){"GET", "/", NULL, NULL}, f))
        return;
    struct str policy = answer_field(&p->answer, "Content-Security-Policy", 0);
    bool is_tight = has_directive(policy, "script-src 'self'") &&
                    has_directive(policy, "style-src 'self'") &&
                    has_directive(policy, "base-uri 'none'") &&
                    has_directive(policy, "require-trusted-types-for 'script'") &&
                    memmem(policy.ptr, policy.len, "unsafe-", 7) == NULL;
    if (is_tight)
        kept(f, "script-src 'self', nothing inline, require-trusted-types-for 'script'");
    else
        broken(f, "it is '%.*s'", STR_ARGS(str_slice(policy, 0, 200)));
}

/* Asked of an answer of each of those who write answers: files, core, and the edge itself. */
void check_no_version(struct prove *p, const struct check *self, struct finding *f)
{
    (void)self;
    static const char *const telling[] = {"Server", "X-Powered-By", "Via", "X-Server",
                                          "X-AspNet-Version"};
    static const struct question questions[] = {
        {"GET", "/", NULL, NULL},
        {"GET", "/healthz", NULL, NULL},
        {"GET", "/api/v1/prove", NULL, NULL},
        {"GET", "/healthz", "Prove : 1\r\n", NULL},
    };
    for (size_t i = 0; i < sizeof questions / sizeof questions[0]; i++) {
        if (!ask(p, &questions[i], f))
            return;
        for (size_t k = 0; k < sizeof telling / sizeof telling[0]; k++) {
            struct str value = answer_field(&p->answer, telling[k], 0);
            if (value.len == 0)
                continue;
            broken(f, "%s: %.*s", telling[k], STR_ARGS(str_slice(value, 0, 80)));
            return;
        }
    }
    kept(f, "no Server, X-Powered-By, Via");
}

void check_trace(struct prove *p, const struct check *self, struct finding *f)
{
    (void)self;
    static const char *const methods[] = {"TRACE", "TRACK", "DEBUG", "PROVE"};
    for (size_t i = 0; i < sizeof methods / sizeof methods[0]; i++) {
        struct question q = {methods[i], "/", "X-Echo: an-echo-of-ours\r\n", NULL};
        if (!ask(p, &q, f))
            return;
        bool echoes = body_has(&p->answer, "an-echo-of-ours");
        if ((p->answer.status == 405 || p->answer.status == 501) && !echoes)
            continue;
        broken(f, "%s is answered %u%s", methods[i], p->answer.status, echoes ? ", echoed" : "");
        return;
    }
    kept(f, "405 or 501, and nothing is echoed");
}

/* ---- A3 -------------------------------------------------------------------------------------- */

/* An API that can be browsed answers a browser with a page. */
void check_no_explorer(struct prove *p, const struct check *self, struct finding *f)
{
    (void)self;
    for (size_t i = 0; i < explorer_path_count; i++) {
        struct question q = {"GET", explorer_paths[i], "Accept: text/html\r\n", NULL};
        if (!ask(p, &q, f))
            return;
        struct str type = answer_field(&p->answer, "Content-Type", 0);
        if (p->answer.status < 300 || (p->answer.status < 400 && p->answer.status != 304) ||
            str_starts(type, STR("text/html"))) {
            broken(f, "%s is answered %u %.*s", explorer_paths[i], p->answer.status,
                   STR_ARGS(str_slice(type, 0, 60)));
            return;
        }
    }
    kept(f, "%zu paths where one would be", explorer_path_count);
}
