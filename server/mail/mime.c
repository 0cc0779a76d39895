#include "server/mail/mime.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "common/base/assert.h"
#include "common/base/encoding.h"

#define FOLD_AT 76 /* RFC 5322 section 2.1.1 wants 78 with CRLF */
#define WORD_TEXT_MAX                                                                              \
    39 /* bytes that base64 makes 52, which with "=?UTF-8?B?" and "?=" stay short */

static const char crlf[] = "\r\n";

static void put(struct mime *m, const char *text)
{
    writer_str(m->w, str_from_cstr(text));
}

struct mime mime_into(struct writer *w)
{
    return (struct mime){.w = w};
}

enum err mime_end(const struct mime *m)
{
    if (m->refused)
        return ERR_PEER;
    return m->w->overflow ? ERR_LIMIT : OK;
}

/* ---- head fields ----------------------------------------------------------------------------- */

static bool has_control(struct str text)
{
    for (size_t i = 0; i < text.len; i++) {
        if (text.ptr[i] < 0x20 || text.ptr[i] == 0x7F)
            return true;
    }
    return false;
}

static bool is_ascii(struct str text)
{
    for (size_t i = 0; i < text.len; i++) {
        if (text.ptr[i] >= 0x80)
            return false;
    }
    return true;
}

static void begin_field(struct mime *m, const char *name)
{
    for (const char *c = name; *c != 0; c++)
        ASSERT(*c == '-' || (*c >= 'A' && *c <= 'Z') || (*c >= 'a' && *c <= 'z'));
    put(m, name);
    put(m, ": ");
}

static void put_value(struct mime *m, struct str value)
{
    m->refused |= has_control(value) || value.len > MIME_LINE_MAX / 2;
    writer_str(m->w, m->refused ? STR_NONE : value);
}

void mime_field(struct mime *m, const char *name, struct str value)
{
    m->refused |= !is_ascii(value);
    begin_field(m, name);
    put_value(m, value);
    put(m, crlf);
}

/* As many whole characters as an encoded word holds. */
static size_t word_len(struct str text)
{
    size_t len = text.len < WORD_TEXT_MAX ? text.len : WORD_TEXT_MAX;
    while (len > 0 && len < text.len && (text.ptr[len] & 0xC0) == 0x80)
        len--;
    return len;
}

/* RFC 2047 section 2: each word at most 75 characters, white space between two of them is not part
 * of the text. */
static void put_encoded_words(struct mime *m, struct str text)
{
    while (text.len > 0 && !m->refused) {
        size_t len = word_len(text);
        put(m, "=?UTF-8?B?");
        base64_write(m->w, str_from(text.ptr, len));
        put(m, "?=");
        text = str_slice(text, len, text.len);
        if (text.len > 0)
            put(m, "\r\n ");
    }
}

/* Folded before a space, which belongs to the text. */
static void put_folded(struct mime *m, struct str text, size_t column)
{
    while (text.len > 0) {
        size_t len = 1 + str_find(str_slice(text, 1, text.len), ' ');
        if (column + len > FOLD_AT && text.ptr[0] == ' ') {
            put(m, crlf);
            column = 0;
        }
        writer_str(m->w, str_from(text.ptr, len));
        column += len;
        text = str_slice(text, len, text.len);
    }
}

/* What a reader would take for an encoded word is made one. */
static bool is_plain_text(struct str text)
{
    for (size_t i = 0; i + 1 < text.len; i++) {
        if (text.ptr[i] == '=' && text.ptr[i + 1] == '?')
            return false;
    }
    return is_ascii(text) && (text.len == 0 || text.ptr[text.len - 1] != ' ');
}

void mime_field_text(struct mime *m, const char *name, struct str text)
{
    m->refused |= has_control(text) || !str_is_utf8(text) || text.len > MIME_LINE_MAX / 2;
    if (m->refused)
        return;
    begin_field(m, name);
    if (is_plain_text(text))
        put_folded(m, text, strlen(name) + 2);
    else
        put_encoded_words(m, text);
    put(m, crlf);
}

/* Nothing that ends the brackets or begins another mailbox (RFC 5322 section 3.4.1, without what
 * only quoting allows; beyond ASCII by RFC 6532). */
static bool is_address(struct str address)
{
    size_t at_signs = 0;
    for (size_t i = 0; i < address.len; i++) {
        uint8_t c = address.ptr[i];
        at_signs += c == '@';
        if (c <= 0x20 || c == 0x7F || strchr("<>(),;:\\\"", c) != NULL)
            return false;
    }
    return at_signs == 1 && address.len <= 254 && str_is_utf8(address);
}

void mime_field_mailbox(struct mime *m, const char *name, struct str person, struct str address)
{
    m->refused |= !is_address(address) || !is_ascii(person);
    begin_field(m, name);
    put_value(m, person);
    put(m, person.len == 0 ? "<" : " <");
    put_value(m, address);
    put(m, ">\r\n");
}

/* Not strftime: the names of days are those of RFC 5322 in every locale. */
void mime_field_date(struct mime *m, const char *name, int64_t time_ms)
{
    static const char days[][4] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
    static const char months[][4] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                     "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    char text[64];
    time_t s = (time_t)(time_ms / 1000);
    struct tm t = {0};
    gmtime_r(&s, &t);
    snprintf(text, sizeof text, "%s, %d %s %d %02d:%02d:%02d +0000", days[t.tm_wday], t.tm_mday,
             months[t.tm_mon], t.tm_year + 1900, t.tm_hour, t.tm_min, t.tm_sec);
    mime_field(m, name, str_from_cstr(text));
}

/* ---- quoted-printable ------------------------------------------------------------------------ */

static bool is_plain_byte(struct str line, size_t at)
{
    uint8_t c = line.ptr[at];
    bool is_space = c == ' ' || c == '\t';
    return (c > 0x20 && c < 0x7F && c != '=') || (is_space && at + 1 < line.len);
}

static void put_quoted_byte(struct mime *m, struct str line, size_t at)
{
    static const char digits[] = "0123456789ABCDEF";
    uint8_t c = line.ptr[at];
    if (is_plain_byte(line, at)) {
        writer_u8(m->w, c);
        return;
    }
    writer_u8(m->w, '=');
    writer_u8(m->w, (uint8_t)digits[c >> 4]);
    writer_u8(m->w, (uint8_t)digits[c & 15]);
}

/* How long a word gets, with the space behind it; no more than a line is of interest. */
static size_t quoted_word_len(struct str line, size_t at)
{
    size_t len = 0;
    bool is_end = false;
    while (at < line.len && !is_end && len < FOLD_AT) {
        is_end = line.ptr[at] == ' ';
        len += is_plain_byte(line, at) ? 1 : 3;
        at++;
    }
    return len;
}

/* One line without its end. At most 76 characters, the "=" of a soft break included, which comes
 * between words where it can; a space at the end is encoded, because somebody on the way may cut it
 * off. */
static void put_quoted_line(struct mime *m, struct str line)
{
    size_t column = 0;
    for (size_t i = 0; i < line.len; i++) {
        size_t len = is_plain_byte(line, i) ? 1 : 3;
        size_t word = i > 0 && line.ptr[i - 1] == ' ' ? quoted_word_len(line, i) : len;
        size_t most = i + 1 == line.len ? FOLD_AT : FOLD_AT - 1;
        if (column + len > most || (column + word > FOLD_AT - 1 && word < FOLD_AT - 1)) {
            put(m, "=\r\n");
            column = 0;
        }
        put_quoted_byte(m, line, i);
        column += len;
    }
    put(m, crlf);
}

static void put_quoted(struct mime *m, struct str text)
{
    struct str line;
    for (bool more = text.len > 0; more && text.len > 0;) {
        more = str_cut(text, '\n', &line, &text);
        put_quoted_line(m, line);
    }
}

/* ---- parts ----------------------------------------------------------------------------------- */

static bool is_boundary(struct str boundary)
{
    for (size_t i = 0; i < boundary.len; i++) {
        uint8_t c = boundary.ptr[i];
        if (!((c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z')))
            return false;
    }
    return boundary.len > 0 && boundary.len <= MIME_BOUNDARY_MAX;
}

static void put_delimiter(struct mime *m, struct str boundary, const char *end)
{
    put(m, "--");
    writer_str(m->w, boundary);
    put(m, end);
}

void mime_alternatives(struct mime *m, struct str boundary)
{
    ASSERT(is_boundary(boundary));
    put(m, "MIME-Version: 1.0\r\nContent-Type: multipart/alternative;\r\n boundary=\"");
    writer_str(m->w, boundary);
    put(m, "\"\r\n\r\n");
}

void mime_part(struct mime *m, struct str boundary, struct str type, struct str text)
{
    m->refused |= !str_is_utf8(text);
    put_delimiter(m, boundary, crlf);
    put(m, "Content-Type: ");
    put_value(m, type);
    put(m, "; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n");
    put_quoted(m, text);
}

void mime_alternatives_end(struct mime *m, struct str boundary)
{
    put_delimiter(m, boundary, "--\r\n");
}
