/* The switches of a Linux device: GPIO lines where they were named, files otherwise.
 *
 * Owns:     the requested GPIO lines; the directory STATE/switches.
 * Promise:  a file switch is STATE/switches/NAME holding "on" or "off", replaced as a whole, so
 * that any script may read it, or write it: the change is then reported. Source:   libgpiod 1.6,
 * gpiod.h. Watch:    a GPIO switch starts as the file says it last was, off when there is none. */
#ifndef OC_POSIX_SWITCHES_H
#define OC_POSIX_SWITCHES_H

#include "common/base/str.h"

#define SWITCHES_MAX    32
#define SWITCH_NAME_MAX 32

struct gpiod_chip;
struct gpiod_line;

struct one_switch {
    char name[SWITCH_NAME_MAX + 1];
    char chip[40]; /* empty: a file only */
    unsigned line;
    bool is_active_low;
    bool is_on;
    struct gpiod_chip *gpio_chip;
    struct gpiod_line *gpio_line;
};

struct switches {
    int dir;
    size_t count;
    struct one_switch list[SWITCHES_MAX];
};

/* "NAME" or "NAME=gpiochip0:LINE[:active-low]". ERR_PEER: malformed; ERR_CONFLICT: named twice;
 * ERR_LIMIT: too many. */
MUST_CHECK enum err switches_add(struct switches *s, const char *text);

/* Bring them up in state directory `dir`. On failure why says what to do. */
MUST_CHECK enum err switches_open(struct switches *s, int dir, char *why, size_t why_cap);
void switches_close(struct switches *s);

MUST_CHECK enum err switches_set(struct switches *s, struct str name, bool on);

/* Did somebody write a file? Follows it; true when one changed. */
bool switches_follow(struct switches *s);

#endif
