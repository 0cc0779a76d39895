#include "server/edge/client.h"

#include <string.h>

static bool is_listed(const struct front *f, const uint8_t peer[static ADDRESS_LEN])
{
    return f->proxies.count > 0 && networks_have(&f->proxies, peer);
}

bool client_is_admitted(const struct front *f, const uint8_t peer[static ADDRESS_LEN])
{
    return !f->is_locked || is_listed(f, peer);
}

bool client_sends_proxy_header(const struct front *f, const uint8_t peer[static ADDRESS_LEN])
{
    return f->word == PROXY_WORD_PROTOCOL && is_listed(f, peer);
}

bool client_is_shared(const struct front *f, const uint8_t peer[static ADDRESS_LEN])
{
    return (f->word == PROXY_WORD_X_FORWARDED_FOR || f->word == PROXY_WORD_CF_CONNECTING_IP) &&
           is_listed(f, peer);
}

/* The last item of the list; true when others stand before it. */
static bool cut_last(struct str list, struct str *rest, struct str *last)
{
    size_t at = list.len;
    while (at > 0 && list.ptr[at - 1] != ',')
        at--;
    *last = str_trim(str_slice(list, at, list.len));
    *rest = str_slice(list, 0, at == 0 ? 0 : at - 1);
    return at > 0;
}

/* From the nearest to the farthest, until one is no proxy of ours. When all of them are, the
 * farthest proxy speaks for itself. */
static enum err find_forwarded(const struct front *f, const struct field_lines *lines,
                               uint8_t out[static ADDRESS_LEN])
{
    for (size_t i = lines->count; i > 0; i--) {
        struct str last, rest = lines->line[i - 1];
        bool more = true;
        while (more) {
            more = cut_last(rest, &rest, &last);
            TRY(address_read(last, out));
            if (!networks_have(&f->proxies, out))
                return OK;
        }
    }
    return OK;
}

enum err client_find(const struct front *f, const uint8_t peer[static ADDRESS_LEN],
                     const struct http1_request *r, uint8_t out[static ADDRESS_LEN])
{
    memcpy(out, peer, ADDRESS_LEN);
    if (!client_is_shared(f, peer))
        return OK;
    if (f->word == PROXY_WORD_X_FORWARDED_FOR)
        return find_forwarded(f, &r->forwarded_for, out);
    return r->connecting_ip.count == 1 ? address_read(r->connecting_ip.line[0], out) : ERR_PEER;
}
