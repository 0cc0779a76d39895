#include "server/api/holds.h"

#include "tests/check.h"
#include "tests/support/house.h"

/* A request over the only life that this link has had. */
static struct origin of(uint32_t link, uint64_t id)
{
    return (struct origin){.link = link, .life = 1, .id = id};
}

/* A list beside the table: what must be held, and what was answered. */
#define DEVICES 40

static struct house house;
static struct holds holds;
static struct kept {
    bool is_held;
    struct origin origin;
    int64_t ends_at_ms;
} kept[DEVICES];
static int answers, answered_wrongly;
static uint16_t last_status;

static void on_reply(void *ctx, struct origin to, const struct reply *reply)
{
    (void)ctx;
    bool found = false;
    for (size_t i = 0; i < DEVICES; i++) {
        if (!kept[i].is_held || kept[i].origin.link != to.link || kept[i].origin.id != to.id)
            continue;
        kept[i].is_held = false;
        found = true;
    }
    answered_wrongly += !found;
    last_status = reply->status;
    answers++;
}

static const struct outlet outlet = {.reply = on_reply};

static struct live *device(size_t i)
{
    return live_find(house.d.live, (int64_t)i + 1);
}

static void add_device(size_t i)
{
    struct live *live;
    uint8_t mac[MAC_LEN] = {0};
    HOUSE_MUST(live_add(&house.d, (int64_t)i + 1, 1, STR("dev"), mac, 10, &live));
}

static void open_holds(void)
{
    house_open(&house);
    holds_init(&holds);
    answers = answered_wrongly = 0;
    for (size_t i = 0; i < DEVICES; i++) {
        kept[i].is_held = false;
        add_device(i);
    }
}

static void close_holds(void)
{
    holds_done(&holds);
    house_close(&house);
}

static void check_against_list(void)
{
    size_t held = 0;
    for (size_t i = 0; i < DEVICES; i++) {
        struct hold *hold = holds_find(&holds, kept[i].origin);
        held += kept[i].is_held;
        if (kept[i].is_held)
            CHECK(hold != NULL && hold->device_id == (int64_t)i + 1);
        if (device(i) != NULL)
            CHECK((device(i)->hold != NULL) == kept[i].is_held);
    }
    CHECK_INT(holds.by_origin.count, held);
    CHECK_INT(answered_wrongly, 0);
}

static void hold(size_t i, struct origin origin, int64_t ends_at_ms)
{
    kept[i] = (struct kept){true, origin, ends_at_ms};
    CHECK_INT(holds_add(&holds, device(i), origin, ends_at_ms), OK);
}

static void step(size_t i, uint64_t *next_id, int64_t *now_ms)
{
    static const struct reply news = {.status = 200};
    struct origin origin = of((uint32_t)house_random(3), (*next_id)++);
    switch (house_random(8)) {
    case 0:
    case 1:
    case 2:
        if (kept[i].is_held)
            holds_answer(&holds, &outlet, device(i), &holds_nothing_new);
        hold(i, origin, *now_ms + (int64_t)house_random(3000));
        break;
    case 3: holds_answer(&holds, &outlet, device(i), &news); break;
    case 4:
        if (kept[i].is_held) {
            holds_forget(&holds, house.d.live, holds_find(&holds, kept[i].origin));
            kept[i].is_held = false;
        }
        break;
    case 5:
        if (house_random(10) != 0)
            break;
        holds_forget_link(&holds, house.d.live, origin.link, *now_ms);
        for (size_t n = 0; n < DEVICES; n++)
            kept[n].is_held = kept[n].is_held && kept[n].origin.link != origin.link;
        break;
    case 6:
    case 7: {
        size_t over = 0;
        *now_ms += (int64_t)house_random(600);
        if (*now_ms < holds.next_check_ms)
            break;
        for (size_t n = 0; n < DEVICES; n++)
            over += kept[n].is_held && kept[n].ends_at_ms <= *now_ms;
        int before = answers;
        holds_check(&holds, &outlet, house.d.live, *now_ms);
        CHECK_INT(answers - before, over);
        break;
    }
    }
}

TEST(holds__random_waiting_answering_leaving__agrees_with_a_list)
{
    uint64_t next_id = 1;
    int64_t now_ms = HOUSE_START_MS;
    open_holds();
    house_seed(11);
    for (int i = 0; i < 20000; i++) {
        step((size_t)house_random(DEVICES), &next_id, &now_ms);
        check_against_list();
    }
    holds_answer_all(&holds, &outlet, house.d.live);
    check_against_list();
    CHECK_INT(holds.by_origin.count, 0);
    close_holds();
}

TEST(holds_check__ends_with_204_and_the_device_counts_as_seen)
{
    open_holds();
    hold(0, of(0, 1), HOUSE_START_MS + 100);
    hold(1, of(0, 2), HOUSE_START_MS + 101);
    holds_check(&holds, &outlet, house.d.live, HOUSE_START_MS + 100);
    CHECK_INT(answers, 1);
    CHECK_INT(last_status, 204);
    CHECK_INT(device(0)->last_seen_ms, HOUSE_START_MS + 100);
    CHECK(device(0)->hold == NULL && device(1)->hold != NULL);
    holds_check(&holds, &outlet, house.d.live, HOUSE_START_MS + 101); /* looked at too soon */
    CHECK_INT(answers, 1);
    holds_check(&holds, &outlet, house.d.live, HOUSE_START_MS + 100 + HOLD_CHECK_MS);
    CHECK_INT(answers, 2);
    close_holds();
}

TEST(holds_relink__after_memory_was_loaded_anew__points_at_what_is_there)
{
    open_holds();
    for (size_t i = 0; i < DEVICES; i++)
        hold(i, of((uint32_t)i % 2, i), HOUSE_START_MS + 1000);
    for (size_t i = 0; i < DEVICES; i++)
        live_remove(house.d.live, (int64_t)i + 1);
    for (size_t i = 0; i < DEVICES; i += 2)
        add_device(i);
    holds_relink(&holds, &outlet, house.d.live);
    CHECK_INT(answers, DEVICES / 2); /* those whose device is no more are told "nothing new" */
    check_against_list();
    close_holds();
}

TEST(holds_find__another_link_with_the_same_id__is_another_request)
{
    open_holds();
    hold(0, of(0, 7), HOUSE_START_MS);
    CHECK(holds_find(&holds, of(1, 7)) == NULL);
    CHECK(holds_find(&holds, of(0, 8)) == NULL);
    CHECK(holds_find(&holds, of(0, 7)) == device(0)->hold);
    close_holds();
}

TESTS(holds, TEST_ROW(holds__random_waiting_answering_leaving__agrees_with_a_list),
      TEST_ROW(holds_check__ends_with_204_and_the_device_counts_as_seen),
      TEST_ROW(holds_relink__after_memory_was_loaded_anew__points_at_what_is_there),
      TEST_ROW(holds_find__another_link_with_the_same_id__is_another_request))
