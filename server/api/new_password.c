#include "server/api/new_password.h"

#include <stdio.h>

#include "server/api/errand.h"
#include "server/api/input.h"

static size_t characters_of(struct str text)
{
    size_t count = 0;
    for (size_t i = 0; i < text.len; i++)
        count += (text.ptr[i] & 0xC0) != 0x80; /* every byte but the first begins with 10 */
    return count;
}

static bool is_long_enough(struct call *c, struct str password)
{
    char detail[120];
    int64_t least = c->d->rules->password_min;
    if (password.len <= PASSWORD_MAX && (int64_t)characters_of(password) >= least)
        return true;
    snprintf(detail, sizeof detail,
             "A password has %lld characters or more, any you like, and %d bytes at most.",
             (long long)least, PASSWORD_MAX);
    answer_invalid(c, "password", detail);
    return false;
}

bool new_password(struct call *c, struct str email, bool is_known, struct str *hash)
{
    struct str password;
    struct hash_answer answer;
    if (!input_string(c, "password", &password) || !is_long_enough(c, password))
        return false;
    struct hash_question q = {.fresh = password, .fresh_email = email, .goes_first = is_known};
    if (!hash_ask(c, &q, &answer))
        return false;
    if (answer.fault != PASSWORD_GOOD) {
        answer_invalid(c, "password", password_fault_words(answer.fault));
        return false;
    }
    *hash = answer.made;
    return true;
}
