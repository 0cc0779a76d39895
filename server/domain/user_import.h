/* Accounts out of the users of another system.
 *
 * Owns:     nothing.
 * Promise:  an address that has an account keeps it as it is. A password goes on working when its
 *           hash is one of ours (password.h), whatever its rounds, and is renewed at the next
 *           sign-in; any other becomes one that nobody has, until it is reset by mail.
 * Source:   SECURITY.md row S5.
 * Watch:    all of an import is one transaction of the caller. */
#ifndef OC_DOMAIN_USER_IMPORT_H
#define OC_DOMAIN_USER_IMPORT_H

#include "server/domain/django.h"
#include "server/domain/domain.h"
#include "server/domain/limits.h"

enum import_verdict {
    IMPORT_TAKEN,
    IMPORT_TAKEN_TO_RESET, /* without a password that works */
    IMPORT_KNOWN,          /* the address has an account */
    IMPORT_TWICE,          /* an earlier user of the file has this address */
    IMPORT_NO_ADDRESS,     /* neither mail address nor a name that is one */
    IMPORT_VERDICT_COUNT,
};

struct user_import {
    bool makes_admins;
    int64_t last_before; /* the highest account there was */
    unsigned counts[IMPORT_VERDICT_COUNT];
    unsigned inactive, admins; /* of those that were taken */
};

MUST_CHECK enum err user_import_begin(struct domain *d, bool makes_admins, struct user_import *out);

/* *email: as from email_normalise(), in bytes; empty with IMPORT_NO_ADDRESS. */
MUST_CHECK enum err user_import_take(struct domain *d, struct user_import *imp,
                                     const struct django_user *u, uint8_t bytes[static EMAIL_MAX],
                                     struct str *email, enum import_verdict *verdict);

#endif
