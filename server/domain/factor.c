#include "server/domain/factor.h"

#include "common/base/encoding.h"
#include "common/crypto/crypto.h"
#include "queries.h"
#include "server/domain/account.h"
#include "server/domain/audit.h"

#define RECOVERY_LEN    10 /* bytes: 80 bits */
#define RECOVERY_DIGITS 16

/* ---- who has what ---------------------------------------------------------------------------- */

enum err factors_of(struct domain *d, int64_t account_id, struct factors *out)
{
    struct sql_factors_of_row row;
    TRY(sql_factors_of(d->store, account_id, &row));
    *out = (struct factors){.totp_since_ms = row.totp_since_ms,
                            .passkeys = row.passkeys,
                            .recovery_codes = row.recovery_codes};
    if (d->rules != NULL)
        out->is_required = d->rules->second_factor == FACTOR_FOR_ALL ||
                           (d->rules->second_factor == FACTOR_FOR_ADMINS && row.is_admin == 1);
    return OK;
}

bool factors_has_one(const struct factors *f)
{
    return f->totp_since_ms != 0 || f->passkeys > 0;
}

enum err factors_may_lose_one(struct domain *d, int64_t account_id)
{
    struct factors f;
    TRY(factors_of(d, account_id, &f));
    return f.is_required && (f.totp_since_ms != 0) + f.passkeys <= 1 ? ERR_CONFLICT : OK;
}

enum err factors_lost_one(struct domain *d, int64_t account_id)
{
    struct factors f;
    TRY(factors_of(d, account_id, &f));
    return factors_has_one(&f) ? OK : sql_recovery_code_drop(d->store, account_id);
}

/* ---- authenticator apps ---------------------------------------------------------------------- */

enum err totp_begin(struct domain *d, int64_t account_id, struct str sealed)
{
    return sql_totp_begin(d->store, account_id, sealed, d->now_ms);
}

static enum err get(struct domain *d, struct arena *a, int64_t account_id,
                    struct sql_totp_get_row *row)
{
    *row = (struct sql_totp_get_row){0};
    enum err e = sql_totp_get(d->store, a, account_id, row);
    return e == ERR_NOT_FOUND ? OK : e;
}

enum err totp_pending(struct domain *d, struct arena *a, int64_t account_id, struct str *sealed)
{
    struct sql_totp_get_row row;
    TRY(get(d, a, account_id, &row));
    *sealed = row.pending_at_ms + TOTP_PENDING_MS > d->now_ms ? row.pending_sealed : STR_NONE;
    return OK;
}

enum err totp_get(struct domain *d, struct arena *a, int64_t account_id, struct totp *out)
{
    struct sql_totp_get_row row;
    TRY(get(d, a, account_id, &row));
    *out = (struct totp){.sealed = row.totp_sealed, .step = row.totp_step};
    return OK;
}

enum err totp_activate(struct domain *d, struct arena *a, int64_t account_id, int64_t step)
{
    TRY(sql_totp_activate(d->store, account_id, step, d->now_ms));
    if (store_changes(d->store) == 0)
        return ERR_CONFLICT;
    TRY(audit_add(d, account_id, STR("factor.added"), STR("authenticator app"), STR_NONE));
    return account_tell(d, a, account_id, MAIL_FACTOR_ADDED, STR("an authenticator app"));
}

enum err totp_use(struct domain *d, int64_t account_id, int64_t step)
{
    TRY(sql_totp_use(d->store, account_id, step));
    return store_changes(d->store) == 0 ? ERR_DENIED : OK;
}

enum err totp_remove(struct domain *d, struct arena *a, int64_t account_id)
{
    struct totp have;
    TRY(totp_get(d, a, account_id, &have));
    if (have.sealed.len == 0)
        return ERR_NOT_FOUND;
    TRY(factors_may_lose_one(d, account_id));
    TRY(sql_totp_remove(d->store, account_id));
    TRY(factors_lost_one(d, account_id));
    TRY(audit_add(d, account_id, STR("factor.removed"), STR("authenticator app"), STR_NONE));
    return account_tell(d, a, account_id, MAIL_FACTOR_REMOVED, STR("the authenticator app"));
}

enum err factors_forget(struct domain *d, struct arena *a, int64_t account_id)
{
    struct factors f;
    TRY(factors_of(d, account_id, &f));
    if (!factors_has_one(&f))
        return ERR_CONFLICT;
    TRY(sql_totp_remove(d->store, account_id));
    TRY(sql_passkey_remove_all(d->store, account_id));
    TRY(sql_recovery_code_drop(d->store, account_id));
    TRY(audit_add(d, account_id, STR("factors.forgotten"), STR_NONE, STR("by command")));
    return account_tell(d, a, account_id, MAIL_FACTOR_REMOVED,
                        STR("all of them, by whoever runs the server"));
}

/* ---- recovery codes -------------------------------------------------------------------------- */

/* 16 letters and digits, lower case. */
static void digest_of(const uint8_t digits[static RECOVERY_DIGITS],
                      uint8_t digest[static SHA256_LEN])
{
    sha256(str_from(digits, RECOVERY_DIGITS), digest);
}

static enum err make_one(struct domain *d, int64_t account_id,
                         uint8_t text[static RECOVERY_CODE_TEXT_LEN])
{
    uint8_t random[RECOVERY_LEN], digits[RECOVERY_DIGITS], digest[SHA256_LEN];
    d->entropy(random, sizeof random);
    struct writer w = writer_into(digits, sizeof digits);
    base32_write(&w, str_from(random, sizeof random));
    for (size_t i = 0; i < sizeof digits; i++) {
        if (digits[i] >= 'A' && digits[i] <= 'Z')
            digits[i] = (uint8_t)(digits[i] + ('a' - 'A'));
    }
    digest_of(digits, digest);
    struct writer t = writer_into(text, RECOVERY_CODE_TEXT_LEN);
    for (size_t i = 0; i < sizeof digits; i++) {
        if (i > 0 && i % 4 == 0)
            writer_u8(&t, '-');
        writer_u8(&t, digits[i]);
    }
    wipe(random, sizeof random);
    wipe(digits, sizeof digits);
    return sql_recovery_code_add(d->store, account_id, str_from(digest, sizeof digest));
}

enum err recovery_make(struct domain *d, struct arena *a, int64_t account_id,
                       struct recovery_codes *out)
{
    TRY(sql_recovery_code_drop(d->store, account_id));
    for (size_t i = 0; i < RECOVERY_CODES; i++)
        TRY(make_one(d, account_id, out->text[i]));
    TRY(audit_add(d, account_id, STR("recovery_codes.made"), STR_NONE, STR_NONE));
    return account_tell(d, a, account_id, MAIL_RECOVERY_MADE, STR_NONE);
}

/* What a person has typed, as it was when it was made. */
static enum err normalise(struct str code, uint8_t digits[static RECOVERY_DIGITS])
{
    size_t len = 0;
    for (size_t i = 0; i < code.len; i++) {
        uint8_t c = code.ptr[i];
        if (c == '-' || c == ' ')
            continue;
        if (c >= 'A' && c <= 'Z')
            c = (uint8_t)(c + ('a' - 'A'));
        bool is_digit = (c >= 'a' && c <= 'z') || (c >= '2' && c <= '7');
        if (!is_digit || len == RECOVERY_DIGITS)
            return ERR_DENIED;
        digits[len++] = c;
    }
    return len == RECOVERY_DIGITS ? OK : ERR_DENIED;
}

enum err recovery_use(struct domain *d, struct arena *a, int64_t account_id, struct str code)
{
    uint8_t digits[RECOVERY_DIGITS], digest[SHA256_LEN], text[24];
    struct writer w = writer_into(text, sizeof text);
    struct factors f;
    TRY(normalise(code, digits));
    digest_of(digits, digest);
    TRY(sql_recovery_code_use(d->store, account_id, str_from(digest, sizeof digest)));
    if (store_changes(d->store) == 0)
        return ERR_DENIED;
    TRY(factors_of(d, account_id, &f));
    writer_decimal(&w, f.recovery_codes);
    writer_str(&w, STR(" left"));
    struct str left = str_from(text, w.len);
    TRY(audit_add(d, account_id, STR("recovery_code.used"), STR_NONE, left));
    return account_tell(d, a, account_id, MAIL_RECOVERY_USED, left);
}
