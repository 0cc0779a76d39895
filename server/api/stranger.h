/* What somebody who is not signed in shows before we do anything for them: a form of ours, some
 * seconds old, with work done on it.
 *
 * Owns:     nothing; spent forms and the pace are the api's.
 * Promise:  a script pays some hundred milliseconds of a processor for each request, we some
 *           microseconds to see whether it has; a form is good once, from FORM_LEAST_MS to
 *           FORM_MOST_MS, and for nothing that was made before the core's start.
 * Source:   SECURITY.md row U3; api/openapi.yaml, GET /api/v1/registration-form.
 * Watch:    shown before the first question (errand.h), spent after the last: of two requests with
 *           the same form, the first to have all its answers wins. */
#ifndef OC_API_STRANGER_H
#define OC_API_STRANGER_H

#include "server/api/call.h"
#include "server/domain/challenge.h"
#include "server/domain/mail.h"

/* False after 403: scanners have been seen at this address. */
bool stranger_is_heard(struct call *c);

/* "form" and "work" of the body. False after 422 field=form. */
bool stranger_shows_work(struct call *c, struct challenge *out);

/* The form is good no more, and it counts for what the next ones ask. */
void stranger_is_served(struct call *c, const struct challenge *form);

/* A normalised address of the body. False after 422 field=email. */
bool stranger_email(struct call *c, struct str *out);

/* The same for an address that is to become an account's: addresses that are thrown away after use
 * may be refused, or *warning is what to say about them; NULL: nothing. */
bool stranger_new_email(struct call *c, struct str *out, const char **warning);

/* "Firefox on Linux", in the arena: what the mail says about who asked for it. */
struct str stranger_browser(struct call *c);

/* 202 with an empty object, or a warning: the answer to all that may or may not have sent a mail.
 * The warning is about what was asked, never about what is known. */
void answer_taken(struct call *c, const char *warning);

#endif
