/* A build without npm knows no words: nothing is found in an empty table. */
#include "server/domain/word_table.h"

static const uint32_t starts[] = {0};

const struct word_table common_passwords = {(const uint8_t *)"", starts, 0};
const struct word_table disposable_domains = {(const uint8_t *)"", starts, 0};
