#include "server/domain/mail_allowance.h"

#include "queries.h"
#include "server/domain/limits.h"

enum err mail_allowance_take(struct domain *d, struct str to, enum mail_kind kind,
                             bool *may_be_sent)
{
    struct sql_mail_asked_count_row had;
    struct sql_mail_asked_span_row all;
    struct str name = mail_kind_name(kind);
    *may_be_sent = false;
    TRY(sql_mail_asked_count(d->store, to, name, d->now_ms - HOUR_MS, &had));
    TRY(sql_mail_asked_span(d->store, &all));
    if (had.count >= MAILS_ASKED_PER_HOUR || all.count >= MAILS_ASKED_MAX)
        return OK;
    *may_be_sent = true;
    return sql_mail_asked_add(d->store, to, name, d->now_ms);
}

enum err mail_allowance_expire(struct domain *d)
{
    return sql_mail_asked_expire(d->store, d->now_ms - HOUR_MS, d->now_ms + HOUR_MS);
}
