/* The settings that rules about accounts go by.
 *
 * Owns:     nothing.
 * Promise:  the defaults are the safe ones; text is always ended by a NUL.
 * Source:   server/process/config.c for names, bounds and meaning.
 * Watch:    links in mails begin with url and never with what a request calls itself: a forged Host
 *           would lead whoever clicks to somebody else. */
#ifndef OC_DOMAIN_RULES_H
#define OC_DOMAIN_RULES_H

#include "common/base/reader.h"
#include "common/base/writer.h"

#define RULES_TEXT_MAX 280

enum registration_rule {
    REGISTRATION_OPEN,
    REGISTRATION_CLOSED, /* accounts are made with `oceanremote user add` */
};

enum disposable_rule {
    DISPOSABLE_WARN,
    DISPOSABLE_REFUSE,
    DISPOSABLE_ALLOW,
};

enum factor_rule {
    FACTOR_OPTIONAL,
    FACTOR_FOR_ADMINS,
    FACTOR_FOR_ALL,
};

enum unreachable_rule {
    UNREACHABLE_REFUSE,
    UNREACHABLE_ACCEPT,
};

struct account_rules {
    int64_t registration;          /* enum registration_rule */
    int64_t password_min;          /* characters */
    int64_t disposable_mail;       /* enum disposable_rule */
    int64_t second_factor;         /* enum factor_rule */
    int64_t turnstile_unreachable; /* enum unreachable_rule */
    int64_t has_url;               /* url was set, not made of the first listener */
    int64_t has_turnstile;         /* both its keys are set */
    char turnstile_site_key[RULES_TEXT_MAX];
    char url[RULES_TEXT_MAX];       /* https://HOST[:PORT], without a slash at its end */
    char mail_from[RULES_TEXT_MAX]; /* the address that mails come from */
};

/* What holds when nothing is set, on a server of one machine: for tests. */
struct account_rules account_rules_default(void);

/* As part of a process's configuration. */
void account_rules_write(struct writer *w, const struct account_rules *rules);
MUST_CHECK enum err account_rules_read(struct reader *r, struct account_rules *out);

#endif
