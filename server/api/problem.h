/* Errors as people and programs meet them: RFC 9457 problem documents.
 *
 * Owns:     the one table from error code to status, type and title.
 * Promise:  detail says what to do; no document tells a stranger more than its status does.
 * Source:   RFC 9457; docs/protocol/errors.md lists them with cause and cure.
 * Watch:    types are a published contract: add, never change. */
#ifndef OC_API_PROBLEM_H
#define OC_API_PROBLEM_H

#include "common/base/str.h"
#include "common/wire/json.h"

enum problem_kind {
    PROBLEM_MALFORMED_REQUEST,
    PROBLEM_UNAUTHENTICATED,
    PROBLEM_CREDENTIALS_REFUSED,
    PROBLEM_CODE_NEEDED,
    PROBLEM_CODE_REFUSED,
    PROBLEM_SESSION_EXPIRED,
    PROBLEM_MAC_MISMATCH,
    PROBLEM_REGISTRATION_REFUSED,
    PROBLEM_CSRF_REFUSED,
    PROBLEM_ADDRESS_BLOCKED,
    PROBLEM_FORBIDDEN,
    PROBLEM_CONFIRMATION_NEEDED,
    PROBLEM_CONFIRMATION_PENDING,
    PROBLEM_REGISTRATION_CLOSED,
    PROBLEM_SECOND_FACTOR_REQUIRED,
    PROBLEM_NOT_FOUND,
    PROBLEM_METHOD_NOT_ALLOWED,
    PROBLEM_NOT_ACCEPTABLE,
    PROBLEM_CONFLICT,
    PROBLEM_LINK_EXPIRED,
    PROBLEM_PAYLOAD_TOO_LARGE,
    PROBLEM_UNSUPPORTED_MEDIA_TYPE,
    PROBLEM_INVALID_VALUE,
    PROBLEM_CLOCK_SKEW,
    PROBLEM_TOO_MANY_REQUESTS,
    PROBLEM_INTERNAL,
    PROBLEM_BUSY,
    PROBLEM_STORAGE_FULL,
    PROBLEM_COUNT,
};

uint16_t problem_status(enum problem_kind kind);

/* Begin the document: type, title, status, detail. The caller may add members and closes it. */
void problem_open(struct json_out *o, enum problem_kind kind, struct str detail);

/* What an error code means to the caller, and what they can do. */
enum problem_kind problem_of(enum err e);
const char *problem_advice(enum err e);

#endif
