/* Password hashes in Django's format, so that a user table can move in and out.
 *
 * Owns:     nothing.
 * Promise:  pbkdf2_sha256$iterations$salt$hash; new hashes never below the floor; a hash of any
 *           count verifies, and is told apart when it should be renewed.
 * Source:   RFC 8018 section 5.2; Django 3.2 django/contrib/auth/hashers.py for the text form;
 *           OWASP ASVS 5.0 appendix C for 600,000.
 * Watch:    100 ms of one core each: only the hash pool calls password_matches/password_hash. */
#ifndef OC_DOMAIN_PASSWORD_H
#define OC_DOMAIN_PASSWORD_H

#include "common/base/str.h"
#include "common/base/writer.h"

#define PASSWORD_ITERATIONS_FLOOR   260000
#define PASSWORD_ITERATIONS_DEFAULT 600000
#define PASSWORD_ITERATIONS_MAX     10000000
#define PASSWORD_SALT_MAX           64
#define PASSWORD_HASH_TEXT_MAX      160

/* salt is random text of our own making (base64url). ERR_LIMIT when out is too small. */
void password_hash(struct str password, struct str salt, uint32_t iterations, struct writer *out);

/* ERR_DENIED when it is another password, ERR_CORRUPT when stored is not such a hash. Time depends
 * on the iteration count of stored, never on the password. */
MUST_CHECK enum err password_matches(struct str stored, struct str password);

/* A hash that no password gives, of the work of a true one: for an account that has none, and for
 * one that does not exist. */
struct str password_unusable(uint32_t iterations, uint8_t out[static PASSWORD_HASH_TEXT_MAX]);
bool password_is_unusable(struct str stored);

/* The rounds of a stored hash, 0 when it is not such a hash. */
uint32_t password_iterations_of(struct str stored);

/* Is this weaker than a new one would be? */
bool password_needs_rehash(struct str stored, uint32_t iterations);

#endif
