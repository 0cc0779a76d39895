#include "server/pki/seal.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "server/os/file.h"
#include "tests/check.h"

static const uint8_t key[SEAL_KEY_LEN] = {1, 2, 3};
static const struct seal_label ada = {"totp", 7};
static uint8_t room[200];

static struct str sealed_by(const struct seal *s, struct str plain)
{
    struct writer w = writer_into(room, sizeof room);
    CHECK_INT(seal_shut(s, ada, plain, &w), OK);
    CHECK_INT(w.len, SEALED_LEN(plain.len));
    return str_from(room, w.len);
}

TEST(seal__opens_for_the_same_key_and_label_alone)
{
    struct seal s, other;
    uint8_t other_key[SEAL_KEY_LEN] = {9}, plain[20];
    CHECK_INT(seal_of(&s, key), OK);
    CHECK_INT(seal_of(&other, other_key), OK);
    struct str sealed = sealed_by(&s, STR("12345678901234567890"));
    CHECK_INT(seal_open(&s, ada, sealed, plain, 20), OK);
    CHECK_STR(str_from(plain, 20), STR("12345678901234567890"));
    CHECK_INT(seal_open(&other, ada, sealed, plain, 20), ERR_CORRUPT);
    CHECK_INT(seal_open(&s, (struct seal_label){"totp", 8}, sealed, plain, 20), ERR_CORRUPT);
    CHECK_INT(seal_open(&s, (struct seal_label){"tot", 7}, sealed, plain, 20), ERR_CORRUPT);
    seal_done(&s);
    seal_done(&other);
}

TEST(seal__any_bit_changed_or_length_other__does_not_open)
{
    struct seal s;
    uint8_t plain[20] = "untouched", changed[SEALED_LEN(20) + 1];
    CHECK_INT(seal_of(&s, key), OK);
    struct str sealed = sealed_by(&s, STR("12345678901234567890"));
    for (size_t bit = 0; bit < sealed.len * 8; bit++) {
        memcpy(changed, sealed.ptr, sealed.len);
        changed[bit / 8] ^= (uint8_t)(1U << bit % 8);
        CHECK_INT(seal_open(&s, ada, str_from(changed, sealed.len), plain, 20), ERR_CORRUPT);
    }
    for (size_t len = 0; len < sealed.len; len++)
        CHECK_INT(seal_open(&s, ada, check_exact(str_slice(sealed, 0, len)), plain, 20),
                  ERR_CORRUPT);
    memcpy(changed, sealed.ptr, sealed.len);
    CHECK_INT(seal_open(&s, ada, str_from(changed, sealed.len + 1), plain, 20), ERR_CORRUPT);
    CHECK_STR(str_from(plain, 9), STR("untouched"));
    seal_done(&s);
}

TEST(seal__the_same_twice__is_not_the_same_bytes)
{
    struct seal s;
    uint8_t first[SEALED_LEN(20)];
    CHECK_INT(seal_of(&s, key), OK);
    memcpy(first, sealed_by(&s, STR("12345678901234567890")).ptr, sizeof first);
    struct str second = sealed_by(&s, STR("12345678901234567890"));
    CHECK(memcmp(first, second.ptr, sizeof first) != 0);
    seal_done(&s);
}

TEST(seal__what_does_not_fit__is_refused_whole)
{
    struct seal s;
    uint8_t much[65] = {0};
    CHECK_INT(seal_of(&s, key), OK);
    struct writer w = writer_into(room, SEALED_LEN(20) - 1);
    CHECK_INT(seal_shut(&s, ada, STR("12345678901234567890"), &w), ERR_LIMIT);
    CHECK_INT(w.len, 0);
    w = writer_into(room, sizeof room);
    CHECK_INT(seal_shut(&s, ada, str_from(much, 65), &w), ERR_LIMIT);
    seal_done(&s);
}

TEST(seal_load__makes_a_key_once__and_refuses_what_is_none)
{
    char dir[] = "/tmp/oceanremote-unit-XXXXXX", path[128], keys[64];
    struct seal s, again;
    struct stat st;
    CHECK(mkdtemp(dir) != NULL);
    snprintf(keys, sizeof keys, "%s/keys", dir);
    snprintf(path, sizeof path, "%s/seal.key", keys);
    CHECK_INT(seal_load(&s, dir), OK);
    CHECK_INT(seal_load(&again, dir), OK);
    CHECK(memcmp(s.key, again.key, SEAL_KEY_LEN) == 0);
    CHECK(stat(path, &st) == 0 && (st.st_mode & 0777) == 0600 && st.st_size == SEAL_KEY_LEN);
    seal_done(&s);
    seal_done(&again);
    static const size_t lengths[] = {0, 31, 33, 100};
    uint8_t bytes[100] = {0};
    for (size_t i = 0; i < 4; i++) {
        CHECK_INT(file_write(path, str_from(bytes, lengths[i]), 0600), OK);
        CHECK_INT(seal_load(&s, dir), ERR_CORRUPT);
    }
    unlink(path);
    rmdir(keys);
    rmdir(dir);
}

TESTS(seal, TEST_ROW(seal__opens_for_the_same_key_and_label_alone),
      TEST_ROW(seal__any_bit_changed_or_length_other__does_not_open),
      TEST_ROW(seal__the_same_twice__is_not_the_same_bytes),
      TEST_ROW(seal__what_does_not_fit__is_refused_whole),
      TEST_ROW(seal_load__makes_a_key_once__and_refuses_what_is_none))
