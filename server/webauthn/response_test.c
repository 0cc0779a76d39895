#include "server/webauthn/response.h"

#include <string.h>

#include "tests/check.h"

static uint8_t block[64 * 1024];
static struct arena arena;

static struct arena *fresh(void)
{
    arena = arena_over(block, sizeof block);
    return &arena;
}

/* As Chromium's toJSON() writes them, shortened. */
static const char registration[] =
    "{\"authenticatorAttachment\":\"platform\",\"clientExtensionResults\":{\"credProps\":{\"rk\":"
    "true}},\"id\":\"AQID\",\"rawId\":\"AQID\",\"response\":{\"attestationObject\":\"BAUG\","
    "\"authenticatorData\":\"BwgJ\",\"clientDataJSON\":\"e30\",\"publicKey\":\"CgsM\","
    "\"publicKeyAlgorithm\":-7,\"transports\":[\"internal\"]},\"type\":\"public-key\"}";
static const char assertion[] =
    "{\"authenticatorAttachment\":\"platform\",\"clientExtensionResults\":{},\"id\":\"AQID\","
    "\"rawId\":\"AQID\",\"response\":{\"authenticatorData\":\"BAUG\",\"clientDataJSON\":\"e30\","
    "\"signature\":\"BwgJ\",\"userHandle\":\"CgsM\"},\"type\":\"public-key\"}";

TEST(registration__what_a_browser_sends)
{
    struct passkey_response got;
    CHECK_INT(registration_response_read(fresh(), str_from_cstr(registration), &got), OK);
    CHECK_STR(got.credential_id, STR("\1\2\3"));
    CHECK_STR(got.client_data, STR("{}"));
    CHECK_STR(got.attestation, STR("\4\5\6"));
    CHECK_INT(got.data.len, 0);
    CHECK_INT(assertion_response_read(fresh(), str_from_cstr(registration), &got), ERR_PEER);
}

TEST(assertion__what_a_browser_sends)
{
    struct passkey_response got;
    CHECK_INT(assertion_response_read(fresh(), str_from_cstr(assertion), &got), OK);
    CHECK_STR(got.data, STR("\4\5\6"));
    CHECK_STR(got.signature, STR("\7\10\11"));
    CHECK_STR(got.user_handle, STR("\12\13\14"));
    CHECK_INT(registration_response_read(fresh(), str_from_cstr(assertion), &got), ERR_PEER);
    CHECK_INT(assertion_response_read(
                  fresh(),
                  STR("{\"rawId\":\"AQID\",\"type\":\"public-key\",\"response\":{"
                      "\"authenticatorData\":\"BAUG\",\"clientDataJSON\":\"e30\",\"signature\":"
                      "\"BwgJ\",\"userHandle\":null}}"),
                  &got),
              OK);
    CHECK_INT(got.user_handle.len, 0);
}

TEST(responses__truncated_at_every_byte__are_refused)
{
    struct passkey_response got;
    for (size_t len = 0; len < sizeof registration - 1; len++)
        CHECK_INT(
            registration_response_read(fresh(), check_exact(str_from(registration, len)), &got),
            ERR_PEER);
    for (size_t len = 0; len < sizeof assertion - 1; len++)
        CHECK_INT(assertion_response_read(fresh(), check_exact(str_from(assertion, len)), &got),
                  ERR_PEER);
}

/* The one word in the text gives way to another. */
static struct str with(const char *text, const char *word, const char *other)
{
    static char room[16 * 1024];
    const char *at = strstr(text, word);
    CHECK(at != NULL);
    int len =
        snprintf(room, sizeof room, "%.*s%s%s", (int)(at - text), text, other, at + strlen(word));
    return str_from(room, (size_t)len);
}

TEST(assertion__a_member_that_is_wrong__is_refused)
{
    static const struct {
        const char *word, *other;
    } rows[] = {
        {"\"type\":\"public-key\"", "\"type\":\"password\""},
        {",\"type\":\"public-key\"", ""},
        {"\"rawId\":\"AQID\"", "\"rawId\":\"\""},
        {"\"rawId\":\"AQID\"", "\"rawId\":\"AQI\\u0000\""},
        {"\"rawId\":\"AQID\"", "\"rawId\":\"A+/D\""},
        {"\"rawId\":\"AQID\"", "\"rawId\":\"AQID\",\"rawId\":\"AQID\""},
        {"\"rawId\":\"AQID\"", "\"rawId\":7"},
        {"\"signature\":\"BwgJ\"", "\"signature\":\"\""},
        {"\"signature\":\"BwgJ\"", "\"signature\":\"BwgJ\",\"signature\":\"BwgJ\""},
        {"\"signature\":\"BwgJ\"", "\"signature\":[]"},
        {"\"clientDataJSON\":\"e30\"", "\"clientDataJSON\":null"},
        {"\"clientDataJSON\":\"e30\"", "\"other\":\"e30\""},
        {"\"authenticatorData\":\"BAUG\"", "\"authenticatorData\":\"BAUG=\""},
    };
    struct passkey_response got;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        check_row = rows[i].other;
        CHECK_INT(
            assertion_response_read(fresh(), with(assertion, rows[i].word, rows[i].other), &got),
            ERR_PEER);
    }
    check_row = NULL;
}

TEST(assertion__the_longest_signature__and_one_more)
{
    static char text[2000], member[2100];
    struct passkey_response got;
    for (size_t bytes = 1023; bytes <= 1026; bytes += 3) {
        size_t len = bytes / 3 * 4;
        memset(text, 'A', len);
        text[len] = 0;
        snprintf(member, sizeof member, "\"signature\":\"%s\"", text);
        CHECK_INT(assertion_response_read(fresh(),
                                          with(assertion, "\"signature\":\"BwgJ\"", member), &got),
                  bytes <= 1024 ? OK : ERR_PEER);
    }
}

TEST(responses__without_room__are_refused)
{
    struct passkey_response got;
    uint8_t small[64];
    arena = arena_over(small, sizeof small);
    CHECK_INT(assertion_response_read(&arena, str_from_cstr(assertion), &got), ERR_NO_MEMORY);
}

TESTS(passkey_response, TEST_ROW(registration__what_a_browser_sends),
      TEST_ROW(assertion__what_a_browser_sends),
      TEST_ROW(responses__truncated_at_every_byte__are_refused),
      TEST_ROW(assertion__a_member_that_is_wrong__is_refused),
      TEST_ROW(assertion__the_longest_signature__and_one_more),
      TEST_ROW(responses__without_room__are_refused))
