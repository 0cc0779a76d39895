/* Which passwords are good enough, and why one is not, in words.
 *
 * Owns:     nothing.
 * Promise:  no rules of composition, any characters, spaces and emoji too. Refused is what is too
 *           short, what a guesser tries first, and what anybody can read off the account or the
 *           server. The same password gets the same answer everywhere: form, reset, command line.
 * Source:   NIST SP 800-63B section 3.1.1.2, OWASP ASVS 5.0 section 6.2; zxcvbn for the estimate.
 * Watch:    some milliseconds, in the worst case tens of them: in the server only the hash pool
 *           asks, beside a hash that takes longer. An estimate of strength is made of the first
 *           PASSWORD_JUDGED bytes, since its cost grows with the square of the length and more. */
#ifndef OC_DOMAIN_PASSWORD_POLICY_H
#define OC_DOMAIN_PASSWORD_POLICY_H

#include "common/base/str.h"

#define PASSWORD_JUDGED 48
/* 10^10 guesses. At 600,000 rounds of PBKDF2 one fast graphics card makes about 10^4 a second:
 * that is twelve days for one account's password, if the database has been stolen. */
#define PASSWORD_BITS_LEAST 33.2

/* fault, its words for whoever has typed the password */
/* clang-format off */
#define PASSWORD_FAULTS(ROW) \
    ROW(PASSWORD_GOOD,        "This password is good.") \
    ROW(PASSWORD_TOO_SHORT,   "This password is too short. A few words that do not belong together are easy to remember.") \
    ROW(PASSWORD_TOO_LONG,    "This password is too long: at most 256 bytes, which are 256 plain letters.") \
    ROW(PASSWORD_NO_TEXT,     "This password holds bytes that are no text.") \
    ROW(PASSWORD_COMMON,      "This is one of the passwords that many people have, so it is tried first.") \
    ROW(PASSWORD_HAS_ADDRESS, "This password contains a part of the mail address, which everybody may know.") \
    ROW(PASSWORD_HAS_PRODUCT, "This password contains the name of this server's software, which is guessed early.") \
    ROW(PASSWORD_WORDS,       "This password is made of a name or of frequent words, which are tried first. Add words that do not belong together.") \
    ROW(PASSWORD_DATE,        "This password is little more than a date or a year. There are few of those to try.") \
    ROW(PASSWORD_REPEATS,     "This password repeats the same characters. Repeating adds almost nothing.") \
    ROW(PASSWORD_SEQUENCE,    "This password follows the alphabet or counts, which is tried first.") \
    ROW(PASSWORD_KEYBOARD,    "This password follows the keys of the keyboard, which is tried first.") \
    ROW(PASSWORD_GUESSABLE,   "This password is too easy to guess. Make it longer: a few words that do not belong together.")
/* clang-format on */

enum password_fault {
#define PASSWORD_FAULT(fault, words) fault,
    PASSWORD_FAULTS(PASSWORD_FAULT)
#undef PASSWORD_FAULT
        PASSWORD_FAULT_COUNT,
};

/* email: as from email_normalise(), empty when there is none. least: characters, the setting
 * password.min. */
enum password_fault password_judge(struct str password, struct str email, size_t least);

/* A sentence or two, for whoever has typed it. */
const char *password_fault_words(enum password_fault fault);

#endif
