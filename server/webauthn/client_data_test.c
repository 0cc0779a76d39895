#include "server/webauthn/client_data.h"

#include <string.h>

#include "tests/check.h"

static uint8_t scratch[CLIENT_DATA_MAX];

static enum err read(const char *text, enum client_data_type type, struct client_data *out)
{
    return client_data_read(check_exact(str_from_cstr(text)), type, scratch, out);
}

static const char good[] = "{\"type\":\"webauthn.get\",\"challenge\":\"abc\",\"origin\":\"https://"
                           "ocean.example\",\"crossOrigin\":false}";

TEST(read__what_chromium_and_firefox_say)
{
    struct client_data got;
    CHECK_INT(read(good, CLIENT_DATA_GET, &got), OK);
    CHECK_STR(got.challenge, STR("abc"));
    CHECK_STR(got.origin, STR("https://ocean.example"));
    CHECK_INT(read(good, CLIENT_DATA_CREATE, &got), ERR_PEER);
    /* Members of tomorrow (section 5.8.1.2), and an origin with an escape. */
    CHECK_INT(read("{\"type\":\"webauthn.create\",\"challenge\":\"c\",\"origin\":\"https:\\/\\/o\","
                   "\"other_keys_can_be_added_here\":\"do not compare\",\"tokenBinding\":{}}",
                   CLIENT_DATA_CREATE, &got),
              OK);
    CHECK_STR(got.origin, STR("https://o"));
}

TEST(read__truncated_at_every_byte__is_refused)
{
    struct client_data got;
    for (size_t len = 0; len < sizeof good - 1; len++)
        CHECK_INT(
            client_data_read(check_exact(str_from(good, len)), CLIENT_DATA_GET, scratch, &got),
            ERR_PEER);
}

TEST(read__what_is_not_one__is_refused)
{
    static const char type_twice[] = "{\"type\":\"webauthn.get\",\"type\":\"webauthn.get\","
                                     "\"challenge\":\"a\",\"origin\":\"b\"}";
    static const char *const bad[] = {
        "",
        "[]",
        "{}",
        "{\"type\":\"webauthn.get\",\"challenge\":\"a\"}",
        "{\"type\":\"webauthn.get\",\"origin\":\"a\"}",
        "{\"challenge\":\"a\",\"origin\":\"b\"}",
        "{\"type\":\"webauthn.get\",\"challenge\":\"\",\"origin\":\"b\"}",
        "{\"type\":\"webauthn.get\",\"challenge\":\"a\",\"origin\":\"\"}",
        "{\"type\":\"webauthn.get\",\"challenge\":\"a\",\"origin\":\"b\",\"origin\":\"c\"}",
        "{\"type\":\"webauthn.get\",\"challenge\":\"a\",\"challenge\":\"a\",\"origin\":\"b\"}",
        type_twice,
        "{\"type\":\"webauthn.get\",\"challenge\":1,\"origin\":\"b\"}",
        "{\"type\":\"webauthn.get\",\"challenge\":\"a\",\"origin\":\"b\",\"crossOrigin\":true}",
        "{\"type\":\"webauthn.get\",\"challenge\":\"a\",\"origin\":\"b\",\"crossOrigin\":0}",
        "{\"type\":\"webauthn.get\",\"challenge\":\"a\",\"origin\":\"b\"} ",
        "{\"type\":\"webauthn.get\",\"challenge\":\"a\",\"origin\":\"b\"}x",
        "{\"type\":\"payment.get\",\"challenge\":\"a\",\"origin\":\"b\"}",
    };
    struct client_data got;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        check_row = bad[i];
        bool is_space = bad[i][0] != 0 && bad[i][strlen(bad[i]) - 1] == ' ';
        CHECK_INT(read(bad[i], CLIENT_DATA_GET, &got), is_space ? OK : ERR_PEER);
    }
    check_row = NULL;
}

TEST(read__the_largest__and_one_more)
{
    static char text[CLIENT_DATA_MAX + 2];
    struct client_data got;
    memset(text, ' ', sizeof text - 1);
    memcpy(text, good, sizeof good - 1);
    text[CLIENT_DATA_MAX] = 0;
    CHECK_INT(read(text, CLIENT_DATA_GET, &got), OK);
    text[CLIENT_DATA_MAX] = ' ';
    CHECK_INT(read(text, CLIENT_DATA_GET, &got), ERR_PEER);
}

TESTS(client_data, TEST_ROW(read__what_chromium_and_firefox_say),
      TEST_ROW(read__truncated_at_every_byte__is_refused),
      TEST_ROW(read__what_is_not_one__is_refused), TEST_ROW(read__the_largest__and_one_more))
