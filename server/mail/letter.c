#include "server/mail/letter.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "common/base/assert.h"
#include "common/base/encoding.h"
#include "common/crypto/crypto.h"
#include "server/mail/mime.h"

#define TEXT_MAX  (6 * 1024)
#define HTML_MAX  (10 * 1024)
#define FACTS_MAX 3

/* ---- words ----------------------------------------------------------------------------------- */

#define CHANGE_IT                                                                                  \
    "Sign in, choose a new password, and look at the list of sessions in your account: end each "  \
    "one that you do not know."
#define IGNORE_IT                                                                                  \
    "Then somebody typed your address, perhaps by mistake. You can ignore this mail: nothing "     \
    "happens without the link above."

/* what: one paragraph. detail: what the mail's detail is called; NULL: it is not shown. path: of
 * the link, which `link` names and `life` describes. not_you: what to do then. */
static const struct words {
    const char *subject, *what, *detail, *path, *link, *life, *not_you;
} all_words[] = {
    [MAIL_CONFIRM_SIGNUP] = {"Confirm your mail address",
                             "Welcome to OceanRemote! An account was made with this mail address. "
                             "One click confirms that the address is yours, and then you can sign "
                             "in.",
                             "Browser", "/confirm#", "Confirm my address",
                             "The link works once, and for 24 hours.", IGNORE_IT},
    [MAIL_SIGNUP_KNOWN] =
        {"You already have an account",
         "Somebody has just tried to make an account with this mail address, and "
         "there is one already. If it was you: simply sign in. If you have "
         "forgotten your password, choose “Forgot your password?” on the "
         "sign-in page.",
         "Browser", NULL, NULL, NULL,
         "You need not do anything: no account was made, and yours is as it was."},
    [MAIL_RESET] = {"Choose a new password",
                    "Somebody asked for a new password for your account. If it was you, choose one "
                    "with this link. A second factor, if you have one, is still asked for.",
                    "Browser", "/reset#", "Choose a new password",
                    "The link works once, and for one hour. Your old password is good until then.",
                    IGNORE_IT},
    [MAIL_CONFIRM_EMAIL] = {"Confirm your new mail address",
                            "Somebody asked that this becomes the mail address of an account. One "
                            "click confirms it; until then the old address stays.",
                            "Browser", "/confirm-email#", "Confirm my new address",
                            "The link works once, and for 24 hours.", IGNORE_IT},
    [MAIL_EMAIL_CHANGING] = {"Your mail address is about to change",
                             "Another mail address was asked for, for your account. It becomes the "
                             "account's as soon as it is confirmed from there. Until then this one "
                             "stays.",
                             "New address", NULL, NULL, NULL, CHANGE_IT},
    [MAIL_EMAIL_CHANGED] = {"Your mail address has changed",
                            "Your account has another mail address now. This is the last mail to "
                            "the old one.",
                            "New address", NULL, NULL, NULL,
                            "Somebody else can sign in to your account. Tell whoever runs this "
                            "server at once, and forward this mail: it shows which account it is."},
    [MAIL_PASSWORD_CHANGED] = {"Your password has changed",
                               "The password of your account was changed. Everybody who was signed "
                               "in elsewhere has been signed out.",
                               "Browser", NULL, NULL, NULL,
                               "Choose “Forgot your password?” on the sign-in page at "
                               "once: a new password signs the stranger out."},
    [MAIL_NEW_BROWSER] =
        {"A sign-in from a new browser",
         "Somebody signed in to your account with a browser that has not been seen "
         "there before. If that was you, all is well.",
         "Browser", NULL, NULL, NULL, CHANGE_IT},
    [MAIL_SESSION_STOLEN] = {"A session of yours was ended",
                             "The same session was used from two places, which happens when "
                             "somebody has copied it. It has been ended, and everybody in it must "
                             "sign in again.",
                             "Browser", NULL, NULL, NULL,
                             "Sign in, choose a new password, and see that your browser and its "
                             "extensions are ones that you trust."},
    [MAIL_FACTOR_ADDED] = {"A second factor was added",
                           "Signing in to your account can take something more than the password "
                           "from now on.",
                           "What was added", NULL, NULL, NULL,
                           "Sign in, remove that factor, and choose a new password."},
    [MAIL_FACTOR_REMOVED] = {"A second factor was removed",
                             "A second factor is no longer asked for when you sign in to your "
                             "account.",
                             "What was removed", NULL, NULL, NULL, CHANGE_IT},
    [MAIL_RECOVERY_USED] = {"A recovery code was used",
                            "Somebody signed in to your account with one of its recovery codes. "
                            "Each code works once; make new ones when few are left.",
                            "Recovery codes", NULL, NULL, NULL,
                            "Sign in, choose a new password, and make new recovery codes: the old "
                            "ones then work no more."},
    [MAIL_RECOVERY_MADE] = {"New recovery codes were made",
                            "Your account has new recovery codes. The old ones work no more.",
                            "Browser", NULL, NULL, NULL, CHANGE_IT},
    [MAIL_KEY_ADDED] = {"An API key was made",
                        "A new API key can act for your account within its scope.", "The key", NULL,
                        NULL, NULL, "Sign in, remove that key, and choose a new password."},
    [MAIL_ACCOUNT_REMOVED] = {"Your account was removed",
                              "Your account is no more, and with it its devices, their readings, "
                              "its keys and its sessions. This is the last mail about it. Thank "
                              "you for having been here.",
                              "Browser", NULL, NULL, NULL,
                              "Tell whoever runs this server at once: an account can only be "
                              "brought back from a backup."},
    [MAIL_WATCH] = {"A registration from a data centre",
                    "Somebody made an account from an address that belongs to a data centre or a "
                    "known source of automatic sign-ups. Nothing was blocked; this is for you to "
                    "know.",
                    "What is known", NULL, NULL, NULL, NULL},
};
_Static_assert(sizeof all_words / sizeof all_words[0] == MAIL_KIND_COUNT, "words for every kind");

/* ---- facts ----------------------------------------------------------------------------------- */

struct fact {
    const char *name;
    struct str value;
};

struct facts {
    struct fact of[FACTS_MAX];
    size_t count;
    char when[64], address[INET6_ADDRSTRLEN];
};

static void add_fact(struct facts *f, const char *name, struct str value)
{
    if (value.len > 0)
        f->of[f->count++] = (struct fact){name, value};
}

static struct str when_text(int64_t time_ms, char out[static 64])
{
    static const char *const months[] = {"January",   "February", "March",    "April",
                                         "May",       "June",     "July",     "August",
                                         "September", "October",  "November", "December"};
    time_t s = (time_t)(time_ms / 1000);
    struct tm t = {0};
    gmtime_r(&s, &t);
    snprintf(out, 64, "%d %s %d, %02d:%02d UTC", t.tm_mday, months[t.tm_mon], t.tm_year + 1900,
             t.tm_hour, t.tm_min);
    return str_from_cstr(out);
}

static struct str address_text(const uint8_t *peer, char out[static INET6_ADDRSTRLEN])
{
    static const uint8_t v4_prefix[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF};
    static const uint8_t nobody[PEER_LEN];
    bool is_v4 = memcmp(peer, v4_prefix, sizeof v4_prefix) == 0;
    if (memcmp(peer, nobody, PEER_LEN) == 0 ||
        inet_ntop(is_v4 ? AF_INET : AF_INET6, is_v4 ? peer + 12 : peer, out, INET6_ADDRSTRLEN) ==
            NULL)
        return STR_NONE;
    return str_from_cstr(out);
}

static void gather_facts(const struct letter *l, const struct words *words, struct facts *f)
{
    f->count = 0;
    add_fact(f, "When", when_text(l->happened_at_ms, f->when));
    add_fact(f, "From the address", address_text(l->peer, f->address));
    if (words->detail != NULL)
        add_fact(f, words->detail, l->detail);
}

/* ---- plain text ------------------------------------------------------------------------------ */

static void put(struct writer *w, const char *text)
{
    writer_str(w, str_from_cstr(text));
}

static void put_link(struct writer *w, const struct letter *l, const struct words *words)
{
    writer_str(w, l->url);
    put(w, words->path);
    writer_str(w, l->token);
}

static void write_text(const struct letter *l, const struct words *words, const struct facts *f,
                       struct writer *w)
{
    put(w, "Hello,\n\n");
    put(w, words->what);
    put(w, "\n\n");
    if (words->path != NULL) {
        put(w, words->link);
        put(w, ":\n");
        put_link(w, l, words);
        put(w, "\n\n");
        put(w, words->life);
        put(w, "\n\n");
    }
    for (size_t i = 0; i < f->count; i++) {
        put(w, f->of[i].name);
        put(w, ": ");
        writer_str(w, f->of[i].value);
        put(w, "\n");
    }
    if (words->not_you != NULL) {
        put(w, "\nWas it not you? ");
        put(w, words->not_you);
        put(w, "\n");
    }
    put(w, "\nOceanRemote at ");
    writer_str(w, l->url);
    put(w, "\n");
}

/* ---- HTML ------------------------------------------------------------------------------------ */

static void put_html(struct writer *w, struct str text)
{
    for (size_t i = 0; i < text.len; i++) {
        switch (text.ptr[i]) {
        case '&': put(w, "&amp;"); break;
        case '<': put(w, "&lt;"); break;
        case '>': put(w, "&gt;"); break;
        case '"': put(w, "&quot;"); break;
        case '\'': put(w, "&#39;"); break;
        default: writer_u8(w, text.ptr[i]);
        }
    }
}

static void put_html_text(struct writer *w, const char *before, const char *text, const char *after)
{
    put(w, before);
    put_html(w, str_from_cstr(text));
    put(w, after);
}

static void write_html_link(const struct letter *l, const struct words *words, struct writer *w)
{
    uint8_t room[1024];
    struct writer link = writer_into(room, sizeof room);
    put_link(&link, l, words);
    w->overflow |= link.overflow;
    put(w, "<p><a href=\"");
    put_html(w, str_from(room, link.len));
    put(w, "\" style=\"display:inline-block;padding:.7em 1.2em;border-radius:.4em;"
           "background:#0b4f8a;color:#ffffff;text-decoration:none\">");
    put_html(w, str_from_cstr(words->link));
    put(w, "</a></p>\n<p>Or copy this into your browser:<br>");
    put_html(w, str_from(room, link.len));
    put_html_text(w, "</p>\n<p>", words->life, "</p>\n");
    wipe(room, sizeof room);
}

static void write_html(const struct letter *l, const struct words *words, const struct facts *f,
                       struct writer *w)
{
    put_html_text(w, "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>",
                  words->subject, "</title></head>\n");
    put(w, "<body style=\"font-family:sans-serif;line-height:1.5;max-width:36em;margin:1em\">\n");
    put_html_text(w, "<p>Hello,</p>\n<p>", words->what, "</p>\n");
    if (words->path != NULL)
        write_html_link(l, words, w);
    put(w, "<p>");
    for (size_t i = 0; i < f->count; i++) {
        put_html_text(w, i == 0 ? "" : "<br>\n", f->of[i].name, ": <b>");
        put_html(w, f->of[i].value);
        put(w, "</b>");
    }
    put(w, "</p>\n");
    if (words->not_you != NULL)
        put_html_text(w, "<p><b>Was it not you?</b> ", words->not_you, "</p>\n");
    put(w, "<p style=\"color:#555555\">OceanRemote at ");
    put_html(w, l->url);
    put(w, "</p>\n</body></html>\n");
}

/* ---- the message ----------------------------------------------------------------------------- */

static struct str random_text(const struct letter *l, uint8_t out[static 2 * LETTER_RANDOM_LEN])
{
    struct writer w = writer_into(out, 2 * LETTER_RANDOM_LEN);
    writer_hex(&w, str_from(l->random, sizeof l->random));
    return str_from(out, w.len);
}

static bool is_plain_domain(struct str domain)
{
    for (size_t i = 0; i < domain.len; i++) {
        uint8_t c = domain.ptr[i];
        if (!((c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || c == '-' || c == '.'))
            return false;
    }
    return domain.len > 0;
}

/* <RANDOM@DOMAIN OF THE SENDER> (RFC 5322 section 3.6.4); the random part alone is unique. */
static void put_message_id(struct mime *m, const struct letter *l, struct str random)
{
    uint8_t room[2 * LETTER_RANDOM_LEN + 260];
    struct writer w = writer_into(room, sizeof room);
    struct str local, domain;
    str_cut(l->from, '@', &local, &domain);
    put(&w, "<");
    writer_str(&w, random);
    put(&w, "@");
    writer_str(&w, is_plain_domain(domain) ? domain : STR("localhost"));
    put(&w, ">");
    mime_field(m, "Message-ID", str_from(room, w.len));
}

static void put_head(struct mime *m, const struct letter *l, const struct words *words,
                     struct str random)
{
    mime_field_mailbox(m, "From", STR("OceanRemote"), l->from);
    mime_field_mailbox(m, "To", STR_NONE, l->to);
    mime_field_text(m, "Subject", str_from_cstr(words->subject));
    mime_field_date(m, "Date", l->now_ms);
    put_message_id(m, l, random);
    mime_field(m, "Auto-Submitted", STR("auto-generated"));
}

enum err letter_write(const struct letter *l, struct writer *w)
{
    uint8_t text_room[TEXT_MAX], html_room[HTML_MAX], random_room[2 * LETTER_RANDOM_LEN];
    const struct words *words = &all_words[l->kind];
    struct str random = random_text(l, random_room);
    struct writer text = writer_into(text_room, sizeof text_room);
    struct writer html = writer_into(html_room, sizeof html_room);
    struct mime m = mime_into(w);
    struct facts facts;
    ASSERT((words->path != NULL) == (l->token.len > 0));
    gather_facts(l, words, &facts);
    write_text(l, words, &facts, &text);
    write_html(l, words, &facts, &html);
    put_head(&m, l, words, random);
    mime_alternatives(&m, random);
    mime_part(&m, random, STR("text/plain"), str_from(text_room, text.len));
    mime_part(&m, random, STR("text/html"), str_from(html_room, html.len));
    mime_alternatives_end(&m, random);
    wipe(text_room, sizeof text_room);
    wipe(html_room, sizeof html_room);
    return text.overflow || html.overflow ? ERR_LIMIT : mime_end(&m);
}
