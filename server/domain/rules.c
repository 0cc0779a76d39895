#include "server/domain/rules.h"

#include "server/domain/limits.h"

struct account_rules account_rules_default(void)
{
    return (struct account_rules){.password_min = PASSWORD_MIN,
                                  .url = "https://localhost:8443",
                                  .mail_from = "oceanremote@localhost"};
}

void account_rules_write(struct writer *w, const struct account_rules *rules)
{
    writer_u64(w, (uint64_t)rules->registration);
    writer_u64(w, (uint64_t)rules->password_min);
    writer_u64(w, (uint64_t)rules->disposable_mail);
    writer_u64(w, (uint64_t)rules->second_factor);
    writer_u64(w, (uint64_t)rules->turnstile_unreachable);
    writer_u64(w, (uint64_t)rules->has_url);
    writer_u64(w, (uint64_t)rules->has_turnstile);
    writer_str16(w, str_from_cstr(rules->turnstile_site_key));
    writer_str16(w, str_from_cstr(rules->url));
    writer_str16(w, str_from_cstr(rules->mail_from));
}

enum err account_rules_read(struct reader *r, struct account_rules *out)
{
    struct account_rules rules = {0};
    rules.registration = (int64_t)reader_u64(r);
    rules.password_min = (int64_t)reader_u64(r);
    rules.disposable_mail = (int64_t)reader_u64(r);
    rules.second_factor = (int64_t)reader_u64(r);
    rules.turnstile_unreachable = (int64_t)reader_u64(r);
    rules.has_url = (int64_t)reader_u64(r);
    rules.has_turnstile = (int64_t)reader_u64(r);
    TRY(str_to_cstr(reader_str16(r), rules.turnstile_site_key, RULES_TEXT_MAX));
    TRY(str_to_cstr(reader_str16(r), rules.url, RULES_TEXT_MAX));
    TRY(str_to_cstr(reader_str16(r), rules.mail_from, RULES_TEXT_MAX));
    *out = rules;
    return OK;
}
