#include "firmware/core/identity.h"

#include "firmware/core/crc32.h"
#include "tests/check.h"
#include "tests/fake/machine.h"

static struct fake f;

static struct identity sample(uint8_t mark)
{
    struct identity id = {.device_id = "dev_1", .device_id_len = 5, .iterations = 4096};
    memset(id.mac, mark, sizeof id.mac);
    memset(id.salt, mark + 1, sizeof id.salt);
    memset(id.keys.client_key, mark + 2, SHA256_LEN);
    memset(id.keys.server_key, mark + 3, SHA256_LEN);
    return id;
}

TEST(crc32__check_value)
{
    CHECK(crc32_of(STR("123456789")) == 0xCBF43926); /* the "check" of the CRC catalogues */
    CHECK(crc32_of(STR_NONE) == 0);
}

TEST(identity__stored__comes_back)
{
    struct identity id = sample(1);
    struct identity back = {0};
    fake_init(&f);
    CHECK_INT(identity_load(&f.port_slots, &back), ERR_NOT_FOUND);
    CHECK_INT(identity_store(&f.port_slots, &id), OK);
    CHECK_INT(identity_load(&f.port_slots, &back), OK);
    CHECK(back.sequence == 1 && id.sequence == 1);
    CHECK_STR(str_from(back.device_id, back.device_id_len), STR("dev_1"));
    CHECK(memcmp(&back.keys, &id.keys, sizeof id.keys) == 0);
    CHECK(memcmp(back.salt, id.salt, sizeof id.salt) == 0 && back.iterations == 4096);
    CHECK(memcmp(back.mac, id.mac, MAC_LEN) == 0);
}

/* Half of the second write gets through, over whatever the slot held: the first one counts. */
TEST(identity__torn_write__leaves_the_one_before)
{
    for (unsigned stores = 1; stores <= 5; stores++) {
        struct identity id = sample(0);
        struct identity back;
        fake_init(&f);
        for (unsigned i = 1; i <= stores; i++) {
            id.mac[0] = (uint8_t)i;
            CHECK_INT(identity_store(&f.port_slots, &id), OK);
        }
        f.power_fails_at = f.writes + 1;
        id.mac[0] = 99;
        CHECK_INT(identity_store(&f.port_slots, &id), ERR_IO);
        CHECK_INT(identity_load(&f.port_slots, &back), OK);
        CHECK(back.mac[0] == stores && back.sequence == stores);
    }
}

TEST(identity__any_byte_changed__falls_back_to_the_other_slot)
{
    struct identity id = sample(1);
    struct identity back;
    fake_init(&f);
    CHECK_INT(identity_store(&f.port_slots, &id), OK);
    id.mac[0] = 77;
    CHECK_INT(identity_store(&f.port_slots, &id), OK);
    size_t len = f.slot_len[0];
    for (size_t i = 0; i < len; i++) {
        f.slots[0][i] ^= 0x10;
        CHECK_INT(identity_load(&f.port_slots, &back), OK);
        CHECK(back.mac[0] == 1 && back.sequence == 1);
        f.slots[0][i] ^= 0x10;
    }
    for (size_t n = 0; n < len; n++) {
        f.slot_len[0] = n;
        CHECK_INT(identity_load(&f.port_slots, &back), OK);
        CHECK_INT(back.sequence, 1);
    }
    f.slot_len[0] = len + 1;
    CHECK_INT(identity_load(&f.port_slots, &back), OK);
    CHECK_INT(back.sequence, 1);
    f.slot_len[0] = len;
    CHECK_INT(identity_load(&f.port_slots, &back), OK);
    CHECK(back.sequence == 2 && back.mac[0] == 77);
}

TESTS(identity, TEST_ROW(crc32__check_value), TEST_ROW(identity__stored__comes_back),
      TEST_ROW(identity__torn_write__leaves_the_one_before),
      TEST_ROW(identity__any_byte_changed__falls_back_to_the_other_slot))
