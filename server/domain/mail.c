#include "server/domain/mail.h"

#include "queries.h"
#include "server/domain/api_key.h"
#include "server/domain/limits.h"

static const uint8_t nobody[PEER_LEN];

static const struct {
    const char *name;
    enum mail_purpose purpose;
} kinds[] = {
#define MAIL_KIND(kind, name, purpose, meaning) [kind] = {name, purpose},
    MAIL_KINDS(MAIL_KIND)
#undef MAIL_KIND
};

struct str mail_kind_name(enum mail_kind kind)
{
    return str_from_cstr(kinds[kind].name);
}

enum err mail_kind_read(struct str name, enum mail_kind *out)
{
    for (enum mail_kind k = 0; k < MAIL_KIND_COUNT; k++) {
        if (str_eq(name, mail_kind_name(k))) {
            *out = k;
            return OK;
        }
    }
    return ERR_CORRUPT;
}

enum mail_purpose mail_purpose_of(enum mail_kind kind)
{
    return kinds[kind].purpose;
}

int64_t mail_token_life_ms(enum mail_purpose purpose)
{
    return purpose == MAIL_PURPOSE_RESET ? MAIL_TOKEN_RESET_MS : MAIL_TOKEN_MS;
}

/* All that has a link, and what else a sign-up may send. */
static bool strangers_cause(enum mail_kind kind)
{
    return mail_purpose_of(kind) != MAIL_PURPOSE_NONE || kind == MAIL_SIGNUP_KNOWN ||
           kind == MAIL_WATCH;
}

enum err mail_add(struct domain *d, const struct mail_note *note)
{
    struct sql_mail_count_row waiting;
    enum mail_purpose purpose = mail_purpose_of(note->kind);
    int64_t life_ms = purpose == MAIL_PURPOSE_NONE ? MAIL_MS : mail_token_life_ms(purpose);
    if (!label_is_valid(note->to, EMAIL_MAX) ||
        (note->detail.len > 0 && !label_is_valid(note->detail, MAIL_DETAIL_MAX)))
        return ERR_PEER;
    TRY(sql_mail_count(d->store, &waiting));
    if (waiting.count >= (strangers_cause(note->kind) ? MAILS_MAX - MAILS_RESERVE : MAILS_MAX)) {
        d->mails_dropped++;
        return OK;
    }
    return sql_mail_add(d->store, mail_kind_name(note->kind), note->to, note->account_id,
                        note->subject_id, note->detail,
                        str_from(d->peer == NULL ? nobody : d->peer, PEER_LEN), d->now_ms,
                        d->now_ms + life_ms);
}
