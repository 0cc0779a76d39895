#include "server/edge/front.h"

#include <string.h>

#include "common/base/reader.h"

void front_write(struct writer *w, const struct front *f)
{
    writer_u16(w, f->https_port);
    writer_str16(w, str_from_cstr(f->name));
    writer_u8(w, (uint8_t)f->word);
    writer_u8(w, f->is_locked);
    writer_u8(w, f->has_turnstile);
    writer_u16(w, (uint16_t)f->proxies.count);
    for (size_t i = 0; i < f->proxies.count; i++)
        writer_bytes(w, &f->proxies.list[i], sizeof f->proxies.list[i]);
}

enum err front_read(struct str payload, struct front *out)
{
    struct reader r = reader_of(payload);
    memset(out, 0, sizeof *out);
    out->https_port = reader_u16(&r);
    struct str name = reader_str16(&r);
    uint8_t word = reader_u8(&r), is_locked = reader_u8(&r), has_turnstile = reader_u8(&r);
    size_t count = reader_u16(&r);
    if (word >= PROXY_WORD_COUNT || is_locked > 1 || has_turnstile > 1 || count > NETWORKS_MAX)
        return ERR_PEER;
    TRY(str_to_cstr(name, out->name, sizeof out->name));
    for (size_t i = 0; i < count; i++) {
        struct str one = reader_bytes(&r, sizeof out->proxies.list[i]);
        if (one.len > 0)
            memcpy(&out->proxies.list[i], one.ptr, one.len);
    }
    TRY(reader_end(&r));
    out->word = (enum proxy_word)word;
    out->is_locked = is_locked == 1;
    out->has_turnstile = has_turnstile == 1;
    out->proxies.count = count;
    networks_seal(&out->proxies);
    return OK;
}
