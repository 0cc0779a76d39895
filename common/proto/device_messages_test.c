#include "common/proto/device_messages.h"

#include "tests/check.h"

static uint8_t scratch[1024];
static char text_room[70000];

/* ---- one face for all decoders, so that each is asked the same five questions ---------------- */

static struct readings_request readings; /* too large for a small stack */

static enum err read_register_request(struct str s)
{
    struct register_request m;
    return register_request_read(s, scratch, sizeof scratch, &m);
}
static enum err read_register_reply(struct str s)
{
    struct register_reply m;
    return register_reply_read(s, scratch, sizeof scratch, &m);
}
static enum err read_session_request(struct str s)
{
    struct session_request m;
    return session_request_read(s, scratch, sizeof scratch, &m);
}
static enum err read_session_reply(struct str s)
{
    struct session_reply m;
    return session_reply_read(s, scratch, sizeof scratch, &m);
}
static enum err read_readings(struct str s)
{
    return readings_request_read(s, scratch, sizeof scratch, &readings);
}
static enum err read_reported(struct str s)
{
    struct reported_request m;
    return reported_request_read(s, scratch, sizeof scratch, &m);
}
static enum err read_desired(struct str s)
{
    struct desired_reply m;
    return desired_reply_read(s, scratch, sizeof scratch, &m);
}
static enum err read_problem(struct str s)
{
    struct problem m;
    return problem_read(s, scratch, sizeof scratch, &m);
}

#define TOKEN "oc_reg_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8"
#define SALT  "W22ZaJ0SNY7soEsUEjb6gQ=="

/* The examples of docs/protocol/device.md. */
#define REGISTER_REQUEST                                                                           \
    "{\"registration_token\":\"" TOKEN "\",\"mac\":\"AA:BB:CC:DD:EE:FF\","                         \
    "\"chip\":\"linux-x86_64\",\"firmware_version\":\"0.1.0\"}"
#define REGISTER_REPLY                                                                             \
    "{\"device_id\":\"dev_7hQmZr3KpT0s\",\"device_key\":"                                          \
    "\"oc_key_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8\",\"salt\":\"" SALT "\","                \
    "\"iterations\":4096,\"interval_s\":10,\"server_time_ms\":1790000000000}"
#define SESSION_FIRST                                                                              \
    "{\"mac\":\"AA:BB:CC:DD:EE:FF\",\"client_first\":\"n,,n=dev_7hQmZr3KpT0s,r=abc\"}"
#define SESSION_FINAL                                                                              \
    "{\"mac\":\"AA:BB:CC:DD:EE:FF\",\"exchange\":\"oc_exc_AAECAwQFBgcICQoLDA0ODw\","               \
    "\"client_final\":\"c=biws,r=abcdef,p=AA==\",\"firmware_version\":\"0.1.0\"}"
#define SESSION_FIRST_REPLY                                                                        \
    "{\"exchange\":\"oc_exc_AAECAwQFBgcICQoLDA0ODw\",\"server_first\":"                            \
    "\"r=abcdef,s=" SALT ",i=4096\"}"
#define SESSION_FINAL_REPLY                                                                        \
    "{\"server_final\":\"v=AA==\",\"session\":\"oc_sess_AAECAwQFBgcICQoLDA0ODw\","                 \
    "\"expires_in_s\":3600,\"renew_in_s\":2700,\"interval_s\":10,"                                 \
    "\"server_time_ms\":1790000000000}"
#define READINGS                                                                                   \
    "{\"batch\":\"1790000000000-1\",\"readings\":["                                                \
    "{\"metric\":\"temperature\",\"time_ms\":1790000000000,\"value\":21.5},"                       \
    "{\"metric\":\"humidity\",\"time_ms\":1790000000000,\"error\":\"crc\"}]}"
#define REPORTED "{\"version\":4,\"state\":{\"switches\":{\"relay1\":true}}}"
#define DESIRED  "{\"version\":4,\"desired\":{\"switches\":{\"relay1\":true}}}"
#define PROBLEM                                                                                    \
    "{\"type\":\"/problems/clock-skew\",\"title\":\"t\",\"status\":422,\"detail\":\"d\","          \
    "\"server_time_ms\":1790000000000}"

static const struct {
    const char *name;
    enum err (*read)(struct str);
    const char *body;
} documents[] = {
    {"register request", read_register_request, REGISTER_REQUEST},
    {"register reply", read_register_reply, REGISTER_REPLY},
    {"session first", read_session_request, SESSION_FIRST},
    {"session final", read_session_request, SESSION_FINAL},
    {"session first reply", read_session_reply, SESSION_FIRST_REPLY},
    {"session final reply", read_session_reply, SESSION_FINAL_REPLY},
    {"readings", read_readings, READINGS},
    {"reported", read_reported, REPORTED},
    {"desired", read_desired, DESIRED},
    {"problem", read_problem, PROBLEM},
};
#define DOCUMENTS (sizeof documents / sizeof *documents)

TEST(message__example__is_read)
{
    for (size_t i = 0; i < DOCUMENTS; i++) {
        check_row = documents[i].name;
        CHECK_INT(documents[i].read(check_exact(str_from_cstr(documents[i].body))), OK);
    }
    check_row = NULL;
}

TEST(message__empty_or_not_an_object__is_refused)
{
    static const char *const bodies[] = {"", " ", "null", "[]", "\"x\"", "{", "1"};
    for (size_t i = 0; i < DOCUMENTS; i++) {
        check_row = documents[i].name;
        for (size_t k = 0; k < sizeof bodies / sizeof *bodies; k++)
            CHECK_INT(documents[i].read(check_exact(str_from_cstr(bodies[k]))), ERR_PEER);
    }
    check_row = NULL;
}

TEST(message__truncated_at_every_byte__is_refused)
{
    for (size_t i = 0; i < DOCUMENTS; i++) {
        struct str whole = str_from_cstr(documents[i].body);
        check_row = documents[i].name;
        for (size_t n = 0; n < whole.len; n++)
            CHECK_INT(documents[i].read(check_exact(str_slice(whole, 0, n))), ERR_PEER);
    }
    check_row = NULL;
}

TEST(message__trailing_bytes__are_refused)
{
    for (size_t i = 0; i < DOCUMENTS; i++) {
        check_row = documents[i].name;
        snprintf(text_room, sizeof text_room, "%s ", documents[i].body);
        CHECK_INT(documents[i].read(str_from_cstr(text_room)), OK); /* white space is nothing */
        snprintf(text_room, sizeof text_room, "%s}", documents[i].body);
        CHECK_INT(documents[i].read(str_from_cstr(text_room)), ERR_PEER);
        snprintf(text_room, sizeof text_room, "%s{}", documents[i].body);
        CHECK_INT(documents[i].read(str_from_cstr(text_room)), ERR_PEER);
    }
    check_row = NULL;
}

TEST(message__unknown_member__is_skipped)
{
    for (size_t i = 0; i < DOCUMENTS; i++) {
        check_row = documents[i].name;
        snprintf(text_room, sizeof text_room, "{\"later\":[{\"x\":null}],%s",
                 documents[i].body + 1);
        CHECK_INT(documents[i].read(str_from_cstr(text_room)), OK);
    }
    check_row = NULL;
}

/* The first member of each, said twice. */
TEST(message__repeated_member__is_refused)
{
    for (size_t i = 0; i < DOCUMENTS; i++) {
        const char *body = documents[i].body;
        const char *comma = strchr(body, ',');
        if (comma == NULL)
            continue;
        check_row = documents[i].name;
        snprintf(text_room, sizeof text_room, "{%.*s,%s", (int)(comma - body - 1), body + 1,
                 body + 1);
        CHECK_INT(documents[i].read(str_from_cstr(text_room)), ERR_PEER);
    }
    check_row = NULL;
}

/* Each member in turn renamed: it is then unknown, and the needed one is missing. */
TEST(message__missing_member__is_refused)
{
    static const struct {
        size_t document;
        const char *member;
    } rows[] = {{0, "registration_token"},
                {0, "mac"},
                {0, "chip"},
                {0, "firmware_version"},
                {1, "device_id"},
                {1, "device_key"},
                {1, "salt"},
                {1, "iterations"},
                {1, "interval_s"},
                {1, "server_time_ms"},
                {2, "mac"},
                {2, "client_first"},
                {3, "exchange"},
                {3, "client_final"},
                {4, "exchange"},
                {4, "server_first"},
                {5, "server_final"},
                {5, "session"},
                {5, "expires_in_s"},
                {5, "renew_in_s"},
                {5, "interval_s"},
                {5, "server_time_ms"},
                {6, "batch"},
                {6, "readings"},
                {6, "metric"},
                {6, "time_ms"},
                {6, "value"},
                {6, "error"},
                {7, "version"},
                {7, "state"},
                {8, "version"},
                {8, "desired"}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char quoted[40];
        const char *body = documents[rows[i].document].body;
        snprintf(quoted, sizeof quoted, "\"%s\":", rows[i].member);
        const char *at = strstr(body, quoted);
        check_row = rows[i].member;
        CHECK(at != NULL);
        snprintf(text_room, sizeof text_room, "%.*s\"x%s", (int)(at - body), body, at + 1);
        CHECK_INT(documents[rows[i].document].read(str_from_cstr(text_room)), ERR_PEER);
    }
    check_row = NULL;
}

/* ---- values ---------------------------------------------------------------------------------- */

TEST(register_request__its_members)
{
    struct register_request m;
    CHECK_INT(register_request_read(STR(REGISTER_REQUEST), scratch, sizeof scratch, &m), OK);
    CHECK_STR(m.registration_token, STR(TOKEN));
    CHECK_STR(str_from(m.mac, MAC_LEN), STR("\xAA\xBB\xCC\xDD\xEE\xFF"));
    CHECK_STR(m.chip, STR("linux-x86_64"));
    CHECK_STR(m.firmware_version, STR("0.1.0"));
    struct writer w = writer_into(text_room, sizeof text_room);
    register_request_write(&w, &m);
    CHECK_STR(str_from(text_room, w.len), STR(REGISTER_REQUEST));
}

TEST(register_reply__its_members)
{
    struct register_reply m;
    CHECK_INT(register_reply_read(STR(REGISTER_REPLY), scratch, sizeof scratch, &m), OK);
    CHECK_STR(m.device_id, STR("dev_7hQmZr3KpT0s"));
    CHECK_INT(m.iterations, 4096);
    CHECK_INT(m.interval_s, 10);
    CHECK_INT(m.server_time_ms, 1790000000000);
    struct writer w = writer_into(text_room, sizeof text_room);
    register_reply_write(&w, &m);
    CHECK_STR(str_from(text_room, w.len), STR(REGISTER_REPLY));
}

TEST(session__written_as_read)
{
    static const char *const requests[] = {SESSION_FIRST, SESSION_FINAL};
    static const char *const replies[] = {SESSION_FIRST_REPLY, SESSION_FINAL_REPLY};
    for (size_t i = 0; i < 2; i++) {
        struct session_request request;
        struct session_reply reply;
        struct writer w = writer_into(text_room, sizeof text_room);
        CHECK_INT(
            session_request_read(str_from_cstr(requests[i]), scratch, sizeof scratch, &request),
            OK);
        session_request_write(&w, &request);
        CHECK_STR(str_from(text_room, w.len), str_from_cstr(requests[i]));
        w = writer_into(text_room, sizeof text_room);
        CHECK_INT(session_reply_read(str_from_cstr(replies[i]), scratch, sizeof scratch, &reply),
                  OK);
        session_reply_write(&w, &reply);
        CHECK_STR(str_from(text_room, w.len), str_from_cstr(replies[i]));
    }
}

TEST(session_request__both_or_neither__is_refused)
{
    CHECK_INT(read_session_request(STR("{\"mac\":\"AA:BB:CC:DD:EE:FF\"}")), ERR_PEER);
    CHECK_INT(read_session_request(STR("{\"mac\":\"AA:BB:CC:DD:EE:FF\",\"client_first\":\"a\","
                                       "\"client_final\":\"b\",\"exchange\":\"c\"}")),
              ERR_PEER);
    CHECK_INT(read_session_request(STR("{\"mac\":\"AA:BB:CC:DD:EE:FF\",\"client_first\":\"a\","
                                       "\"exchange\":\"c\"}")),
              ERR_PEER);
}

TEST(readings__its_members)
{
    CHECK_INT(read_readings(STR(READINGS)), OK);
    CHECK_STR(readings.batch, STR("1790000000000-1"));
    CHECK_INT(readings.count, 2);
    CHECK_STR(readings.readings[0].metric, STR("temperature"));
    CHECK_INT(readings.readings[0].time_ms, 1790000000000);
    CHECK_INT(readings.readings[0].value.mantissa, 215);
    CHECK_INT(readings.readings[0].value.exponent, -1);
    CHECK_INT(readings.readings[0].error.len, 0);
    CHECK_STR(readings.readings[1].error, STR("crc"));
    struct writer w = writer_into(text_room, sizeof text_room);
    readings_request_write(&w, &readings);
    CHECK_STR(str_from(text_room, w.len), STR(READINGS));
}

#define ONE_READING "[{\"metric\":\"m\",\"time_ms\":1,\"value\":2}]"

TEST(readings__table)
{
    static const struct {
        const char *body;
        enum err expected;
    } rows[] = {
        {"{\"batch\":\"a\",\"readings\":" ONE_READING "}", OK},
        {"{\"readings\":" ONE_READING ",\"batch\":\"a\"}", OK},
        {"{\"batch\":0,\"readings\":" ONE_READING "}", OK},
        {"{\"batch\":18446744073709551615,\"readings\":" ONE_READING "}", OK},
        {"{\"batch\":18446744073709551616,\"readings\":" ONE_READING "}", ERR_PEER},
        {"{\"batch\":-1,\"readings\":" ONE_READING "}", ERR_PEER},
        {"{\"batch\":1.5,\"readings\":" ONE_READING "}", ERR_PEER},
        {"{\"batch\":1e3,\"readings\":" ONE_READING "}", ERR_PEER},
        {"{\"batch\":null,\"readings\":" ONE_READING "}", ERR_PEER},
        {"{\"batch\":\"\",\"readings\":" ONE_READING "}", ERR_PEER},
        {"{\"batch\":\"\\u00e9\",\"readings\":" ONE_READING "}", ERR_PEER},
        {"{\"batch\":\"a\\nb\",\"readings\":" ONE_READING "}", ERR_PEER},
        {"{\"batch\":\"0123456789012345678901234567890123456789012345678901234567890123\","
         "\"readings\":" ONE_READING "}",
         OK}, /* 64 */
        {"{\"batch\":\"01234567890123456789012345678901234567890123456789012345678901234\","
         "\"readings\":" ONE_READING "}",
         ERR_PEER},
        {"{\"batch\":\"a\",\"readings\":[]}", ERR_PEER},
        {"{\"batch\":\"a\",\"readings\":{}}", ERR_PEER},
        {"{\"batch\":\"a\",\"readings\":[1]}", ERR_PEER},
        {"{\"batch\":\"a\",\"readings\":[{}]}", ERR_PEER},
        {"{\"batch\":\"a\",\"readings\":[{\"metric\":\"M\",\"time_ms\":1,\"value\":2}]}", ERR_PEER},
        {"{\"batch\":\"a\",\"readings\":[{\"metric\":\"\",\"time_ms\":1,\"value\":2}]}", ERR_PEER},
        {"{\"batch\":\"a\",\"readings\":[{\"metric\":\"m\",\"time_ms\":-1,\"value\":2}]}",
         ERR_PEER},
        {"{\"batch\":\"a\",\"readings\":[{\"metric\":\"m\",\"time_ms\":1.5,\"value\":2}]}",
         ERR_PEER},
        {"{\"batch\":\"a\",\"readings\":[{\"metric\":\"m\",\"time_ms\":9007199254740992,"
         "\"value\":2}]}",
         ERR_PEER},
        {"{\"batch\":\"a\",\"readings\":[{\"metric\":\"m\",\"time_ms\":1,\"value\":\"2\"}]}",
         ERR_PEER},
        {"{\"batch\":\"a\",\"readings\":[{\"metric\":\"m\",\"time_ms\":1,\"value\":null}]}",
         ERR_PEER},
        {"{\"batch\":\"a\",\"readings\":[{\"metric\":\"m\",\"time_ms\":1,\"value\":1e99}]}",
         ERR_PEER},
        {"{\"batch\":\"a\",\"readings\":[{\"metric\":\"m\",\"time_ms\":1}]}", ERR_PEER},
        {"{\"batch\":\"a\",\"readings\":[{\"metric\":\"m\",\"time_ms\":1,\"value\":2,"
         "\"error\":\"crc\"}]}",
         ERR_PEER},
        {"{\"batch\":\"a\",\"readings\":[{\"metric\":\"m\",\"time_ms\":1,\"error\":\"\"}]}",
         ERR_PEER},
        {"{\"batch\":\"a\",\"readings\":[{\"metric\":\"m\",\"time_ms\":1,\"error\":\"CRC\"}]}",
         ERR_PEER},
        {"{\"batch\":\"a\",\"readings\":[{\"metric\":\"m\",\"time_ms\":1,"
         "\"error\":\"abcdefghijklmnopqrstuvwx\"}]}",
         OK}, /* 24 */
        {"{\"batch\":\"a\",\"readings\":[{\"metric\":\"m\",\"time_ms\":1,"
         "\"error\":\"abcdefghijklmnopqrstuvwxy\"}]}",
         ERR_PEER},
        {"{\"batch\":\"a\",\"readings\":[{\"metric\":\"m\",\"metric\":\"n\",\"time_ms\":1,"
         "\"value\":2}]}",
         ERR_PEER},
        {"{\"batch\":\"a\",\"readings\":[{\"unit\":\"C\",\"metric\":\"t\\u0065mp\",\"time_ms\":1,"
         "\"value\":2}]}",
         OK},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        check_row = rows[i].body;
        CHECK_INT(read_readings(check_exact(str_from_cstr(rows[i].body))), rows[i].expected);
        CHECK(rows[i].expected == OK || readings.count == 0);
    }
    check_row = NULL;
}

static struct str many_readings(size_t count)
{
    struct writer w = writer_into(text_room, sizeof text_room);
    writer_str(&w, STR("{\"batch\":7,\"readings\":["));
    for (size_t i = 0; i < count; i++)
        writer_str(&w, i == 0 ? STR("{\"metric\":\"m\",\"time_ms\":1,\"value\":2}")
                              : STR(",{\"metric\":\"m\",\"time_ms\":1,\"value\":2}"));
    writer_str(&w, STR("]}"));
    return str_from(text_room, w.len);
}

TEST(readings__largest_batch_and_one_more)
{
    CHECK_INT(read_readings(many_readings(READINGS_PER_BATCH_MAX)), OK);
    CHECK_INT(readings.count, READINGS_PER_BATCH_MAX);
    CHECK_STR(readings.batch, STR("7"));
    CHECK_INT(read_readings(many_readings(READINGS_PER_BATCH_MAX + 1)), ERR_PEER);
    CHECK_INT(readings.count, 0);
}

static struct str state_of(size_t len)
{
    struct writer w = writer_into(text_room, sizeof text_room);
    writer_str(&w, STR("{\"version\":1,\"state\":{\"a\":\""));
    for (size_t i = 0; i < len - 8; i++)
        writer_u8(&w, 'x');
    writer_str(&w, STR("\"}}"));
    return str_from(text_room, w.len);
}

TEST(state__largest_and_one_more)
{
    struct reported_request m;
    CHECK_INT(reported_request_read(state_of(STATE_JSON_MAX), scratch, sizeof scratch, &m), OK);
    CHECK_INT(m.state.len, STATE_JSON_MAX);
    CHECK_INT(reported_request_read(state_of(STATE_JSON_MAX + 1), scratch, sizeof scratch, &m),
              ERR_PEER);
}

TEST(state__must_be_an_object_and_version_a_count)
{
    CHECK_INT(read_reported(STR("{\"version\":0,\"state\":{}}")), OK);
    CHECK_INT(read_reported(STR("{\"version\":-1,\"state\":{}}")), ERR_PEER);
    CHECK_INT(read_reported(STR("{\"version\":1,\"state\":[]}")), ERR_PEER);
    CHECK_INT(read_reported(STR("{\"version\":1,\"state\":null}")), ERR_PEER);
    CHECK_INT(read_desired(STR("{\"version\":1,\"desired\":\"{}\"}")), ERR_PEER);
    struct reported_request m;
    CHECK_INT(reported_request_read(STR(REPORTED), scratch, sizeof scratch, &m), OK);
    struct writer w = writer_into(text_room, sizeof text_room);
    reported_request_write(&w, &m);
    CHECK_STR(str_from(text_room, w.len), STR(REPORTED));
    struct desired_reply d;
    CHECK_INT(desired_reply_read(STR(DESIRED), scratch, sizeof scratch, &d), OK);
    w = writer_into(text_room, sizeof text_room);
    desired_reply_write(&w, &d);
    CHECK_STR(str_from(text_room, w.len), STR(DESIRED));
}

TEST(problem__empty_object__is_about_blank)
{
    struct problem m;
    CHECK_INT(problem_read(STR("{}"), scratch, sizeof scratch, &m), OK);
    CHECK_STR(m.type, STR("about:blank"));
    CHECK_INT(m.server_time_ms, 0);
    CHECK_INT(problem_read(STR(PROBLEM), scratch, sizeof scratch, &m), OK);
    CHECK_STR(m.type, STR("/problems/clock-skew"));
    CHECK_INT(m.server_time_ms, 1790000000000);
}

TEST(mac__table)
{
    static const char *const bad[] = {"",
                                      "AA:BB:CC:DD:EE",
                                      "AA:BB:CC:DD:EE:F",
                                      "AA:BB:CC:DD:EE:FF:",
                                      "AA-BB-CC-DD-EE-FF",
                                      "AABBCCDDEEFF",
                                      "AA:BB:CC:DD:EE:GG",
                                      "AA:BB:CC:DD:EEEFF"};
    uint8_t mac[MAC_LEN];
    char text[MAC_TEXT_LEN];
    CHECK_INT(mac_read(STR("aa:Bb:0c:00:99:fF"), mac), OK);
    struct writer w = writer_into(text, sizeof text);
    mac_write(&w, mac);
    CHECK_STR(str_from(text, w.len), STR("AA:BB:0C:00:99:FF"));
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        check_row = bad[i];
        CHECK_INT(mac_read(check_exact(str_from_cstr(bad[i])), mac), ERR_PEER);
        CHECK_INT(mac[0], 0xAA);
    }
    check_row = NULL;
}

TEST(metric_name__table)
{
    CHECK(metric_name_is_valid(STR("a")) && metric_name_is_valid(STR("load.1m")));
    CHECK(metric_name_is_valid(STR("a2345678901234567890123456789012")));
    CHECK(!metric_name_is_valid(STR("a23456789012345678901234567890123")));
    CHECK(!metric_name_is_valid(STR("")) && !metric_name_is_valid(STR("1a")));
    CHECK(!metric_name_is_valid(STR("_a")) && !metric_name_is_valid(STR("A")));
    CHECK(!metric_name_is_valid(STR("a-b")) && !metric_name_is_valid(STR("a b")));
}

TESTS(device_messages, TEST_ROW(message__example__is_read),
      TEST_ROW(message__empty_or_not_an_object__is_refused),
      TEST_ROW(message__truncated_at_every_byte__is_refused),
      TEST_ROW(message__trailing_bytes__are_refused), TEST_ROW(message__unknown_member__is_skipped),
      TEST_ROW(message__repeated_member__is_refused), TEST_ROW(message__missing_member__is_refused),
      TEST_ROW(register_request__its_members), TEST_ROW(register_reply__its_members),
      TEST_ROW(session__written_as_read), TEST_ROW(session_request__both_or_neither__is_refused),
      TEST_ROW(readings__its_members), TEST_ROW(readings__table),
      TEST_ROW(readings__largest_batch_and_one_more), TEST_ROW(state__largest_and_one_more),
      TEST_ROW(state__must_be_an_object_and_version_a_count),
      TEST_ROW(problem__empty_object__is_about_blank), TEST_ROW(mac__table),
      TEST_ROW(metric_name__table))
