/* How a mail is given to a mail server, and what its replies mean. */
#include <stdio.h>
#include <string.h>

#include "server/courier/call.h"

#define LAST_WORDS_S 2L /* for QUIT, which libcurl waits for in our loop */
#define URL_MAX      (2 * OUTSIDE_TEXT_MAX)

/* ---- what goes ------------------------------------------------------------------------------- */

static size_t give_message(char *to, size_t size, size_t count, void *ctx)
{
    struct call *c = ctx;
    struct str left = str_slice(c->task.message, c->sent, size * count);
    memcpy(to, left.ptr, left.len);
    c->sent += left.len;
    return left.len;
}

/* ---- what comes ------------------------------------------------------------------------------ */

static void keep(struct call *c, struct str text)
{
    size_t room = sizeof c->got - c->got_len;
    size_t len = text.len < room ? text.len : room;
    memcpy(c->got + c->got_len, text.ptr, len);
    c->got_len += len;
}

static long code_of(struct str line)
{
    uint64_t code;
    return line.len >= 3 && str_u64(str_slice(line, 0, 3), 599, &code) == OK ? (long)code : 0;
}

/* A reply line of RFC 5321 section 4.2.1: "550-first", "550 last". Kept is the last whole reply,
 * but for that to QUIT. */
static size_t take_reply(char *from, size_t size, size_t count, void *ctx)
{
    struct call *c = ctx;
    struct str line = str_from(from, size * count);
    long code = code_of(line);
    while (line.len > 0 && (line.ptr[line.len - 1] == '\n' || line.ptr[line.len - 1] == '\r'))
        line.len--;
    if (code == 0 || code == 221)
        return size * count;
    if (!c->got_continues)
        c->got_len = 0;
    else
        keep(c, STR(" "));
    keep(c, c->got_len == 0 ? line : str_slice(line, 4, line.len));
    c->got_continues = line.len > 3 && line.ptr[3] == '-';
    c->code = code;
    if (code >= 400 || (code == 250 && c->sent == c->task.message.len))
        (void)c->lib->easy_setopt(c->easy, CURLOPT_SERVER_RESPONSE_TIMEOUT, LAST_WORDS_S);
    return size * count;
}

/* ---- the call -------------------------------------------------------------------------------- */

/* What we call ourselves: the domain that the mail comes from. */
static void name_ourselves(struct str from, char out[static OUTSIDE_TEXT_MAX])
{
    struct str local, domain;
    bool is_plain = str_cut(from, '@', &local, &domain) && domain.len > 0;
    for (size_t i = 0; i < domain.len; i++) {
        uint8_t c = domain.ptr[i];
        is_plain &= (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || c == '-' || c == '.';
    }
    if (!is_plain || str_to_cstr(domain, out, OUTSIDE_TEXT_MAX) != OK)
        strcpy(out, "localhost");
}

enum err smtp_prepare(struct call *c, const struct smtp_settings *s)
{
    char url[URL_MAX], us[OUTSIDE_TEXT_MAX], from[OUTBOUND_ADDRESS_MAX + 1],
        to[OUTBOUND_ADDRESS_MAX + 1];
    bool is_v6 = strchr(s->host, ':') != NULL;
    TRY(str_to_cstr(c->task.from, from, sizeof from));
    TRY(str_to_cstr(c->task.to, to, sizeof to));
    name_ourselves(c->task.from, us);
    if (snprintf(url, sizeof url, "%s://%s%s%s:%u/%s", s->tls_at_once ? "smtps" : "smtp",
                 is_v6 ? "[" : "", s->host, is_v6 ? "]" : "", (unsigned)s->port,
                 us) >= (int)sizeof url)
        return ERR_LIMIT;
    c->recipients = c->lib->slist_append(NULL, to);
    CURLcode bad = c->recipients == NULL;
#define SET(option, value) bad |= c->lib->easy_setopt(c->easy, option, value)
    SET(CURLOPT_URL, url);
    SET(CURLOPT_MAIL_FROM, from);
    SET(CURLOPT_MAIL_RCPT, c->recipients);
    SET(CURLOPT_UPLOAD, 1L);
    SET(CURLOPT_INFILESIZE, (long)c->task.message.len);
    SET(CURLOPT_READFUNCTION, give_message);
    SET(CURLOPT_READDATA, (void *)c);
    SET(CURLOPT_HEADERFUNCTION, take_reply);
    SET(CURLOPT_HEADERDATA, (void *)c);
    /* A connection kept for the next mail may have been closed when that comes. */
    SET(CURLOPT_FORBID_REUSE, 1L);
    SET(CURLOPT_FRESH_CONNECT, 1L);
    if (s->user[0] != 0) {
        SET(CURLOPT_USERNAME, s->user);
        SET(CURLOPT_PASSWORD, s->password);
        /* Within TLS a better hash protects nobody; Kerberos would want files and sockets. */
        SET(CURLOPT_LOGIN_OPTIONS, "AUTH=PLAIN;AUTH=LOGIN");
    }
#undef SET
    return bad == 0 ? OK : ERR_NO_MEMORY;
}

/* A refusal is for ever (RFC 5321 section 4.2.1: 5yz) when it is about this mail: sender, recipient
 * or content. One of us as a client (greeting, STARTTLS, AUTH) is for whoever runs the server to
 * mend, and the mail waits for that. So are those of RFC 4954 section 6 at whatever stage: sign in
 * first, not so, encrypt first. */
static bool is_about_the_mail(const struct call *c, CURLcode code)
{
    if (c->code == 530 || c->code == 535 || c->code == 538)
        return false;
    return code == CURLE_SEND_ERROR ||
           (code == CURLE_WEIRD_SERVER_REPLY && c->sent == c->task.message.len);
}

enum outbound_verdict smtp_verdict(const struct call *c, CURLcode code, struct str *text)
{
    bool was_refused = c->code >= 400 && c->code <= 599 && c->got_len > 0;
    if (code == CURLE_OK)
        return OUTBOUND_DONE;
    *text = was_refused        ? str_from(c->got, c->got_len)
            : c->error[0] != 0 ? str_from_cstr(c->error)
                               : str_from_cstr(c->lib->easy_strerror(code));
    return was_refused && c->code >= 500 && is_about_the_mail(c, code) ? OUTBOUND_REFUSED
                                                                       : OUTBOUND_UNREACHABLE;
}
