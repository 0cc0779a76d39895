#include "server/api/cookie.h"

struct str cookie_session(struct str cookies)
{
    struct str pair, name, value;
    bool more = cookies.len > 0;
    while (more) {
        more = str_cut(cookies, ';', &pair, &cookies);
        if (str_cut(str_trim(pair), '=', &name, &value) && str_eq(name, STR(SESSION_COOKIE)))
            return value;
    }
    return STR_NONE;
}
