#include "server/api/cookie.h"

#define ATTRIBUTES "; Path=/; Secure; HttpOnly; SameSite=Strict"

static struct str find(struct str cookies, struct str wanted)
{
    struct str pair, name, value;
    bool more = cookies.len > 0;
    while (more) {
        more = str_cut(cookies, ';', &pair, &cookies);
        if (str_cut(str_trim(pair), '=', &name, &value) && str_eq(name, wanted))
            return value;
    }
    return STR_NONE;
}

struct str cookie_session(struct str cookies)
{
    return find(cookies, STR(SESSION_COOKIE));
}

struct str cookie_browser(struct str cookies)
{
    return find(cookies, STR(BROWSER_COOKIE));
}

void cookie_set_session(struct writer *w, struct str value)
{
    writer_str(w, STR("Set-Cookie: " SESSION_COOKIE "="));
    writer_str(w, value);
    writer_str(w, STR(ATTRIBUTES "\r\n"));
}

void cookie_remove_session(struct writer *w)
{
    writer_str(w, STR("Set-Cookie: " SESSION_COOKIE "=" ATTRIBUTES "; Max-Age=0\r\n"));
}

void cookie_set_browser(struct writer *w, struct str value, int64_t life_s)
{
    writer_str(w, STR("Set-Cookie: " BROWSER_COOKIE "="));
    writer_str(w, value);
    writer_str(w, STR(ATTRIBUTES "; Max-Age="));
    writer_decimal(w, life_s);
    writer_str(w, STR("\r\n"));
}
