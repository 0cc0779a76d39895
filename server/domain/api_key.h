/* Keys for an owner's scripts.
 *
 * Owns:     the api_key table.
 * Promise:  shown once, kept as a digest; a key can do what its scope says and nothing to the
 *           account itself.
 * Source:   SECURITY.md row A1.
 * Watch:    scopes are ordered: a larger one includes the smaller. */
#ifndef OC_DOMAIN_API_KEY_H
#define OC_DOMAIN_API_KEY_H

#include "server/domain/credential.h"
#include "server/domain/domain.h"

enum scope {
    SCOPE_READ = 1, /* look */
    SCOPE_CONTROL,  /* and switch */
    SCOPE_MANAGE,   /* and add, rename, delete devices */
};

/* "read", "control", "manage". ERR_PEER for anything else. */
MUST_CHECK enum err scope_read(struct str text, enum scope *out);
struct str scope_name(enum scope scope);

struct api_key {
    int64_t id;
    int64_t account_id;
    enum scope scope;
};
#define API_KEY_FOR_EVER 0

/* days: how long it is good, at most API_KEY_DAYS_MAX, or API_KEY_FOR_EVER. ERR_PEER: name not
 * acceptable. ERR_LIMIT: API_KEYS_PER_OWNER reached. */
MUST_CHECK enum err api_key_add(struct domain *d, int64_t account_id, struct str name,
                                enum scope scope, int64_t days, struct credential *key,
                                int64_t *id);

/* ERR_DENIED: unknown. ERR_CONFLICT: its time is over. */
MUST_CHECK enum err api_key_find(struct domain *d, struct str key, struct api_key *out);

/* ERR_NOT_FOUND: not this owner's. */
MUST_CHECK enum err api_key_remove(struct domain *d, int64_t account_id, int64_t id);

/* Text people typed: 1 to max characters of UTF-8 without control characters. */
bool label_is_valid(struct str text, size_t max);

#endif
