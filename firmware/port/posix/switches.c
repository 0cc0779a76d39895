#include "firmware/port/posix/switches.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#ifdef OC_WITH_GPIOD
#include <gpiod.h>
#endif

#include "firmware/port/posix/files.h"

/* ---- the option ------------------------------------------------------------------------------ */

static bool name_is_valid(struct str name)
{
    for (size_t i = 0; i < name.len; i++) {
        uint8_t c = name.ptr[i];
        bool letter = c >= 'a' && c <= 'z';
        if (!(letter || (i > 0 && ((c >= '0' && c <= '9') || c == '_'))))
            return false;
    }
    return name.len > 0 && name.len <= SWITCH_NAME_MAX;
}

/* "gpiochip0:17:active-low" */
static enum err gpio_read(struct str text, struct one_switch *out)
{
    struct str chip;
    struct str line;
    struct str mode;
    uint64_t number;
    if (!str_cut(text, ':', &chip, &line) || chip.len == 0 ||
        str_to_cstr(chip, out->chip, sizeof out->chip) != OK)
        return ERR_PEER;
    if (str_cut(line, ':', &line, &mode)) {
        if (!str_eq(mode, STR("active-low")))
            return ERR_PEER;
        out->is_active_low = true;
    }
    TRY(str_u64(line, 65535, &number));
    out->line = (unsigned)number;
    return OK;
}

static struct one_switch *find(struct switches *s, struct str name)
{
    for (size_t i = 0; i < s->count; i++) {
        if (str_eq(str_from_cstr(s->list[i].name), name))
            return &s->list[i];
    }
    return NULL;
}

enum err switches_add(struct switches *s, const char *text)
{
    struct one_switch fresh = {0};
    struct str name;
    struct str gpio;
    bool has_gpio = str_cut(str_from_cstr(text), '=', &name, &gpio);
    if (!name_is_valid(name))
        return ERR_PEER;
    if (find(s, name) != NULL)
        return ERR_CONFLICT;
    if (s->count == SWITCHES_MAX)
        return ERR_LIMIT;
    TRY(str_to_cstr(name, fresh.name, sizeof fresh.name));
    if (has_gpio)
        TRY(gpio_read(gpio, &fresh));
    s->list[s->count++] = fresh;
    return OK;
}

/* ---- GPIO ------------------------------------------------------------------------------------ */

#ifdef OC_WITH_GPIOD

static enum err gpio_open(struct one_switch *one, char *why, size_t why_cap)
{
    int flags = one->is_active_low ? GPIOD_LINE_REQUEST_FLAG_ACTIVE_LOW : 0;
    one->gpio_chip = gpiod_chip_open_lookup(one->chip);
    if (one->gpio_chip != NULL)
        one->gpio_line = gpiod_chip_get_line(one->gpio_chip, one->line);
    if (one->gpio_line == NULL ||
        gpiod_line_request_output_flags(one->gpio_line, "oceanremote", flags, one->is_on) != 0) {
        snprintf(why, why_cap, "switch %s: %s line %u: %s (see gpioinfo)", one->name, one->chip,
                 one->line, strerror(errno));
        one->gpio_line = NULL;
        return ERR_IO;
    }
    return OK;
}

static enum err gpio_set(struct one_switch *one, bool on)
{
    return gpiod_line_set_value(one->gpio_line, on) == 0 ? OK : ERR_IO;
}

static void gpio_close(struct one_switch *one)
{
    /* The line keeps its level as far as the driver allows: a restart is no reason to switch. */
    if (one->gpio_chip != NULL)
        gpiod_chip_close(one->gpio_chip);
    one->gpio_chip = NULL;
    one->gpio_line = NULL;
}

#else

static enum err gpio_open(struct one_switch *one, char *why, size_t why_cap)
{
    snprintf(why, why_cap, "switch %s: this program was built without libgpiod", one->name);
    return ERR_IO;
}

static enum err gpio_set(struct one_switch *one, bool on)
{
    (void)one, (void)on;
    return ERR_IO;
}

static void gpio_close(struct one_switch *one)
{
    (void)one;
}

#endif

/* ---- files ----------------------------------------------------------------------------------- */

/* False when the file holds neither word: then it says nothing. */
static bool file_says(const struct switches *s, const struct one_switch *one, bool *on)
{
    char buf[8];
    struct str text;
    if (files_text_read(s->dir, one->name, buf, sizeof buf, &text) != OK)
        return false;
    if (str_ends(text, STR("\n")))
        text.len--;
    *on = str_eq(text, STR("on"));
    return *on || str_eq(text, STR("off"));
}

static enum err file_write(const struct switches *s, const struct one_switch *one)
{
    return files_text_write(s->dir, one->name, one->is_on ? STR("on\n") : STR("off\n"));
}

static enum err set(struct switches *s, struct one_switch *one, bool on)
{
    if (one->chip[0] != 0)
        TRY(gpio_set(one, on));
    one->is_on = on;
    return file_write(s, one);
}

enum err switches_open(struct switches *s, int dir, char *why, size_t why_cap)
{
    s->dir = files_subdirectory(dir, "switches");
    if (s->dir < 0) {
        snprintf(why, why_cap, "switches: %s", strerror(errno));
        return ERR_IO;
    }
    for (size_t i = 0; i < s->count; i++) {
        struct one_switch *one = &s->list[i];
        one->is_on = false;
        file_says(s, one, &one->is_on);
        if (one->chip[0] != 0)
            TRY(gpio_open(one, why, why_cap));
        if (file_write(s, one) != OK) {
            snprintf(why, why_cap, "switch %s: %s", one->name, strerror(errno));
            return ERR_IO;
        }
    }
    return OK;
}

void switches_close(struct switches *s)
{
    for (size_t i = 0; i < s->count; i++)
        gpio_close(&s->list[i]);
    if (s->dir >= 0)
        close(s->dir);
    s->dir = -1;
}

enum err switches_set(struct switches *s, struct str name, bool on)
{
    struct one_switch *one = find(s, name);
    return one == NULL ? ERR_NOT_FOUND : set(s, one, on);
}

bool switches_follow(struct switches *s)
{
    bool any = false;
    for (size_t i = 0; i < s->count; i++) {
        struct one_switch *one = &s->list[i];
        bool on = one->is_on;
        if (file_says(s, one, &on) && on != one->is_on)
            any |= set(s, one, on) == OK;
    }
    return any;
}
