#include "server/api/account_end.h"

#include "server/domain/account.h"

static struct live *next_of(struct live_table *t, size_t *position, int64_t account_id)
{
    struct live *l;
    while ((l = live_next(t, position)) != NULL) {
        if (l->account_id == account_id)
            return l;
    }
    return NULL;
}

void account_end(struct api *api, int64_t account_id)
{
    struct domain *d = api->d;
    size_t position = 0;
    events_end_owner(&api->events, &api->outlet, account_id);
    for (struct live *l; (l = next_of(d->live, &position, account_id)) != NULL;) {
        holds_answer(&api->holds, &api->outlet, l, &holds_nothing_new);
        live_remove(d->live, l->device_id);
        position--; /* removing moves entries backwards into the hole */
    }
}

enum err account_end_tick(struct api *api)
{
    int64_t id;
    enum err e = account_find_retired(api->d, &id);
    if (e == ERR_NOT_FOUND)
        return OK;
    TRY(e);
    account_end(api, id); /* a command may have removed it beside us */
    return account_purge(api->d, id);
}
