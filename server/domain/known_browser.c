#include "server/domain/known_browser.h"

#include "queries.h"
#include "server/domain/limits.h"

enum err known_browser_is(struct domain *d, int64_t account_id, struct str cookie,
                          uint8_t digest[static SHA256_LEN], bool *is_known)
{
    struct sql_known_browser_find_row row;
    *is_known = false;
    if (credential_digest(CREDENTIAL_KNOWN_BROWSER, cookie, digest) != OK)
        return OK;
    enum err e = sql_known_browser_find(d->store, account_id, str_from(digest, SHA256_LEN),
                                        d->now_ms - KNOWN_BROWSER_MS, &row);
    *is_known = e == OK;
    return e == ERR_NOT_FOUND ? OK : e;
}

enum err known_browser_renew(struct domain *d, int64_t account_id, struct str cookie,
                             struct credential *out)
{
    uint8_t digest[SHA256_LEN];
    credential_make(d, CREDENTIAL_KNOWN_BROWSER, out);
    struct str fresh = str_from(out->digest, sizeof out->digest);
    if (credential_digest(CREDENTIAL_KNOWN_BROWSER, cookie, digest) == OK)
        TRY(sql_known_browser_rename(d->store, str_from(digest, sizeof digest), fresh));
    TRY(sql_known_browser_add(d->store, account_id, fresh, d->now_ms));
    return sql_known_browser_trim(d->store, account_id, KNOWN_BROWSERS_PER_OWNER);
}

enum err known_browser_forget(struct domain *d, int64_t account_id)
{
    return sql_known_browser_forget(d->store, account_id);
}

enum err known_browser_expire(struct domain *d)
{
    return sql_known_browser_expire(d->store, d->now_ms - KNOWN_BROWSER_MS);
}
