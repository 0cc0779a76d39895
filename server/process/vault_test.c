#include "server/process/vault.h"

#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "server/pki/totp.h"
#include "server/process/vault_caller.h"
#include "tests/check.h"

static const uint8_t key[SEAL_KEY_LEN] = {7};

static struct sealing_question check_of(const struct sealing_answer *made, int64_t account_id,
                                        uint32_t code, int64_t now_s)
{
    struct sealing_question q = {
        .verb = SEALING_CHECK, .account_id = account_id, .code = code, .now_s = now_s};
    memcpy(q.sealed, made->sealed, sizeof q.sealed);
    return q;
}

TEST(answer__a_seed_made_here__knows_its_codes)
{
    struct seal s;
    struct sealing_answer made, got;
    struct sealing_question make = {.id = 3, .verb = SEALING_MAKE, .account_id = 7};
    CHECK_INT(seal_of(&s, key), OK);
    CHECK_INT(vault_answer(&s, &make, &made), OK);
    CHECK_INT(made.id, 3);
    CHECK_INT(made.verdict, SEALING_DONE);
    uint32_t code = totp_code(made.seed, 1000);
    struct sealing_question q = check_of(&made, 7, code, 1000 * TOTP_STEP_S + 45);
    CHECK_INT(vault_answer(&s, &q, &got), OK);
    CHECK_INT(got.step, 1000);
    q.code = (code + 1) % TOTP_CODES;
    CHECK_INT(vault_answer(&s, &q, &got), OK);
    CHECK_INT(got.step, 0);
    CHECK_INT(got.verdict, SEALING_DONE);
    seal_done(&s);
}

TEST(answer__a_seed_of_another_account_or_key__is_not_ours)
{
    static const uint8_t other_key[SEAL_KEY_LEN] = {8};
    struct seal s, other;
    struct sealing_answer made, got;
    struct sealing_question make = {.verb = SEALING_MAKE, .account_id = 7};
    CHECK_INT(seal_of(&s, key), OK);
    CHECK_INT(seal_of(&other, other_key), OK);
    CHECK_INT(vault_answer(&s, &make, &made), OK);
    struct sealing_question q = check_of(&made, 8, totp_code(made.seed, 5), 150);
    CHECK_INT(vault_answer(&s, &q, &got), OK);
    CHECK_INT(got.verdict, SEALING_NOT_OURS);
    CHECK_INT(got.step, 0);
    q.account_id = 7;
    CHECK_INT(vault_answer(&other, &q, &got), OK);
    CHECK_INT(got.verdict, SEALING_NOT_OURS);
    seal_done(&s);
    seal_done(&other);
}

TEST(config__round_trip__truncated__too_long)
{
    uint8_t room[64];
    struct vault_config got, c = {.uid = 5, .data_dir = STR("/data")};
    struct writer w = writer_into(room, sizeof room);
    vault_config_write(&w, &c);
    for (size_t len = 0; len < w.len; len++)
        CHECK_INT(vault_config_read(check_exact(str_from(room, len)), &got), ERR_PEER);
    CHECK_INT(vault_config_read(str_from(room, w.len + 1), &got), ERR_PEER);
    CHECK_INT(vault_config_read(str_from(room, w.len), &got), OK);
    CHECK_INT(got.uid, 5);
    CHECK_STR(got.data_dir, STR("/data"));
}

/* ---- the core's side ------------------------------------------------------------------------- */

static struct vault_caller caller;
static int far_end;

static void open_caller(void)
{
    int ends[2];
    CHECK_INT(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends), 0);
    vault_caller_init(&caller, 100);
    vault_caller_set(&caller, ends[0]);
    far_end = ends[1];
}

static void close_caller(void)
{
    vault_caller_done(&caller);
    close(far_end);
}

static void say(const struct sealing_answer *a)
{
    uint8_t room[SEALING_ANSWER_MAX];
    struct writer w = writer_into(room, sizeof room);
    sealing_answer_put(&w, a);
    CHECK_INT(send(far_end, room, w.len, 0), w.len);
}

TEST(call__passes_over_what_is_no_answer_to_it)
{
    struct sealing_question q = {.verb = SEALING_CHECK};
    struct sealing_answer got;
    open_caller();
    say(&(struct sealing_answer){
        .id = 99, .verb = SEALING_CHECK, .verdict = SEALING_DONE, .step = 1});
    say(&(struct sealing_answer){.id = 100, .verb = SEALING_MAKE, .verdict = SEALING_DONE});
    CHECK_INT(send(far_end, "x", 1, 0), 1);
    say(&(struct sealing_answer){
        .id = 100, .verb = SEALING_CHECK, .verdict = SEALING_DONE, .step = 77});
    say(&(struct sealing_answer){
        .id = 101, .verb = SEALING_CHECK, .verdict = SEALING_DONE, .step = 78});
    CHECK_INT(vault_call(&caller, &q, &got), OK);
    CHECK_INT(got.step, 77);
    CHECK_INT(vault_call(&caller, &q, &got), OK);
    CHECK_INT(got.step, 78);
    close_caller();
}

TEST(call__a_vault_that_is_silent__is_asked_again_and_given_up)
{
    struct sealing_question q = {.verb = SEALING_CHECK}, asked;
    struct sealing_answer got;
    uint8_t message[SEALING_QUESTION_MAX];
    size_t times = 0;
    open_caller();
    CHECK_INT(vault_call(&caller, &q, &got), ERR_AGAIN);
    for (ssize_t len; (len = recv(far_end, message, sizeof message, MSG_DONTWAIT)) > 0; times++) {
        CHECK_INT(sealing_question_take(str_from(message, (size_t)len), &asked), OK);
        CHECK_INT(asked.id, 100);
    }
    CHECK(times >= 2 && times <= VAULT_WAIT_MS / VAULT_AGAIN_MS);
    close_caller();
}

TEST(call__before_there_is_a_vault__is_given_up_at_once)
{
    struct sealing_question q = {.verb = SEALING_MAKE};
    struct sealing_answer got;
    vault_caller_init(&caller, 1);
    CHECK_INT(vault_call(&caller, &q, &got), ERR_AGAIN);
    vault_caller_done(&caller);
}

TESTS(vault, TEST_ROW(answer__a_seed_made_here__knows_its_codes),
      TEST_ROW(answer__a_seed_of_another_account_or_key__is_not_ours),
      TEST_ROW(config__round_trip__truncated__too_long),
      TEST_ROW(call__passes_over_what_is_no_answer_to_it),
      TEST_ROW(call__a_vault_that_is_silent__is_asked_again_and_given_up),
      TEST_ROW(call__before_there_is_a_vault__is_given_up_at_once))
