/* Lists of words that are compiled in: disposable mail domains, common passwords.
 *
 * Owns:     constant data generated at build time (web/words.mjs); builds without the dashboard
 *           have empty ones.
 * Promise:  O(log n), nothing allocated, no word twice.
 * Source:   npm disposable-email-domains-js (CC0-1.0), npm @zxcvbn-ts/language-common (MIT).
 * Watch:    words are in small letters and sorted by their bytes. */
#ifndef OC_DOMAIN_WORD_TABLE_H
#define OC_DOMAIN_WORD_TABLE_H

#include "common/base/str.h"

struct word_table {
    const uint8_t *text;    /* all words, one behind the other */
    const uint32_t *starts; /* count + 1: where each begins, and where the last ends */
    size_t count;
};

extern const struct word_table common_passwords, disposable_domains;

bool word_table_has(const struct word_table *t, struct str word);

#endif
