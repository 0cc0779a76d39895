#include "server/domain/user_agent.h"

struct row {
    const char *part; /* of the field */
    const char *name;
};

/* The first that is there counts: nearly all claim to be Chrome and Safari besides. */
static const struct row browsers[] = {
    {"Edg/", "Edge"},
    {"EdgA/", "Edge"},
    {"EdgiOS/", "Edge"},
    {"OPR/", "Opera"},
    {"Vivaldi/", "Vivaldi"},
    {"SamsungBrowser/", "Samsung Internet"},
    {"YaBrowser/", "Yandex Browser"},
    {"DuckDuckGo/", "DuckDuckGo"},
    {"FxiOS/", "Firefox"},
    {"Firefox/", "Firefox"},
    {"CriOS/", "Chrome"},
    {"HeadlessChrome/", "Chrome"},
    {"Chromium/", "Chromium"},
    {"Chrome/", "Chrome"},
    {"Safari/", "Safari"},
    {"curl/", "curl"},
};

/* iPhones say "like Mac OS X", Android says Linux. */
static const struct row systems[] = {
    {"iPhone", "iPhone"},   {"iPad", "iPad"},          {"Android", "Android"},
    {"CrOS", "ChromeOS"},   {"Windows NT", "Windows"}, {"Mac OS X", "macOS"},
    {"FreeBSD", "FreeBSD"}, {"OpenBSD", "OpenBSD"},    {"Linux", "Linux"},
};

static bool contains(struct str text, struct str part)
{
    for (size_t i = 0; i + part.len <= text.len; i++) {
        if (str_eq(str_slice(text, i, part.len), part))
            return true;
    }
    return false;
}

static struct str first_of(const struct row *rows, size_t count, struct str field, struct str none)
{
    for (size_t i = 0; i < count; i++) {
        if (contains(field, str_from_cstr(rows[i].part)))
            return str_from_cstr(rows[i].name);
    }
    return none;
}

struct user_agent user_agent_read(struct str field)
{
    return (struct user_agent){
        first_of(browsers, sizeof browsers / sizeof browsers[0], field, STR("Unknown browser")),
        first_of(systems, sizeof systems / sizeof systems[0], field, STR("unknown system"))};
}

void user_agent_write(struct writer *w, const struct user_agent *ua)
{
    writer_str(w, ua->browser);
    writer_str(w, STR(" on "));
    writer_str(w, ua->system);
}
