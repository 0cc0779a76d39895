#include "server/process/keyring.h"

#include "tests/check.h"

static uint8_t room[256];

static struct str written(bool with_legacy, struct str host, struct str dir)
{
    struct keyring_config c = {
        .uid = 64202, .data_dir = dir, .host = host, .with_legacy = with_legacy};
    struct writer w = writer_into(room, sizeof room);
    keyring_config_write(&w, &c);
    CHECK(!w.overflow);
    return str_from(room, w.len);
}

TEST(keyring_config__round_trip_and_every_cut)
{
    struct keyring_config got;
    struct str whole = written(true, STR("a.example"), STR("/data"));
    for (size_t len = 0; len < whole.len; len++)
        CHECK_INT(keyring_config_read(check_exact(str_slice(whole, 0, len)), &got), ERR_PEER);
    CHECK_INT(keyring_config_read(str_from(room, whole.len + 1), &got), ERR_PEER);
    CHECK_INT(keyring_config_read(check_exact(whole), &got), OK);
    CHECK_INT(got.uid, 64202);
    CHECK(got.with_legacy);
    CHECK_STR(got.host, STR("a.example"));
    CHECK_STR(got.data_dir, STR("/data"));
}

TEST(keyring_config__what_cannot_be_meant__is_refused)
{
    struct keyring_config got;
    CHECK_INT(keyring_config_read(written(false, STR_NONE, STR("d")), &got), OK);
    CHECK(!got.with_legacy);
    CHECK_INT(keyring_config_read(written(false, STR_NONE, STR_NONE), &got), ERR_PEER);
    struct str whole = written(false, STR_NONE, STR("d"));
    room[4] = 2; /* behind the user id */
    CHECK_INT(keyring_config_read(whole, &got), ERR_PEER);
}

TESTS(keyring, TEST_ROW(keyring_config__round_trip_and_every_cut),
      TEST_ROW(keyring_config__what_cannot_be_meant__is_refused))
