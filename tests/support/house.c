#include "tests/support/house.h"

#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

void house_must(enum err e, const char *what, const char *file, int line)
{
    if (e == OK)
        return;
    fprintf(stderr, "%s:%d: %s: %s\n", file, line, what, err_name(e));
    abort();
}

/* ---- chance: xorshift64* -----------------------------------------------------------------------
 */

static uint64_t state = 1;

void house_seed(uint64_t seed)
{
    state = seed * UINT64_C(0x9E3779B97F4A7C15) + 1;
}

static uint64_t next_random(void)
{
    state ^= state >> 12;
    state ^= state << 25;
    state ^= state >> 27;
    return state * UINT64_C(0x2545F4914F6CDD1D);
}

uint64_t house_random(uint64_t below)
{
    return (next_random() >> 11) % below;
}

static void seeded_entropy(void *out, size_t len)
{
    uint8_t *bytes = out;
    for (size_t i = 0; i < len; i++)
        bytes[i] = (uint8_t)(next_random() >> 32);
}

/* ---- the domain ------------------------------------------------------------------------------ */

static void load(struct house *h)
{
    HOUSE_MUST(store_begin(h->d.store));
    HOUSE_MUST(telemetry_load(&h->d));
    HOUSE_MUST(live_load(&h->d));
    HOUSE_MUST(ranges_load(&h->d));
    HOUSE_MUST(store_commit(h->d.store));
}

static void move_in(struct house *h)
{
    enum err e = store_open(h->path, &h->d.store);
    if (e != OK)
        fprintf(stderr, "%s\n", store_problem(h->d.store));
    HOUSE_MUST(e);
    HOUSE_MUST(live_table_new(&h->d.live));
    HOUSE_MUST(telemetry_new(&h->d.telemetry));
    HOUSE_MUST(ranges_new(&h->d.ranges));
    HOUSE_MUST(exchanges_new(&h->exchanges));
    load(h);
}

static void move_out(struct house *h)
{
    exchanges_free(h->exchanges);
    ranges_free(h->d.ranges);
    telemetry_free(h->d.telemetry);
    live_table_free(h->d.live);
    store_close(h->d.store);
}

void house_open(struct house *h)
{
    memset(h, 0, sizeof *h);
    house_seed(1);
    strcpy(h->dir, "/tmp/oceanremote-unit-XXXXXX");
    if (mkdtemp(h->dir) == NULL)
        HOUSE_MUST(ERR_IO);
    snprintf(h->path, sizeof h->path, "%s/oceanremote.db", h->dir);
    h->arena = arena_over(h->block, sizeof h->block);
    h->d.now_ms = HOUSE_START_MS;
    h->d.entropy = seeded_entropy;
    h->d.password_iterations = 1000;
    h->rules = account_rules_default();
    h->d.rules = &h->rules;
    move_in(h);
}

void house_close(struct house *h)
{
    static const char *const ends[] = {"", "-wal", "-shm"};
    char path[128];
    move_out(h);
    for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++) {
        snprintf(path, sizeof path, "%s%s", h->path, ends[i]);
        unlink(path);
    }
    rmdir(h->dir);
}

void house_begin(struct house *h)
{
    arena_reset(&h->arena);
    HOUSE_MUST(store_begin(h->d.store));
    telemetry_begin(h->d.telemetry, h->d.now_ms * 1000);
}

void house_commit(struct house *h)
{
    HOUSE_MUST(telemetry_flush(&h->d));
    HOUSE_MUST(store_commit(h->d.store));
}

void house_rollback(struct house *h)
{
    store_rollback(h->d.store);
    load(h);
}

void house_restart(struct house *h)
{
    move_out(h);
    move_in(h);
}

void house_pass(struct house *h, int64_t ms)
{
    h->d.now_ms += ms;
}

/* ---- people and their devices ---------------------------------------------------------------- */

int64_t house_account(struct house *h, const char *email)
{
    struct account a;
    struct str address = str_from_cstr(email);
    HOUSE_MUST(account_add(&h->d, address, STR("pbkdf2_sha256$1$a$b"), false));
    HOUSE_MUST(account_find(&h->d, &h->arena, address, &a));
    return a.id;
}

struct str house_public_id(const struct house_device *dev)
{
    return str_from(dev->public_id, dev->public_id_len);
}

void house_add_device(struct house *h, int64_t account_id, struct house_device *out)
{
    struct device_added added;
    struct sql_device_of_owner_row row;
    HOUSE_MUST(device_add(&h->d, account_id, STR("Buoy"), STR("linux"), &added));
    *out = (struct house_device){.account_id = account_id, .token = added.token};
    memcpy(out->public_id, added.public_id, sizeof out->public_id);
    out->public_id_len = added.public_id_len;
    HOUSE_MUST(sql_device_of_owner(h->d.store, &h->arena, account_id, house_public_id(out), &row));
    out->id = row.id;
}

enum err house_redeem(struct house *h, struct house_device *dev)
{
    int64_t owner;
    struct register_request r = {.registration_token = credential_text(&dev->token),
                                 .chip = STR("ESP32-D0WD"),
                                 .firmware_version = STR("1.0.0")};
    memcpy(r.mac, dev->mac, MAC_LEN);
    return registration_redeem(&h->d, &h->arena, &r, &dev->registered, &owner);
}

void house_register(struct house *h, int64_t account_id, uint8_t mac_end, struct house_device *out)
{
    static const uint8_t mac[MAC_LEN - 1] = {0x24, 0x6F, 0x28, 0xAA, 0xBB};
    house_add_device(h, account_id, out);
    memcpy(out->mac, mac, sizeof mac);
    out->mac[MAC_LEN - 1] = mac_end;
    HOUSE_MUST(house_redeem(h, out));
}

enum err house_sign_in(struct house *h, struct house_device *dev, struct str key,
                       int64_t *owner_to_alarm)
{
    uint8_t nonce[SCRAM_NONCE_LEN], text[4][SCRAM_MESSAGE_MAX];
    struct scram_exchange client;
    struct scram_client_keys keys;
    struct credential id;
    struct writer first = writer_into(text[0], sizeof text[0]);
    struct writer answer = writer_into(text[1], sizeof text[1]);
    struct writer final = writer_into(text[2], sizeof text[2]);
    struct writer proof = writer_into(text[3], sizeof text[3]);
    seeded_entropy(nonce, sizeof nonce);
    HOUSE_MUST(scram_client_first(&client, house_public_id(dev), nonce, &first));
    struct session_request r = {.client_first = str_from(text[0], first.len),
                                .firmware_version = STR("1.0.0")};
    memcpy(r.mac, dev->mac, MAC_LEN);
    TRY(device_session_begin(&h->d, h->exchanges, &h->arena, &r, &id, &answer));
    scram_derive_client_keys(key, dev->registered.salt, SCRAM_ITERATIONS, &keys);
    TRY(scram_client_final(&client, str_from(text[1], answer.len), dev->registered.salt,
                           SCRAM_ITERATIONS, &keys, &final));
    r.client_first = STR_NONE;
    r.client_final = str_from(text[2], final.len);
    r.exchange = credential_text(&id);
    TRY(device_session_open(&h->d, h->exchanges, &r, &dev->session, &proof, owner_to_alarm));
    return scram_client_verify(&client, str_from(text[3], proof.len), &keys);
}

/* A connection of its own, so that it sees what is committed and nothing else. */
int64_t house_ask(struct house *h, const char *sql)
{
    sqlite3 *db = NULL;
    sqlite3_stmt *q = NULL;
    int64_t answer = INT64_MIN;
    if (sqlite3_open_v2(h->path, &db, SQLITE_OPEN_READONLY, NULL) == SQLITE_OK &&
        sqlite3_prepare_v2(db, sql, -1, &q, NULL) == SQLITE_OK && sqlite3_step(q) == SQLITE_ROW)
        answer = sqlite3_column_int64(q, 0);
    else
        fprintf(stderr, "%s: %s\n", sql, sqlite3_errmsg(db));
    sqlite3_finalize(q);
    sqlite3_close(db);
    return answer;
}
