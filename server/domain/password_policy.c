#include "server/domain/password_policy.h"

#include <string.h>

#include <zxcvbn.h>

#include "common/crypto/crypto.h"
#include "server/domain/limits.h"
#include "server/domain/word_table.h"

#define PRODUCT       STR("oceanremote")
#define PART_LEAST    4 /* shorter parts of an address stand in half of all words by chance */
#define FOLDED_LEAST  8 /* the same, where spaces and points are looked past */
#define HINTS_MAX     8
#define HINT_TEXT_MAX (EMAIL_MAX + 1)

/* ---- text ------------------------------------------------------------------------------------ */

static uint8_t lower(uint8_t c)
{
    return c >= 'A' && c <= 'Z' ? (uint8_t)(c + ('a' - 'A')) : c;
}

static bool is_joint(uint8_t c)
{
    return c < 0x80 && !(lower(c) >= 'a' && lower(c) <= 'z') && !(c >= '0' && c <= '9');
}

/* Small letters; without what stands between words, if asked. */
static struct str fold(struct str s, bool joined, uint8_t *out)
{
    size_t len = 0;
    for (size_t i = 0; i < s.len; i++) {
        if (!joined || !is_joint(s.ptr[i]))
            out[len++] = lower(s.ptr[i]);
    }
    return str_from(out, len);
}

static bool contains(struct str s, struct str part)
{
    for (size_t i = 0; part.len > 0 && i + part.len <= s.len; i++) {
        if (memcmp(s.ptr + i, part.ptr, part.len) == 0)
            return true;
    }
    return false;
}

static size_t characters(struct str s)
{
    size_t count = 0;
    for (size_t i = 0; i < s.len; i++)
        count += (s.ptr[i] & 0xC0) != 0x80; /* every byte but the first begins with 10 */
    return count;
}

/* ---- what everybody may know ------------------------------------------------------------------
 */

/* The password in small letters, and the same without spaces and points. */
struct views {
    uint8_t plain_bytes[PASSWORD_MAX], joined_bytes[PASSWORD_MAX];
    struct str plain, joined;
};

static bool shows(const struct views *v, struct str known)
{
    uint8_t bytes[EMAIL_MAX];
    struct str plain = fold(str_slice(known, 0, sizeof bytes), false, bytes);
    if (plain.len >= PART_LEAST && contains(v->plain, plain))
        return true;
    struct str joined = fold(str_slice(known, 0, sizeof bytes), true, bytes);
    return joined.len >= FOLDED_LEAST && contains(v->joined, joined);
}

/* The local part, and each name of the host but the last: "example" of example.org. */
static bool shows_address(const struct views *v, struct str email)
{
    struct str local, host, name;
    if (!str_cut(email, '@', &local, &host))
        return false;
    if (shows(v, local))
        return true;
    while (str_cut(host, '.', &name, &host)) {
        if (shows(v, name))
            return true;
    }
    return false;
}

/* ---- strength -------------------------------------------------------------------------------- */

/* Words of the account for the estimate: it finds them written in other ways, too (4d4). */
struct hints {
    char text[HINT_TEXT_MAX];
    size_t used;
    const char *words[HINTS_MAX + 1]; /* NULL at the end */
    size_t count;
};

static void hint_add(struct hints *h, struct str word)
{
    if (word.len < 3 || h->count == HINTS_MAX || h->used + word.len + 1 > sizeof h->text)
        return;
    char *at = h->text + h->used;
    memcpy(at, word.ptr, word.len);
    at[word.len] = 0;
    h->words[h->count++] = at;
    h->used += word.len + 1;
}

static void hints_of(struct str email, struct hints *h)
{
    size_t from = 0;
    for (size_t i = 0; i <= email.len && email.len <= EMAIL_MAX; i++) {
        if (i < email.len && !is_joint(email.ptr[i]))
            continue;
        hint_add(h, str_slice(email, from, i - from));
        from = i + 1;
    }
}

/* What each kind of match is called. Characters that match nothing are no fault of their own. */
static enum password_fault fault_of_match(ZxcTypeMatch_t type)
{
    switch ((unsigned)type & ~(unsigned)MULTIPLE_MATCH) {
    case DICTIONARY_MATCH:
    case DICT_LEET_MATCH: return PASSWORD_WORDS;
    case USER_MATCH:
    case USER_LEET_MATCH: return PASSWORD_HAS_ADDRESS;
    case REPEATS_MATCH: return PASSWORD_REPEATS;
    case SEQUENCE_MATCH: return PASSWORD_SEQUENCE;
    case SPATIAL_MATCH: return PASSWORD_KEYBOARD;
    case DATE_MATCH:
    case YEAR_MATCH: return PASSWORD_DATE;
    default: return PASSWORD_GUESSABLE;
    }
}

/* A part that is repeated is told as a repetition, whatever it is made of. */
static enum password_fault fault_of_part(const ZxcMatch_t *m)
{
    bool is_repeated = ((unsigned)m->Type & (unsigned)MULTIPLE_MATCH) != 0;
    return is_repeated ? PASSWORD_REPEATS : fault_of_match(m->Type);
}

/* The one that most characters have. */
static enum password_fault most_of(const ZxcMatch_t *info)
{
    int covered[PASSWORD_FAULT_COUNT] = {0};
    enum password_fault most = PASSWORD_GUESSABLE;
    for (const ZxcMatch_t *m = info; m != NULL; m = m->Next)
        covered[fault_of_part(m)] += m->Length;
    for (enum password_fault f = PASSWORD_GOOD; f < PASSWORD_FAULT_COUNT; f++) {
        if (covered[f] > covered[most])
            most = f;
    }
    return most;
}

static enum password_fault judge_strength(struct str password, struct str email)
{
    char text[PASSWORD_JUDGED + 1];
    struct hints hints = {.used = 0};
    ZxcMatch_t *info = NULL;
    struct str judged = str_slice(password, 0, PASSWORD_JUDGED);
    for (size_t i = 0; i < judged.len; i++)
        text[i] = judged.ptr[i] == 0 ? ' ' : (char)judged.ptr[i];
    text[judged.len] = 0;
    hints_of(email, &hints);
    double bits = ZxcvbnMatch(text, hints.words, &info);
    enum password_fault fault = bits < PASSWORD_BITS_LEAST ? most_of(info) : PASSWORD_GOOD;
    ZxcvbnFreeInfo(info);
    wipe(text, sizeof text);
    return fault;
}

/* ---- the judgement --------------------------------------------------------------------------- */

static enum password_fault judge_text(struct str password, size_t least)
{
    if (password.len > PASSWORD_MAX)
        return PASSWORD_TOO_LONG;
    if (!str_is_utf8(password))
        return PASSWORD_NO_TEXT;
    return characters(password) < least ? PASSWORD_TOO_SHORT : PASSWORD_GOOD;
}

static enum password_fault judge_content(const struct views *v, struct str password,
                                         struct str email)
{
    if (word_table_has(&common_passwords, v->plain))
        return PASSWORD_COMMON;
    if (shows_address(v, email))
        return PASSWORD_HAS_ADDRESS;
    return shows(v, PRODUCT) ? PASSWORD_HAS_PRODUCT : judge_strength(password, email);
}

enum password_fault password_judge(struct str password, struct str email, size_t least)
{
    struct views v;
    enum password_fault fault = judge_text(password, least);
    if (fault != PASSWORD_GOOD)
        return fault;
    v.plain = fold(password, false, v.plain_bytes);
    v.joined = fold(password, true, v.joined_bytes);
    fault = judge_content(&v, password, email);
    wipe(&v, sizeof v);
    return fault;
}

const char *password_fault_words(enum password_fault fault)
{
    static const char *const words[] = {
#define PASSWORD_FAULT(fault, text) [fault] = (text),
        PASSWORD_FAULTS(PASSWORD_FAULT)
#undef PASSWORD_FAULT
    };
    return words[fault];
}
