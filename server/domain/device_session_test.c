#include "server/domain/device_session.h"

#include "tests/check.h"
#include "tests/support/house.h"

static struct house house;
static struct house_device buoy;
static int64_t ada, alarm_for;

static void open_with_device(void)
{
    house_open(&house);
    house_begin(&house);
    ada = house_account(&house, "ada@example.org");
    house_register(&house, ada, 1, &buoy);
}

static void close_house(void)
{
    house_commit(&house);
    house_close(&house);
}

static enum err sign_in(void)
{
    return house_sign_in(&house, &buoy, credential_text(&buoy.registered.key), &alarm_for);
}

/* A request with this session. */
static enum err use(const struct credential *session, const char *mac, struct live **out)
{
    uint8_t text[80];
    struct writer w = writer_into(text, sizeof text);
    writer_str(&w, STR("Bearer "));
    writer_str(&w, credential_text(session));
    return device_session_find(&house.d, str_from(text, w.len), str_from_cstr(mac), out);
}

#define MAC  "24:6F:28:AA:BB:01"
#define MAC2 "24:6F:28:AA:BB:02"

/* ---- opening --------------------------------------------------------------------------------- */

TEST(device_session_open__right_key_and_mac__is_a_session)
{
    struct live *live = NULL;
    open_with_device();
    CHECK_INT(sign_in(), OK);
    CHECK_INT(alarm_for, 0);
    CHECK_INT(buoy.session.interval_s, 10);
    CHECK_INT(use(&buoy.session.session, MAC, &live), OK);
    CHECK(live == live_find(house.d.live, buoy.id));
    CHECK_INT(use(&buoy.session.session, "24:6f:28:aa:bb:01", &live), OK);
    close_house();
}

TEST(device_session_open__wrong_key__is_denied)
{
    open_with_device();
    struct credential wrong = buoy.registered.key;
    wrong.text[20] ^= 1;
    CHECK_INT(house_sign_in(&house, &buoy, credential_text(&wrong), &alarm_for), ERR_DENIED);
    CHECK_INT(alarm_for, 0);
    CHECK_INT(live_find(house.d.live, buoy.id)->session_count, 0);
    close_house();
}

TEST(device_session_open__right_key_from_another_mac__is_denied_and_the_owner_is_alarmed)
{
    open_with_device();
    buoy.mac[5] = 2;
    CHECK_INT(sign_in(), ERR_DENIED);
    CHECK_INT(alarm_for, ada);
    CHECK_INT(live_find(house.d.live, buoy.id)->session_count, 0);
    house_commit(&house);
    CHECK_INT(house_ask(&house, "SELECT count(*) FROM audit WHERE event = 'device.clone_alarm'"),
              1);
    house_begin(&house);
    close_house();
}

TEST(device_session_open__device_removed_between_the_two_requests__is_denied)
{
    open_with_device();
    HOUSE_MUST(device_remove(&house.d, ada, buoy.id, house_public_id(&buoy)));
    CHECK_INT(sign_in(), ERR_DENIED);
    close_house();
}

/* The parts of one exchange, so that each may be bent. */
struct talk {
    struct scram_exchange client;
    struct scram_client_keys keys;
    struct credential id;
    uint8_t first[SCRAM_MESSAGE_MAX], server_first[SCRAM_MESSAGE_MAX], final[SCRAM_MESSAGE_MAX];
    struct session_request request;
    size_t server_first_len;
};

static enum err talk_begin(struct talk *t, struct str user)
{
    uint8_t nonce[SCRAM_NONCE_LEN];
    struct writer first = writer_into(t->first, sizeof t->first);
    struct writer answer = writer_into(t->server_first, sizeof t->server_first);
    house.d.entropy(nonce, sizeof nonce);
    t->request = (struct session_request){.firmware_version = STR("1.0.0")};
    memcpy(t->request.mac, buoy.mac, MAC_LEN);
    HOUSE_MUST(scram_client_first(&t->client, user, nonce, &first));
    t->request.client_first = str_from(t->first, first.len);
    enum err e =
        device_session_begin(&house.d, house.exchanges, &house.arena, &t->request, &t->id, &answer);
    t->server_first_len = answer.len;
    return e;
}

static enum err talk_end(struct talk *t)
{
    uint8_t text[SCRAM_MESSAGE_MAX];
    struct writer final = writer_into(t->final, sizeof t->final);
    struct writer out = writer_into(text, sizeof text);
    scram_derive_client_keys(credential_text(&buoy.registered.key), buoy.registered.salt,
                             SCRAM_ITERATIONS, &t->keys);
    HOUSE_MUST(scram_client_final(&t->client, str_from(t->server_first, t->server_first_len),
                                  buoy.registered.salt, SCRAM_ITERATIONS, &t->keys, &final));
    t->request.client_first = STR_NONE;
    t->request.client_final = str_from(t->final, final.len);
    t->request.exchange = credential_text(&t->id);
    return device_session_open(&house.d, house.exchanges, &t->request, &buoy.session, &out,
                               &alarm_for);
}

static enum err repeat(struct talk *t)
{
    uint8_t text[SCRAM_MESSAGE_MAX];
    struct writer out = writer_into(text, sizeof text);
    return device_session_open(&house.d, house.exchanges, &t->request, &buoy.session, &out,
                               &alarm_for);
}

TEST(device_session_open__the_same_proof_again__is_denied)
{
    static struct talk t;
    open_with_device();
    CHECK_INT(talk_begin(&t, house_public_id(&buoy)), OK);
    CHECK_INT(talk_end(&t), OK);
    CHECK_INT(repeat(&t), ERR_DENIED);
    close_house();
}

TEST(device_session_open__proof_of_another_exchange__is_denied)
{
    static struct talk a, b;
    open_with_device();
    CHECK_INT(talk_begin(&a, house_public_id(&buoy)), OK);
    CHECK_INT(talk_begin(&b, house_public_id(&buoy)), OK);
    a.id = b.id;
    CHECK(talk_end(&a) != OK);
    CHECK_INT(talk_end(&b), ERR_DENIED); /* a failed attempt has used it up */
    CHECK_INT(live_find(house.d.live, buoy.id)->session_count, 0);
    close_house();
}

TEST(device_session_open__an_exchange_too_old__is_denied)
{
    static const struct {
        int64_t after_ms;
        enum err expected;
    } rows[] = {{EXCHANGE_MS - 1, OK}, {EXCHANGE_MS, ERR_DENIED}};
    for (size_t i = 0; i < 2; i++) {
        static struct talk t;
        open_with_device();
        CHECK_INT(talk_begin(&t, house_public_id(&buoy)), OK);
        house_pass(&house, rows[i].after_ms);
        CHECK_INT(talk_end(&t), rows[i].expected);
        close_house();
    }
}

TEST(device_session_begin__unknown_device__looks_like_a_known_one)
{
    static struct talk known, unknown, again;
    open_with_device();
    CHECK_INT(talk_begin(&known, house_public_id(&buoy)), OK);
    CHECK_INT(talk_begin(&unknown, STR("dev_AAAAAAAAAAAA")), OK);
    CHECK_INT(talk_begin(&again, STR("dev_AAAAAAAAAAAA")), OK);
    CHECK_INT(known.server_first_len, unknown.server_first_len);
    /* The salt is the same each time: ",s=" and what follows the nonce. */
    struct str a = str_from(unknown.server_first, unknown.server_first_len);
    struct str b = str_from(again.server_first, again.server_first_len);
    size_t nonce_len = str_find(a, ',');
    CHECK(!str_eq(str_slice(a, 0, nonce_len), str_slice(b, 0, nonce_len)));
    CHECK_STR(str_slice(a, nonce_len, a.len), str_slice(b, nonce_len, b.len));
    close_house();
}

/* Strangers who begin and never finish do not keep a device out. */
TEST(device_session_begin__too_many_exchanges__the_newest_goes_through)
{
    static struct talk t;
    open_with_device();
    for (int i = 0; i < 2 * EXCHANGES_MAX; i++) {
        arena_reset(&house.arena);
        house_pass(&house, i % 2);
        CHECK_INT(talk_begin(&t, STR("oc_dev_nobody")), OK);
    }
    CHECK_INT(talk_begin(&t, house_public_id(&buoy)), OK);
    CHECK_INT(talk_end(&t), OK);
    CHECK_INT(talk_begin(&t, house_public_id(&buoy)), OK);
    exchanges_forget_all(house.exchanges);
    CHECK_INT(talk_end(&t), ERR_DENIED);
    close_house();
}

/* ---- using ----------------------------------------------------------------------------------- */

TEST(device_session_find__another_mac__ends_the_session)
{
    struct live *live = NULL;
    open_with_device();
    CHECK_INT(sign_in(), OK);
    struct credential first = buoy.session.session;
    CHECK_INT(sign_in(), OK);
    CHECK_INT(use(&first, MAC2, &live), ERR_CONFLICT);
    CHECK(live == live_find(house.d.live, buoy.id)); /* whose owner is told */
    CHECK_INT(use(&first, MAC, &live), ERR_DENIED);
    CHECK_INT(use(&buoy.session.session, MAC, &live), OK); /* the other one goes on */
    house_commit(&house);
    house_restart(&house);
    house_begin(&house);
    CHECK_INT(use(&first, MAC, &live), ERR_DENIED);
    CHECK_INT(use(&buoy.session.session, MAC, &live), OK);
    close_house();
}

TEST(device_session_find__what_is_no_session__is_denied)
{
    static const char *const rows[] = {
        "",
        "Bearer",
        "Bearer ",
        "Basic b2M6b2M=",
        "Bearer oc_sess_",
        "Bearer oc_sess_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
        "Bearer oc_api_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
        "oc_sess_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
    };
    struct live *live;
    open_with_device();
    CHECK_INT(sign_in(), OK);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        check_row = rows[i];
        CHECK_INT(device_session_find(&house.d, str_from_cstr(rows[i]), STR(MAC), &live),
                  ERR_DENIED);
    }
    check_row = NULL;
    CHECK_INT(use(&buoy.registered.key, MAC, &live), ERR_DENIED); /* the key is no session */
    close_house();
}

TEST(device_session_find__macs_that_do_not_read__end_the_session)
{
    static const char *const rows[] = {"", "24:6F:28:AA:BB", MAC ":01", "24-6F-28-AA-BB-01",
                                       "246F28AABB01"};
    struct live *live;
    open_with_device();
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        check_row = rows[i];
        CHECK_INT(sign_in(), OK);
        CHECK_INT(use(&buoy.session.session, rows[i], &live), ERR_CONFLICT);
    }
    check_row = NULL;
    close_house();
}

TEST(device_session_find__lasts_an_hour_and_a_restart)
{
    struct live *live;
    open_with_device();
    CHECK_INT(sign_in(), OK);
    house_pass(&house, DEVICE_SESSION_S * 1000 - 1);
    house_commit(&house);
    house_restart(&house);
    house_begin(&house);
    CHECK_INT(use(&buoy.session.session, MAC, &live), OK);
    house_pass(&house, 1);
    CHECK_INT(use(&buoy.session.session, MAC, &live), ERR_DENIED);
    HOUSE_MUST(device_session_expire(&house.d));
    CHECK_INT(live_find(house.d.live, buoy.id)->session_count, 0);
    house_commit(&house);
    CHECK_INT(house_ask(&house, "SELECT count(*) FROM device_session"), 0);
    house_begin(&house);
    close_house();
}

TEST(device_session__more_than_a_device_may_have__forgets_the_oldest)
{
    struct credential sessions[DEVICE_SESSIONS_MAX + 2];
    struct live *live;
    open_with_device();
    for (size_t i = 0; i < DEVICE_SESSIONS_MAX + 2; i++) {
        house_pass(&house, 1000);
        CHECK_INT(sign_in(), OK);
        sessions[i] = buoy.session.session;
    }
    for (int restart = 0; restart < 2; restart++) {
        for (size_t i = 0; i < DEVICE_SESSIONS_MAX + 2; i++)
            CHECK_INT(use(&sessions[i], MAC, &live), i < 2 ? ERR_DENIED : OK);
        house_commit(&house);
        house_restart(&house);
        house_begin(&house);
    }
    close_house();
}

TEST(device_session_expire__ends_those_that_are_over_and_no_other)
{
    struct credential sessions[3];
    struct live *live;
    open_with_device();
    for (size_t i = 0; i < 3; i++) {
        CHECK_INT(sign_in(), OK);
        sessions[i] = buoy.session.session;
        house_pass(&house, 1000);
    }
    house_pass(&house, DEVICE_SESSION_S * 1000 - 1500); /* the third has half a second left */
    HOUSE_MUST(device_session_expire(&house.d));
    CHECK_INT(live_find(house.d.live, buoy.id)->session_count, 1);
    CHECK_INT(use(&sessions[0], MAC, &live), ERR_DENIED);
    CHECK_INT(use(&sessions[1], MAC, &live), ERR_DENIED);
    CHECK_INT(use(&sessions[2], MAC, &live), OK);
    house_commit(&house);
    CHECK_INT(house_ask(&house, "SELECT count(*) FROM device_session"), 1);
    house_begin(&house);
    close_house();
}

TESTS(device_session, TEST_ROW(device_session_open__right_key_and_mac__is_a_session),
      TEST_ROW(device_session_open__wrong_key__is_denied),
      TEST_ROW(device_session_open__right_key_from_another_mac__is_denied_and_the_owner_is_alarmed),
      TEST_ROW(device_session_open__device_removed_between_the_two_requests__is_denied),
      TEST_ROW(device_session_open__the_same_proof_again__is_denied),
      TEST_ROW(device_session_open__proof_of_another_exchange__is_denied),
      TEST_ROW(device_session_open__an_exchange_too_old__is_denied),
      TEST_ROW(device_session_begin__unknown_device__looks_like_a_known_one),
      TEST_ROW(device_session_begin__too_many_exchanges__the_newest_goes_through),
      TEST_ROW(device_session_find__another_mac__ends_the_session),
      TEST_ROW(device_session_find__what_is_no_session__is_denied),
      TEST_ROW(device_session_find__macs_that_do_not_read__end_the_session),
      TEST_ROW(device_session_find__lasts_an_hour_and_a_restart),
      TEST_ROW(device_session__more_than_a_device_may_have__forgets_the_oldest),
      TEST_ROW(device_session_expire__ends_those_that_are_over_and_no_other))
