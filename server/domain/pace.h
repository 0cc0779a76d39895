/* How much work a stranger's form asks for: more when many register.
 *
 * Owns:     nothing; struct pace counts what was taken in each of the last minutes.
 * Promise:  pure; WORK_BITS as a rule (a page solves it while a person types, a script pays for
 * each try), a bit more for each doubling beyond what is usual, never more than WORK_BITS_MAX,
 *           which an old phone still does within a minute.
 * Source:   Hashcash; SECURITY.md row U3.
 * Watch:    in memory: after a start the server takes the hour to be a quiet one. */
#ifndef OC_DOMAIN_PACE_H
#define OC_DOMAIN_PACE_H

#include <stdbool.h>
#include <stdint.h>

#define WORK_BITS     18
#define WORK_BITS_MAX 22
#define PACE_MINUTES  10
#define PACE_USUAL    16 /* taken in PACE_MINUTES */

struct pace {
    int64_t minute[PACE_MINUTES];
    uint32_t count[PACE_MINUTES];
};

/* One was taken. */
void pace_note(struct pace *p, int64_t now_ms);

/* How many were, in the last PACE_MINUTES. */
uint32_t pace_recent(const struct pace *p, int64_t now_ms);

/* The bits to ask for now. is_busy: passwords wait to be hashed. */
uint8_t pace_bits(const struct pace *p, int64_t now_ms, bool is_busy);

#endif
