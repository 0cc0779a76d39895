#include "server/limit/fields.h"

#include "common/base/str.h"

int64_t limit_wait_s(const struct limit_reached *r)
{
    return r->wait_us < 1 ? 1 : (r->wait_us + 999999) / 1000000;
}

/* Retry-After: 12, RateLimit-Policy: "logins";q=5;w=60, RateLimit: "logins";r=0;t=12 */
void limit_fields_write(struct writer *w, const struct limit_reached *r)
{
    struct str name = str_from_cstr(r->name);
    writer_str(w, STR("Retry-After: "));
    writer_decimal(w, limit_wait_s(r));
    writer_str(w, STR("\r\nRateLimit-Policy: \""));
    writer_str(w, name);
    writer_str(w, STR("\";q="));
    writer_decimal(w, r->quota);
    writer_str(w, STR(";w="));
    writer_decimal(w, r->window_s);
    writer_str(w, STR("\r\nRateLimit: \""));
    writer_str(w, name);
    writer_str(w, STR("\";r=0;t="));
    writer_decimal(w, limit_wait_s(r));
    writer_str(w, STR("\r\n"));
}
