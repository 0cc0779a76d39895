#include "server/domain/mail_queue.h"

#include <string.h>

#include "queries.h"
#include "server/domain/limits.h"
#include "server/domain/mail_token.h"

int64_t mail_pause_ms(int64_t attempt)
{
    static const int64_t minutes[] = {1, 5, 15, 60};
    size_t last = sizeof minutes / sizeof minutes[0];
    size_t at = attempt < 1 ? 1 : attempt > (int64_t)last ? last : (size_t)attempt;
    return minutes[at - 1] * MINUTE_MS;
}

enum err mail_queue_load(struct domain *d)
{
    return sql_mail_interrupted(d->store, d->now_ms + MAIL_LOST_MS, MAIL_LOST_MAX);
}

enum err mail_queue_due(struct domain *d, int64_t *ids, size_t max, size_t *count)
{
    struct cursor cursor;
    struct sql_mail_due_row row;
    *count = 0;
    TRY(sql_mail_due(d->store, d->now_ms, (int64_t)max, &cursor));
    while (sql_mail_due_next(&cursor, &row)) {
        if (*count < max)
            ids[(*count)++] = row.id;
    }
    return cursor_end(&cursor);
}

enum err mail_take(struct domain *d, struct arena *a, int64_t id, struct mail_due *out)
{
    struct sql_mail_get_row row;
    struct mail_due m = {.id = id};
    TRY(sql_mail_get(d->store, a, id, &row));
    if (row.expires_at_ms <= d->now_ms) {
        TRY(mail_queue_tidy(d));
        return ERR_NOT_FOUND;
    }
    if (mail_kind_read(row.kind, &m.kind) != OK || row.peer.len != PEER_LEN) {
        TRY(mail_give_up(d, id, STR("this version does not know such mails")));
        return ERR_PEER;
    }
    m.to = row.recipient;
    m.account_id = row.account_id;
    m.subject_id = row.subject_id;
    m.detail = row.detail;
    memcpy(m.peer, row.peer.ptr, PEER_LEN);
    m.created_at_ms = row.created_at_ms;
    m.expires_at_ms = row.expires_at_ms;
    TRY(sql_mail_take(d->store, id, d->now_ms + mail_pause_ms(row.attempts + 1)));
    *out = m;
    return OK;
}

enum err mail_delivered(struct domain *d, int64_t id)
{
    return sql_mail_drop(d->store, id);
}

static enum err again(struct domain *d, int64_t id, struct str why, bool is_lost)
{
    struct sql_mail_attempts_row row;
    enum err e = sql_mail_attempts(d->store, id, &row);
    if (e == ERR_NOT_FOUND)
        return OK;
    TRY(e);
    bool is_soon = is_lost && row.attempts <= MAIL_LOST_MAX;
    int64_t next_ms = d->now_ms + (is_soon ? MAIL_LOST_MS : mail_pause_ms(row.attempts));
    return sql_mail_again(d->store, id, next_ms, why);
}

enum err mail_try_again(struct domain *d, int64_t id, struct str why)
{
    return again(d, id, why, false);
}

enum err mail_lost(struct domain *d, int64_t id, struct str why)
{
    return again(d, id, why, true);
}

enum err mail_give_up(struct domain *d, int64_t id, struct str why)
{
    return sql_mail_fail(d->store, id, d->now_ms, why);
}

enum err mail_queue_tidy(struct domain *d)
{
    TRY(sql_mail_expire(d->store, d->now_ms));
    TRY(sql_mail_not_so_late(d->store, d->now_ms + HOUR_MS + MINUTE_MS, d->now_ms));
    TRY(sql_mail_forget(d->store, d->now_ms - MAIL_FAILED_MS, MAILS_FAILED_MAX));
    return mail_token_expire(d);
}

enum err mail_retry(struct domain *d, int64_t id)
{
    TRY(sql_mail_retry(d->store, id, d->now_ms, MAIL_TOKEN_RESET_MS));
    return store_changes(d->store) == 0 ? ERR_NOT_FOUND : OK;
}

enum err mail_drop(struct domain *d, int64_t id)
{
    TRY(sql_mail_drop(d->store, id));
    return store_changes(d->store) == 0 ? ERR_NOT_FOUND : OK;
}
