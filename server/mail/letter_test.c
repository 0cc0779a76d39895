#include "server/mail/letter.h"

#include "server/ipc/outbound.h"
#include "tests/check.h"

static uint8_t room[OUTBOUND_MAIL_MAX];
static const uint8_t nobody[PEER_LEN], somebody[PEER_LEN] = {[10] = 0xFF, 0xFF, 192, 0, 2, 7};

static struct letter letter(enum mail_kind kind)
{
    return (struct letter){
        .kind = kind,
        .from = STR("ocean@example.org"),
        .to = STR("ada@example.org"),
        .url = STR("https://ocean.example.org"),
        .token = mail_purpose_of(kind) == MAIL_PURPOSE_NONE ? STR_NONE : STR("oc_mail_secret"),
        .detail = STR("Firefox on Linux"),
        .peer = somebody,
        .happened_at_ms = INT64_C(1795363200000),
        .now_ms = INT64_C(1795363260000)};
}

static bool says(struct str text, const char *what)
{
    return memmem(text.ptr, text.len, what, strlen(what)) != NULL;
}

static struct str write(struct letter l, enum err expected)
{
    struct writer w = writer_into(room, sizeof room);
    check_row =
        mail_kind_name(l.kind).ptr == NULL ? NULL : (const char *)mail_kind_name(l.kind).ptr;
    CHECK_INT(letter_write(&l, &w), expected);
    return str_from(room, w.len);
}

TEST(every_kind__has_all_that_a_mail_needs_and_says_when_and_whence)
{
    for (enum mail_kind k = 0; k < MAIL_KIND_COUNT; k++) {
        struct str text = write(letter(k), OK);
        CHECK(str_starts(text, STR("From: OceanRemote <ocean@example.org>\r\n"
                                   "To: <ada@example.org>\r\nSubject: ")));
        CHECK(says(text, "\r\nDate: Sun, 22 Nov 2026 16:01:00 +0000\r\n"));
        CHECK(says(text, "\r\nMessage-ID: <00000000000000000000000000000000@example.org>\r\n"));
        CHECK(says(text, "\r\nAuto-Submitted: auto-generated\r\n"));
        CHECK(says(text, "text/plain") && says(text, "text/html"));
        CHECK(says(text, "When: 22 November 2026, 16:00 UTC"));
        CHECK(says(text, "From the address: 192.0.2.7"));
        CHECK(says(text, "Firefox on Linux"));
        CHECK(says(text, "oc_mail_secret") == (mail_purpose_of(k) != MAIL_PURPOSE_NONE));
        CHECK(k == MAIL_WATCH || says(text, "Was it not you?"));
    }
    check_row = NULL;
}

TEST(links__lead_to_the_page_of_their_purpose)
{
    CHECK(says(write(letter(MAIL_CONFIRM_SIGNUP), OK),
               "https://ocean.example.org/confirm#oc_mail_secret"));
    CHECK(says(write(letter(MAIL_RESET), OK), "https://ocean.example.org/reset#oc_mail_secret"));
    CHECK(says(write(letter(MAIL_CONFIRM_EMAIL), OK),
               "https://ocean.example.org/confirm-email#oc_mail_secret"));
}

TEST(detail__acts_in_no_html_and_in_no_head)
{
    struct letter l = letter(MAIL_KEY_ADDED);
    l.detail = STR("<img src=x onerror=alert(1)> & \"k\"");
    struct str text = write(l, OK);
    CHECK(says(text, "&lt;img"));
    CHECK(says(text, "&quot;k&quot;"));
    const uint8_t *html = memmem(text.ptr, text.len, "text/html", 9);
    CHECK(html != NULL && !says(str_from(html, (size_t)(text.ptr + text.len - html)), "<img"));
}

TEST(what_is_not_known__is_not_said)
{
    struct letter l = letter(MAIL_PASSWORD_CHANGED);
    l.peer = nobody;
    l.detail = STR_NONE;
    struct str text = write(l, OK);
    CHECK(!says(text, "From the address") && !says(text, "Browser"));
}

TEST(the_longest_texts__fit)
{
    static uint8_t detail[2048], address[254], url[279];
    for (size_t i = 0; i < sizeof detail; i += 4)
        memcpy(detail + i, "\xf0\x9f\x8c\x8a", 4);
    memset(address, 'a', sizeof address);
    address[60] = '@';
    memset(url, 'u', sizeof url);
    for (enum mail_kind k = 0; k < MAIL_KIND_COUNT; k++) {
        struct letter l = letter(k);
        l.detail = str_from(detail, sizeof detail);
        l.to = l.from = str_from(address, sizeof address);
        l.url = str_from(url, sizeof url);
        write(l, OK);
    }
    struct letter quotes = letter(MAIL_KEY_ADDED);
    memset(detail, '"', sizeof detail);
    quotes.detail = str_from(detail, 512);
    write(quotes, OK);
    check_row = NULL;
}

TEST(an_address_that_is_none__is_refused)
{
    struct letter l = letter(MAIL_RESET);
    l.to = STR("ada@example.org>\r\nBcc: <all@example.org");
    write(l, ERR_PEER);
    l = letter(MAIL_RESET);
    l.from = STR("ocean");
    write(l, ERR_PEER);
    l = letter(MAIL_RESET);
    struct writer w = writer_into(room, 500);
    CHECK_INT(letter_write(&l, &w), ERR_LIMIT);
}

TESTS(letter, TEST_ROW(every_kind__has_all_that_a_mail_needs_and_says_when_and_whence),
      TEST_ROW(links__lead_to_the_page_of_their_purpose),
      TEST_ROW(detail__acts_in_no_html_and_in_no_head), TEST_ROW(what_is_not_known__is_not_said),
      TEST_ROW(the_longest_texts__fit), TEST_ROW(an_address_that_is_none__is_refused))
