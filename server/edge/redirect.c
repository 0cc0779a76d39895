#include "server/edge/redirect.h"

#define NAME_SIZE_MAX  253 /* RFC 1035 section 2.3.4 as text */
#define LABEL_SIZE_MAX 63
#define HTTPS_PORT     443

static bool is_digit(uint8_t c)
{
    return c >= '0' && c <= '9';
}

static bool is_letter(uint8_t c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool is_label(struct str s)
{
    if (s.len == 0 || s.len > LABEL_SIZE_MAX || s.ptr[0] == '-' || s.ptr[s.len - 1] == '-')
        return false;
    for (size_t i = 0; i < s.len; i++) {
        if (!is_digit(s.ptr[i]) && !is_letter(s.ptr[i]) && s.ptr[i] != '-')
            return false;
    }
    return true;
}

/* The last label has a letter, or the whole would be a number to those who resolve it. */
static bool is_name(struct str s)
{
    struct str label = STR_NONE, rest = s;
    bool more = s.len <= NAME_SIZE_MAX, has_letter = false;
    if (!more)
        return false;
    while (more) {
        more = str_cut(rest, '.', &label, &rest);
        if (!is_label(label))
            return false;
    }
    for (size_t i = 0; i < label.len; i++)
        has_letter = has_letter || is_letter(label.ptr[i]);
    return has_letter;
}

bool is_strict_host(struct str host)
{
    uint8_t address[ADDRESS_LEN];
    bool has_colon = str_find(host, ':') < host.len;
    if (str_starts(host, STR("[")) && str_ends(host, STR("]")) && host.len > 2 && has_colon)
        return address_read(str_slice(host, 1, host.len - 2), address) == OK;
    return !has_colon && (address_read(host, address) == OK || is_name(host));
}

/* Before the colon and the digits of a port. */
static struct str without_port(struct str field)
{
    size_t len = field.len;
    while (len > 0 && is_digit(field.ptr[len - 1]))
        len--;
    return len > 0 && field.ptr[len - 1] == ':' ? str_slice(field, 0, len - 1) : field;
}

void origin_write(struct writer *w, struct str host_field, const struct front *f)
{
    struct str host = without_port(host_field);
    if (!is_strict_host(host))
        host = str_from_cstr(f->name);
    bool is_bare_v6 = str_find(host, ':') < host.len && !str_starts(host, STR("["));
    writer_str(w, STR("https://"));
    writer_str(w, is_bare_v6 ? STR("[") : STR_NONE);
    writer_str(w, host);
    writer_str(w, is_bare_v6 ? STR("]") : STR_NONE);
    if (f->https_port != HTTPS_PORT) {
        writer_u8(w, ':');
        writer_decimal(w, f->https_port);
    }
}
