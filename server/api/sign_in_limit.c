#include "server/api/sign_in_limit.h"

#include "server/api/cookie.h"
#include "server/api/rate.h"
#include "server/domain/known_browser.h"

#define KNOWN_PER_MIN 5
#define NAME_MAX      300 /* of a bucket; an address that is longer is none */

static const char out_of_tries[] =
    "There were too many tries to sign in with this e-mail address. Wait as Retry-After says; or "
    "use a browser that you have signed in with before, or a passkey, or choose a new password by "
    "mail.";

static struct str bucket_name(struct writer *w, const char *kind, struct str of)
{
    writer_str(w, str_from_cstr(kind));
    writer_str(w, str_slice(of, 0, NAME_MAX - 8));
    return str_from(w->buf, w->len);
}

static bool stranger_may(struct call *c, struct str name)
{
    uint8_t text[NAME_MAX];
    struct writer w = writer_into(text, sizeof text);
    const struct rate_rule rule = {"account-logins", c->api->limits.account_logins_per_10min, 600};
    return rate_takes(c, bucket_name(&w, "login ", name), &rule, out_of_tries);
}

static bool known_may(struct call *c, struct str digest, int64_t account_id)
{
    uint8_t text[NAME_MAX];
    struct writer w = writer_into(text, sizeof text);
    static const struct rate_rule rule = {"account-logins", KNOWN_PER_MIN, 60};
    writer_str(&w, STR("known "));
    writer_decimal(&w, account_id);
    return rate_takes(c, bucket_name(&w, " ", digest), &rule, out_of_tries);
}

enum err sign_in_allows(struct call *c, struct str name, int64_t account_id, bool *is_known,
                        bool *is_allowed)
{
    uint8_t digest[SHA256_LEN];
    struct str cookie = cookie_browser(c->request->field[FIELD_COOKIE]);
    TRY(known_browser_is(c->d, account_id, cookie, digest, is_known));
    *is_allowed =
        c->errand != NULL || (*is_known ? known_may(c, str_from(digest, sizeof digest), account_id)
                                        : stranger_may(c, name));
    return OK;
}

void sign_in_forgive(struct call *c, struct str name)
{
    uint8_t text[NAME_MAX];
    struct writer w = writer_into(text, sizeof text);
    rate_forget(c, bucket_name(&w, "login ", name));
}

bool confirmation_allows(struct call *c)
{
    uint8_t text[NAME_MAX];
    struct writer w = writer_into(text, sizeof text);
    static const struct rate_rule rule = {"confirmations", KNOWN_PER_MIN, 60};
    writer_str(&w, STR("confirm "));
    writer_decimal(&w, c->account_id);
    return c->errand != NULL ||
           rate_takes(c, str_from(text, w.len), &rule,
                      "There were too many tries to prove who you are. Wait as Retry-After says.");
}
