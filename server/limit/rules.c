#include "server/limit/rules.h"

struct limit_rules limit_rules_default(void)
{
    return (struct limit_rules){
#define NORMAL(member, least, most, normal, meaning) .member = (normal),
        LIMIT_RULES(NORMAL)
#undef NORMAL
            .ban_hours = BAN_HOURS_DEFAULT,
    };
}

void limit_rules_write(struct writer *w, const struct limit_rules *rules)
{
#define WRITE(member, least, most, normal, meaning) writer_u64(w, (uint64_t)rules->member);
    LIMIT_RULES(WRITE)
#undef WRITE
    writer_u64(w, (uint64_t)rules->ban_hours);
    writer_u64(w, (uint64_t)rules->dry_run);
}

struct limit_rules limit_rules_read(struct reader *r)
{
    struct limit_rules rules = {0};
#define READ(member, least, most, normal, meaning) rules.member = (int64_t)reader_u64(r);
    LIMIT_RULES(READ)
#undef READ
    rules.ban_hours = (int64_t)reader_u64(r);
    rules.dry_run = (int64_t)reader_u64(r);
    return rules;
}
