/* What Python's parser of mails makes of these bytes is asked by tests/integration/mail.test.mjs.
 */
#include "server/mail/mime.h"

#include "tests/check.h"

static uint8_t room[8192];
static struct writer w;

static struct mime fresh(void)
{
    w = writer_into(room, sizeof room);
    return mime_into(&w);
}

static struct str written(void)
{
    return str_from(room, w.len);
}

TEST(field__what_could_begin_another_field_fails_the_whole_mail)
{
    const struct str bad[] = {STR("a\r\nBcc: all@example.org"),
                              STR("a\nb"),
                              STR("a\rb"),
                              STR("a\0b"),
                              STR("a\tb"),
                              STR("a\x7f"),
                              STR("\r\n")};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct mime m = fresh();
        mime_field(&m, "Subject", bad[i]);
        CHECK_INT(mime_end(&m), ERR_PEER);
        CHECK_INT(str_find(str_slice(written(), 0, w.len - 2), '\n'), w.len - 2);
        m = fresh();
        mime_field_text(&m, "Subject", bad[i]);
        CHECK_INT(mime_end(&m), ERR_PEER);
        m = fresh();
        mime_field_mailbox(&m, "To", STR_NONE, bad[i]);
        CHECK_INT(mime_end(&m), ERR_PEER);
        m = fresh();
        mime_field_mailbox(&m, "To", bad[i], STR("ada@example.org"));
        CHECK_INT(mime_end(&m), ERR_PEER);
        m = fresh();
        mime_part(&m, STR("b"), bad[i], STR("text"));
        CHECK_INT(mime_end(&m), ERR_PEER);
    }
}

TEST(mailbox__only_one_plain_address)
{
    const struct str bad[] = {STR(""),      STR("ada"),     STR("a@b@c"),   STR("a@b>, <c@d"),
                              STR("a b@c"), STR("a@b,c@d"), STR("\"a\"@b"), STR("a@b(c)"),
                              STR("a@b;"),  STR("\xff@b")};
    struct mime m = fresh();
    mime_field_mailbox(&m, "From", STR("OceanRemote"), STR("o@example.org"));
    mime_field_mailbox(&m, "To", STR_NONE, STR("j\xc3\xbcrgen@example.org"));
    CHECK_INT(mime_end(&m), OK);
    CHECK_STR(written(),
              STR("From: OceanRemote <o@example.org>\r\nTo: <j\xc3\xbcrgen@example.org>\r\n"));
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        m = fresh();
        mime_field_mailbox(&m, "To", STR_NONE, bad[i]);
        CHECK_INT(mime_end(&m), ERR_PEER);
    }
}

TEST(text__plain_is_folded_and_the_rest_is_encoded_words)
{
    struct mime m = fresh();
    mime_field_text(&m, "Subject", STR("Hello"));
    mime_field_text(&m, "Subject",
                    STR("Gr\xc3\xbc\xc3\x9f"
                        "e"));
    mime_field_text(&m, "Subject", STR("=?UTF-8?Q?x?="));
    mime_field_text(&m, "Subject",
                    STR("a long subject that goes on and on and on until it does not fit into one "
                        "line any more"));
    CHECK_INT(mime_end(&m), OK);
    CHECK_STR(written(), STR("Subject: Hello\r\n"
                             "Subject: =?UTF-8?B?R3LDvMOfZQ==?=\r\n"
                             "Subject: =?UTF-8?B?PT9VVEYtOD9RP3g/PQ==?=\r\n"
                             "Subject: a long subject that goes on and on and on until it does not "
                             "fit\r\n into one line any more\r\n"));
}

/* No encoded word longer than 75, no character cut in two. */
TEST(text__long_and_not_ascii__words_hold_whole_characters)
{
    static uint8_t text[400];
    struct str rest, line;
    struct mime m = fresh();
    for (size_t i = 0; i + 2 < sizeof text; i += 3)
        memcpy(text + i, "\xe2\x82\xac", 3);
    mime_field_text(&m, "Subject", str_from(text, 399));
    CHECK_INT(mime_end(&m), OK);
    rest = written();
    for (bool more = true; more && rest.len > 0;) {
        more = str_cut(rest, '\n', &line, &rest);
        CHECK(line.len <= 78);
        CHECK(str_ends(line, STR("?=\r")));
        CHECK(line.ptr[0] == ' ' || str_starts(line, STR("Subject: =?UTF-8?B?4oKs")));
        CHECK(line.ptr[0] != ' ' || str_starts(line, STR(" =?UTF-8?B?4oKs")));
    }
    static uint8_t too_long[MIME_LINE_MAX];
    memset(too_long, 'a', sizeof too_long);
    m = fresh();
    mime_field_text(&m, "Subject", str_from(too_long, sizeof too_long));
    CHECK_INT(mime_end(&m), ERR_PEER);
    m = fresh();
    mime_field_text(&m, "Subject", STR("\xff"));
    CHECK_INT(mime_end(&m), ERR_PEER);
}

TEST(date__is_that_of_rfc_5322)
{
    struct mime m = fresh();
    mime_field_date(&m, "Date", INT64_C(1795363200000));
    mime_field_date(&m, "Date", 0);
    CHECK_STR(written(), STR("Date: Sun, 22 Nov 2026 16:00:00 +0000\r\n"
                             "Date: Thu, 1 Jan 1970 00:00:00 +0000\r\n"));
}

static struct str quoted(struct str text)
{
    static const size_t head = sizeof "--b\r\nContent-Type: t; charset=utf-8\r\n"
                                      "Content-Transfer-Encoding: quoted-printable\r\n\r\n" -
                               1;
    struct mime m = fresh();
    mime_part(&m, STR("b"), STR("t"), text);
    CHECK_INT(mime_end(&m), OK);
    return str_slice(written(), head, w.len);
}

TEST(quoted_printable__a_table)
{
    const struct {
        struct str text, expected;
    } rows[] = {
        {STR(""), STR("")},
        {STR("a"), STR("a\r\n")},
        {STR("a\n"), STR("a\r\n")},
        {STR("a\n\nb\n"), STR("a\r\n\r\nb\r\n")},
        {STR("1 + 1 = 2\n"), STR("1 + 1 =3D 2\r\n")},
        {STR("end \n"), STR("end=20\r\n")},
        {STR("tab\t\n"), STR("tab=09\r\n")},
        {STR("\xc3\xbc\n"), STR("=C3=BC\r\n")},
        {STR("a\rb\n"), STR("a=0Db\r\n")},
        {STR(".\nFrom me\n"), STR(".\r\nFrom me\r\n")},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        CHECK_STR(quoted(rows[i].text), rows[i].expected);
}

TEST(quoted_printable__no_line_is_longer_than_76)
{
    static uint8_t text[600];
    struct str line, rest;
    for (size_t len = 70; len < sizeof text; len += 7) {
        for (size_t i = 0; i < len; i++)
            text[i] = i % 13 == 5 ? ' ' : i % 11 == 3 ? '=' : 'x';
        if (len > 400)
            memset(text, 'y', len); /* one endless word */
        rest = quoted(str_from(text, len));
        size_t lines = 0;
        for (bool more = true; more && rest.len > 0; lines++) {
            more = str_cut(rest, '\n', &line, &rest);
            CHECK(line.len <= 77);
        }
        CHECK(len < 80 || lines > 1);
    }
}

TEST(a_full_writer__is_a_limit)
{
    uint8_t small[20];
    struct writer few = writer_into(small, sizeof small);
    struct mime m = mime_into(&few);
    mime_field(&m, "Subject", STR("longer than that"));
    CHECK_INT(mime_end(&m), ERR_LIMIT);
}

TESTS(mime, TEST_ROW(field__what_could_begin_another_field_fails_the_whole_mail),
      TEST_ROW(mailbox__only_one_plain_address),
      TEST_ROW(text__plain_is_folded_and_the_rest_is_encoded_words),
      TEST_ROW(text__long_and_not_ascii__words_hold_whole_characters),
      TEST_ROW(date__is_that_of_rfc_5322), TEST_ROW(quoted_printable__a_table),
      TEST_ROW(quoted_printable__no_line_is_longer_than_76), TEST_ROW(a_full_writer__is_a_limit))
