/* The limits that an operator may set: one row each, with bounds, default and meaning.
 *
 * Owns:     nothing.
 * Promise:  the defaults are those of the security page; every limit is enforced with no setting.
 * Source:   SECURITY.md rows S2, A4, D8, U3, S3.
 * Watch:    a larger number is a weaker limit: the server says so at every start. */
#ifndef OC_LIMIT_RULES_H
#define OC_LIMIT_RULES_H

#include "common/base/reader.h"
#include "common/base/writer.h"

#define LIMIT_HUGE        1000000000
#define BAN_HOURS_DEFAULT 24

/* member, least, most, default, meaning. "Address" is an IPv4 address or an IPv6 /64. */
/* clang-format off */
#define LIMIT_RULES(ROW) \
    ROW(connections_per_address, 1, LIMIT_HUGE,     10, "connections of one address that nobody has signed in on") \
    ROW(handshakes_per_s,        1, LIMIT_HUGE,     10, "new connections a second from one address") \
    ROW(api_per_s,               1, LIMIT_HUGE,     20, "requests a second from one address, not signed in") \
    ROW(login_per_min,           1, LIMIT_HUGE,      5, "sign-ins a minute from one address") \
    ROW(account_logins_per_10min,1,LIMIT_HUGE,      10, "sign-ins in ten minutes to one account, from browsers that are not known to it") \
    ROW(codes_per_15min,         1, LIMIT_HUGE,      5, "wrong codes of a second factor in 15 minutes for one account") \
    ROW(register_per_min,        1, LIMIT_HUGE,      2, "registrations a minute from one address") \
    ROW(register_per_10min,      1, LIMIT_HUGE,      6, "registrations in ten minutes from one address") \
    ROW(admin_per_15min,         1, LIMIT_HUGE,     10, "admin sign-ins in 15 minutes from one address") \
    ROW(connections_per_device,  1, LIMIT_HUGE,      4, "connections of one device") \
    ROW(connections_per_account, 1, LIMIT_HUGE,    100, "connections of one account, its keys included") \
    ROW(device_per_s,            1, LIMIT_HUGE,     10, "requests a second of one device") \
    ROW(device_per_day,        100, LIMIT_HUGE, 200000, "requests a day of one device") \
    ROW(account_per_s,           1, LIMIT_HUGE,     50, "requests a second of one account's browsers") \
    ROW(key_per_s,               1, LIMIT_HUGE,     20, "requests a second of one API key")
/* clang-format on */

struct limit_rules {
#define LIMIT_MEMBER(member, least, most, normal, meaning) int64_t member;
    LIMIT_RULES(LIMIT_MEMBER)
#undef LIMIT_MEMBER
    int64_t ban_hours; /* for whoever asks for bait; 0: only audited */
    int64_t dry_run;   /* 1: log what would be refused, and let it pass */
};

/* What holds when nothing is set. */
struct limit_rules limit_rules_default(void);

/* As part of a process's configuration. */
void limit_rules_write(struct writer *w, const struct limit_rules *rules);
struct limit_rules limit_rules_read(struct reader *r);

#endif
