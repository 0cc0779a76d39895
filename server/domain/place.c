#include "server/domain/place.h"

#include <arpa/inet.h>
#include <string.h>

static const uint8_t v4_mapped[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF};

static bool is_v4(struct str peer)
{
    return memcmp(peer.ptr, v4_mapped, sizeof v4_mapped) == 0;
}

struct str place_address(struct str peer, uint8_t out[static PLACE_TEXT_MAX])
{
    if (peer.len != PEER_LEN)
        return STR_NONE;
    const char *text = is_v4(peer) ? inet_ntop(AF_INET, peer.ptr + 12, (char *)out, PLACE_TEXT_MAX)
                                   : inet_ntop(AF_INET6, peer.ptr, (char *)out, PLACE_TEXT_MAX);
    return text == NULL ? STR_NONE : str_from_cstr(text);
}

struct range {
    uint8_t bytes[4];
    uint8_t bits;
};

static bool is_in(const uint8_t *address, const struct range *r)
{
    size_t whole = r->bits / 8;
    uint8_t mask = (uint8_t)(0xFF00U >> r->bits % 8);
    return memcmp(address, r->bytes, whole) == 0 &&
           (r->bits % 8 == 0 || ((address[whole] ^ r->bytes[whole]) & mask) == 0);
}

static bool is_local(struct str peer)
{
    static const struct range v4[] = {
        {{10}, 8}, {{172, 16}, 12}, {{192, 168}, 16}, {{169, 254}, 16}, {{100, 64}, 10}};
    static const struct range v6[] = {{{0xFE, 0x80}, 10}, {{0xFC}, 7}};
    const struct range *rows = is_v4(peer) ? v4 : v6;
    size_t count = is_v4(peer) ? sizeof v4 / sizeof v4[0] : sizeof v6 / sizeof v6[0];
    for (size_t i = 0; i < count; i++) {
        if (is_in(is_v4(peer) ? peer.ptr + 12 : peer.ptr, &rows[i]))
            return true;
    }
    return false;
}

struct str place_network(struct str peer)
{
    static const uint8_t loopback[PEER_LEN] = {[15] = 1};
    if (peer.len != PEER_LEN)
        return STR_NONE;
    if (memcmp(peer.ptr, loopback, PEER_LEN) == 0 || (is_v4(peer) && peer.ptr[12] == 127))
        return STR("this machine");
    return is_local(peer) ? STR("local network") : STR_NONE;
}
