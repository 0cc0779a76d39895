#include "server/domain/audit.h"

#include "queries.h"

static const uint8_t nobody[PEER_LEN];

enum err audit_add(struct domain *d, int64_t account_id, struct str event, struct str subject,
                   struct str detail)
{
    struct str peer = str_from(d->peer == NULL ? nobody : d->peer, PEER_LEN);
    return sql_audit_add(d->store, d->now_ms, account_id, event, subject, peer, detail);
}
