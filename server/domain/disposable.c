#include "server/domain/disposable.h"

#include "server/domain/limits.h"
#include "server/domain/word_table.h"

bool disposable_domain_is_known(struct str host)
{
    uint8_t small[EMAIL_MAX];
    struct str name, rest;
    host = str_ends(host, STR(".")) ? str_slice(host, 0, host.len - 1) : host;
    if (host.len > sizeof small)
        return false;
    for (size_t i = 0; i < host.len; i++)
        small[i] = host.ptr[i] >= 'A' && host.ptr[i] <= 'Z' ? host.ptr[i] | 0x20 : host.ptr[i];
    for (host = str_from(small, host.len); str_cut(host, '.', &name, &rest); host = rest) {
        if (word_table_has(&disposable_domains, host))
            return true;
    }
    return false;
}
