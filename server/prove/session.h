/* The session of the account that was given: signed in once, for all questions that need it.
 *
 * Owns:     cookie and token in struct prove.
 * Promise:  a password and a cookie go only over connections whose certificate is good.
 * Source:   api/openapi.yaml.
 * Watch:    each sign-in counts with the server's five a minute; ask() waits when it must. */
#ifndef OC_PROVE_SESSION_H
#define OC_PROVE_SESSION_H

#include "server/prove/prove.h"

#define SESSION_FIELDS_MAX (2 * COOKIE_MAX + 32)

/* False, and f says why: there is no account to sign in with. */
bool session_is_possible(struct prove *p, struct finding *f);

/* A sign-in; the answer is p->answer. */
bool session_try(struct prove *p, const char *email, struct str password, struct finding *f);

/* Signed in from now on. */
bool session_begin(struct prove *p, struct finding *f);

/* Cookie and token as header lines. */
void session_fields(const struct prove *p, char fields[static SESSION_FIELDS_MAX]);

/* A question with them; body: JSON, or NULL. */
bool session_ask(struct prove *p, const char *method, const char *path, const char *body,
                 struct finding *f);

/* The answer may have brought another cookie: it is ours from now on. */
void session_renewed(struct prove *p);

/* fields: those of the session that has ended. */
bool session_end(struct prove *p, char fields[static SESSION_FIELDS_MAX], struct finding *f);

#endif
