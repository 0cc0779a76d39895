#include "server/courier/outside.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "common/base/assert.h"
#include "common/crypto/crypto.h"
#include "server/os/file.h"

#define CALLS_MAX        (OUTBOUND_MAILS_MAX + OUTBOUND_CHECKS_MAX)
#define CA_SIZE_MAX      (1024 * 1024)
#define DNS_PORT         53
#define WAIT_MS          1000
#define MAIL_RESOLVE_MS  20000
#define CHECK_RESOLVE_MS 3000
#define MAIL_CONNECT_MS  15000L
#define MAIL_WHOLE_MS    60000L
#define CHECK_CONNECT_MS 4000L
#define CHECK_WHOLE_MS   8000L
#define EXTRA_MAX        4

static bool has_smtp(const struct outside *o)
{
    return o->smtp.host[0] != 0;
}

static bool has_turnstile(const struct outside *o)
{
    return o->turnstile.url[0] != 0;
}

/* ---- beginning ------------------------------------------------------------------------------- */

static enum err read_authorities(struct outside *o, const char *path)
{
    uint8_t *block = malloc(CA_SIZE_MAX + 64);
    struct str pem = STR_NONE;
    if (block == NULL)
        return ERR_NO_MEMORY;
    struct arena a = arena_over(block, CA_SIZE_MAX + 64);
    enum err e = file_read(&a, path, CA_SIZE_MAX, &pem);
    uint8_t *kept = e == OK && pem.len > 0 ? malloc(pem.len) : NULL;
    if (kept != NULL)
        memcpy(kept, pem.ptr, pem.len);
    free(block);
    o->ca = (struct curl_blob){.data = kept, .len = pem.len, .flags = CURL_BLOB_NOCOPY};
    return kept == NULL ? ERR_NOT_FOUND : OK;
}

enum err outside_open(struct outside *o, const char *ca_file, const char **problem)
{
    o->wake_fd = -1;
    if (!has_smtp(o) && !has_turnstile(o))
        return OK;
    if (curl_lib_load(&o->lib, problem) != OK)
        return ERR_NOT_FOUND;
    *problem = "the authorities cannot be read";
    return read_authorities(o, ca_file);
}

size_t outside_ports(const struct outside *o, uint16_t ports[static OUTSIDE_PORTS_MAX])
{
    size_t count = 0;
    if (has_smtp(o))
        ports[count++] = o->smtp.port;
    if (has_turnstile(o))
        ports[count++] = o->turnstile.port;
    if (count > 0)
        ports[count++] = DNS_PORT;
    return count;
}

enum err outside_begin(struct outside *o, outside_answer_fn *answer,
                       outside_meanwhile_fn *meanwhile, void *ctx)
{
    o->answer = answer;
    o->meanwhile = meanwhile;
    o->ctx = ctx;
    if (!has_smtp(o) && !has_turnstile(o))
        return OK;
    o->wake_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    o->multi = o->lib.multi_init();
    if (o->wake_fd < 0 || o->multi == NULL ||
        o->lib.multi_setopt(o->multi, CURLMOPT_MAX_TOTAL_CONNECTIONS, (long)CALLS_MAX) != CURLM_OK)
        return ERR_NO_MEMORY;
    if (has_smtp(o))
        TRY(resolver_new(o->smtp.host, o->wake_fd, &o->smtp_name.resolver));
    if (has_turnstile(o))
        TRY(resolver_new(o->turnstile.host, o->wake_fd, &o->turnstile_name.resolver));
    return OK;
}

/* ---- one call -------------------------------------------------------------------------------- */

/* Never one that is running: libcurl would end the mail's content where it stands, which a server
 * takes for a whole mail, and wait for the reply. */
static void release(struct outside *o, struct call *c)
{
    if (c->easy != NULL) {
        if (c->state == CALL_UNDER_WAY)
            (void)o->lib.multi_remove_handle(o->multi, c->easy);
        o->lib.easy_cleanup(c->easy);
        o->lib.slist_free_all(c->resolve);
        o->lib.slist_free_all(c->recipients);
    }
    if (c->copy != NULL)
        wipe(c->copy, c->copy_len);
    free(c->copy);
    wipe(c, sizeof *c);
}

static void answer(struct outside *o, struct call *c, enum outbound_verdict verdict,
                   struct str text)
{
    uint8_t plain[OUTBOUND_TEXT_MAX];
    struct outbound_answer a = {verdict, c->task.id, outbound_text(text, plain)};
    o->answer(o->ctx, &a);
    release(o, c);
}

static void answer_unreachable(struct outside *o, struct call *c, const char *why)
{
    answer(o, c, OUTBOUND_UNREACHABLE, str_from_cstr(why));
}

static int go_on_meanwhile(void *ctx, curl_off_t a, curl_off_t b, curl_off_t c, curl_off_t d)
{
    struct outside *o = ctx;
    (void)a, (void)b, (void)c, (void)d;
    o->meanwhile(o->ctx);
    return 0;
}

/* What every call has: where, with whom it speaks, and for how long. */
static enum err prepare(struct outside *o, struct call *c, const char *host, uint16_t port,
                        const char *addresses)
{
    char entry[OUTSIDE_TEXT_MAX + RESOLVER_ADDRESSES_MAX + 16];
    bool is_mail = c->task.kind == OUTBOUND_MAIL;
    c->lib = &o->lib;
    c->easy = o->lib.easy_init();
    if (c->easy == NULL)
        return ERR_NO_MEMORY;
    CURLcode bad = CURLE_OK;
    if (strchr(host, ':') == NULL) { /* an IPv6 address needs no addresses */
        snprintf(entry, sizeof entry, "%s:%u:%s", host, (unsigned)port, addresses);
        c->resolve = o->lib.slist_append(NULL, entry);
        bad |= c->resolve == NULL;
    }
#define SET(option, value) bad |= o->lib.easy_setopt(c->easy, option, value)
    SET(CURLOPT_PRIVATE, (void *)c);
    SET(CURLOPT_ERRORBUFFER, c->error);
    SET(CURLOPT_NOSIGNAL, 1L);
    SET(CURLOPT_NOPROGRESS, 0L);
    SET(CURLOPT_XFERINFOFUNCTION, go_on_meanwhile);
    SET(CURLOPT_XFERINFODATA, (void *)o);
    SET(CURLOPT_PROXY, ""); /* the environment names none either */
    SET(CURLOPT_PROTOCOLS_STR, "smtp,smtps,https");
    SET(CURLOPT_RESOLVE, c->resolve);
    SET(CURLOPT_USE_SSL, (long)CURLUSESSL_ALL);
    SET(CURLOPT_SSL_VERIFYPEER, 1L);
    SET(CURLOPT_SSL_VERIFYHOST, 2L);
    SET(CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
    SET(CURLOPT_CAINFO, NULL);
    SET(CURLOPT_CAPATH, NULL);
    SET(CURLOPT_CAINFO_BLOB, &o->ca);
    SET(CURLOPT_CONNECTTIMEOUT_MS, is_mail ? MAIL_CONNECT_MS : CHECK_CONNECT_MS);
    SET(CURLOPT_TIMEOUT_MS, is_mail ? MAIL_WHOLE_MS : CHECK_WHOLE_MS);
#undef SET
    return bad == 0 ? OK : ERR_NO_MEMORY;
}

static void begin(struct outside *o, struct call *c, const char *addresses)
{
    bool is_mail = c->task.kind == OUTBOUND_MAIL;
    const char *host = is_mail ? o->smtp.host : o->turnstile.host;
    enum err e = prepare(o, c, host, is_mail ? o->smtp.port : o->turnstile.port, addresses);
    if (e == OK)
        e = is_mail ? smtp_prepare(c, &o->smtp) : turnstile_prepare(c, &o->turnstile);
    if (e != OK || o->lib.multi_add_handle(o->multi, c->easy) != CURLM_OK) {
        answer_unreachable(o, c, "out of memory");
        return;
    }
    c->state = CALL_UNDER_WAY;
}

static void resolve(struct outside *o, struct call *c, int64_t now_ms)
{
    char addresses[RESOLVER_ADDRESSES_MAX];
    const char *problem = "the host's name could not be looked up in time";
    struct outside_name *name = c->task.kind == OUTBOUND_MAIL ? &o->smtp_name : &o->turnstile_name;
    enum err e = resolver_ask(name->resolver, now_ms, addresses, &problem);
    if (e == OK) {
        name->has_failed = false;
        begin(o, c, addresses);
    } else if (e != ERR_AGAIN || now_ms >= c->resolve_until_ms) {
        name->has_failed = true;
        answer_unreachable(o, c, problem);
    }
}

static struct call *find_free(struct outside *o)
{
    for (size_t i = 0; i < CALLS_MAX; i++) {
        if (o->calls[i].state == CALL_FREE)
            return &o->calls[i];
    }
    return NULL;
}

static enum err copy_task(struct call *c, const struct outbound_task *t)
{
    size_t len = 64 + t->from.len + t->to.len + t->message.len + t->token.len;
    uint8_t *copy = malloc(len);
    if (copy == NULL)
        return ERR_NO_MEMORY;
    struct writer w = writer_into(copy, len);
    enum err e = outbound_task_put(&w, t);
    if (e == OK)
        e = outbound_task_take(str_from(copy, w.len), &c->task);
    c->copy = copy;
    c->copy_len = len;
    return e;
}

void outside_take(struct outside *o, const struct outbound_task *t, int64_t now_ms)
{
    bool is_mail = t->kind == OUTBOUND_MAIL;
    struct call *c = find_free(o);
    if (c == NULL || !(is_mail ? has_smtp(o) : has_turnstile(o))) {
        struct outbound_answer none = {OUTBOUND_UNREACHABLE, t->id,
                                       c == NULL ? STR("too many at once")
                                                 : STR("there are no settings for it")};
        o->answer(o->ctx, &none);
        return;
    }
    c->task = (struct outbound_task){.kind = t->kind, .id = t->id};
    if (copy_task(c, t) != OK) {
        answer_unreachable(o, c, "out of memory");
        return;
    }
    c->state = CALL_RESOLVING;
    c->resolve_until_ms = now_ms + (is_mail ? MAIL_RESOLVE_MS : CHECK_RESOLVE_MS);
    resolve(o, c, now_ms);
}

/* ---- all calls ------------------------------------------------------------------------------- */

void outside_wait(struct outside *o, struct pollfd *fds, size_t count)
{
    struct curl_waitfd extra[EXTRA_MAX];
    int ready;
    ASSERT(count < EXTRA_MAX);
    if (o->multi == NULL) {
        (void)poll(fds, count, -1);
        return;
    }
    for (size_t i = 0; i < count; i++)
        extra[i] = (struct curl_waitfd){fds[i].fd, CURL_WAIT_POLLIN, 0};
    extra[count] = (struct curl_waitfd){o->wake_fd, CURL_WAIT_POLLIN, 0};
    int wait_ms = outside_is_idle(o) ? 60000 : WAIT_MS;
    (void)o->lib.multi_poll(o->multi, extra, (unsigned)count + 1, wait_ms, &ready);
    for (size_t i = 0; i < count; i++)
        fds[i].revents = extra[i].revents;
}

static void finish(struct outside *o, struct call *c, CURLcode code)
{
    struct str text = STR_NONE;
    enum outbound_verdict verdict = c->task.kind == OUTBOUND_MAIL
                                        ? smtp_verdict(c, code, &text)
                                        : turnstile_verdict(c, code, &text);
    answer(o, c, verdict, text);
}

void outside_go_on(struct outside *o, int64_t now_ms)
{
    uint64_t woken;
    int running, left;
    if (o->multi == NULL)
        return;
    (void)!read(o->wake_fd, &woken, sizeof woken);
    for (size_t i = 0; i < CALLS_MAX; i++) {
        if (o->calls[i].state == CALL_RESOLVING)
            resolve(o, &o->calls[i], now_ms);
    }
    (void)o->lib.multi_perform(o->multi, &running);
    for (CURLMsg *m; (m = o->lib.multi_info_read(o->multi, &left)) != NULL;) {
        struct call *c = NULL;
        CURLcode code = m->data.result; /* m goes with its handle */
        if (m->msg == CURLMSG_DONE &&
            o->lib.easy_getinfo(m->easy_handle, CURLINFO_PRIVATE, (char **)&c) == CURLE_OK)
            finish(o, c, code);
    }
}

bool outside_is_idle(const struct outside *o)
{
    for (size_t i = 0; i < CALLS_MAX; i++) {
        if (o->calls[i].state != CALL_FREE)
            return false;
    }
    return true;
}
