#include "server/domain/signup_watch.h"

#include <string.h>

#include "queries.h"
#include "server/domain/audit.h"
#include "server/domain/limits.h"
#include "server/domain/mail.h"
#include "server/domain/ranges.h"
#include "server/net/networks.h"

#define ADMINS_MAX 20 /* of those who are told: as the query has it */

/* ---- words ----------------------------------------------------------------------------------- */

static void write_age(struct writer *w, int64_t age_ms)
{
    int64_t days = age_ms < 0 ? 0 : age_ms / DAY_MS;
    writer_decimal(w, days);
    writer_str(w, days == 1 ? STR(" day old") : STR(" days old"));
}

/* "192.0.2.7 in 192.0.2.0/24, amazon (datacentre; list x4bnet, 12 days old)" */
static void write_hit(struct writer *w, const uint8_t *peer, const struct range_hit *hit,
                      int64_t now_ms)
{
    network_write(w, peer, 128);
    writer_str(w, STR(" in "));
    network_write(w, hit->first, hit->prefix);
    writer_str(w, STR(", "));
    writer_str(w, hit->provider.len == 0 ? STR("provider not named") : hit->provider);
    writer_str(w, STR(" ("));
    writer_str(w, range_kind_name(hit->kind));
    writer_str(w, STR("; list "));
    writer_str(w, hit->list);
    writer_str(w, STR(", "));
    write_age(w, now_ms - hit->loaded_at_ms);
    writer_str(w, STR(")"));
}

/* ---- mails ----------------------------------------------------------------------------------- */

struct admins {
    struct {
        int64_t id;
        uint8_t email[EMAIL_MAX];
        size_t email_len;
    } list[ADMINS_MAX];
    size_t count;
};

static enum err find_admins(struct domain *d, struct admins *out)
{
    struct cursor cursor;
    struct sql_account_admins_row row;
    out->count = 0;
    TRY(sql_account_admins(d->store, &cursor));
    while (sql_account_admins_next(&cursor, &row)) {
        if (out->count == ADMINS_MAX || row.email.len > EMAIL_MAX)
            continue;
        out->list[out->count].id = row.id;
        out->list[out->count].email_len = row.email.len;
        memcpy(out->list[out->count++].email, row.email.ptr, row.email.len);
    }
    return cursor_end(&cursor);
}

static enum err tell(struct domain *d, const struct admins *admins, struct str detail)
{
    for (size_t i = 0; i < admins->count; i++) {
        struct mail_note note = {
            .kind = MAIL_WATCH,
            .to = str_from(admins->list[i].email, admins->list[i].email_len),
            .account_id = admins->list[i].id,
            .detail = detail,
        };
        TRY(mail_add(d, &note));
    }
    return OK;
}

/* ---- the hour -------------------------------------------------------------------------------- */

/* A clock that was set back begins a new hour too. */
static bool hour_is_over(const struct sql_signup_watch_get_row *hour, int64_t now_ms)
{
    return now_ms - hour->hour_begun_ms >= HOUR_MS || now_ms < hour->hour_begun_ms;
}

static enum err end_hour(struct domain *d, const struct admins *admins,
                         struct sql_signup_watch_get_row *hour)
{
    uint8_t text[MAIL_DETAIL_MAX];
    struct writer w = writer_into(text, sizeof text);
    if (hour->untold > 0) {
        writer_decimal(&w, hour->untold);
        writer_str(&w, STR(" more from such networks since the mail before this one"));
        TRY(tell(d, admins, str_from(text, w.len)));
    }
    *hour = (struct sql_signup_watch_get_row){.hour_begun_ms = d->now_ms};
    return OK;
}

/* The first of an hour is always told, however many admins there are. */
static bool may_tell(const struct sql_signup_watch_get_row *hour, size_t admins)
{
    return hour->told == 0 || hour->told + (int64_t)admins <= SIGNUP_WATCH_MAILS;
}

static enum err tell_or_count(struct domain *d, struct str detail)
{
    static struct admins admins;
    struct sql_signup_watch_get_row hour;
    TRY(find_admins(d, &admins));
    if (admins.count == 0)
        return OK;
    TRY(sql_signup_watch_get(d->store, &hour));
    if (hour_is_over(&hour, d->now_ms))
        TRY(end_hour(d, &admins, &hour));
    /* Once one was left unsaid the others are too, so that the sum is of what came last. */
    if (hour.untold == 0 && may_tell(&hour, admins.count)) {
        TRY(tell(d, &admins, detail));
        hour.told += (int64_t)admins.count;
    } else {
        hour.untold++;
    }
    return sql_signup_watch_set(d->store, hour.hour_begun_ms, hour.told, hour.untold);
}

enum err signup_watch(struct domain *d, struct str email, const uint8_t peer[static PEER_LEN])
{
    uint8_t text[MAIL_DETAIL_MAX];
    struct writer w = writer_into(text, sizeof text);
    struct range_hit hit;
    if (!ranges_find(d->ranges, peer, &hit))
        return OK;
    writer_str(&w, email);
    writer_str(&w, STR(" from "));
    size_t address_at = w.len;
    write_hit(&w, peer, &hit, d->now_ms);
    struct str detail = str_from(text, w.len);
    TRY(audit_add(d, 0, STR("signup.watched"), email, str_slice(detail, address_at, detail.len)));
    return tell_or_count(d, detail);
}

enum err signup_watch_tick(struct domain *d)
{
    static struct admins admins;
    struct sql_signup_watch_get_row hour;
    TRY(sql_signup_watch_get(d->store, &hour));
    if (hour.untold == 0 || !hour_is_over(&hour, d->now_ms))
        return OK;
    TRY(find_admins(d, &admins));
    TRY(end_hour(d, &admins, &hour));
    return sql_signup_watch_set(d->store, hour.hour_begun_ms, hour.told, hour.untold);
}
