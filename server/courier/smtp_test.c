/* What the replies of a mail server mean; the rest of it is asked of real ones by
 * tests/integration/mail.test.mjs. */
#include "server/courier/call.h"
#include "tests/check.h"

static const char *name_of(CURLcode code)
{
    return code == CURLE_COULDNT_CONNECT ? "not there" : "?";
}

static const struct curl_lib lib = {.easy_strerror = name_of};
static struct call call;

static enum outbound_verdict verdict(CURLcode code, long reply, const char *said, bool is_sent)
{
    struct str text = STR_NONE;
    call = (struct call){.lib = &lib, .code = reply, .got_len = strlen(said)};
    call.task.message = STR("From: a");
    call.sent = is_sent ? call.task.message.len : 0;
    memcpy(call.got, said, strlen(said));
    return smtp_verdict(&call, code, &text);
}

TEST(replies__which_of_them_end_a_mail)
{
    CHECK_INT(verdict(CURLE_OK, 250, "250 ok", true), OUTBOUND_DONE);
    /* sender, recipient, content */
    CHECK_INT(verdict(CURLE_SEND_ERROR, 550, "550 nobody", false), OUTBOUND_REFUSED);
    CHECK_INT(verdict(CURLE_WEIRD_SERVER_REPLY, 554, "554 spam", true), OUTBOUND_REFUSED);
    CHECK_INT(verdict(CURLE_SEND_ERROR, 450, "450 busy", false), OUTBOUND_UNREACHABLE);
    CHECK_INT(verdict(CURLE_WEIRD_SERVER_REPLY, 451, "451 later", true), OUTBOUND_UNREACHABLE);
    /* ourselves as a client: greeting, TLS, password */
    CHECK_INT(verdict(CURLE_WEIRD_SERVER_REPLY, 554, "554 no service", false),
              OUTBOUND_UNREACHABLE);
    CHECK_INT(verdict(CURLE_LOGIN_DENIED, 535, "535 no", false), OUTBOUND_UNREACHABLE);
    CHECK_INT(verdict(CURLE_USE_SSL_FAILED, 502, "502 no STARTTLS", false), OUTBOUND_UNREACHABLE);
    CHECK_INT(verdict(CURLE_PEER_FAILED_VERIFICATION, 220, "220 go", false), OUTBOUND_UNREACHABLE);
    /* the same at the recipient: sign in first, encrypt first */
    for (long code = 530; code <= 538; code++)
        CHECK_INT(verdict(CURLE_SEND_ERROR, code, "5xx no", false),
                  code == 530 || code == 535 || code == 538 ? OUTBOUND_UNREACHABLE
                                                            : OUTBOUND_REFUSED);
    /* a connection that broke */
    CHECK_INT(verdict(CURLE_SEND_ERROR, 250, "250 ok", false), OUTBOUND_UNREACHABLE);
    CHECK_INT(verdict(CURLE_SEND_ERROR, 0, "", false), OUTBOUND_UNREACHABLE);
    CHECK_INT(verdict(CURLE_OPERATION_TIMEDOUT, 354, "354 go", true), OUTBOUND_UNREACHABLE);
}

TEST(text__the_servers_words_before_ours)
{
    struct str text = STR_NONE;
    verdict(CURLE_SEND_ERROR, 550, "550 nobody", false);
    strcpy(call.error, "RCPT failed: 550");
    (void)smtp_verdict(&call, CURLE_SEND_ERROR, &text);
    CHECK_STR(text, STR("550 nobody"));
    verdict(CURLE_PEER_FAILED_VERIFICATION, 220, "220 go", false);
    strcpy(call.error, "SSL certificate problem");
    (void)smtp_verdict(&call, CURLE_PEER_FAILED_VERIFICATION, &text);
    CHECK_STR(text, STR("SSL certificate problem"));
    verdict(CURLE_COULDNT_CONNECT, 0, "", false);
    (void)smtp_verdict(&call, CURLE_COULDNT_CONNECT, &text);
    CHECK_STR(text, STR("not there"));
}

TESTS(smtp, TEST_ROW(replies__which_of_them_end_a_mail),
      TEST_ROW(text__the_servers_words_before_ours))
