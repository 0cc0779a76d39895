/* What a stranger shows to be let in: cookies, an Authorization field, the text within. */
#include "server/api/cookie.h"
#include "server/domain/credential.h"
#include "server/domain/device_session.h"
#include "tests/fuzz.h"

/* What was found lies within what was given. */
static void check_within(struct str part, struct str whole)
{
    FUZZ_CHECK(part.len == 0 ||
               (part.ptr >= whole.ptr && part.ptr + part.len <= whole.ptr + whole.len));
}

static void check_credential(struct str text)
{
    uint8_t digest[SHA256_LEN];
    unsigned kinds = 0;
    for (int kind = CREDENTIAL_REGISTRATION_TOKEN; kind <= CREDENTIAL_MAIL_TOKEN; kind++)
        kinds += kind != CREDENTIAL_BROWSER_SESSION &&
                 credential_digest((enum credential_kind)kind, text, digest) == OK;
    FUZZ_CHECK(kinds <= 1); /* the prefix tells: none is ever taken for another */
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct str all = str_from(data, size), text;
    struct str cookie = cookie_session(all);
    check_within(cookie, all);
    FUZZ_CHECK(str_find(cookie, ';') == cookie.len);
    check_credential(cookie);
    check_within(cookie_browser(all), all);
    if (bearer_read(all, &text) == OK) {
        check_within(text, all);
        FUZZ_CHECK(text.len + 7 == size);
        check_credential(text);
    }
    return 0;
}
